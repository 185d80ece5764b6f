"""The Azure ML dialect: startrun, snapshotrun, cancel (floor: handlers).

Source: Execution Service API 2019-09-30, and what azureml-core 1.61 sends. The client retries a
POST with an empty zip, because it has read its file to the end already: an empty zip for a known
id is the repetition of that request.
"""

from __future__ import annotations

import asyncio
import zipfile
from typing import IO, TYPE_CHECKING, Any

from jupyter_exec.errors import ExecError, Fault, InvalidRequest, NotFound
from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.handlers.body import JSON_BYTES, BodyHandler, JsonBodyHandler
from jupyter_exec.handlers.multipart import Part, PartReader
from jupyter_exec.model.azure import normalised
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.lenient import covers, parse_what_fits
from jupyter_exec.model.wire import WireModel
from jupyter_exec.services.sourcing import Sourced
from jupyter_exec.services.submission import Submission
from jupyter_exec.sources.folder import snapshot_files
from jupyter_exec.sources.upload import snapshot_zip

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFINITION = "runDefinitionFile"
PROJECT = "projectZipFile"
_ENVELOPE_BYTES = 2**20  # boundaries and headers of parts
_NO_SNAPSHOT = (
    "upload it to jupyter-exec/v1/snapshots, or send the project with startrun (azureml-core does "
    "with AML_FORCE_EXECUTE_WITH_ZIP=1)"
)


class RunQuery(WireModel):
    """`runId` names the run; without it the server makes one. Anything else is ignored."""

    run_id: str | None = None


class AzureHandler(ExecHandler):
    """What the verbs that start something share."""

    def scope(self) -> dict[str, str]:
        """Return what the address names besides the experiment."""
        names = {
            "subscription": "subscription_id",
            "resourceGroup": "resource_group_name",
            "workspace": "workspace_name",
        }
        return {word: self.path_kwargs[name] for word, name in names.items()}

    async def definition(
        self,
        data: Mapping[str, Any],
        run_id: str | None,
        more: list[Fault],
        *,
        elsewhere: bool = False,
    ) -> RunDefinition:
        """Parse and check a definition.

        Args:
            data: decoded JSON.
            run_id: the id that was asked for.
            more: what else is known to be wrong.
            elsewhere: the caller's own machine executes the run.

        Raises:
            InvalidRequest: with all faults of the request.
        """
        house = await self.house()
        definition, faults = parse_what_fits(RunDefinition, normalised(data))
        experiment = self.path_kwargs["experiment_name"]
        try:
            definition = await house.environments.completed(definition)
            await house.runs.check(experiment, run_id, definition, elsewhere=elsewhere)
        except InvalidRequest as error:
            faults += [fault for fault in error.faults if not covers(faults, fault.target)]
        if definition.snapshot_id is not None:
            known = await asyncio.to_thread(house.snapshots.exists, definition.snapshot_id)
            if not known and not self.is_upload:
                message = f"there is no snapshot {definition.snapshot_id[:80]!r}; {_NO_SNAPSHOT}"
                faults.append(Fault("snapshotId", message))
        faults += more
        if faults:
            raise InvalidRequest.of(faults)
        return definition

    is_upload = False

    def submission(
        self, definition: RunDefinition, snapshot_id: str, run_id: str | None
    ) -> Submission:
        """Return the request as every dialect has it."""
        return Submission(
            experiment=self.path_kwargs["experiment_name"],
            definition=definition,
            sourced=Sourced(snapshot_id),
            run_id=run_id,
            scope=self.scope(),
        )

    async def named_snapshot(self, definition: RunDefinition) -> str:
        """Return the snapshot that a definition names; an empty one where a command needs none.

        Raises:
            InvalidRequest: there is a script, and nothing to find it in.
        """
        if definition.snapshot_id is not None:
            return definition.snapshot_id
        if not definition.configuration.command:
            script = definition.configuration.script
            message = f"without snapshotId there is no {script}; name a snapshot, or give a command"
            raise InvalidRequest(message, "configuration.script")
        house = await self.house()
        return (await asyncio.to_thread(snapshot_files, house.snapshots, {})).id


