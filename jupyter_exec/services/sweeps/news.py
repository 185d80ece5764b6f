"""News of the trials of all sweeps: one reader of the journal for them all (floor: services)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from jupyter_exec.store import events

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_exec.services.journal import Journal

    Tell = Callable[[Mapping[str, Any]], None]

log = logging.getLogger(__name__)

PAUSE_S = 1.0  # after the journal could not be read


class TrialNews:
    """Hands every event of a trial to the sweep that its run id begins with.

    It reads only while there is a sweep, so a server without any pays nothing.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._members: dict[str, Tell] = {}
        self._joining = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def join(self, sweep_id: str, tell: Tell) -> None:
        """Call `tell` with each event of a trial from now on; perhaps with a few older ones."""
        async with self._joining:
            self._members[sweep_id] = tell
            if self._task is None:
                last_id = await self._journal.read(events.last_id)
                self._task = asyncio.create_task(self._read(last_id), name="trials of all sweeps")

    def leave(self, sweep_id: str) -> None:
        """Tell a sweep no more."""
        self._members.pop(sweep_id, None)
        if not self._members and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _read(self, last_id: int) -> None:
        seen = last_id
        while True:
            try:
                async for event in self._journal.stream(seen):
                    seen = event["id"]
                    tell = self._members.get(event["runId"].rpartition("_")[0])
                    if tell is not None:
                        tell(event)
            except Exception:
                log.exception("the trials of sweeps cannot be followed; it is tried again")
                await asyncio.sleep(PAUSE_S)
