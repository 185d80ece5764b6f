"""Runs on other machines that have fallen silent (floor: services).

A run that somebody else executes says every few seconds that it is alive. Without that it
becomes `NotResponding`, and `Running` again with its next word; one that was to be cancelled is
taken as cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_exec.errors import NotFound
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from jupyter_exec.services.journal import Journal

log = logging.getLogger(__name__)


class Heartbeats:
    """Watches runs that this server does not execute.

    Args:
        silence_s: after which a run counts as not responding.
    """

    def __init__(self, journal: Journal, silence_s: float) -> None:
        self._journal = journal
        self._silence_s = silence_s
        self._heard: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Take up the runs that were going before a restart; their silence counts from now."""
        for run in await self._journal.read(runs.unfinished):
            going = run.status is not RunStatus.NOT_STARTED
            if going and run.scope.get("executes") == "client":
                self.beat(run.run_id)
        self._task = asyncio.create_task(self._watch(), name="heartbeats")

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def beat(self, run_id: str) -> None:
        """Note that a run is alive."""
        self._heard[run_id] = time.monotonic()

    def forget(self, run_id: str) -> None:
        """Stop watching a run that has ended."""
        self._heard.pop(run_id, None)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._silence_s / 10)
            latest = time.monotonic() - self._silence_s
            for run_id in [run_id for run_id, heard in self._heard.items() if heard < latest]:
                try:
                    await self._silent(run_id)
                except Exception:
                    log.exception("the silence of run %s could not be written down", run_id)

    async def _silent(self, run_id: str) -> None:
        try:
            run = await self._journal.read(runs.get, run_id)
        except NotFound:
            self.forget(run_id)
            return
        if run.status is RunStatus.CANCEL_REQUESTED:
            await self._journal.transition(run_id, RunStatus.CANCELED)
        elif run.status is RunStatus.RUNNING:
            await self._journal.transition(run_id, RunStatus.NOT_RESPONDING)
        if run.ended or run.status is RunStatus.CANCEL_REQUESTED:
            self.forget(run_id)
