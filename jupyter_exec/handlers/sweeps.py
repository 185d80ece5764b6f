"""Our own routes about sweeps: start one, its trials, its end (floor: handlers)."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.body import JsonBodyHandler
from jupyter_exec.handlers.templates import TemplateBaseHandler
from jupyter_exec.model.sweep import SweepRequest, TrialRequest
from jupyter_exec.model.wire import parse


class SweepsHandler(TemplateBaseHandler):
    """`templates/{templateName}/sweeps`."""

    @operation(
        "Start a sweep: one template run with many values (JSON or YAML)",
        resource="runs",
        action="execute",
        body=SweepRequest,
        parsed=False,
        answer="Run",
        status=201,
        errors=(400, 404, 409, 413, 503),
    )
    async def post(self, template_name: str) -> Any:
        """Store the sweep, which starts its trials by itself."""
        request = await asyncio.to_thread(parse, SweepRequest, await self.document_body())
        return (await (await self.house()).sweeps.start(template_name, request)).to_json()


class TrialsHandler(JsonBodyHandler):
    """`runs/{runId}/trials`."""

    @operation(
        "Show a sweep: its plan, its trials, the best of them",
        resource="runs",
        action="read",
        answer="SweepTrials",
        errors=(404,),
    )
    async def get(self, run_id: str) -> Any:
        """Answer all trials by number."""
        return await (await self.house()).sweeps.trials(run_id)

    @operation(
        "Start the next trial of a sweep whose sampling is manual (JSON or YAML)",
        resource="runs",
        action="execute",
        body=TrialRequest,
        parsed=False,
        answer="Run",
        status=201,
        errors=(400, 404, 409, 413, 503),
    )
    async def post(self, run_id: str) -> Any:
        """Queue a run of the sweep's template with these values."""
        request = parse(TrialRequest, await self.document_body())
        house = await self.house()
        return (await house.sweeps.add_trial(run_id, request.params)).to_json()


class FinishHandler(JsonBodyHandler):
    """`runs/{runId}/finish`."""

    @operation(
        "Let a sweep whose sampling is manual end when its trials have",
        resource="runs",
        action="execute",
        answer="Run",
        errors=(404, 409, 503),
    )
    async def post(self, run_id: str) -> Any:
        """Take no further trials; a sweep that has ended is answered as it is."""
        return (await (await self.house()).sweeps.finish(run_id)).to_json()
