"""What azureml-core asks before and after it starts a run (floor: handlers).

Source: the requests of azureml-core 1.61. It keeps a run history beside the execution service,
uploads projects to a content service, and finds both by a discovery service; without their answers
it raises although the run has started. Everything here is answered from our own store.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.history import (
    CANCELED_EVENTS,
    CONTAINER,
    experiment_id,
    run_details,
    run_view,
)
from jupyter_exec.model.wire import Text, WireModel
from jupyter_exec.services.history import check_name

if TYPE_CHECKING:
    from jupyter_exec.model.run import Run

PREFIX = "jupyter-exec/v1/azureml"
_SERVICES = ("api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio")
_EMPTY_FOLDER: dict[str, Any] = {
    "name": "",
    "hash": None,
    "type": "Directory",
    "timestamp": "0001-01-01T00:00:00+00:00",
    "sasUrl": None,
    "absoluteUrl": None,
    "children": {},
}


class RunPatch(WireModel):
    """What a client adds to a run: `tags` are kept; properties and anything else are not."""

    tags: dict[str, Text | None] = Field(default={})


class RunEvent(WireModel):
    """What a client says has happened to a run; only a cancellation is taken."""

    name: str


class DiscoveryHandler(ExecHandler):
    """`discovery`: asked without a header of authorisation, so `?token=` stands in the address."""

    @operation(
        "Tell Azure ML's client where its services are",
        resource="runs",
        action="read",
        answer="AzureServices",
    )
    async def get(self) -> Any:
        """Answer one address for all services; those that we do not have are not found below it."""
        here = f"{self.request.protocol}://{self.request.host}{self.base_url}{PREFIX}"
        return dict.fromkeys(_SERVICES, here)


class ExperimentHandler(ExecHandler):
    """`experiments/{experimentName}`."""

    @operation(
        "Show an experiment",
        resource="runs",
        action="read",
        answer="AzureExperiment",
    )
    async def get(self, experiment_name: str, **_: str) -> Any:
        """Answer the id of an experiment; one comes into being with its first run."""
        check_name(experiment_name)
        return {"experimentId": experiment_id(experiment_name), "name": experiment_name}


class HistoryHandler(ExecHandler):
    """What the verbs about one run share; its experiment is named, or given by id."""

    async def run(self) -> Run:
        """Return the run of the address, or raise NotFound."""
        names = self.path_kwargs
        experiment = names.get("experiment_name") or names["experiment_id"]
        return await (await self.house()).history.run(names["run_id"], experiment)

    async def view(self, run: Run) -> dict[str, Any]:
        """Return a run as Azure's clients read it."""
        root = await (await self.house()).history.root(run)
        return run_view(run, root, self._cancel_uri(run))

    def _cancel_uri(self, run: Run) -> str:
        names = [
            quote(name, safe="")
            for name in (
                self.path_kwargs["subscription_id"],
                self.path_kwargs["resource_group_name"],
                self.path_kwargs["workspace_name"],
                run.experiment,
                run.run_id,
            )
        ]
        path = (
            "execution/v1.0/subscriptions/{}/resourceGroups/{}/providers/"
            "Microsoft.MachineLearningServices/workspaces/{}/experiments/{}/runId/{}/cancel"
        ).format(*names)
        return f"{self.request.protocol}://{self.request.host}{self.base_url}{path}"


class HistoryRunHandler(HistoryHandler):
    """`experiments/{experimentName}/runs/{runId}`."""

    @operation(
        "Show a run to Azure ML's client",
        resource="runs",
        action="read",
        answer="AzureRun",
        errors=(404,),
    )
    async def get(self, **_: str) -> Any:
        """Answer one run."""
        return await self.view(await self.run())

    @operation(
        "Add tags to a run",
        resource="runs",
        action="write",
        body=RunPatch,
        answer="AzureRun",
        errors=(400, 404, 503),
    )
    async def patch(self, body: RunPatch, **_: str) -> Any:
        """Keep the tags and answer the run as it is now, so without what is not kept."""
        run = await self.run()
        if body.tags:
            tags = {name: value or "" for name, value in body.tags.items()}
            run = await (await self.house()).history.tag(run.run_id, tags)
        return await self.view(run)


