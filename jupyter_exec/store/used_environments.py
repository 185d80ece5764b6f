"""Which runs use which built environments and images (floor: store)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.model.lifecycle import TERMINAL, RunStatus

if TYPE_CHECKING:
    import sqlite3

_HASH = "json_extract(environment, '$.hash')"
_REFERENCE = "json_extract(environment, '$.reference')"
_IMAGE = "json_extract(environment, '$.image')"
_IMAGES = "json_extract(environment, '$.images')"
_ENDED = ", ".join(f"'{status.value}'" for status in sorted(TERMINAL, key=str))
SHOWN = 20


@dataclass(frozen=True)
class Users:
    """The runs of one environment.

    Attributes:
        total: how many there are.
        newest: ids of the newest, that which was made last first.
    """

    total: int
    newest: list[str]


def users(connection: sqlite3.Connection, environment: str) -> Users:
    """Return which runs have used an environment, by its hash."""
    return _users(connection, _HASH, environment)


def users_of_image(connection: sqlite3.Connection, reference: str) -> Users:
    """Return which runs have used an image of their own, by its name."""
    return _users(connection, _REFERENCE, reference)


def _users(connection: sqlite3.Connection, field: str, value: str) -> Users:
    where = f"FROM runs WHERE environment IS NOT NULL AND {field} = ?"
    total = connection.execute(f"SELECT count(*) {where}", (value,)).fetchone()[0]
    rows = connection.execute(
        f"SELECT run_id {where} ORDER BY sequence DESC LIMIT {SHOWN}", (value,)
    )
    return Users(total, [row["run_id"] for row in rows])


def is_preparing(connection: sqlite3.Connection) -> bool:
    """Tell whether a run is being prepared; it may have an environment that nobody knows of yet."""
    status = RunStatus.PREPARING.value
    query = "SELECT EXISTS (SELECT 1 FROM runs WHERE status = ?)"
    return bool(connection.execute(query, (status,)).fetchone()[0])


def in_use(connection: sqlite3.Connection) -> set[str]:
    """Return the environments' hashes, and the images' ids, of all runs that have not ended."""
    rows = connection.execute(
        f"SELECT DISTINCT {_HASH} AS hash, {_IMAGE} AS image, {_IMAGES} AS images FROM runs"  # noqa: S608 - our own words
        f" WHERE environment IS NOT NULL AND status NOT IN ({_ENDED})"
    )
    found: set[str | None] = set()
    for row in rows:
        found |= {row["hash"], row["image"], *json.loads(row["images"] or "{}").values()}
    return {one for one in found if one}
