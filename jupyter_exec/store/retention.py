"""Which runs belong together, and which of them may go (floor: store)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.model.lifecycle import TERMINAL

if TYPE_CHECKING:
    import sqlite3

_ENDED = {status.value for status in TERMINAL}


@dataclass(frozen=True)
class Family:
    """A run without a parent, and all that descend from it.

    Attributes:
        runs: id and folder; the parents come before their children.
        ended_at: of the last of them, in epoch seconds.
        free: all have ended, and none is pinned.
    """

    runs: tuple[tuple[str, str], ...]
    ended_at: float
    free: bool


def families(connection: sqlite3.Connection) -> list[Family]:
    """Return all runs by family; those that ended last come first."""
    rows = connection.execute(
        "SELECT run_id, folder, parent_run_id, status, ended_at, created_at, pinned FROM runs "
        "ORDER BY sequence"
    ).fetchall()
    known = {row["run_id"] for row in rows}
    roots: dict[str, str] = {}
    members: dict[str, list[sqlite3.Row]] = {}
    for row in rows:  # a parent is older than its children
        parent = row["parent_run_id"]
        root = roots[row["run_id"]] = (
            roots.get(parent, row["run_id"]) if parent in known else row["run_id"]
        )
        members.setdefault(root, []).append(row)
    found = [
        Family(
            runs=tuple((row["run_id"], row["folder"]) for row in rows_of),
            ended_at=max(row["ended_at"] or row["created_at"] for row in rows_of),
            free=all(row["status"] in _ENDED and not row["pinned"] for row in rows_of),
        )
        for rows_of in members.values()
    ]
    return sorted(found, key=lambda family: -family.ended_at)


def is_free(connection: sqlite3.Connection, family: Family) -> bool:
    """Tell whether a family is what it was, and may go still."""
    return family in families(connection) and family.free
