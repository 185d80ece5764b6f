"""`datastores`: where data references may point (floor: handlers)."""

from __future__ import annotations

from typing import Any

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.wire import WireModel


class DatastoresQuery(WireModel):
    """With `check=1` every store is asked whether it answers, which may take a while."""

    check: bool = False


class DatastoresHandler(ExecHandler):
    """`datastores`."""

    @operation(
        "Show datastores: names and addresses, without credentials",
        resource="datastores",
        action="read",
        query=DatastoresQuery,
        answer="DatastoreList",
        errors=(400,),
    )
    async def get(self, query: DatastoresQuery) -> Any:
        """Answer every configured datastore."""
        house = await self.house()
        return {"datastores": await house.datastores.overview(check=query.check)}
