"""Downloads that are kept, by what they are; used by all runs (floor: datastores; blocks).

A file of the cache is named by store, path and version (ETag, or time of change, with the size), so
it never becomes stale. While it is fetched it is `<name>.part`, locked (flock): a second one who
wants it waits; a `.part` that a killed server left is gone on with. Runs get copies.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from jupyter_exec.datastores.copying import copy_file
from jupyter_exec.datastores.mishaps import is_full

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jupyter_exec.datastores.mishaps import Patience
    from jupyter_exec.datastores.request import OpenStore
    from jupyter_exec.datastores.store import Entry

PART = ".part"
_LOOK_S = 0.05
_PART_AGE_S = 86_400.0


def key_of(store: OpenStore, entry: Entry) -> str | None:
    """Return the name of a file in the cache; None where nothing tells its versions apart."""
    if entry.version is None or entry.size is None:
        return None
    words = [store.shown_url, entry.path, entry.version, entry.size]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


class DownloadCache:
    """A folder of downloads.

    Args:
        folder: made when it is first needed.
        max_bytes: what is larger than this is not kept; 0 = nothing is.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def keeps(self, size: int) -> bool:
        """Tell whether a file of that size has its place here."""
        return size <= self.max_bytes

    def copy(
        self, key: str, target: Path, fetch: Callable[[Path], None], patience: Patience
    ) -> bool:
        """Copy a file to a run, fetched where it is not here; tells whether it was here.

        Args:
            target: must not be there yet.
            fetch: makes a whole file of a `.part`, which may hold its beginning.
        """
        path = self._folder / key[:2] / key
        if self._copied(path, target):
            return True
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(path.name + PART)
        with _locked(part, patience):
            if self._copied(path, target):  # by somebody else, meanwhile
                part.unlink(missing_ok=True)
                return True
            try:
                fetch(part)
            except OSError as error:
                if is_full(error):  # what has come would only keep it full
                    part.unlink(missing_ok=True)
                raise
            copy_file(part, target)
            part.replace(path)
        return False

    def _copied(self, path: Path, target: Path) -> bool:
        try:
            copy_file(path, target)
        except FileNotFoundError:
            if not path.parent.exists() or not path.exists():
                return False
            raise
        with suppress(FileNotFoundError):
            os.utime(path)  # when it was last of use
        return True

    def collect(self) -> int:
        """Remove what was not of use for longest, beyond `max_bytes`; returns how many bytes."""
        files = sorted(self._files(), key=lambda each: each[0], reverse=True)
        kept = gone = 0
        for used_at, size, path in files:
            if path.name.endswith(PART):
                if used_at < time.time() - _PART_AGE_S:
                    gone += size if _removed_part(path) else 0
            elif kept + size > self.max_bytes:
                path.unlink(missing_ok=True)
                gone += size
            else:
                kept += size
        return gone

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):
                status = path.stat()
                yield status.st_mtime, status.st_size, path


@contextmanager
def _locked(part: Path, patience: Patience) -> Iterator[None]:
    """Hold a `.part` alone; it is there, and the file of that name, when the body begins."""
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _taken(descriptor):
                patience.check()
                patience.stop.wait(_LOOK_S)
            if _is(part, descriptor):
                yield
                return
        finally:
            os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(part: Path, descriptor: int) -> bool:
    """Tell whether a path still means the file that was opened."""
    try:
        named = part.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


def _removed_part(part: Path) -> bool:
    """Remove an old `.part`, unless somebody is at it."""
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if not _taken(descriptor):
            return False
        part.unlink(missing_ok=True)
    finally:
        os.close(descriptor)
    return True
