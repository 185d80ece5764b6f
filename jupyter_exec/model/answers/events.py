"""Events and their parts, as we answer them (floor: model)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from jupyter_exec.model.lifecycle import RunStatus

Bytes = Annotated[int, Field(ge=0)]


class Answer(BaseModel):
    """Base of all that we answer: camelCase, nothing left out but what has a default here."""

    model_config = ConfigDict(alias_generator=to_camel)


class RunError(Answer):
    """Why a run failed: a stable word, and one line that names the cause."""

    code: str
    message: str


class Progress(Answer):
    """How far a run is, as it says itself: two numbers and a text, each may be missing."""

    done: float | None
    total: float | None
    label: str | None


class Point(Answer):
    """One value of a metric; `step` and `time` as the run gave them."""

    value: Annotated[float | str, Field(description="NaN and the infinities are texts")]
    step: float | None
    time: float | None


class NamedPoint(Point):
    """One value of a metric, with the metric's name."""

    name: str


class EventHead(Answer):
    """What all events have; `id` is the `Last-Event-ID` of the stream."""

    id: Annotated[int, Field(ge=1)]
    run_id: str
    time: AwareDatetime


class CreatedEvent(EventHead):
    """A run was submitted."""

    type: Literal["created"]
    status: RunStatus
    experiment: str
    display_name: str
    target: str
    parent_run_id: str | None
    tags: dict[str, str]
    template: Annotated[str | None, Field(description="name of the template it was made from")]


class ChangedEvent(EventHead):
    """A run has another name or other tags, is pinned or not, or lost its parent.

    All of these are as they are now; an event of an older server may lack `pinned`.
    """

    type: Literal["changed"]
    display_name: str
    tags: dict[str, str]
    pinned: bool = False
    parent_run_id: str | None


class StateEvent(EventHead):
    """A run is in another state."""

    type: Literal["state"]
    status: RunStatus
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    exit_code: int | None
    error: RunError | None
    attempt: Annotated[int, Field(ge=1)]
    pages: Annotated[dict[str, str], Field(description="as in the run; not there if empty")] = {}


class ProgressEvent(EventHead):
    """A run has told how far it is."""

    type: Literal["progress"]
    progress: Progress


class MetricsEvent(EventHead):
    """A run has logged metrics; where they are many, the newest of them."""

    type: Literal["metrics"]
    metrics: list[NamedPoint]


class DeletedEvent(EventHead):
    """A run was deleted."""

    type: Literal["deleted"]


class Event(
    RootModel[
        Annotated[
            CreatedEvent | ChangedEvent | StateEvent | ProgressEvent | MetricsEvent | DeletedEvent,
            Field(discriminator="type"),
        ]
    ]
):
    """Something that has happened to a run: the `data` of one event of a stream."""


class EventList(Answer):
    """What has happened to a run, oldest first."""

    events: list[Event]