class StartRunHandler(AzureHandler, BodyHandler):
    """`startrun`: definition and project as two parts."""

    is_upload = True
    _reader: PartReader | None = None

    async def body_limit(self) -> int:
        """Return how many bytes both parts may have together."""
        return (await super().body_limit()) + JSON_BYTES + _ENVELOPE_BYTES

    def parts(self) -> tuple[Part, ...]:
        """Return the parts that must come."""
        project_bytes = self._limit - JSON_BYTES - _ENVELOPE_BYTES
        return (Part(DEFINITION, JSON_BYTES, in_memory=True), Part(PROJECT, project_bytes))

    def choose(self, name: str, filename: str) -> str | None:  # noqa: ARG002 - other clients are told apart by it
        """Return which part this is."""
        return {DEFINITION.lower(): DEFINITION, PROJECT.lower(): PROJECT}.get(name.lower())

    def open_body(self) -> None:
        """Split the body into its parts while it comes."""
        content_type = self.request.headers.get("Content-Type", "")
        self._reader = PartReader(content_type, self.parts(), self.choose)

    def take(self, chunk: bytes) -> None:
        """Take a part of the body."""
        if self._reader is not None:
            self._reader.write(chunk)

    def received(self) -> Mapping[str, IO[bytes]]:
        """Return the content of all parts.

        Raises:
            ExecError: the body was refused while it came, or parts are missing.
        """
        self.check_body()
        if self._reader is None:
            message = "the body is missing"
            raise ExecError(message)
        return self._reader.finish()

    def on_finish(self) -> None:
        """Release the files of the parts; called by tornado."""
        super().on_finish()
        if self._reader is not None:
            self._reader.close()

    def json_part(self, file: IO[bytes]) -> Any:
        """Return the decoded definition.

        Raises:
            InvalidRequest: it is not a JSON object.
        """
        self.request.body = file.read()
        try:
            return self.json_body()
        except InvalidRequest as error:
            message = error.message.replace("the body", "the run definition")
            raise InvalidRequest(message, DEFINITION) from None

    @operation(
        "Start a run of an uploaded project",
        resource="runs",
        action="execute",
        query=RunQuery,
        body=RunDefinition,
        parsed=False,
        body_type="multipart/form-data",
        answer="StartRunResult",
        errors=(400, 409, 413, 503),
    )
    async def post(self, query: RunQuery, **_: str) -> Any:
        """Take a snapshot of the project and queue a run of it."""
        house = await self.house()
        await self.authorise("write", "snapshots")
        files = self.received()
        project = files[PROJECT]
        snapshot_id = await self._repeated(query.run_id, project)
        more = []
        if snapshot_id is None and not await asyncio.to_thread(zipfile.is_zipfile, project):
            more = [Fault(PROJECT, "is not a zip archive, or is cut short")]
        definition = await self.definition(self.json_part(files[DEFINITION]), query.run_id, more)
        if snapshot_id is None:
            snapshot_id = (await asyncio.to_thread(_snapshot, house.snapshots, project)).id
        run = await house.runs.start(self.submission(definition, snapshot_id, query.run_id))
        return {"runId": run.run_id}

    async def _repeated(self, run_id: str | None, project: IO[bytes]) -> str | None:
        """Return the snapshot of the run that is asked for again; None for a first request."""
        if project.seek(0, 2) > 0:
            project.seek(0)
            return None
        try:
            earlier = await (await self.house()).runs.get(run_id or "")
        except NotFound:
            message = "is empty; send the project as a zip archive"
            raise InvalidRequest(message, PROJECT) from None
        return earlier.snapshot_id


def _snapshot(store: Any, project: IO[bytes]) -> Any:
    project.seek(0)
    try:
        return snapshot_zip(store, project)  # type: ignore[arg-type] # IO[bytes] of tempfile is a BinaryIO
    except ExecError as error:
        if error.target is None:
            error.target = PROJECT
            error.faults = tuple(
                Fault(fault.target or PROJECT, fault.message) for fault in error.faults
            )
        raise


class SnapshotRunHandler(AzureHandler, JsonBodyHandler):
    """`snapshotrun`: the project was uploaded before."""

    @operation(
        "Start a run of a snapshot",
        resource="runs",
        action="execute",
        query=RunQuery,
        body=RunDefinition,
        parsed=False,
        answer="StartRunResult",
        errors=(400, 409, 413, 503),
    )
    async def post(self, query: RunQuery, **_: str) -> Any:
        """Queue a run of a snapshot."""
        house = await self.house()
        definition = await self.definition(self.json_body(), query.run_id, [])
        snapshot_id = await self.named_snapshot(definition)
        run = await house.runs.start(self.submission(definition, snapshot_id, query.run_id))
        return {"runId": run.run_id}


class AzureCancelHandler(ExecHandler):
    """`runId/{runId}/cancel`."""

    @operation(
        "Cancel a run",
        resource="runs",
        action="execute",
        answer="StartRunResult",
        errors=(404, 503),
    )
    async def post(self, run_id: str, experiment_name: str, **_: str) -> Any:
        """Make a run end; one that has ended is answered all the same."""
        house = await self.house()
        run = await house.runs.get(run_id)
        if run.experiment != experiment_name:
            message = f"experiment {experiment_name[:80]!r} has no run {run_id[:80]!r}"
            raise NotFound(message, "runId")
        await house.runs.cancel(run_id)
        return {"runId": run.run_id}
