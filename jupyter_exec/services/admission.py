"""Who may start now: capacity, order, and small runs filling gaps (floor: services).

First in, first out. A run that does not fit yet lets later ones that do fit pass, until it has
waited `patience_s`; then nobody passes it any more, so that a big run is not starved by small ones.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.job import Resources

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


@dataclass(eq=False)
class Ticket:
    """One run that waits, or has been let in.

    Attributes:
        sequence: the run's; decides the order.
        need: of the whole job: it is let in as a whole or not at all.
    """

    run_id: str
    display_name: str
    sequence: int
    need: Resources
    admitted: asyncio.Future[None]
    since: float = field(default_factory=time.monotonic)
    gpu_ids: tuple[int, ...] = ()


class Admission:
    """The queue of one compute target.

    Args:
        capacity: what the target has in all.
        patience_s: how long a run that does not fit lets others pass.
    """

    def __init__(self, capacity: Resources, patience_s: float = 60.0) -> None:
        self.capacity = capacity
        self._patience_s = patience_s
        self._waiting: list[Ticket] = []
        self._inside: list[Ticket] = []

    @asynccontextmanager
    async def slot(
        self,
        run_id: str,
        display_name: str,
        sequence: int,
        need: Resources,
        *,
        holds: Sequence[int] | None = None,
    ) -> AsyncIterator[tuple[int, ...]]:
        """Wait until the run may start; hold its share until the block is left. Yields its GPU ids.

        Args:
            holds: GPU ids of a run that is going already (after a restart), which is let in at
                once with them; None for one that has to wait.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ticket = Ticket(run_id, display_name, sequence, need.fitted(self.capacity), future)
        if holds is not None:
            self._let_in(ticket, tuple(holds))
        else:
            self._waiting.append(ticket)
            self._waiting.sort(key=lambda waiting: waiting.sequence)
            self._schedule()
        try:
            await ticket.admitted
            yield ticket.gpu_ids
        finally:
            for queue in (self._waiting, self._inside):
                if ticket in queue:
                    queue.remove(ticket)
            self._schedule()

    def position(self, run_id: str) -> int | None:
        """Return the place in the queue, 1 = next; None when the run does not wait."""
        for place, ticket in enumerate(self._waiting, 1):
            if ticket.run_id == run_id:
                return place
        return None

    def used(self) -> Resources:
        """Return what the runs inside hold together."""
        return Resources(
            sum(ticket.need.cpus for ticket in self._inside),
            sum(ticket.need.memory_bytes or 0 for ticket in self._inside),
            sum(ticket.need.gpus for ticket in self._inside),
        )

    def overview(self) -> dict[str, Any]:
        """Return capacity, load and queue as JSON values (`GET targets`)."""
        return {
            "capacity": _shown(self.capacity),
            "used": _shown(self.used()),
            "running": [_entry(ticket) for ticket in self._inside],
            "queue": [
                _entry(ticket) | {"position": place, "reason": self._reason(ticket)}
                for place, ticket in enumerate(self._waiting, 1)
            ],
        }

    def exceeds(self, need: Resources) -> str | None:
        """Say why a need can never be met here; None when it can."""
        need = need.fitted(self.capacity)
        if need.cpus > self.capacity.cpus:
            return f"asks for {need.cpus:g} cpus, and there are {self.capacity.cpus:g}"
        if need.gpus > self.capacity.gpus:
            return f"asks for {need.gpus} gpus, and there are {self.capacity.gpus}"
        memory = self.capacity.memory_bytes
        if memory is not None and (need.memory_bytes or 0) > memory:
            asked, there = (need.memory_bytes or 0) / 2**30, memory / 2**30
            return f"asks for {asked:.1f} GiB of memory, and there are {there:.1f} GiB"
        return None

    def _missing(self, need: Resources) -> str | None:
        used = self.used()
        if need.cpus > self.capacity.cpus - used.cpus + 1e-9:
            return "cpus"
        if need.gpus > self.capacity.gpus - used.gpus:
            return "gpus"
        memory = self.capacity.memory_bytes
        if memory is not None and (need.memory_bytes or 0) > memory - (used.memory_bytes or 0):
            return "memory"
        return None

    def _reason(self, ticket: Ticket) -> str:
        missing = self._missing(ticket.need)
        return f"waits for {missing}" if missing else "waits for the runs before it"

    def _free_gpus(self) -> list[int]:
        taken = {gpu for inside in self._inside for gpu in inside.gpu_ids}
        return [gpu for gpu in range(self.capacity.gpus) if gpu not in taken]

    def _let_in(self, ticket: Ticket, gpu_ids: tuple[int, ...]) -> None:
        ticket.gpu_ids = gpu_ids
        self._inside.append(ticket)
        ticket.admitted.set_result(None)

    def _schedule(self) -> None:
        for ticket in list(self._waiting):
            if self._inside and self.used().cpus >= self.capacity.cpus:
                return
            if ticket.admitted.cancelled():
                continue  # it is about to leave the queue by itself
            if self._missing(ticket.need) is None:
                self._waiting.remove(ticket)
                self._let_in(ticket, tuple(self._free_gpus()[: ticket.need.gpus]))
            elif time.monotonic() - ticket.since > self._patience_s:
                return


def _shown(resources: Resources) -> dict[str, Any]:
    return {
        "cpus": resources.cpus,
        "memoryBytes": resources.memory_bytes,
        "gpus": resources.gpus,
    }


def _entry(ticket: Ticket) -> dict[str, Any]:
    return {
        "runId": ticket.run_id,
        "displayName": ticket.display_name,
        "need": _shown(ticket.need),
    }
