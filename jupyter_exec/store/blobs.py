"""Contents of files, each kept once, named by its SHA-256 (floor: store).

A blob appears by rename, so whoever sees it sees all of it. Nothing is forced to the disk: after a
power cut a blob may be short, therefore its size is compared wherever it is used, and the next
snapshot with that content writes it anew.
"""

# os instead of pathlib, because 10,000 files a snapshot make the difference felt:
# ruff: noqa: PTH103, PTH105, PTH108, PTH116, PTH120

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Pin = Callable[[str], None]
_IN_MEMORY_BYTES = 1 << 20  # up to here a file is read in one go, and written only if it is new
_CHUNK_BYTES = 1 << 20


class Blobs:
    """The folder of blobs, `root/ab/<sha256>`.

    Args:
        root: holds the blobs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)

    def path(self, sha256: str) -> str:
        """Return where a blob lies or would lie."""
        return f"{self._root}/{sha256[:2]}/{sha256}"

    def has(self, sha256: str, size: int) -> bool:
        """Tell whether a blob is there in its full size."""
        try:
            return os.stat(self.path(sha256)).st_size == size
        except FileNotFoundError:
            return False

    def put_bytes(self, data: bytes, incoming: str, pin: Pin) -> str:
        """Keep some bytes.

        Args:
            data: the content.
            incoming: folder for the temporary file, on the same file system.
            pin: told the SHA-256 before anybody looks whether that content is there.

        Returns:
            The SHA-256 of the content.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        pin(sha256)
        if not self.has(sha256, len(data)):
            handle, name = tempfile.mkstemp(dir=incoming)
            with os.fdopen(handle, "wb") as temporary:
                temporary.write(data)
            self.adopt(name, sha256, len(data))
        return sha256

    def put_open_file(self, source: int, incoming: str, pin: Pin) -> tuple[str, int]:
        """Keep what an open file holds from its position on.

        What is hashed is the copy, so a file that changes meanwhile cannot get a wrong hash.

        Args:
            source: file descriptor of a regular file.
            incoming: folder for the temporary file, on the same file system.
            pin: told the SHA-256 before anybody looks whether that content is there.

        Returns:
            The SHA-256 and the size in bytes of what was kept.
        """
        if os.fstat(source).st_size <= _IN_MEMORY_BYTES:
            data = _read_up_to(source, _IN_MEMORY_BYTES + 1)
            if len(data) <= _IN_MEMORY_BYTES:
                return self.put_bytes(data, incoming, pin), len(data)
            os.lseek(source, 0, os.SEEK_SET)
        handle, name = tempfile.mkstemp(dir=incoming)
        try:
            size = copy_open_file(source, handle)
            os.lseek(handle, 0, os.SEEK_SET)
            sha256 = _hash_open_file(handle)
        finally:
            os.close(handle)
        pin(sha256)
        self.adopt(name, sha256, size)
        return sha256, size

    def adopt(self, temporary: str, sha256: str, size: int) -> None:
        """Make a finished temporary file the blob of that name, or drop it if there is one."""
        if self.has(sha256, size):
            os.unlink(temporary)
            return
        path = self.path(sha256)
        try:
            os.replace(temporary, path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            os.replace(temporary, path)


def copy_open_file(source: int, target: int) -> int:
    """Copy from one file descriptor to another, sharing blocks where the file system can.

    Returns:
        The number of bytes copied.
    """
    copied = 0
    if hasattr(os, "copy_file_range"):
        try:
            while count := os.copy_file_range(source, target, 1 << 30):
                copied += count
        except OSError:
            if copied:
                raise
    if not copied:  # no such call, another file system, or one that answers 0 for lack of support
        while data := os.read(source, _CHUNK_BYTES):
            view = memoryview(data)
            while view:
                view = view[os.write(target, view) :]
            copied += len(data)
    return copied


def _read_up_to(source: int, limit: int) -> bytes:
    """Read until the end of the file or until there are `limit` bytes."""
    data = os.read(source, limit)
    if len(data) in {0, limit}:
        return data
    parts = [data]
    left = limit - len(data)
    while left and (data := os.read(source, left)):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _hash_open_file(source: int) -> str:
    """Hash an open file from its position on."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    while count := os.readv(source, [buffer]):
        digest.update(buffer[:count])
    return digest.hexdigest()
