"""A snapshot in the making (floor: store).

Made by `SnapshotStore.batch`; its methods may be called from several threads.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import threading
from typing import TYPE_CHECKING, BinaryIO

from jupyter_exec.errors import InvalidRequest, TooLarge
from jupyter_exec.store.manifest import Entry, SnapshotInfo, check_path
from jupyter_exec.store.sizes import human_limit, largest_of

if TYPE_CHECKING:
    from jupyter_exec.store.snapshots import SnapshotStore

_CHUNK_BYTES = 1 << 20


class Batch:
    """Collects the entries of one snapshot and keeps their contents.

    Args:
        store: where they go.
        incoming: a folder for this batch's temporary files.

    Every `add_...` raises InvalidRequest if the path cannot be in a snapshot or is in it already,
    and TooLarge when all files together exceed `store.max_bytes`.
    """

    def __init__(self, store: SnapshotStore, incoming: str) -> None:
        self.pinned: list[str] = []
        self._store = store
        self._incoming = incoming
        self._entries: dict[str, Entry] = {}
        self._size_bytes = 0
        self._lock = threading.Lock()

    def add_bytes(self, path: str, data: bytes, *, executable: bool = False) -> Entry:
        """Add a file whose content is in memory."""
        check_path(path)
        self._check_size(path, len(data))
        sha256 = self._store.blobs.put_bytes(data, self._incoming, self._pin)
        return self._add(Entry(path, len(data), sha256, executable))

    def add_stream(self, path: str, stream: BinaryIO, *, executable: bool = False) -> Entry:
        """Add a file that can only be read from the beginning to the end."""
        check_path(path)
        digest = hashlib.sha256()
        size = 0
        handle, name = tempfile.mkstemp(dir=self._incoming)
        with os.fdopen(handle, "wb") as temporary:
            while data := stream.read(_CHUNK_BYTES):
                digest.update(data)
                size += len(data)
                self._check_size(path, size)
                temporary.write(data)
        sha256 = digest.hexdigest()
        self._pin(sha256)
        self._store.blobs.adopt(name, sha256, size)
        return self._add(Entry(path, size, sha256, executable))

    def add_file(self, path: str, source: str) -> tuple[Entry, os.stat_result | None]:
        """Add a regular file from the disk.

        Args:
            path: its place in the snapshot.
            source: where it lies; links are not followed.

        Returns:
            The entry, and what stat said if it said the same before and after reading; None if the
            file changed meanwhile (the entry is what was read).

        Raises:
            FileNotFoundError: it has gone, or is no regular file any more.
            PermissionError, OSError: it cannot be read.
        """
        try:
            # Not blocking: it may have become a pipe since somebody looked.
            handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except IsADirectoryError as error:
            raise FileNotFoundError(error.errno, "is a folder now", source) from error
        try:
            before = os.fstat(handle)
            if not stat.S_ISREG(before.st_mode):
                raise FileNotFoundError(0, "is no regular file any more", source)
            self._check_size(path, before.st_size)
            sha256, size = self._store.blobs.put_open_file(handle, self._incoming, self._pin)
            after = os.fstat(handle)
        finally:
            os.close(handle)
        entry = self._add(Entry(path, size, sha256, bool(before.st_mode & stat.S_IXUSR)))
        same = size == before.st_size and _stamp(before) == _stamp(after)
        return entry, before if same else None

    def add_known(self, entry: Entry) -> bool:
        """Add a file whose content should be kept already; False, adding nothing, if it is not."""
        self._pin(entry.sha256)
        if not self._store.blobs.has(entry.sha256, entry.size):
            return False
        self._add(entry)
        return True

    def add_link(self, path: str, target: str) -> Entry:
        """Add a symbolic link; `commit` refuses those that point out of the snapshot."""
        return self._add(Entry(path, link=target))

    def commit(self) -> SnapshotInfo:
        """Make the snapshot of what was added.

        Raises:
            InvalidRequest: the entries do not make a tree, or a link points out of it.
        """
        return self._store.commit(self._entries.values())

    def _pin(self, sha256: str) -> None:
        """Keep a content from being collected until this batch has ended."""
        self.pinned.append(sha256)
        self._store.pins.add(sha256)

    def _add(self, entry: Entry) -> Entry:
        check_path(entry.path)
        with self._lock:
            if entry.path in self._entries:
                message = f"{entry.path!r} occurs twice"
                raise InvalidRequest(message)
            self._check_size(entry.path, entry.size)
            self._entries[entry.path] = entry
            self._size_bytes += entry.size
        return entry

    def _check_size(self, path: str, size: int) -> None:
        """Raise TooLarge if a file of so many bytes does not fit in the snapshot any more."""
        limit = self._store.max_bytes
        if self._size_bytes + size > limit:
            sizes = [(entry.path, entry.size) for entry in list(self._entries.values())]
            message = (
                f"the files have more than the {human_limit(limit)} that a snapshot may have; "
                f"the largest:\n{largest_of([*sizes, (path, size)])}"
            )
            raise TooLarge(message)


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Return what changes whenever somebody writes to a file."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
