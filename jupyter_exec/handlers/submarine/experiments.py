"""Submarine's experiments: `experiment` and what lies below it (floor: handlers).

Source: `ExperimentRestApi` of Apache Submarine 0.8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.submarine.base import SubmarineHandler, enveloped
from jupyter_exec.handlers.submarine.templates import find_template
from jupyter_exec.model.experiment import ExperimentSpec
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.wire import WireModel, one_of, parse
from jupyter_exec.services.experiments.logs import read_logs
from jupyter_exec.services.experiments.service import spec_of
from jupyter_exec.store.experiments import Experiment

if TYPE_CHECKING:
    from collections.abc import Sequence

_S = RunStatus
STATUS: dict[RunStatus, str] = {
    _S.NOT_STARTED: "Accepted",
    _S.QUEUED: "Accepted",
    _S.PREPARING: "Created",
    _S.STARTING: "Created",
    _S.RUNNING: "Running",
    _S.FINALIZING: "Running",
    _S.CANCEL_REQUESTED: "Running",
    _S.NOT_RESPONDING: "Running",
    _S.COMPLETED: "Succeeded",
    _S.FAILED: "Failed",
    _S.CANCELED: "Deleted",
}
WORDS = tuple(dict.fromkeys(STATUS.values()))
_TIMES = ("acceptedTime", "createdTime", "runningTime", "finishedTime")


def _none_if_empty(value: Any) -> Any:
    return value or None


class StatusQuery(WireModel):
    """`status` narrows a list to experiments of this status."""

    status: Annotated[Annotated[str, one_of(WORDS)] | None, BeforeValidator(_none_if_empty)] = None

    def statuses(self) -> Sequence[RunStatus] | None:
        """Return the run's states that the word stands for; None = any."""
        if self.status is None:
            return None
        return [status for status, word in STATUS.items() if word == self.status]


class TemplateSubmit(WireModel):
    """What fills a template in. The name in the address counts; `name` is ignored."""

    name: str | None = None
    params: dict[str, Any]


def _time(epoch_s: float | None) -> str | None:
    """Return a time as ISO 8601 with the server's offset."""
    if epoch_s is None:
        return None
    return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="milliseconds")


def experiment_view(experiment: Experiment, *, deleted: bool = False) -> dict[str, Any]:
    """Return an experiment as Submarine answers it; a failed one tells why in `statusReason`."""
    run = experiment.run
    spec = spec_of(run)
    shown = spec.to_wire()
    shown["meta"] |= {"tags": spec.meta.tags or [], "experimentId": run.run_id}
    times = (run.created_at, experiment.prepared_at, run.started_at, run.ended_at)
    view = {
        "experimentId": run.run_id,
        "name": spec.meta.name,
        "uid": str(UUID(run.folder)),
        "status": "Deleted" if deleted else STATUS[run.status],
        **{
            name: None if deleted else _time(time) for name, time in zip(_TIMES, times, strict=True)
        },
        "spec": shown,
    }
    if run.status is RunStatus.FAILED and not deleted:
        view["statusReason"] = f"{run.error_code}: {run.error_message}"
    return view


class _ExperimentHandler(SubmarineHandler):
    async def experiment_body(self) -> ExperimentSpec:
        """Return what an experiment is to be, or raise InvalidRequest."""
        return parse(ExperimentSpec, await self.spec_body("spec", "meta"))


class SubmarineExperimentsHandler(_ExperimentHandler):
    """`experiment`: list and create."""

    @operation(
        "Submarine: list experiments, oldest first",
        resource="runs",
        action="read",
        query=StatusQuery,
        answer="SubmarineExperimentList",
    )
    async def get(self, query: StatusQuery) -> Any:
        """Answer every experiment that was not deleted."""
        found = await (await self.house()).experiments.find(query.statuses())
        return enveloped(await asyncio.to_thread(lambda: [experiment_view(e) for e in found]))

    @operation(
        "Submarine: run an experiment (JSON or YAML)",
        resource="runs",
        action="execute",
        body=ExperimentSpec,
        parsed=False,
        answer="SubmarineExperiment",
        errors=(400, 413, 503),
    )
    async def post(self) -> Any:
        """Queue it."""
        spec = await self.experiment_body()
        run = await (await self.house()).experiments.create(spec)
        return enveloped(experiment_view(Experiment(run)))


