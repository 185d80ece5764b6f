"""What can be asked about sweeps: start, look, add a trial, finish (floor: services).

A sweep is a run without processes; its trials are its children, `<sweep>_1`, `<sweep>_2`, ... They
are listed, cancelled and run again like all runs. While the sweep goes on its trials cannot be
deleted; with the sweep all of them are.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, NotFound, ReadOnly
from jupyter_exec.model.definition import RunConfiguration, RunDefinition
from jupyter_exec.model.ids import legal_experiment
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.parameters import read
from jupyter_exec.model.request import OverlayFile, RelativePath, Source
from jupyter_exec.model.run import isoformat
from jupyter_exec.model.substitution import Value, fill
from jupyter_exec.model.sweep import SweepPlan
from jupyter_exec.model.template import RUN
from jupyter_exec.model.wire import WireModel, parse
from jupyter_exec.services.sourcing import Sourced
from jupyter_exec.services.submission import Submission
from jupyter_exec.services.sweeps.coordinator import SweepExecution
from jupyter_exec.services.sweeps.news import TrialNews
from jupyter_exec.services.sweeps.trials import tried_values
from jupyter_exec.services.sweeps.validation import check_sweep, check_trial
from jupyter_exec.services.validation import name_faults
from jupyter_exec.store import sweeps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_exec.model.run import Run
    from jupyter_exec.model.sweep import SweepRequest
    from jupyter_exec.model.template import TemplateVersion
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.services.executor import Executor
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.services.sourcing import Sourcing
    from jupyter_exec.services.templates import TemplateService
    from jupyter_exec.store.sweeps import TrialRow


class _Source(WireModel):
    """The part of a `POST runs` that decides the source, and where its runs belong."""

    experiment: str | None = None

    source: Source = Source()
    overlay: dict[RelativePath, OverlayFile] = {}  # noqa: RUF012 - pydantic copies it


class SweepService:
    """The verbs on sweeps."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        runs: RunService,
        templates: TemplateService,
        sourcing: Sourcing,
    ) -> None:
        self._journal = engine.journal
        self._executor = executor
        self._runs = runs
        self._templates = templates
        self._sourcing = sourcing
        news = TrialNews(engine.journal)
        executor.sweeps = lambda run: SweepExecution(engine, run, runs, templates, news)

    async def start(self, name: str, request: SweepRequest, version: int | None = None) -> Run:
        """Start a sweep.

        Args:
            name: of the template.
            version: of the template; by default the request's, or the newest.

        Raises:
            NotFound: there is no such template.
            InvalidRequest: with all faults; nothing was stored.
            Conflict: the run id is taken by another request.
        """
        template = await self._templates.get(name, version or request.version)
        plan = await asyncio.to_thread(check_sweep, template, request)
        first = await self._first(template, plan)
        secret = {each.name for each in template.spec.parameters if each.secret}
        public = {key: value for key, value in plan.params.items() if key not in secret}
        definition = RunDefinition.model_construct(
            configuration=RunConfiguration.model_construct(
                target=first.definition.configuration.target
            ),
            sweep=plan.model_copy(update={"params": public}),
            parent_run_id=first.definition.parent_run_id,
        )
        submission = Submission(
            experiment=request.experiment or first.experiment,
            definition=definition,
            sourced=first.sourced,
            run_id=request.run_id,
            display_name=request.display_name or f"{template.name} sweep",
            tags=request.tags,
            secrets={
                key: str(value)
                for key, value in plan.params.items()
                if key in secret and value is not None
            },
            template={
                "name": template.name,
                "version": template.version,
                "parameters": public,
            },
        )
        return await self._runs.start(submission)

    async def _first(self, template: TemplateVersion, plan: SweepPlan) -> Submission:
        """Return what the first trial would be, with the source of them all.

        Of a manual sweep that is known only where nothing is left to its trials.

        Raises:
            InvalidRequest: it cannot run.
        """
        params = {**plan.params, **next(plan.trials(), {})}
        missing = [
            each.name
            for each in template.spec.parameters
            if params.get(each.name) is None and (each.is_required or each.secret)
        ]
        if plan.count is not None or not missing:
            return await self._templates.submission(template, params)
        return await self._unfilled(template, params)

    async def _unfilled(self, template: TemplateVersion, params: Mapping[str, Any]) -> Submission:
        """Take the source, where not all values are known yet; those that it needs are."""
        experiment = legal_experiment(template.name)
        field_name, document = template.spec.document()
        if field_name != RUN:
            return Submission(experiment, RunDefinition(), Sourced(""))
        values = {}
        for each in template.spec.parameters:
            given = params.get(each.name)
            given = each.value if given is None else given
            typed = None if given is None else read(each, given)[0]
            values[each.name] = Value(typed, "" if given is None else str(given), each.secret)
        wanted = parse(_Source, fill(document, values, RUN).document, RUN)
        if wanted.experiment and not name_faults(wanted.experiment, None):
            experiment = wanted.experiment
        sourced = await self._sourcing.take(wanted.source, wanted.overlay)
        return Submission(experiment, RunDefinition(), sourced)

    async def trials(self, run_id: str) -> dict[str, Any]:
        """Return a sweep's plan, its trials by number, and the best of them, as JSON values.

        Raises:
            NotFound: there is no such run, or it is no sweep.
        """
        sweep = await self._sweep(run_id)
        if sweep is None:
            message = f"run {run_id} is no sweep; only a sweep has trials"
            raise NotFound(message, "runId")
        plan = parse(SweepPlan, sweep)
        rows = await self._journal.read(sweeps.trials, run_id, plan.metric)
        table = await asyncio.to_thread(_table, plan, rows)
        best = best_trial(plan, rows)
        return {"sweep": dict(sweep), "trials": table, "best": best and best.run_id}

    async def _sweep(self, run_id: str) -> Mapping[str, Any] | None:
        definition = (await self._runs.get(run_id)).definition
        found: Mapping[str, Any] | None = definition.get("sweep")
        return found

    async def add_trial(self, run_id: str, params: Mapping[str, Any]) -> Run:
        """Start one more trial of a manual sweep.

        Raises:
            NotFound: there is no such run.
            InvalidRequest: the trial cannot run.
            Conflict: the run is no manual sweep, or takes no more trials.
        """
        execution = await self._manual(run_id, "takes no trials from outside")
        if execution is None:
            run = await self._runs.get(run_id)
            message = f"sweep {run_id} has ended ({run.status.value}); start another one"
            raise Conflict(message, "runId")
        plan = execution.plan
        template = await self._templates.get(plan.template, plan.version)
        check_trial(template.spec, params)
        return await execution.add(params)

    async def finish(self, run_id: str) -> Run:
        """Let a manual sweep end when its trials have; one that has ended is answered as it is.

        Raises:
            NotFound: there is no such run.
            Conflict: the run is no manual sweep.
        """
        execution = await self._manual(run_id, "ends by itself")
        if execution is not None:
            await execution.finish()
        return await self._runs.get(run_id)

    async def _manual(self, run_id: str, otherwise: str) -> SweepExecution | None:
        """Return the task of a manual sweep; None where it has ended."""
        sweep = await self._sweep(run_id)
        if sweep is None:
            message = f"run {run_id} is no sweep; start one with sampling 'manual'"
            raise Conflict(message, "runId")
        if sweep.get("sampling") != "manual":
            message = f"sweep {run_id} {otherwise}: its sampling is not 'manual'"
            raise Conflict(message, "runId")
        execution = self._executor.get(run_id)
        if isinstance(execution, SweepExecution):
            return execution
        run = await self._runs.get(run_id)
        if not run.ended:
            message = "another server brings this sweep to its end; this one only answers reads"
            raise ReadOnly(message)
        return None


def _table(plan: SweepPlan, rows: Sequence[TrialRow]) -> list[dict[str, Any]]:
    planned = dict(enumerate(plan.trials(), 1))
    shown = tried_values(plan, rows)
    return [
        {
            "runId": row.run_id,
            "number": row.number,
            "status": row.status.value,
            "parameters": planned.get(row.number) or shown[row.number],
            "metric": row.metric,
            "stoppedEarly": row.stopped_early,
            "startedAt": isoformat(row.started_at),
            "endedAt": isoformat(row.ended_at),
            "error": {"code": row.error_code, "message": row.error_message}
            if row.error_code
            else None,
        }
        for row in rows
    ]


def best_trial(plan: SweepPlan, rows: Sequence[TrialRow]) -> TrialRow | None:
    """Return the best of the completed trials, by the last value of their metric.

    Those that were stopped early count only where none has completed. Of equals, the first.
    """
    for candidates in (
        [row for row in rows if row.status is RunStatus.COMPLETED],
        [row for row in rows if row.stopped_early],
    ):
        found = [(row.metric, row) for row in candidates if row.metric is not None]
        if found:
            sign = -1.0 if plan.goal == "maximize" else 1.0
            return min(found, key=lambda pair: sign * pair[0])[1]
    return None
