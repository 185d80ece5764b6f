"""What people change about runs that are there: names and tags (floor: services)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.store import runs

if TYPE_CHECKING:
    from jupyter_exec.model.request import ChangeRequest
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal


class RunChanges:
    """Changes of one run or of many."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def change(self, run_id: str, request: ChangeRequest) -> Run:
        """Rename a run, add tags to it or take them away; returns it as it is now.

        Raises:
            NotFound: there is none.
        """
        return await self._journal.write(runs.change, run_id, request.display_name, request.tags)