class SubmarineExperimentHandler(_ExperimentHandler):
    """`experiment/{id}`: show, change, delete; POST fills in the template of that name."""

    @operation(
        "Submarine: show an experiment",
        resource="runs",
        action="read",
        answer="SubmarineExperiment",
        errors=(404,),
    )
    async def get(self, id: str) -> Any:  # noqa: A002 - Submarine's name
        """Answer one."""
        return enveloped(experiment_view(await (await self.house()).experiments.get(id)))

    @operation(
        "Submarine: run an experiment of a template (JSON or YAML)",
        resource="runs",
        action="execute",
        body=TemplateSubmit,
        parsed=False,
        answer="SubmarineExperiment",
        errors=(400, 404, 413, 503),
    )
    async def post(self, id: str) -> Any:  # noqa: A002 - the template's name here
        """Fill the template in and queue the experiment."""
        body = await self.document_body()
        if not isinstance(body.get("params"), Mapping):
            message = "is required: an object that names each parameter's value"
            raise InvalidRequest(message, "params")
        house = await self.house()
        await find_template(house, id)
        run = await house.templates.run(id, body["params"])
        return enveloped(experiment_view(Experiment(run)))

    @operation(
        "Submarine: change an experiment that waits; of another one, its name and tags",
        resource="runs",
        action="execute",
        body=ExperimentSpec,
        parsed=False,
        answer="SubmarineExperiment",
        errors=(400, 404, 409, 413, 503),
    )
    async def patch(self, id: str) -> Any:  # noqa: A002 - Submarine's name
        """Change it as its state allows; what GET answers may be sent back."""
        house = await self.house()
        await house.experiments.get(id)
        spec = await self.experiment_body()
        return enveloped(experiment_view(await house.experiments.patch(id, spec)))

    @operation(
        "Submarine: end an experiment and show it no more; its run stays",
        resource="runs",
        action="execute",
        answer="SubmarineExperiment",
        errors=(404, 503),
    )
    async def delete(self, id: str) -> Any:  # noqa: A002 - Submarine's name
        """End it, and answer what it was."""
        experiment = await (await self.house()).experiments.delete(id)
        return enveloped(experiment_view(experiment, deleted=True))


class SubmarineLogsHandler(SubmarineHandler):
    """`experiment/logs`."""

    @operation(
        "Submarine: read the logs of all experiments, each from its end",
        resource="runs",
        action="read",
        query=StatusQuery,
        answer="SubmarineLogList",
    )
    async def get(self, query: StatusQuery) -> Any:
        """Answer what every pod printed last."""
        house = await self.house()
        found = [experiment.run for experiment in await house.experiments.find(query.statuses())]
        return enveloped(await asyncio.to_thread(read_logs, house.files, found))


class SubmarineLogHandler(SubmarineHandler):
    """`experiment/logs/{id}`."""

    @operation(
        "Submarine: read the logs of an experiment, each from its end",
        resource="runs",
        action="read",
        answer="SubmarineLog",
        errors=(404,),
    )
    async def get(self, id: str) -> Any:  # noqa: A002 - Submarine's name
        """Answer what every pod printed last."""
        house = await self.house()
        run = (await house.experiments.get(id)).run
        (log,) = await asyncio.to_thread(read_logs, house.files, [run])
        return enveloped(log)


class SubmarinePingHandler(SubmarineHandler):
    """`experiment/ping`."""

    @operation(
        "Submarine: tell that the server is there",
        resource="runs",
        action="read",
        answer="SubmarinePong",
    )
    async def get(self) -> Any:
        """Answer Pong."""
        return enveloped("Pong")
