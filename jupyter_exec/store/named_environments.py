"""Environments that have a name, for experiments to refer to (floor: store)."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.experiment import EnvironmentSpec
from jupyter_exec.model.wire import parse

UNKNOWN = "Environment not found."  # Submarine's own words


@dataclass(frozen=True)
class NamedEnvironment:
    """A stored environment.

    Attributes:
        number: counts up over all that were ever created.
        server_timestamp: when the server that made it was started, in epoch milliseconds.
    """

    number: int
    server_timestamp: int
    spec: EnvironmentSpec

    @property
    def environment_id(self) -> str:
        """Return the id in Submarine's form."""
        return f"environment_{self.server_timestamp}_{self.number:04d}"


def _from_row(row: sqlite3.Row) -> NamedEnvironment:
    spec = parse(EnvironmentSpec, json.loads(row["spec"]))
    return NamedEnvironment(row["id"], row["server_timestamp"], spec)


def insert(
    connection: sqlite3.Connection, server_timestamp: int, name: str, spec: EnvironmentSpec
) -> NamedEnvironment:
    """Store a new one.

    Raises:
        InvalidRequest: the name is taken.
    """
    try:
        connection.execute(
            "INSERT INTO named_environments (server_timestamp, name, spec) VALUES (?, ?, ?)",
            (server_timestamp, name, json.dumps(spec.to_json())),
        )
    except sqlite3.IntegrityError:
        message = f"environment {name!r} exists already; PATCH environment/{{name}} changes it"
        raise InvalidRequest(message, "name") from None
    return get(connection, name)


def get(connection: sqlite3.Connection, name: str) -> NamedEnvironment:
    """Return one.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute("SELECT * FROM named_environments WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(UNKNOWN)
    return _from_row(row)


def find(connection: sqlite3.Connection) -> list[NamedEnvironment]:
    """Return all, in the order in which they were created."""
    rows = connection.execute("SELECT * FROM named_environments ORDER BY id")
    return [_from_row(row) for row in rows]


def update(connection: sqlite3.Connection, name: str, spec: EnvironmentSpec) -> NamedEnvironment:
    """Replace what one is.

    Raises:
        NotFound: there is none.
    """
    connection.execute(
        "UPDATE named_environments SET spec = ? WHERE name = ?", (json.dumps(spec.to_json()), name)
    )
    return get(connection, name)


def delete(connection: sqlite3.Connection, name: str) -> NamedEnvironment:
    """Forget one; returns what it was.

    Raises:
        NotFound: there is none.
    """
    environment = get(connection, name)
    connection.execute("DELETE FROM named_environments WHERE name = ?", (name,))
    return environment
