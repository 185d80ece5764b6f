"""Which runs are experiments in Submarine's sense, and their numbers (floor: store).

An experiment's run id is its Submarine id, `experiment_<server timestamp>_<number>`. Numbers are
counted by SQLite's AUTOINCREMENT sequence, so none is used again after a restart or a delete.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import NotFound
from jupyter_exec.store import runs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from jupyter_exec.model.lifecycle import RunStatus
    from jupyter_exec.model.run import Run

NUMBERED = "#"
"""As a run's id: `insert` gives it the next number. No run can have this id."""
UNKNOWN = "Not found experiment."  # Submarine's own words; its clients may compare them

_ALL = """
SELECT r.*, (
    SELECT time FROM events
    WHERE run_id = r.run_id AND type = 'state' AND json_extract(data, '$.status') = 'Preparing'
    ORDER BY id LIMIT 1
) AS prepared_at
FROM experiments e JOIN runs r ON r.run_id = e.run_id
WHERE NOT e.deleted
"""


@dataclass(frozen=True)
class Experiment:
    """A run, and when work on it began (epoch seconds; None = not yet)."""

    run: Run
    prepared_at: float | None = None


def insert(connection: sqlite3.Connection, run: Run, server_timestamp: int) -> Run:
    """Store a run as an experiment; one that has an id of its own is stored as a run only.

    Args:
        server_timestamp: when the server was started, in epoch milliseconds.

    Raises:
        Conflict: the id is taken by another request.
    """
    if run.run_id != NUMBERED:
        return runs.insert(connection, run)
    query = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'experiments'"
    number = connection.execute(query).fetchone()[0]
    taken = True
    while taken:  # somebody may have chosen such an id
        number += 1
        run_id = f"experiment_{server_timestamp}_{number:04d}"
        taken = bool(
            connection.execute("SELECT 1 FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        )
    stored = runs.insert(connection, replace(run, run_id=run_id))
    connection.execute("INSERT INTO experiments (number, run_id) VALUES (?, ?)", (number, run_id))
    return stored


def get(connection: sqlite3.Connection, run_id: str) -> Experiment:
    """Return an experiment.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    row = connection.execute(f"{_ALL} AND e.run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(UNKNOWN)
    return Experiment(runs.from_row(row), row["prepared_at"])


def find(
    connection: sqlite3.Connection, statuses: Sequence[RunStatus] | None = None
) -> list[Experiment]:
    """Return all experiments in these states (None = any), in the order of their numbers."""
    words = [status.value for status in statuses or ()]
    marks = ", ".join("?" * len(words))
    narrowed = "" if statuses is None else f" AND r.status IN ({marks})"
    rows = connection.execute(f"{_ALL}{narrowed} ORDER BY e.number", words)
    return [Experiment(runs.from_row(row), row["prepared_at"]) for row in rows]


def hide(connection: sqlite3.Connection, run_id: str) -> Experiment:
    """Show a run as an experiment no more; the run itself stays. Returns what it was.

    Raises:
        NotFound: there is none, or it was deleted already.
    """
    experiment = get(connection, run_id)
    connection.execute("UPDATE experiments SET deleted = 1 WHERE run_id = ?", (run_id,))
    return experiment


def redefine(
    connection: sqlite3.Connection,
    run_id: str,
    expected: RunStatus,
    definition: Mapping[str, Any],
    display_name: str,
    tags: Mapping[str, str],
) -> bool:
    """Change what an experiment is and is called; answers False where its state is not `expected`.

    Raises:
        NotFound: there is none.
    """
    run = get(connection, run_id).run
    if run.status is not expected:
        return False
    connection.execute(
        "UPDATE runs SET definition = ? WHERE sequence = ?", (json.dumps(definition), run.sequence)
    )
    runs.change(connection, run_id, display_name, {**dict.fromkeys(run.tags), **tags})
    return True
