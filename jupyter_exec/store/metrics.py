"""What each run's metrics came to: last, least, greatest, how many (floor: store).

The points themselves are in the run's report file; these few numbers are for lists of runs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

MAX_METRICS = 1000  # of one run; a program that makes up names must not fill the database


def add(connection: sqlite3.Connection, run_id: str, points: Sequence[Mapping[str, Any]]) -> None:
    """Add points to the summaries of a run; part of the caller's transaction.

    NaN, the infinities and text are left out.
    """
    values: dict[str, list[float]] = {}
    for point in points:
        value = point["value"]
        if not isinstance(value, bool | str) and math.isfinite(value):
            values.setdefault(point["name"], []).append(float(value))
    if not values:
        return
    run = connection.execute("SELECT sequence FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if run is None:
        return
    for name, found in values.items():
        _add(connection, run["sequence"], name, found)


def _add(connection: sqlite3.Connection, sequence: int, name: str, found: list[float]) -> None:
    numbers = {
        "sequence": sequence,
        "name": name,
        "last": found[-1],
        "minimum": min(found),
        "maximum": max(found),
        "points": len(found),
        "most": MAX_METRICS,
    }
    changed = connection.execute(
        "UPDATE metric_summaries SET last = :last, minimum = min(minimum, :minimum),"
        " maximum = max(maximum, :maximum), points = points + :points"
        " WHERE sequence = :sequence AND name = :name",
        numbers,
    )
    if changed.rowcount == 0:
        connection.execute(
            "INSERT INTO metric_summaries (sequence, name, last, minimum, maximum, points)"
            " SELECT :sequence, :name, :last, :minimum, :maximum, :points"
            " WHERE (SELECT count(*) FROM metric_summaries WHERE sequence = :sequence) < :most",
            numbers,
        )
