"""Our own route that does the same to many runs (floor: handlers)."""

from __future__ import annotations

from typing import Any

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.request import ActionRequest

_ASKED = {"cancel": "execute"}  # all others: "write"


class RunActionsHandler(ExecHandler):
    """`run-actions`."""

    @operation(
        "Cancel, delete, tag or pin many runs, each by itself",
        resource="runs",
        action=None,
        actions=("execute", "write"),
        body=ActionRequest,
        answer="ActionResults",
        errors=(400, 503),
    )
    async def post(self, body: ActionRequest) -> Any:
        """Answer what it came to for each; who may not do it to one may not do it to any."""
        await self.authorise(_ASKED.get(body.action, "write"), "runs")
        results = await (await self.house()).changes.act(body)
        return {"results": [result.to_json() for result in results]}
