"""Writing down what happens, and telling those who listen (floor: services).

Everything that changes a run goes through `Journal.write`; everybody who wants to know reads
`Journal.stream`. The database is the queue: a listener is only woken, and reads what is new by
itself, so it can be slow, or gone for a while, and loses nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from jupyter_exec.store import events, runs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Callable

    from jupyter_exec.model.lifecycle import RunStatus
    from jupyter_exec.model.run import Run
    from jupyter_exec.store.database import Database

P = ParamSpec("P")
T = TypeVar("T")


LOOK_S = 0.25


class Journal:
    """The database together with the news that something in it has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = asyncio.Event()

    async def write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a store function that changes something, in one transaction; wake the listeners."""
        result = await self._database.write(function, *args, **kwargs)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return result

    async def read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a store function that only reads."""
        return await self._database.read(function, *args, **kwargs)

    async def transition(self, run_id: str, after: RunStatus, **changes: Any) -> Run | None:
        """Change a run's state; None where its present state does not allow it."""
        return await self.write(runs.transition, run_id, after, **changes)

    async def stream(
        self, last_id: int | None = None, run_id: str | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield events after `last_id` (None = only new ones) of one run or of all, for ever."""
        seen = await self.read(events.last_id) if last_id is None else last_id
        while True:
            changed = self._changed
            batch = await self.read(events.after, seen, run_id)
            for event in batch:
                seen = event["id"]
                yield event
            if not batch:
                await self._news(changed)

    async def _news(self, changed: asyncio.Event) -> None:
        """Wait until something was written; beside the server that writes, look every so often."""
        if self._database.writable:
            await changed.wait()
            return
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(changed.wait(), LOOK_S)
