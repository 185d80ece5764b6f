"""What a run says of itself (floor: model)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jupyter_exec.model.wire import WireModel, one_of


class ReportedError(WireModel):
    """Why the run failed."""

    code: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z]\w*$")] = "ExitCode"
    message: Annotated[str, Field(max_length=4000)]


class MetricPoint(WireModel):
    """One value of a metric."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    value: float | str
    step: float | None = None
    time: float | None = None


class ReportedProgress(WireModel):
    """How far the run is."""

    done: float
    total: float | None = None
    label: Annotated[str, Field(max_length=1000)] | None = None


class RunReport(WireModel):
    """Body of `POST runs/{runId}/report`; an empty one says that the run is alive.

    `status` may only be reported of a run that this server does not execute.
    """

    status: Annotated[str, one_of(["Running", "Completed", "Failed", "Canceled"])] | None = None
    exit_code: Annotated[int, Field(ge=-(2**31), lt=2**32)] | None = None
    error: ReportedError | None = None
    metrics: Annotated[list[MetricPoint], Field(max_length=10_000)] = []
    progress: ReportedProgress | None = None
