"""What we answer: the schemas of the OpenAPI document (floor: model).

Handlers write plain dicts, which is quick; the tests hold real answers against these models, with
nothing left over. `Operation.answer` names one of `ANSWERS`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from jupyter_exec.model.answers.events import (
    Answer,
    Bytes,
    EventList,
    Point,
    Progress,
    RunError,
)
from jupyter_exec.model.answers.history import HISTORY_ANSWERS
from jupyter_exec.model.answers.provisions import PROVISION_ANSWERS
from jupyter_exec.model.answers.submarine import SUBMARINE_ANSWERS
from jupyter_exec.model.answers.sweeps import SWEEP_ANSWERS
from jupyter_exec.model.answers.templates import TEMPLATE_ANSWERS, TemplateOrigin
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.lifecycle import RunStatus


class ErrorDetail(Answer):
    """One fault: the JSON path of the field, and what to do about it."""

    code: str
    message: str
    target: str | None = None


class RootError(ErrorDetail):
    """What went wrong, with every fault of the request."""

    code: Literal[
        "ServiceError",
        "UserError",
        "ValidationError",
        "AzureStorageError",
        "TransientError",
        "RequestThrottled",
    ]
    details: list[ErrorDetail]


class ErrorResponse(Answer):
    """The answer to every request that fails."""

    error: RootError
    correlation: dict[str, str]
    environment: str
    location: str
    time: AwareDatetime


class GitState(Answer):
    """Where in a git repository the source was."""

    commit: str | None
    branch: str | None
    dirty: bool | None


class Usage(Answer):
    """What a run has used in its last attempt: the most memory that was seen, and CPU time."""

    max_memory_bytes: Bytes
    cpu_seconds: Annotated[float, Field(ge=0)]


class RunEnvironment(Answer):
    """What the environment of a run turned out to be."""

    kind: Annotated[str, Field(description="the way in which it is made: venv, conda, image, ...")]
    hash: Annotated[str | None, Field(description="equal for equal ones; null: nothing was built")]
    python: Annotated[str | None, Field(description="version; null: whatever is there")]


class RunImage(Answer):
    """An image that containers of a run were made of."""

    reference: Annotated[str, Field(description="as it was asked for, or as a built one is called")]
    id: Annotated[str, Field(description="of exactly this one in the engine: sha256:...")]
    digest: Annotated[
        str | None,
        Field(description="name@sha256:..., by which it is pulled again; null: it was not pulled"),
    ]


class RunLock(RunEnvironment):
    """The environment of a run with all its packages; what a repetition uses again."""

    images: Annotated[
        list[RunImage], Field(description="the run's own first, then those that its roles name")
    ]
    lock: Annotated[
        str | None, Field(description="every package with its version and hashes; null: none")
    ]


class Run(Answer):
    """One execution of a snapshot, with an environment, on a compute target."""

    run_id: str
    experiment: str
    display_name: str
    status: RunStatus
    target: str
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    exit_code: Annotated[int | None, Field(description="minus its number for a signal")]
    error: RunError | None
    snapshot_id: str | None
    source_path: Annotated[
        str | None,
        Field(description="folder or file of the snapshot, below the server's root; null if sent"),
    ]
    parent_run_id: str | None
    tags: dict[str, str]
    progress: Progress | None
    attempt: Annotated[int, Field(ge=1)]
    git: GitState | None
    template: TemplateOrigin | None
    usage: Annotated[Usage | None, Field(description="null until it is known")]
    environment: Annotated[RunEnvironment | None, Field(description="null until it is there")]
    definition: RunDefinition
    pinned: Annotated[bool, Field(description="stays, whatever the operator's limits")] = False
    pages: Annotated[
        dict[str, str], Field(description="web pages that it serves now: title -> address")
    ] = {}
    queue_position: Annotated[int | None, Field(ge=1, description="only while it waits")] = None


class RunList(Answer):
    """A page of runs; `next` is the `cursor` of the page after it."""

    runs: list[Run]
    next: str | None
    total: Annotated[int, Field(ge=0)]


class ActionResult(Answer):
    """What an action came to for one run: the run (null if deleted), or why nothing happened."""

    run_id: str
    run: Run | None
    error: ErrorDetail | None


class ActionResults(Answer):
    """What an action came to for each run."""

    results: list[ActionResult]


class Experiment(Answer):
    """What an experiment comes to; runs that have a parent, such as trials, do not count."""

    name: str
    runs: Annotated[int, Field(ge=1)]
    active: Annotated[int, Field(ge=0, description="have not ended")]
    failed: Annotated[int, Field(ge=0)]
    last_created_at: AwareDatetime


class ExperimentList(Answer):
    """A page of experiments; `next` is the `cursor` of the page after it."""

    experiments: list[Experiment]
    next: str | None
    total: Annotated[int, Field(ge=0)]


class TakenSnapshot(Answer):
    """The snapshot of a source; without numbers where an existing one was named."""

    snapshot_id: str
    files: Annotated[int | None, Field(ge=0)] = None
    size_bytes: Bytes | None = None


class SubmittedRun(Run):
    """A new run, and what was taken of its source."""

    snapshot: TakenSnapshot


class Snapshot(Answer):
    """A stored snapshot."""

    snapshot_id: str
    files: Annotated[int, Field(ge=0)]
    size_bytes: Bytes


class ManifestFile(Answer):
    """A file of a snapshot."""

    path: str
    mode: Literal["0644", "0755"]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    size: Bytes


class ManifestLink(Answer):
    """A symbolic link of a snapshot; its target lies inside."""

    path: str
    link: str


class Manifest(Answer):
    """What a snapshot holds."""

    snapshot_id: str
    files: list[ManifestFile | ManifestLink]


class CodeChange(Answer):
    """A file that differs: a unified diff, or why there is none."""

    path: str
    change: Literal["added", "removed", "changed"]
    diff: str | None
    reason: str | None


class CodeDiff(Answer):
    """How the snapshot of a run differs from that of another, or from its folder as it is now."""

    from_: Annotated[str, Field(alias="from", description="id of the run")]
    to: Annotated[str, Field(description="id of the other run, or path of the folder")]
    files: list[CodeChange]
    more: Annotated[int, Field(ge=0, description="how many further files differ")]


class Log(Answer):
    """Standard output and error of one replica in one attempt, or another log of the run."""

    name: str
    role: str | None
    index: int | None
    attempt: int | None
    size_bytes: Bytes
    modified_at: AwareDatetime


class LogList(Answer):
    """The logs of a run, those of the newest attempt first."""

    logs: list[Log]
    merged_bytes: Annotated[
        Bytes | None,
        Field(description="of all logs by time so far; null: the run has one replica"),
    ]


class Output(Answer):
    """A file that a run has left."""

    path: str
    size_bytes: Bytes
    modified_at: AwareDatetime


class OutputList(Answer):
    """The outputs of a run, by path."""

    outputs: list[Output]
    event_files: Annotated[
        bool,
        Field(
            description="there is something for TensorBoard to show, perhaps not in outputs as long"
            " as the run goes on; of a sweep: of its trials"
        ),
    ]


class TensorBoard(Answer):
    """Where TensorBoard shows a run, to whoever may use this server's machine."""

    run_id: str
    url: Annotated[
        str, Field(description="a path of this server where it is proxied, else one of its machine")
    ]
    proxied: Annotated[bool, Field(description="jupyter-server-proxy passes requests on")]
    port: Annotated[int, Field(ge=1, le=65535, description="of 127.0.0.1")]


