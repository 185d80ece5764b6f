"""Our own route about experiments, which are nothing but the names that runs share (handlers)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.wire import WireModel


class ExperimentsQuery(WireModel):
    """A page of experiments; `q` is part of the name, in any letter case."""

    q: str | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[int, Field(ge=0, le=2**62)] | None = None


class ExperimentsHandler(ExecHandler):
    """`experiments`."""

    @operation(
        "List experiments, those with the newest runs first",
        resource="runs",
        action="read",
        query=ExperimentsQuery,
        answer="ExperimentList",
        errors=(400,),
    )
    async def get(self, query: ExperimentsQuery) -> Any:
        """Answer a page of experiments."""
        house = await self.house()
        found, following, total = await house.runs.experiments(query.q, query.limit, query.cursor)
        return {
            "experiments": [experiment.to_json() for experiment in found],
            "next": None if following is None else str(following),
            "total": total,
        }
