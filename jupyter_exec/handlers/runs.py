"""Our own routes about runs: `runs`, `runs/{runId}` and its verbs (floor: handlers)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.lenient import parse_what_fits
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.request import ChangeRequest, RerunRequest, SubmitRequest
from jupyter_exec.model.wire import WireModel, one_of
from jupyter_exec.store.listing import RunFilter

_STATUS = [status.value for status in RunStatus]


def _split(value: Any) -> Any:
    return [word for word in value.split(",") if word] if isinstance(value, str) else value


class RunsQuery(WireModel):
    """What a list of runs is narrowed by.

    `status` takes several, separated by commas; `tag` is `name` or `name=value`; `q` is part of the
    id, the display name or the experiment; `top` leaves out runs that have a parent.
    """

    experiment: str | None = None
    status: Annotated[list[Annotated[str, one_of(_STATUS)]], BeforeValidator(_split)] = Field(
        default=[]
    )
    target: str | None = None
    tag: str | None = None
    q: str | None = None
    parent: str | None = None
    template: str | None = None
    top: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 25
    cursor: Annotated[int, Field(ge=0, le=2**62)] | None = None


class RunsHandler(ExecHandler):
    """`runs`: list and submit."""

    @operation(
        "List runs, newest first",
        resource="runs",
        action="read",
        query=RunsQuery,
        answer="RunList",
        errors=(400,),
    )
    async def get(self, query: RunsQuery) -> Any:
        """Answer a page of runs."""
        house = await self.house()
        wanted = RunFilter(
            query.experiment,
            tuple(query.status),
            query.target,
            query.tag,
            query.q,
            query.parent,
            query.template,
            query.top,
        )
        found, following, total = await house.runs.find(wanted, query.limit, query.cursor)
        return {
            "runs": [run.to_json() for run in found],
            "next": None if following is None else str(following),
            "total": total,
        }

    @operation(
        "Submit a run",
        resource="runs",
        action="execute",
        body=SubmitRequest,
        parsed=False,
        answer="SubmittedRun",
        status=201,
        errors=(400, 404, 409, 413, 503),
    )
    async def post(self) -> Any:
        """Take a snapshot of the source and queue a run of it."""
        house = await self.house()
        request, misfits = parse_what_fits(SubmitRequest, self.json_body())
        run, sourced = await house.runs.submit(request, misfits)
        answer = run.to_json()
        answer["snapshot"] = {"snapshotId": sourced.snapshot_id}
        if sourced.snapshot is not None:
            answer["snapshot"]["files"] = sourced.snapshot.files
            answer["snapshot"]["sizeBytes"] = sourced.snapshot.size_bytes
        return answer


class RunHandler(ExecHandler):
    """`runs/{runId}`: show, change and delete."""

    @operation("Show a run", resource="runs", action="read", answer="Run", errors=(404,))
    async def get(self, run_id: str) -> Any:
        """Answer one run, with its place in the queue while it waits."""
        house = await self.house()
        run = await house.runs.get(run_id)
        answer = run.to_json()
        if run.status is RunStatus.QUEUED:
            answer["queuePosition"] = house.runs.position(run)
        return answer

    @operation(
        "Rename a run, add tags to it or take them away",
        resource="runs",
        action="write",
        body=ChangeRequest,
        answer="Run",
        errors=(400, 404, 503),
    )
    async def patch(self, run_id: str, body: ChangeRequest) -> Any:
        """Answer the run as it is now."""
        return (await (await self.house()).changes.change(run_id, body)).to_json()

    @operation(
        "Delete a run that has ended",
        resource="runs",
        action="write",
        status=204,
        errors=(404, 409, 503),
    )
    async def delete(self, run_id: str) -> None:
        """Forget a run and its files."""
        await (await self.house()).runs.delete(run_id)


class CancelHandler(ExecHandler):
    """`runs/{runId}/cancel`."""

    @operation("Cancel a run", resource="runs", action="execute", answer="Run", errors=(404, 503))
    async def post(self, run_id: str) -> Any:
        """Make a run end; one that has ended is answered as it is."""
        return (await (await self.house()).runs.cancel(run_id)).to_json()


class RerunHandler(ExecHandler):
    """`runs/{runId}/rerun`."""

    @operation(
        "Run an old run again, exactly or with changes",
        resource="runs",
        action="execute",
        body=RerunRequest,
        answer="Run",
        status=201,
        errors=(400, 404, 409, 503),
    )
    async def post(self, run_id: str, body: RerunRequest) -> Any:
        """Queue a run of the same snapshot and definition."""
        return (await (await self.house()).runs.rerun(run_id, body)).to_json()


class TargetsHandler(ExecHandler):
    """`targets`."""

    @operation(
        "Show compute targets, capacity, load, queue, and the frameworks that runs can be of",
        resource="targets",
        action="read",
        answer="TargetList",
    )
    async def get(self) -> Any:
        """Answer every configured target, and every framework that is installed."""
        ways = (await self.house()).ways
        return {
            "targets": [
                {
                    "name": name,
                    "containerEngine": ways.target(name).engine_url,
                    "sharesCapacityOf": ways.shares_with(name),
                    **(await ways.admission(name)).overview(),
                }
                for name in ways.target_names
            ],
            "frameworks": [
                {
                    "name": name,
                    "communicators": [
                        {"name": each, "counts": list(counts)}
                        for each, counts in communicators.items()
                    ],
                }
                for name, communicators in await ways.frameworks()
            ],
        }
