"""Templates and all their versions in SQLite (floor: store).

Every function takes a connection first and is run inside a transaction by `Database`. A version is
never changed or removed; deleting a template only takes its name from the list.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.template import TemplateVersion

if TYPE_CHECKING:
    import sqlite3

    from jupyter_exec.model.template import TemplateSpec

_COLUMNS = "id, server_timestamp, v.name, version, action, created_at, spec"
_NEWEST = "templates AS t JOIN template_versions AS v ON v.id = t.version_id"
ABSENT = "ExperimentTemplate not found."
"""Submarine's words for it."""


def create(
    connection: sqlite3.Connection, spec: TemplateSpec, server_timestamp: int
) -> TemplateVersion:
    """Store a new template; one that was deleted counts its versions on.

    Raises:
        InvalidRequest: there is one of that name.
    """
    if _exists(connection, spec.name):
        message = (
            f"there is a template named {spec.name!r} already; choose another name, or change that "
            "one (PUT, or PATCH in Submarine's API)"
        )
        raise InvalidRequest(message, "name")
    return _add(connection, spec, server_timestamp, "create")


def update(
    connection: sqlite3.Connection, spec: TemplateSpec, server_timestamp: int
) -> TemplateVersion:
    """Store the next version of a template.

    Raises:
        NotFound: there is none of that name.
    """
    _check(connection, spec.name)
    return _add(connection, spec, server_timestamp, "update")


def restore(
    connection: sqlite3.Connection, name: str, version: int, server_timestamp: int
) -> TemplateVersion:
    """Make an earlier version the newest one; a template that was deleted is there again.

    Raises:
        NotFound: there was never such a version.
    """
    return _add(connection, get(connection, name, version).spec, server_timestamp, "restore")


def delete(connection: sqlite3.Connection, name: str) -> TemplateVersion:
    """Take a template off the list, and return what it was; its versions stay.

    Raises:
        NotFound: there is none of that name.
    """
    newest = get(connection, name)
    connection.execute("DELETE FROM templates WHERE name = ?", (name,))
    return newest


def get(connection: sqlite3.Connection, name: str, version: int | None = None) -> TemplateVersion:
    """Return the newest version of a template; or any one, also of a template that was deleted.

    Raises:
        NotFound: there is none.
    """
    if version is None:
        query = f"SELECT {_COLUMNS} FROM {_NEWEST} WHERE t.name = ?"  # noqa: S608 - our names
        row = connection.execute(query, (name,)).fetchone()
    else:
        query = f"SELECT {_COLUMNS} FROM template_versions AS v WHERE name = ? AND version = ?"  # noqa: S608
        row = connection.execute(query, (name, min(version, 2**62))).fetchone()
    if row is None:
        raise NotFound(ABSENT, "name" if version is None else "version")
    return TemplateVersion(*row)


def versions(connection: sqlite3.Connection, name: str) -> list[TemplateVersion]:
    """Return all versions that a name has had, newest first.

    Raises:
        NotFound: it never had one.
    """
    query = f"SELECT {_COLUMNS} FROM template_versions AS v WHERE name = ? ORDER BY version DESC"  # noqa: S608
    found = [TemplateVersion(*row) for row in connection.execute(query, (name,))]
    if not found:
        raise NotFound(ABSENT, "name")
    return found


def find(
    connection: sqlite3.Connection, q: str | None, limit: int | None, after: str | None
) -> tuple[list[TemplateVersion], str | None, int]:
    """Return templates by name, the name after which the next page begins, and how many match.

    Args:
        q: part of the name, the author or the description, in any letter case.
        limit: of the page; None = all.
        after: the name that the page comes after.
    """
    where, values = ("instr(words, ?) > 0", [q.casefold()]) if q else ("1", [])
    total = connection.execute(f"SELECT count(*) FROM templates WHERE {where}", values).fetchone()  # noqa: S608
    query = f"SELECT {_COLUMNS} FROM {_NEWEST} WHERE {where} AND t.name > ? ORDER BY t.name LIMIT ?"  # noqa: S608
    count = -1 if limit is None else limit + 1
    rows = connection.execute(query, [*values, after or "", count]).fetchall()
    page = [TemplateVersion(*row) for row in rows[:limit]]
    following = page[-1].name if page and limit is not None and len(rows) > limit else None
    return page, following, total[0]


def snapshots_in_use(connection: sqlite3.Connection) -> set[str]:
    """Return the ids of all snapshots that a version of a template runs."""
    rows = connection.execute(
        "SELECT DISTINCT snapshot_id FROM template_versions WHERE snapshot_id IS NOT NULL"
    )
    return {row[0] for row in rows}


def _exists(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM templates WHERE name = ?", (name,)).fetchone()
    return found is not None


def _check(connection: sqlite3.Connection, name: str) -> None:
    if not _exists(connection, name):
        raise NotFound(ABSENT, "name")


def _add(
    connection: sqlite3.Connection, spec: TemplateSpec, server_timestamp: int, action: str
) -> TemplateVersion:
    """Store a version, and make it the template's newest."""
    row = {
        "server_timestamp": server_timestamp,
        "name": spec.name,
        "action": action,
        "created_at": time.time(),
        "spec": json.dumps(spec.to_json()),
        "snapshot_id": spec.snapshot_id,
    }
    cursor = connection.execute(
        """
        INSERT INTO template_versions
            (server_timestamp, name, version, action, created_at, spec, snapshot_id)
        SELECT :server_timestamp, :name, coalesce(max(version), 0) + 1, :action, :created_at, :spec,
            :snapshot_id
        FROM template_versions WHERE name = :name
        """,
        row,
    )
    words = "\n".join(filter(None, (spec.name, spec.author, spec.description))).casefold()
    connection.execute(
        "INSERT OR REPLACE INTO templates (name, version_id, words) VALUES (?, ?, ?)",
        (spec.name, cursor.lastrowid, words),
    )
    return get(connection, spec.name)
