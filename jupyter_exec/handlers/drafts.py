"""Our own route about templates in the making: `template-drafts` (floor: handlers)."""

from __future__ import annotations

from typing import Any

from jupyter_exec.errors import Forbidden
from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.body import JsonBodyHandler
from jupyter_exec.model.request import DraftRequest


class DraftsHandler(JsonBodyHandler):
    """`template-drafts`."""

    @operation(
        "Make a template of a run, a notebook or a script, without storing it",
        resource="templates",
        action="write",
        body=DraftRequest,
        answer="TemplateDraft",
        errors=(400, 404, 413),
    )
    async def post(self, body: DraftRequest) -> Any:
        """Answer the template, which `POST templates` takes, and hints for its author.

        Only who may make templates may ask: a draft shows what lies in files and runs.
        """
        if body.run_id is not None:
            await self.authorise("read", "runs")
        code = await self._may_read_code()
        spec, hints = await (await self.house()).drafts.draft(body, code=code)
        return spec.to_json() | ({"hints": hints} if hints else {})

    async def _may_read_code(self) -> bool:
        """Tell whether a draft of a run may show what its notebook declares."""
        try:
            await self.authorise("read", "snapshots")
        except Forbidden:
            return False
        return True
