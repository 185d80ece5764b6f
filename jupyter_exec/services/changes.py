"""What people do to runs that are there: rename, tag, and one action for many (floor: services)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import ExecError, ReadOnly
from jupyter_exec.model.labels import check_count
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from jupyter_exec.model.request import ActionRequest, ChangeRequest
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.services.runs import RunService

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What an action came to for one run.

    Attributes:
        run: as it is now; None where it was deleted, or on an error.
        error: why nothing happened; None = it did.
    """

    run_id: str
    run: Run | None = None
    error: ExecError | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as every face sees it."""
        error = None
        if self.error is not None:
            error = {"code": self.error.code, "message": self.error.message}
            error |= {"target": self.error.target} if self.error.target else {}
        run = self.run.to_json() if self.run is not None else None
        return {"runId": self.run_id, "run": run, "error": error}


class RunChanges:
    """Changes of one run or of many."""

    def __init__(self, journal: Journal, run_service: RunService) -> None:
        self._journal = journal
        self._runs = run_service

    async def change(self, run_id: str, request: ChangeRequest) -> Run:
        """Rename a run, pin it, add tags to it or take them away; returns it as it is now.

        Raises:
            NotFound: there is none.
            InvalidRequest: it would have too many tags.
        """
        return await self._journal.write(
            runs.change,
            run_id,
            request.display_name,
            request.tags,
            check_count,
            pinned=request.pinned,
        )

    async def act(self, request: ActionRequest) -> list[Result]:
        """Do the same to many runs, to each by itself; an id that is named twice counts once.

        Raises:
            ReadOnly: another server owns the data directory.
        """
        done: dict[str, Result] = {}
        deleted: set[str] = set()
        for run_id in dict.fromkeys(request.run_ids):
            if run_id in deleted:  # with its sweep
                done[run_id] = Result(run_id)
                continue
            try:
                if request.action == "delete":
                    deleted |= await self._runs.delete(run_id)
                    done[run_id] = Result(run_id)
                else:
                    done[run_id] = Result(run_id, await self._change(run_id, request))
            except ReadOnly:
                raise
            except ExecError as error:
                done[run_id] = Result(run_id, error=error)
            except Exception:  # as a request of its own, it would be answered and logged likewise
                log.exception("run %s: %s failed for a reason that is ours", run_id, request.action)
                message = "something went wrong in the server; its log tells what"
                done[run_id] = Result(run_id, error=ExecError(message))
        return list(done.values())

    async def _change(self, run_id: str, request: ActionRequest) -> Run:
        if request.action == "cancel":
            return await self._runs.cancel(run_id)
        pinned = {"pin": True, "unpin": False}.get(request.action)
        return await self._journal.write(
            runs.change, run_id, None, request.tags, check_count, pinned=pinned
        )
