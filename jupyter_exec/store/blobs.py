"""Contents of files, each kept once, named by its SHA-256 (floor: store).

A blob appears by rename, so whoever sees it sees all of it. Nothing is forced to the disk: after a
power cut a blob may be short, therefore its size is compared wherever it is used, and the next
snapshot with that content writes it anew.
"""

# os instead of pathlib, because 10,000 files a snapshot make the difference felt:
# ruff: noqa: PTH103, PTH105, PTH116, PTH120

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_BYTES = 1 << 20
_NO_FILE = "is no regular file any more"


class Blobs:
    """The folder of blobs, `root/ab/<sha256>`.

    Args:
        root: holds the blobs.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)

    def path(self, sha256: str) -> str:
        """Return where a blob lies or would lie."""
        return f"{self._root}/{sha256[:2]}/{sha256}"

    def has(self, sha256: str, size: int) -> bool:
        """Tell whether a blob is there in its full size, in bytes."""
        try:
            return os.stat(self.path(sha256)).st_size == size
        except FileNotFoundError:
            return False

    def adopt(self, temporary: str, sha256: str) -> None:
        """Make a finished temporary file on the same file system the blob of that name."""
        path = self.path(sha256)
        try:
            os.replace(temporary, path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            os.replace(temporary, path)


def open_regular(path: str) -> int:
    """Open a regular file for reading, without following a link; return its descriptor.

    Raises:
        FileNotFoundError: there is none, or it is something else by now.
        OSError: it cannot be read.
    """
    try:
        # Not blocking: it may have become a pipe since somebody looked.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link or a socket
            raise FileNotFoundError(error.errno, _NO_FILE, path) from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileNotFoundError(errno.ENOENT, _NO_FILE, path)
    return handle


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
        while data := os.read(source, CHUNK_BYTES):
            view = memoryview(data)
            while view:
                view = view[os.write(target, view) :]
            copied += len(data)
    return copied


def read_up_to(source: int, limit: int) -> bytes:
    """Read an open file until its end or until there are `limit` bytes."""
    parts = []
    while limit and (data := os.read(source, limit)):
        parts.append(data)
        limit -= len(data)
    return b"".join(parts)


def hash_open_file(source: int) -> str:
    """Return the SHA-256 of an open file from its position on."""
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    while count := os.readv(source, [buffer]):
        digest.update(buffer[:count])
    return digest.hexdigest()
