"""What is followed while a run goes on: reports, scalars, logs, its start (floor: services)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_exec.services.assembly import Assembly
from jupyter_exec.services.merged.clock import LogClock, has_several_logs
from jupyter_exec.services.reports import ReportTail
from jupyter_exec.services.scalars.tail import ScalarTail

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.model.job import Job, Outcome
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.paths import RunPaths
    from jupyter_exec.targets.base import ComputeTarget, TargetHandle


class Following:
    """Follows one run, through all its attempts; each part remembers how far it has come.

    Args:
        limit_s: how long the processes of a job wait for each other.
    """

    def __init__(self, journal: Journal, run: Run, paths: RunPaths, limit_s: float) -> None:
        self._journal = journal
        self._run = run
        self._paths = paths
        self._limit_s = limit_s
        self._reports = ReportTail(paths.metrics, run, journal)
        self._clock = LogClock(paths.logs, paths.clock)

    def begin(self, job: Job, failed: str) -> None:
        """Get ready, before the first process of an attempt writes anything.

        Args:
            failed: where ranks note their failures.
        """
        if has_several_logs(job, failed):
            self._clock.begin()

    async def wait(
        self, target: ComputeTarget, handle: TargetHandle, is_canceled: Callable[[], bool]
    ) -> Outcome:
        """Return how the work has ended, when all that it said has been told.

        Args:
            is_canceled: whether somebody has asked for its end.
        """
        started_at = handle.get("started_at", self._run.started_at or 0.0)
        scalars = ScalarTail(self._paths.work, self._paths.metrics, started_at)
        start = Assembly(self._journal, self._run.run_id, target, handle, self._limit_s)
        watching = (
            self._reports.follow(),
            scalars.follow(),
            self._clock.follow(),
            start.watch(),
        )
        tasks = [asyncio.create_task(one) for one in watching]
        try:
            outcome = await target.wait(handle)
        finally:
            for task in tasks:
                task.cancel()
        await asyncio.to_thread(scalars.drain)
        await self._reports.drain()
        await asyncio.to_thread(self._clock.drain, final=True)
        return outcome if is_canceled() else start.judged(outcome)
