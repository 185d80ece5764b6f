"""The trials of a sweep, as rows (floor: store).

A trial is a child of its sweep whose run id is `<the sweep's>_<number>`; what else has that parent
(a trial that somebody ran again) is no trial.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, NotFound
from jupyter_exec.model.lifecycle import TERMINAL, RunStatus
from jupyter_exec.store import runs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from jupyter_exec.model.run import Run

STOPPED = "stopped"
MEDIAN = "median"


@dataclass(frozen=True)
class TrialRow:
    """What is stored of one trial.

    Attributes:
        number: from 1.
        template: name, version, parameters.
        metric: the last value of the metric asked for; None = it has reported none.
        hopeless: it has been tagged, and is cancelled for that.
    """

    run_id: str
    number: int
    status: RunStatus
    template: Mapping[str, Any]
    metric: float | None
    hopeless: bool
    started_at: float | None
    ended_at: float | None
    error_code: str | None
    error_message: str | None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen to it."""
        return self.status in TERMINAL

    @property
    def stopped_early(self) -> bool:
        """Tell whether it was cancelled because it was hopeless."""
        return self.hopeless and self.status is RunStatus.CANCELED


def trial_id(sweep_id: str, number: int) -> str:
    """Return the run id of a trial."""
    return f"{sweep_id}_{number}"


def trial_number(sweep_id: str, run_id: str) -> int | None:
    """Return the number in a trial's run id; None where it is no trial's."""
    digits = run_id.removeprefix(f"{sweep_id}_") if run_id.startswith(f"{sweep_id}_") else ""
    found = digits.isascii() and digits.isdigit() and not digits.startswith("0")
    return int(digits) if found else None


def trials(
    connection: sqlite3.Connection, sweep_id: str, metric: str | None = None
) -> list[TrialRow]:
    """Return the trials of a sweep by number."""
    rows = connection.execute(
        "SELECT r.run_id, r.status, r.template, r.tags, r.started_at, r.ended_at, r.error_code,"
        " r.error_message, m.last FROM runs r LEFT JOIN metric_summaries m"
        " ON m.sequence = r.sequence AND m.name = ? WHERE r.parent_run_id = ?",
        (metric, sweep_id),
    )
    found = []
    for row in rows:
        number = trial_number(sweep_id, row["run_id"])
        if number is not None:
            found.append(_trial(row, number))
    return sorted(found, key=lambda trial: trial.number)


def _trial(row: sqlite3.Row, number: int) -> TrialRow:
    return TrialRow(
        run_id=row["run_id"],
        number=number,
        status=RunStatus(row["status"]),
        template=json.loads(row["template"] or "{}"),
        metric=row["last"],
        hopeless=json.loads(row["tags"]).get(STOPPED) == MEDIAN,
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        error_code=row["error_code"],
        error_message=row["error_message"],
    )


def points(connection: sqlite3.Connection, run_id: str) -> tuple[list[dict[str, Any]], int]:
    """Return what a run has told of its metrics so far, and the id of the last such event."""
    rows = connection.execute(
        "SELECT id, data FROM events WHERE run_id = ? AND type = 'metrics' ORDER BY id", (run_id,)
    ).fetchall()
    told = [point for row in rows for point in json.loads(row["data"])["metrics"]]
    return told, rows[-1]["id"] if rows else 0


def unfinished_sweep(connection: sqlite3.Connection, run: Run) -> str | None:
    """Return the id of the sweep that a trial belongs to, while that sweep has not ended."""
    if run.parent_run_id is None or trial_number(run.parent_run_id, run.run_id) is None:
        return None
    try:
        parent = runs.get(connection, run.parent_run_id)
    except NotFound:
        return None
    return parent.run_id if "sweep" in parent.definition and not parent.ended else None


def delete(connection: sqlite3.Connection, run_id: str) -> list[Run]:
    """Forget a run that has ended, and a sweep's children with it; all of them or none.

    Returns what they were.

    Raises:
        NotFound: there is none.
        Conflict: it, or a child of the sweep, has not ended; or it is a trial of a sweep that has
            not, which would be started again.
    """
    run = runs.get(connection, run_id)
    sweep = unfinished_sweep(connection, run)
    if sweep is not None:
        message = f"run {run_id} is a trial of the sweep {sweep}, which has not ended"
        raise Conflict(message, "runId")
    gone = []
    if "sweep" in run.definition and run.ended:
        rows = connection.execute(
            "SELECT run_id FROM runs WHERE parent_run_id = ? ORDER BY sequence", (run_id,)
        ).fetchall()
        gone = [runs.delete(connection, row["run_id"]) for row in rows]
    return [runs.delete(connection, run_id), *gone]
