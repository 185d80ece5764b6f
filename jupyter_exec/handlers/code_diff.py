"""Our own route about what has changed in the code of a run (floor: handlers)."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.wire import WireModel


class CodeDiffQuery(WireModel):
    """What the code of a run is compared with: another run, or its folder as it is now."""

    with_: str | None = Field(default=None, alias="with")


class CodeDiffHandler(ExecHandler):
    """`runs/{runId}/code-diff`."""

    @operation(
        "Compare the code of a run with that of another, or with its folder as it is now",
        resource="runs",
        action="read",
        query=CodeDiffQuery,
        answer="CodeDiff",
        errors=(400, 404, 409, 413),
    )
    async def get(self, run_id: str, query: CodeDiffQuery) -> Any:
        """Answer what differs, file by file; needs `read` on `snapshots`, or on `contents`, too."""
        house = await self.house()
        await self.authorise("read", "snapshots")
        run = await house.runs.get(run_id)
        if query.with_ is not None:
            other = await house.runs.get(query.with_)
            return await asyncio.to_thread(house.code_diffs.between, run, other)
        await self.authorise("read", "contents")
        return await asyncio.to_thread(house.code_diffs.since, run)
