"""What happened, in order: the rows behind server-sent events (floor: store).

An event's row id is its `Last-Event-ID`: a client that comes back asks for what is after it, and
misses nothing.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.run import isoformat

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


def append(connection: sqlite3.Connection, run_id: str, kind: str, data: Mapping[str, Any]) -> None:
    """Write one event; part of the caller's transaction."""
    connection.execute(
        "INSERT INTO events (run_id, time, type, data) VALUES (?, ?, ?, ?)",
        (run_id, time.time(), kind, json.dumps(data)),
    )


def after(
    connection: sqlite3.Connection, last_id: int, run_id: str | None = None, limit: int = 500
) -> list[dict[str, Any]]:
    """Return the events after `last_id`, oldest first, of one run or of all."""
    where, values = ("", [last_id]) if run_id is None else ("AND run_id = ?", [last_id, run_id])
    rows = connection.execute(
        f"SELECT * FROM events WHERE id > ? {where} ORDER BY id LIMIT {int(limit)}",  # noqa: S608 - our words
        values,
    )
    return [
        {
            "id": row["id"],
            "type": row["type"],
            "runId": row["run_id"],
            "time": isoformat(row["time"]),
            **json.loads(row["data"]),
        }
        for row in rows
    ]


def last_id(connection: sqlite3.Connection) -> int:
    """Return the newest event's id, 0 when there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])
