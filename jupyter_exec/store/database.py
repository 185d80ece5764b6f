"""The SQLite file and the threads that may touch it (floor: store).

Writes go through one thread with one connection; reads through a second one, so that a reader never
waits for a commit (WAL). Nothing here runs on the event loop: `services` await `write` and `read`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from jupyter_exec.errors import NoRoom, ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

P = ParamSpec("P")
T = TypeVar("T")


def migrations() -> list[tuple[int, str]]:
    """Return the schema steps in order: (version, SQL), from `schema/NNN.sql`."""
    folder = resources.files("jupyter_exec.store") / "schema"
    files = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    files.sort(key=lambda file: file.name)
    return [(int(file.name[:3]), file.read_text()) for file in files]


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Open the file with our settings; only a writable connection migrates it.

    `synchronous = NORMAL` in WAL mode loses nothing when a process is killed.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.row_factory = sqlite3.Row
    try:
        if writable:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            migrate(connection)
        else:
            connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an older file up to date, each step in a transaction of its own.

    Raises:
        ReadOnly: the file was written by a newer version.
    """
    steps = migrations()
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > steps[-1][0]:
        message = (
            f"the database was written by a newer jupyter_exec (schema {version}, this one knows "
            f"{steps[-1][0]}): upgrade jupyter_exec, or set ExecApp.data_dir to another folder"
        )
        raise ReadOnly(message)
    for number, script in steps:
        if number > version:
            connection.executescript(f"BEGIN;{script}\nPRAGMA user_version = {number};COMMIT;")


def _is_full(error: sqlite3.OperationalError) -> bool:
    # SQLITE_FULL, or an I/O error while the WAL grows; Python 3.10 has no sqlite_errorcode.
    return "full" in str(error) or "disk I/O error" in str(error)


class Database:
    """The database of one data directory.

    Args:
        path: the SQLite file.
        writable: False where another server owns the data directory.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="jupyter-exec-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="jupyter-exec-read")
        self._write_connection = connect(path, writable=True) if writable else None
        self._read_connection = connect(path, writable=False)

    @property
    def writable(self) -> bool:
        """Tell whether this process may write."""
        return self._write_connection is not None

    async def write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `function(connection, ...)` in one transaction in the writing thread.

        Raises:
            ReadOnly: another server owns the data directory.
            NoRoom: the disk is full; nothing was changed.
        """
        connection = self._write_connection
        if connection is None:
            message = "another server owns this data directory; this one only answers reads"
            raise ReadOnly(message)

        def work() -> T:
            try:
                connection.execute("BEGIN IMMEDIATE")
                result = function(connection, *args, **kwargs)
                connection.execute("COMMIT")
            except BaseException as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError) and _is_full(error):
                    raise NoRoom from error
                raise
            return result

        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `function(connection, ...)` in the reading thread."""
        connection = self._read_connection
        return await asyncio.get_running_loop().run_in_executor(
            self._reader, lambda: function(connection, *args, **kwargs)
        )

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._writer.shutdown()
        self._reader.shutdown()
        self._read_connection.close()
        if self._write_connection is not None:
            self._write_connection.close()
