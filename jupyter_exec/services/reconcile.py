"""After a restart: every run in its true state again (floor: services)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from jupyter_exec.errors import ExecError
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.services.executor import Executor

log = logging.getLogger(__name__)


async def reconcile(engine: Engine, executor: Executor) -> int:
    """Take up every run that has not ended; return how many.

    Runs that somebody else executes are left alone. A run whose target is no longer configured, or
    whose definition cannot be read any more, fails with that reason.
    """
    unfinished = await engine.journal.read(runs.unfinished)
    ours = [run for run in unfinished if not _executed_elsewhere(run)]
    # Those that may hold a share of the machine come first, so that the queue sees what is free;
    # sweeps, which start further runs, come last.
    for run in sorted(ours, key=lambda run: ("sweep" in run.definition, _waits(run))):
        try:
            execution = executor.start(run, reattach=True)
        except ExecError as error:
            log.warning("run %s cannot be taken up: %s", run.run_id, error.message)
            await engine.journal.transition(
                run.run_id,
                RunStatus.FAILED,
                error_code="NotReconciled",
                error_message=f"after a restart of the server: {error.message}",
            )
            continue
        if run.status is not RunStatus.QUEUED:
            await execution.placed.wait()
    return len(ours)


def _waits(run: Run) -> bool:
    return run.status is RunStatus.QUEUED


def _executed_elsewhere(run: Run) -> bool:
    return run.status is RunStatus.NOT_STARTED or run.scope.get("executes") == "client"
