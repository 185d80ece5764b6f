"""A run whose processes wait for one that never comes is ended, and says who (floor: services).

Frameworks wait for a peer for ever, or for a time of their own that nobody knows. What a launcher
says to serve (`Role.serves`) is looked for until it listens once; what is known goes with the run's
handle, so that a server that was restarted goes on with it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_exec.errors import NoRoom, RunFailed
from jupyter_exec.model.job import Address
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from jupyter_exec.model.job import Job, Outcome, Replica
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.targets.base import ComputeTarget, TargetHandle

log = logging.getLogger(__name__)

CODE = "StartTimeout"
_SERVES = "serves"  # of the handle: those who have not listened yet
_OVERDUE = "overdue"  # of the handle: why the run was ended
_LOOK_S = 1.0
_MOST_NAMED = 5


def expected(job: Job, addresses: Mapping[Replica, Address]) -> dict[str, Any]:
    """Return what is kept with the handle of a job: who has to listen, and where."""
    serving = {role.name for role in job.roles if role.serves}
    return {
        _SERVES: [
            [role, index, address.host, address.port]
            for (role, index), address in addresses.items()
            if role in serving
        ]
    }


class Assembly:
    """Looks after the start of one attempt.

    Args:
        journal: where the handle is kept.
        run_id: of the run.
        target: where it runs.
        handle: with what `expected` gave.
        limit_s: how long the others wait, from the start of the processes.
    """

    def __init__(
        self,
        journal: Journal,
        run_id: str,
        target: ComputeTarget,
        handle: TargetHandle,
        limit_s: float,
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._target = target
        self._handle = handle
        self._limit_s = limit_s

    async def watch(self) -> None:
        """Return when everybody has listened once; end the run where the time is over before."""
        expected = {
            (role, index): Address(host, port)
            for role, index, host, port in self._handle.get(_SERVES, ())
        }
        until = self._handle.get("started_at", time.time()) + self._limit_s
        while expected:
            try:
                silent = await self._target.silent(self._handle, expected)
            except RunFailed as failure:
                log.info("run %s: who listens is not known: %s", self._run_id, failure.message)
                await asyncio.sleep(_LOOK_S)
                continue
            expected = {one: address for one, address in expected.items() if one in silent}
            left_s = until - time.time()
            if not expected:
                await self._keep({_SERVES: []})
            elif left_s <= 0:
                await self._end(expected)
                return
            else:
                await asyncio.sleep(min(_LOOK_S, left_s))

    def judged(self, outcome: Outcome) -> Outcome:
        """Return how the attempt ended: not by a cancel, where it was ended from here."""
        if _OVERDUE not in self._handle or not outcome.canceled:
            return outcome
        message = self._handle[_OVERDUE]
        return replace(outcome, canceled=False, code=CODE, message=message)

    async def _end(self, missing: Mapping[Replica, Address]) -> None:
        message = (
            f"{_named(missing.items())} after {self._limit_s:g} s; the others wait for it; "
            "startTimeoutSeconds says how long to wait"
        )
        log.info("run %s: %s", self._run_id, message)
        await self._keep({_OVERDUE: message})
        await self._target.cancel(self._handle)

    async def _keep(self, news: Mapping[str, Any]) -> None:
        self._handle = {**self._handle, **news}
        try:
            await self._journal.write(runs.save_handle, self._run_id, self._handle)
        except NoRoom as error:  # only a restarted server would miss it
            log.warning("run %s: its handle is not written: %s", self._run_id, error)


def _named(missing: Iterable[tuple[Replica, Address]]) -> str:
    """Say who does not listen, and where."""
    (first, where), *others = sorted(missing)
    words = [f"{first[0]}-{first[1]} does not listen at {where}"]
    words += [f"{role}-{index} at {address}" for (role, index), address in others]
    if len(words) > _MOST_NAMED:
        words[_MOST_NAMED:] = [f"and {len(words) - _MOST_NAMED} others"]
    return ", ".join(words)
