"""What we answer in the place of Azure ML's run history and its neighbours (floor: model)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from jupyter_exec.model.answers.events import Answer
from jupyter_exec.model.lifecycle import RunStatus


class AzureServices(Answer):
    """Where a client finds each service: all of them below one address of ours."""

    api: str
    experimentation: str
    history: str
    hyperdrive: str
    modelmanagement: str
    studio: str


class AzureExperiment(Answer):
    """An experiment; to us it is a name, so every name that is legal has one."""

    experiment_id: str
    name: str


class AzureRunFault(Answer):
    """Why a run failed."""

    code: str
    message: str
    details: list[Any]


class AzureRunError(Answer):
    """Why a run failed, in Azure's wrapping."""

    error: AzureRunFault


class AzureRunState(Answer):
    """What both views of a run have; a member without a value is left out."""

    run_id: str
    target: str
    status: RunStatus
    start_time_utc: AwareDatetime | None = None
    end_time_utc: AwareDatetime | None = None
    properties: dict[str, str]
    error: AzureRunError | None = None


class AzureRun(AzureRunState):
    """A run (Azure's `RunDto`)."""

    run_number: Annotated[int, Field(ge=1)]
    root_run_id: str
    parent_run_id: str | None = None
    experiment_id: str
    data_container_id: str
    display_name: str
    created_utc: AwareDatetime
    script_name: str | None = None
    tags: dict[str, str]
    cancel_uri: str


class AzureRunDetails(AzureRunState):
    """A run with its definition (Azure's `RunDetailsDto`)."""

    run_definition: dict[str, Any]
    log_files: dict[str, str]


class SnapshotFolder(Answer):
    """The empty folder."""

    name: Literal[""]
    hash: None
    type: Literal["Directory"]
    timestamp: AwareDatetime
    sas_url: None
    absolute_url: None
    children: dict[str, Any]


class LatestSnapshot(Answer):
    """What a client compares its folder with: nothing, so that it takes every file for new."""

    id: str
    root: SnapshotFolder


class SnapshotBlobs(Answer):
    """Where files are to be uploaded: nowhere."""

    file_nodes: Annotated[list[Any], Field(max_length=0)]


class AzureArtifacts(Answer):
    """Files of a run that can be read without a header of authorisation: none."""

    value: Annotated[list[Any], Field(max_length=0)]


class Nothing(Answer):
    """Nothing is left to wait for."""


HISTORY_ANSWERS: tuple[type[Answer], ...] = (
    AzureArtifacts,
    AzureExperiment,
    AzureRun,
    AzureRunDetails,
    AzureServices,
    LatestSnapshot,
    Nothing,
    SnapshotBlobs,
)