class HistoryRunByIdHandler(HistoryRunHandler):
    """`experimentids/{experimentId}/runs/{runId}`: the same, by the experiment's id."""


class RunDetailsHandler(HistoryHandler):
    """`runs/{runId}/details`."""

    @operation(
        "Show a run with its definition to Azure ML's client",
        resource="runs",
        action="read",
        answer="AzureRunDetails",
        errors=(404,),
    )
    async def get(self, **_: str) -> Any:
        """Answer one run."""
        return run_details(await self.run())


class HistoryEventsHandler(HistoryHandler):
    """`runs/{runId}/events`: how a client without `cancelUri`, or with a local run, cancels."""

    @operation(
        "Cancel a run by an event",
        resource="runs",
        action="execute",
        body=RunEvent,
        answer="AzureRun",
        errors=(400, 404, 503),
    )
    async def post(self, body: RunEvent, **_: str) -> Any:
        """Make a run end."""
        run = await self.run()
        if body.name not in CANCELED_EVENTS:
            message = (
                f"{body.name[:80]!r} changes nothing: what becomes of a run is known from the run "
                f"itself; only {' and '.join(CANCELED_EVENTS)} are taken"
            )
            raise InvalidRequest(message, "name")
        return await self.view(await (await self.house()).runs.cancel(run.run_id))


class MetricsIngestHandler(HistoryHandler):
    """`runs/{runId}/metricsingest/wait`: asked at the end of `cancel()` and `flush()`."""

    @operation(
        "Wait until a run's metrics are stored",
        resource="runs",
        action="read",
        answer="Nothing",
        errors=(404,),
    )
    async def get(self, **_: str) -> Any:
        """Answer at once: metrics never wait, they are read from what the run writes."""
        await self.run()
        return {}


class LatestSnapshotHandler(ExecHandler):
    """`snapshots/latest/metadata`."""

    @operation(
        "Show the snapshot that Azure ML's client compares a folder with",
        resource="snapshots",
        action="read",
        answer="LatestSnapshot",
    )
    async def get(self, **_: str) -> Any:
        """Answer the empty folder: no snapshot of ours is the client's latest."""
        return {"id": str(uuid.UUID(int=0)), "root": _EMPTY_FOLDER}


class SnapshotBlobsHandler(ExecHandler):
    """`snapshots/getblob`."""

    @operation(
        "Tell Azure ML's client where to upload files",
        resource="snapshots",
        action="write",
        answer="SnapshotBlobs",
    )
    async def post(self, **_: str) -> Any:
        """Answer nowhere.

        azureml-core uploads files to `https://{account}.blob.{suffix}` and to nothing else, so not
        to a Jupyter server; it goes on without. The project comes as a zip with `startrun`.
        """
        return {"fileNodes": []}


class AzureSnapshotHandler(ExecHandler):
    """`snapshots/{snapshotId}`."""

    @operation(
        "Take note of a snapshot of Azure ML's client",
        resource="snapshots",
        action="write",
        status=204,
    )
    async def post(self, **_: str) -> None:
        """Keep nothing, as no content came.

        The client does this beside every `startrun`, which brings the content, and would not start
        the run otherwise. A `snapshotrun` of this id is refused, with what to do instead.
        """


class ArtifactsHandler(ExecHandler):
    """`artifacts/prefix/contentinfo/{origin}/{container}/{path}`."""

    @operation(
        "List files of a run to Azure ML's client",
        resource="runs",
        action="read",
        answer="AzureArtifacts",
        errors=(404,),
    )
    async def get(self, container: str, **_: str) -> Any:
        """Answer none.

        The client reads such files without a header of authorisation, as from a blob store; ours
        want one. They are below `jupyter-exec/v1/runs/{runId}/logs` and `.../outputs`.
        """
        run_id = container.removeprefix(CONTAINER)
        if run_id == container:
            message = f"there is no container {container[:80]!r}"
            raise NotFound(message, "container")
        await (await self.house()).runs.get(run_id)
        return {"value": []}
