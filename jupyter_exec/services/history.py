"""What a run history is asked about runs, besides what `RunService` does (floor: services)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.history import experiment_id
from jupyter_exec.services.validation import name_faults
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal


class History:
    """Runs as members of experiments and families, and their tags."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def run(self, run_id: str, experiment: str) -> Run:
        """Return a run.

        Args:
            experiment: its experiment's name, or the id that we gave it.

        Raises:
            NotFound: this experiment has no such run.
        """
        run = await self._journal.read(runs.get, run_id)
        if experiment not in {run.experiment, experiment_id(run.experiment)}:
            message = f"experiment {experiment[:80]!r} has no run {run_id[:80]!r}"
            raise NotFound(message, "runId")
        return run

    async def root(self, run: Run) -> str:
        """Return the id of a run's first ancestor that is still known."""
        seen = {run.run_id}
        while run.parent_run_id is not None and run.parent_run_id not in seen:
            seen.add(run.parent_run_id)
            try:
                run = await self._journal.read(runs.get, run.parent_run_id)
            except NotFound:
                break
        return run.run_id

    async def tag(self, run_id: str, tags: Mapping[str, str]) -> Run:
        """Add tags to a run, or change those that it has.

        Raises:
            NotFound: there is none.
        """
        return await self._journal.write(runs.change, run_id, None, tags)


def check_name(experiment: str) -> None:
    """Refuse a name that no experiment can have.

    Raises:
        InvalidRequest: it is not one.
    """
    faults = name_faults(experiment, None)
    if faults:
        raise InvalidRequest.of(faults)
