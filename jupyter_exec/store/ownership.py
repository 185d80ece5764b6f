"""Which server owns a data directory (floor: store; imports little, it runs at every start).

The owner holds a lock on one file for as long as it lives; the kernel gives it back when the owner
is killed. Windows has no such lock.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError as error:
    _MESSAGE = (
        "jupyter_exec needs Linux or macOS: Windows has neither the locks nor the process groups "
        "that runs rely on. On Windows, start Jupyter in WSL."
    )
    raise ImportError(_MESSAGE) from error

if TYPE_CHECKING:
    from jupyter_exec.store.paths import DataPaths

_OWNER_BYTES = 200


def acquire(paths: DataPaths) -> int | None:
    """Become the one server that writes; return what `release` takes, None if there is an owner."""
    file = os.open(paths.server_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    os.ftruncate(file, 0)
    os.pwrite(file, f"pid {os.getpid()}".encode(), 0)
    return file


def release(lock: int) -> None:
    """Let another server write."""
    os.close(lock)


def owner(paths: DataPaths) -> str:
    """Return what the owner has written about itself: `pid 1234`."""
    return paths.server_lock.read_bytes()[:_OWNER_BYTES].decode(errors="replace")


def has_unfinished(paths: DataPaths) -> bool:
    """Tell whether there are runs to take up, without the services; True if in doubt."""
    if not paths.database.exists():
        return False
    query = "SELECT 1 FROM runs WHERE status NOT IN ('Completed', 'Failed', 'Canceled') LIMIT 1"
    try:
        with closing(sqlite3.connect(paths.database, timeout=5)) as connection:
            return connection.execute(query).fetchone() is not None
    except sqlite3.Error:
        return True  # the services will say what is wrong with it
