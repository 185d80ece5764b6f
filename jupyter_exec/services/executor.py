"""All executions of this server (floor: services)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.services.execution import Engine, Execution

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.model.run import Run


class RunTask(Protocol):
    """What brings one run to its end: an `Execution`; of a sweep, a `SweepExecution`."""

    placed: asyncio.Event

    def start(self, done: Callable[[], None], *, reattach: bool = False) -> None:
        """Begin; `done` is called when the run has ended."""

    async def cancel(self) -> None:
        """Make the run end; its state is `CancelRequested` already."""

    def detach(self) -> asyncio.Task[None] | None:
        """Let go of the run without ending it; returns what to wait for."""


class Executor:
    """Starts executions, finds them again by run id, lets go of them.

    Attributes:
        sweeps: makes the task of a sweep; set by the service that knows what its trials need.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._executions: dict[str, RunTask] = {}
        self.sweeps: Callable[[Run], RunTask] | None = None

    @property
    def active(self) -> int:
        """Number of runs that have not ended."""
        return len(self._executions)

    def has(self, run_id: str) -> bool:
        """Tell whether this server brings that run to its end right now."""
        return run_id in self._executions

    def get(self, run_id: str) -> RunTask | None:
        """Return what brings that run to its end; None where nothing does."""
        return self._executions.get(run_id)

    def start(self, run: Run, *, reattach: bool = False) -> RunTask:
        """Bring a stored run to its end, in a task of its own.

        Args:
            reattach: the run was under way before this server started.
        """
        sweeps = self.sweeps if "sweep" in run.definition else None
        execution: RunTask = sweeps(run) if sweeps else Execution(self._engine, run)
        self._executions[run.run_id] = execution
        execution.start(lambda: self._forget(run.run_id), reattach=reattach)
        return execution

    def _forget(self, run_id: str) -> None:
        self._engine.vault.drop(run_id)
        self._executions.pop(run_id, None)

    async def pause(self, run_id: str) -> bool:
        """Let go of one run, as `detach` does of all; tells whether there was one to let go of."""
        execution = self._executions.get(run_id)
        task = execution.detach() if execution is not None else None
        if task is None:
            return False
        await asyncio.gather(task, return_exceptions=True)
        return True

    async def cancel(self, run: Run) -> None:
        """End a run that is `CancelRequested`; one that nobody executes is cancelled at once."""
        execution = self._executions.get(run.run_id)
        if execution is not None:
            await execution.cancel()
        elif run.started_at is None or run.scope.get("executes") != "client":
            await self._engine.journal.transition(run.run_id, RunStatus.CANCELED)

    async def detach(self) -> None:
        """Stop watching all runs; they go on without this server."""
        # All at once: a share that one of them gives back must not let the next one in.
        tasks = [execution.detach() for execution in list(self._executions.values())]
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
        await self._engine.ways.close()
