"""What we answer about sweeps (floor: model)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from jupyter_exec.model.answers.events import Answer, RunError
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.sweep import SweepPlan


class SweepTrial(Answer):
    """One trial of a sweep; a run like any other."""

    run_id: str
    number: Annotated[int, Field(ge=1)]
    status: RunStatus
    parameters: Annotated[dict[str, Any], Field(description="those that differ")]
    metric: Annotated[float | None, Field(description="the last value that it has reported")]
    stopped_early: bool
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    error: RunError | None


class SweepTrials(Answer):
    """A sweep's plan, the trials that were started, and the run id of the best by the metric."""

    sweep: SweepPlan
    trials: list[SweepTrial]
    best: str | None


SWEEP_ANSWERS: tuple[type[Answer], ...] = (SweepTrials,)