class Metrics(Answer):
    """The points of a run by metric, and its last progress."""

    metrics: dict[str, list[Point]]
    total: Annotated[
        dict[str, int], Field(description="how many points each has, also where fewer are here")
    ]
    truncated: Annotated[
        bool, Field(description="points are missing: there were more than an answer takes")
    ]
    progress: Progress | None


class Amount(Answer):
    """Processors, memory and GPUs."""

    cpus: Annotated[float, Field(ge=0)]
    memory_bytes: Bytes | None
    gpus: Annotated[int, Field(ge=0)]


class AdmittedRun(Answer):
    """A run that a target has let in."""

    run_id: str
    display_name: str
    need: Amount


class WaitingRun(AdmittedRun):
    """A run that waits, and for what."""

    position: Annotated[int, Field(ge=1)]
    reason: str


class Target(Answer):
    """A compute target: what it has, what is used, who waits."""

    name: str
    container_engine: Annotated[
        str | None, Field(description="where the engine of its containers listens")
    ]
    shares_capacity_of: Annotated[
        str | None,
        Field(description="the target with which it has capacity, load and queue in common"),
    ]
    capacity: Amount
    used: Amount
    running: list[AdmittedRun]
    queue: list[WaitingRun]


class CommunicatorView(Answer):
    """A communicator of a framework, and what of a configuration counts its processes."""

    name: str
    counts: Annotated[
        list[str], Field(description="such as mpi.processCountPerNode; none: there is one process")
    ]


class FrameworkView(Answer):
    """A framework that is installed, one of a plug-in too."""

    name: str
    communicators: Annotated[
        list[CommunicatorView],
        Field(description="None where it has that; then the usual one of several processes first"),
    ]


class TargetList(Answer):
    """All compute targets, and the frameworks that runs on them can be of."""

    targets: list[Target]
    frameworks: list[FrameworkView]


class StartRunResult(Answer):
    """The id of a run (Azure's `StartRunResult`)."""

    run_id: str


class ReportResult(Answer):
    """The answer to what a run says about itself: its state here, and whether it shall end."""

    run_id: str
    status: RunStatus
    cancel: bool
    size_bytes: Annotated[Bytes | None, Field(description="of a log that was written")] = None


class OpenApiDocument(Answer):
    """This document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    security: list[dict[str, list[str]]]
    paths: dict[str, Any]
    components: dict[str, Any]


_ANSWERS: tuple[type[Answer], ...] = (
    ActionResults,
    CodeDiff,
    ErrorResponse,
    EventList,
    ExperimentList,
    LogList,
    Manifest,
    Metrics,
    OpenApiDocument,
    OutputList,
    ReportResult,
    Run,
    RunList,
    RunLock,
    Snapshot,
    StartRunResult,
    SubmittedRun,
    TargetList,
    TensorBoard,
)
ANSWERS: dict[str, type[Answer]] = {
    model.__name__: model
    for model in (
        *_ANSWERS,
        *HISTORY_ANSWERS,
        *PROVISION_ANSWERS,
        *SUBMARINE_ANSWERS,
        *SWEEP_ANSWERS,
        *TEMPLATE_ANSWERS,
    )
}
