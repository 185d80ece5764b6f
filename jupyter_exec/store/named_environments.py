"""Environments that have a name, for experiments to refer to (floor: store)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.experiment import EnvironmentSpec
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

UNKNOWN = "Environment not found."  # Submarine's own words


@dataclass(frozen=True)
class NamedEnvironment:
    """A stored environment.

    Attributes:
        number: counts up over all that were ever created.
        server_timestamp: when the server that made it was started, in epoch milliseconds.
        version: "" where it has none, as those have that were made in Submarine's dialect.
        definition: the `environment` of the run that brought the name; None for Submarine's own.
    """

    number: int
    server_timestamp: int
    spec: EnvironmentSpec
    version: str = ""
    definition: Mapping[str, Any] | None = None

    @property
    def environment_id(self) -> str:
        """Return the id in Submarine's form."""
        return f"environment_{self.server_timestamp}_{self.number:04d}"


def _from_row(row: sqlite3.Row) -> NamedEnvironment:
    spec = parse(EnvironmentSpec, json.loads(row["spec"]))
    definition = json.loads(row["definition"]) if row["definition"] else None
    return NamedEnvironment(row["id"], row["server_timestamp"], spec, row["version"], definition)


def insert(
    connection: sqlite3.Connection, server_timestamp: int, name: str, spec: EnvironmentSpec
) -> NamedEnvironment:
    """Store a new one.

    Raises:
        InvalidRequest: the name is taken.
    """
    taken = connection.execute("SELECT 1 FROM named_environments WHERE name = ?", (name,))
    if taken.fetchone() is not None:
        message = f"environment {name!r} exists already; PATCH environment/{{name}} changes it"
        raise InvalidRequest(message, "name")
    connection.execute(
        "INSERT INTO named_environments (server_timestamp, name, version, spec)"
        " VALUES (?, ?, '', ?)",
        (server_timestamp, name, json.dumps(spec.to_json())),
    )
    return get(connection, name)


def register(
    connection: sqlite3.Connection,
    server_timestamp: int,
    spec: EnvironmentSpec,
    version: str,
    definition: Mapping[str, Any],
) -> None:
    """Keep what a run's definition calls by name and version; the first of each stays."""
    connection.execute(
        "INSERT INTO named_environments (server_timestamp, name, version, spec, definition)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            server_timestamp,
            spec.name,
            version,
            json.dumps(spec.to_json()),
            json.dumps(definition),
        ),
    )


def get(connection: sqlite3.Connection, name: str) -> NamedEnvironment:
    """Return one, its newest version.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute(
        "SELECT * FROM named_environments WHERE name = ? ORDER BY id DESC", (name,)
    ).fetchone()
    if row is None:
        raise NotFound(UNKNOWN)
    return _from_row(row)


def find(connection: sqlite3.Connection) -> list[NamedEnvironment]:
    """Return all, in the order in which they were created; of each name the newest version."""
    rows = connection.execute(
        "SELECT * FROM named_environments"
        " WHERE id IN (SELECT max(id) FROM named_environments GROUP BY name) ORDER BY id"
    )
    return [_from_row(row) for row in rows]


def versions(connection: sqlite3.Connection) -> list[NamedEnvironment]:
    """Return every version of all, in the order in which they were created."""
    return [
        _from_row(row) for row in connection.execute("SELECT * FROM named_environments ORDER BY id")
    ]


def update(connection: sqlite3.Connection, name: str, spec: EnvironmentSpec) -> NamedEnvironment:
    """Replace what one is.

    Raises:
        NotFound: there is none.
    """
    number = get(connection, name).number
    connection.execute(
        "UPDATE named_environments SET spec = ?, definition = NULL WHERE id = ?",
        (json.dumps(spec.to_json()), number),
    )
    return get(connection, name)


def delete(connection: sqlite3.Connection, name: str) -> NamedEnvironment:
    """Forget one with all its versions; returns what it was.

    Raises:
        NotFound: there is none.
    """
    environment = get(connection, name)
    connection.execute("DELETE FROM named_environments WHERE name = ?", (name,))
    return environment
