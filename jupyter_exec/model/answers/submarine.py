"""What we answer in Submarine's dialect (floor: model).

Source: `JsonResponse` and the results of Apache Submarine 0.8's REST API.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from jupyter_exec.model.answers.events import Answer
from jupyter_exec.model.experiment import EnvironmentSpec, ExperimentSpec

_Time = AwareDatetime | None


class SubmarineError(Answer):
    """The answer to every request that fails; `message` names each field at fault."""

    status: str
    code: Annotated[int, Field(ge=400, le=599)]
    success: None
    message: str
    result: None
    attributes: Annotated[dict[str, Any], Field(max_length=0)]


class _Success(Answer):
    status: Literal["OK"]
    code: Literal[200]
    success: Literal[True]
    message: None
    attributes: Annotated[dict[str, Any], Field(max_length=0)]


class SubmarineTemplateId(Answer):
    """`id` counts up over creates and updates; the time is when the server was started."""

    id: Annotated[int, Field(ge=1)]
    server_timestamp: Annotated[int, Field(ge=0)]


class SubmarineParameter(Answer):
    """A parameter; what stands after `value` is ours, and only there if it was given."""

    name: str
    required: Literal["true", "false"]
    description: str | None
    value: str | None
    type: str | None = None
    enum: list[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    group: str | None = None
    label: str | None = None
    secret: bool | None = None


class SubmarineTemplateSpec(Answer):
    """A template with the parameters that its roles have."""

    name: str
    author: str | None
    description: str | None
    parameters: list[SubmarineParameter]
    experiment_spec: ExperimentSpec


class SubmarineTemplateResult(Answer):
    """A template and its id."""

    experiment_template_id: SubmarineTemplateId
    experiment_template_spec: SubmarineTemplateSpec


class SubmarineTemplate(_Success):
    """One template."""

    result: SubmarineTemplateResult


class SubmarineTemplateList(_Success):
    """All templates."""

    result: list[SubmarineTemplateResult]


class SubmarineExperimentResult(Answer):
    """An experiment; `statusReason` tells why one has failed."""

    experiment_id: str
    name: str | None
    uid: UUID
    status: Literal["Accepted", "Created", "Running", "Succeeded", "Failed", "Deleted"]
    accepted_time: _Time
    created_time: _Time
    running_time: _Time
    finished_time: _Time
    spec: ExperimentSpec
    status_reason: str | None = None


class SubmarineExperiment(_Success):
    """One experiment."""

    result: SubmarineExperimentResult


class SubmarineExperimentList(_Success):
    """Experiments, oldest first."""

    result: list[SubmarineExperimentResult]


class SubmarinePodLog(Answer):
    """The last lines of one replica."""

    pod_name: str
    pod_log: list[str]


class SubmarineLogResult(Answer):
    """What the replicas of an experiment printed: the leading one first, then the workers."""

    experiment_id: str
    log_content: list[SubmarinePodLog]


class SubmarineLog(_Success):
    """Logs of one experiment."""

    result: SubmarineLogResult


class SubmarineLogList(_Success):
    """Logs of several experiments."""

    result: list[SubmarineLogResult]


class SubmarineEnvironmentResult(Answer):
    """An environment and its id."""

    environment_id: str
    environment_spec: EnvironmentSpec


class SubmarineEnvironment(_Success):
    """One environment."""

    result: SubmarineEnvironmentResult


class SubmarineEnvironmentList(_Success):
    """All environments."""

    result: list[SubmarineEnvironmentResult]


class SubmarinePong(_Success):
    """The server is there."""

    result: Literal["Pong"]


SUBMARINE_ANSWERS: tuple[type[Answer], ...] = (
    SubmarineEnvironment,
    SubmarineEnvironmentList,
    SubmarineError,
    SubmarineExperiment,
    SubmarineExperimentList,
    SubmarineLog,
    SubmarineLogList,
    SubmarinePong,
    SubmarineTemplate,
    SubmarineTemplateList,
)
