"""A run reports on itself with its own token (floor: handlers).

The token opens these verbs of that one run and nothing else, and ends with the run. A user who may
execute runs may use them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from jupyter_server.auth import User
from pydantic import Field
from tornado.web import HTTPError

from jupyter_exec.errors import NotFound
from jupyter_exec.handlers import files, logs
from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.body import JSON_BYTES, BodyHandler, JsonBodyHandler
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.report import RunReport
from jupyter_exec.model.request import RelativePath
from jupyter_exec.model.wire import WireModel, parse
from jupyter_exec.services import tokens

if TYPE_CHECKING:
    from jupyter_exec.model.run import Run

_CHANGES = {"POST", "PUT"}


class ReportingHandler(BodyHandler):
    """Lets a run in by its own token, beside the users."""

    _by_run = False

    async def has_own_token(self) -> bool:
        """Tell whether the request carries the token of the run that it is about."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if (
            self.request.method not in _CHANGES
            or scheme.lower() not in {"token", "bearer"}
            or not token
        ):
            return False
        try:
            run = await (await self.house()).runs.get(self.path_kwargs["run_id"])
        except NotFound:
            return False
        if not tokens.matches(token, run.token_hash):
            return False
        if not self.check_host():
            raise HTTPError(403)
        self.current_user = self._jupyter_current_user = User(username=f"run {run.run_id}")
        self._by_run = True
        return True

    async def authorise(self, action: str, resource: str) -> None:
        """Ask Jupyter's authorizer about users; a run's token says by itself what it may do."""
        if not self._by_run:
            await super().authorise(action, resource)

    async def state(self, run: Run) -> dict[str, Any]:
        """Return what every report is answered with: whether the run shall end."""
        present = await (await self.house()).runs.get(run.run_id)
        wanted = {RunStatus.CANCEL_REQUESTED, RunStatus.CANCELED}
        return {
            "runId": run.run_id,
            "status": present.status.value,
            "cancel": present.status in wanted,
        }


class ReportHandler(ReportingHandler, JsonBodyHandler):
    """`runs/{runId}/report`."""

    @operation(
        "Report state, metrics and progress of a run, or only that it is alive",
        resource="runs",
        action="execute",
        body=RunReport,
        answer="ReportResult",
        errors=(400, 404, 409, 413, 503),
    )
    async def post(self, run_id: str, body: RunReport) -> Any:
        """Take a report; answer whether the run shall end."""
        house = await self.house()
        run = await house.reporting.report(await house.runs.get(run_id), body)
        return await self.state(run)


class LogOffsetQuery(WireModel):
    """`offset` is where the bytes belong; without it they replace the log."""

    offset: Annotated[int, Field(ge=0, le=2**62)] | None = None


class LogHandler(ReportingHandler, logs.LogHandler):
    """`runs/{runId}/logs/{name}`: read, and written by a run elsewhere."""

    async def body_limit(self) -> int:
        """Return how many bytes of a log may come at once."""
        return JSON_BYTES

    @operation(
        "Write bytes of the log of a run on another machine",
        resource="runs",
        action="execute",
        query=LogOffsetQuery,
        body_type="application/octet-stream",
        answer="ReportResult",
        errors=(400, 404, 409, 413, 503),
    )
    async def put(self, run_id: str, name: str, query: LogOffsetQuery) -> Any:
        """Write bytes at an offset; the same bytes again change nothing."""
        house = await self.house()
        run = await house.runs.get(run_id)
        size = await house.reporting.write_log(run, name, query.offset, self.body_file())
        return {**await self.state(run), "sizeBytes": size}


class _OutputPath(WireModel):
    path: RelativePath


class OutputHandler(ReportingHandler, files.OutputHandler):
    """`runs/{runId}/outputs/{path}`: read, and written by the run."""

    @operation(
        "Keep an output of a run",
        resource="runs",
        action="execute",
        body_type="application/octet-stream",
        answer="ReportResult",
        errors=(400, 404, 409, 413, 503),
    )
    async def put(self, run_id: str, path: str) -> Any:
        """Write one file; what was there under that name is replaced."""
        house = await self.house()
        run = await house.runs.get(run_id)
        inside = parse(_OutputPath, {"path": path}).path
        await house.reporting.write_output(run, inside, self.body_file())
        return await self.state(run)
