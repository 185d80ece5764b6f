"""A snapshot in the making (floor: store).

Made by `SnapshotStore.batch`; used by one thread. New contents wait in a folder of the batch and
move into the store when everything is known to be right, so a refused source leaves nothing.
"""

# ruff: noqa: PTH105 - os.replace on strings, 10,000 times

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from jupyter_exec.errors import InvalidRequest, TooLarge
from jupyter_exec.store.blobs import (
    CHUNK_BYTES,
    copy_open_file,
    hash_open_file,
    open_regular,
    read_up_to,
)
from jupyter_exec.store.manifest import Entry, Manifest, SnapshotInfo, check_path
from jupyter_exec.store.sizes import human_limit, largest_of

if TYPE_CHECKING:
    from jupyter_exec.store.snapshots import SnapshotStore

_IN_MEMORY_BYTES = 1 << 20  # up to here a file is read in one go, and written only if it is new


class Batch:
    """Collects the entries of one snapshot and keeps their contents.

    Args:
        store: where they go.
        incoming: an empty folder for this batch, on the file system of the store.

    Every `add_...` raises InvalidRequest if the path cannot be in a snapshot or is in it already,
    and TooLarge when all files together exceed `store.max_bytes`.
    """

    def __init__(self, store: SnapshotStore, incoming: str) -> None:
        self.pinned: list[str] = []
        self._store = store
        self._incoming = incoming
        self._entries: dict[str, Entry] = {}
        self._staged: dict[str, int] = {}
        self._size_bytes = 0

    def add_bytes(self, path: str, data: bytes, *, executable: bool = False) -> Entry:
        """Add a file whose content is in memory."""
        self._check(path, len(data))
        return self._add(Entry(path, len(data), self._keep_bytes(data), executable))

    def add_stream(self, path: str, stream: BinaryIO, *, executable: bool = False) -> Entry:
        """Add a file that can only be read from the beginning to the end."""
        self._check(path, 0)
        digest = hashlib.sha256()
        size = 0
        temporary = f"{self._incoming}/stream"
        with os.fdopen(self._create(temporary), "wb") as target:
            while data := stream.read(CHUNK_BYTES):
                digest.update(data)
                size += len(data)
                self._check(path, size)
                target.write(data)
        self._stage(temporary, digest.hexdigest(), size)
        return self._add(Entry(path, size, digest.hexdigest(), executable))

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
        handle = open_regular(source)
        try:
            before = os.fstat(handle)
            self._check(path, before.st_size)
            sha256, size = self._keep_open_file(handle, before.st_size)
            after = os.fstat(handle)
        finally:
            os.close(handle)
        entry = self._add(Entry(path, size, sha256, bool(before.st_mode & stat.S_IXUSR)))
        same = size == before.st_size and _stamp(before) == _stamp(after)
        return entry, before if same else None

    def add_known(self, entry: Entry) -> bool:
        """Add a file whose content should be kept already; False, adding nothing, if it is not."""
        if not self._is_kept(entry.sha256, entry.size):
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
        manifest = Manifest.of(self._entries.values())
        for sha256 in self._staged:
            self._store.blobs.adopt(f"{self._incoming}/{sha256}", sha256)
        self._staged.clear()
        return self._store.write(manifest)

    def _is_kept(self, sha256: str, size: int) -> bool:
        """Tell whether a content is there, and see to it that it stays until this batch ends."""
        if sha256 in self._staged:
            return self._staged[sha256] == size
        self.pinned.append(sha256)
        self._store.pins.add(sha256)
        return self._store.blobs.has(sha256, size)

    def _keep_bytes(self, data: bytes) -> str:
        """Keep some bytes; return their SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._is_kept(sha256, len(data)):
            with os.fdopen(self._create(f"{self._incoming}/{sha256}"), "wb") as target:
                target.write(data)
            self._staged[sha256] = len(data)
        return sha256

    def _keep_open_file(self, source: int, expected: int) -> tuple[str, int]:
        """Keep what an open file holds; return SHA-256 and size.

        What is hashed is the copy, so a file that changes meanwhile cannot get a wrong hash.
        """
        if expected <= _IN_MEMORY_BYTES:
            data = read_up_to(source, _IN_MEMORY_BYTES + 1)
            if len(data) <= _IN_MEMORY_BYTES:
                return self._keep_bytes(data), len(data)
            os.lseek(source, 0, os.SEEK_SET)
        temporary = f"{self._incoming}/copy"
        target = self._create(temporary)
        try:
            size = copy_open_file(source, target)
            os.lseek(target, 0, os.SEEK_SET)
            sha256 = hash_open_file(target)
        finally:
            os.close(target)
        self._stage(temporary, sha256, size)
        return sha256, size

    def _stage(self, temporary: str, sha256: str, size: int) -> None:
        """Let a finished temporary file wait for `commit`, unless its content is there already."""
        if not self._is_kept(sha256, size):
            os.replace(temporary, f"{self._incoming}/{sha256}")
            self._staged[sha256] = size

    def _create(self, path: str) -> int:
        """Open a new temporary file, or an old one anew, for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

    def _add(self, entry: Entry) -> Entry:
        self._check(entry.path, entry.size)
        self._entries[entry.path] = entry
        self._size_bytes += entry.size
        return entry

    def _check(self, path: str, size: int) -> None:
        """Raise InvalidRequest or TooLarge if a file of that path and size cannot be added."""
        check_path(path)
        if path in self._entries:
            message = f"{path!r} occurs twice"
            raise InvalidRequest(message)
        limit = self._store.max_bytes
        if self._size_bytes + size > limit:
            sizes = [(entry.path, entry.size) for entry in self._entries.values()]
            message = (
                f"the files have more than the {human_limit(limit)} that a snapshot may have; "
                f"the largest:\n{largest_of([*sizes, (path, size)])}"
            )
            raise TooLarge(message)


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Return what changes whenever somebody writes to a file."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
