"""A zip that is sent while it is being packed (floor: services; blocking, called in threads)."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BLOCK_BYTES = 1 << 18
# Entries from this size on get 64-bit sizes: deflated data can be larger than the file.
_ZIP64_BYTES = 1 << 30


class _Sink(io.RawIOBase):
    """Takes what zipfile writes; it cannot be sought, so sizes follow their entries."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.held = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # zipfile writes bytes only
        self._parts.append(bytes(data))
        self.held += len(data)
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        self.held = 0
        return taken


def zip_blocks(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """Yield the bytes of a zip, block by block; never more than a few blocks are in memory.

    Args:
        files: names in the zip, and where the files lie. One that is gone by its turn is left out;
            one that grows is cut at the size it had when its turn came.

    Raises:
        OSError: a file is there and cannot be read.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in files:
            for _ in _add(archive, name, path):
                if sink.held >= BLOCK_BYTES:
                    yield sink.take()
    yield sink.take()


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> Iterator[None]:
    """Add one file; yields after each block of it."""
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return
    with source:
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_DEFLATED
        left = info.file_size
        with archive.open(info, "w", force_zip64=left >= _ZIP64_BYTES) as target:
            while block := source.read(min(BLOCK_BYTES, left)):
                target.write(block)
                left -= len(block)
                yield
    yield
