"""Garbage collection of the snapshot store, also while snapshots are made (floor: store)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class GcResult:
    """What a garbage collection removed."""

    snapshots: int
    blobs: int
    size_bytes: int


class Pins:
    """Contents that unfinished snapshots rely on, so that they are not collected below them.

    A content that was pinned at any moment of a collection survives it, even if the snapshot was
    finished meanwhile: the collection may have read the manifests before that.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._survivors: set[str] | None = None

    def add(self, sha256: str) -> None:
        """Pin a content; to be called before looking whether it is there."""
        with self._lock:
            self._counts[sha256] += 1
            if self._survivors is not None:
                self._survivors.add(sha256)

    def release(self, contents: Iterable[str]) -> None:
        """Take back as many calls of `add`."""
        with self._lock:
            self._counts -= Counter(contents)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Mark the time of one collection; a second one waits."""
        with self._one_at_a_time:
            with self._lock:
                self._survivors = set(self._counts)
            try:
                yield
            finally:
                with self._lock:
                    self._survivors = None

    def remove_unless_pinned(self, blob: Path) -> bool:
        """Remove a blob during a collection; answers whether that was done."""
        with self._lock:
            if self._survivors is None or blob.name in self._survivors:
                return False
            blob.unlink(missing_ok=True)
            return True


def remove_blobs(root: Path, named: Collection[str], pins: Pins) -> tuple[int, int]:
    """Remove the blobs that no manifest names.

    Args:
        root: folder of the blobs.
        named: digests that manifests name.
        pins: what unfinished snapshots rely on; a collection must be under way.

    Returns:
        How many were removed, and their bytes.
    """
    count = size_bytes = 0
    for blob in root.glob("??/*"):
        if blob.name not in named:
            size = blob.stat().st_size
            if pins.remove_unless_pinned(blob):
                count += 1
                size_bytes += size
    return count, size_bytes


def remove_old_files(folder: Path, age_s: float, keep: Collection[str] = ()) -> int:
    """Remove the files of a folder that were not used for `age_s` seconds; answers how many.

    Args:
        folder: its files, not what is below it.
        age_s: seconds since the last change.
        keep: names, without suffix, of files that stay whatever their age.
    """
    limit = time.time() - age_s
    count = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # somebody else removed it
            if path.stem not in keep and path.stat().st_mtime <= limit:
                path.unlink()
                count += 1
    return count
