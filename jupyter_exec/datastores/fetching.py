"""One file out of a store, whole and checked, however often it has to be tried (floor: datastores).

Parts are appended to a `.part` file as they come, several at once, so that what has arrived is
never asked for again: neither after a lost connection, nor after a killed server.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from jupyter_exec.datastores.mishaps import BrokenOff, Patience, ShortRead
from jupyter_exec.datastores.request import TransferFault
from jupyter_exec.datastores.store import BLOCK_BYTES, Entry, Store
from jupyter_exec.datastores.web import NoRanges

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

AT_ONCE = 4
"""Blocks of one file that are fetched at the same time."""

_SMALLEST_BLOCK = 2**16
_TIMES = 3


def fetch_file(
    store: Store,
    entry: Entry,
    part: Path,
    blocks: Executor,
    patience: Patience,
    moved: Callable[[int], None],
) -> None:
    """Make `part` the whole file; it may hold the beginning of it already.

    Args:
        blocks: fetches blocks, several at once.
        moved: gets the number of bytes as they arrive; negative where some were for nothing.

    Raises:
        TransferFault: `DownloadFailed`: what arrives is not what the store says it has.
        Exception: whatever the store raises, once trying again does not help.
    """
    for _ in range(_TIMES):
        if entry.size is None or not entry.ranges:
            _whole(store, entry, part, patience, moved)
        else:
            try:
                _in_blocks(store, entry, part, blocks, patience, moved)
            except NoRanges:
                moved(-_size(part))
                _whole(store, entry, part, patience, moved)
        wrong = _wrong(store, entry, part, patience)
        if wrong is None:
            _sync(part)
            return
        moved(-_size(part))
        part.unlink()
    raise TransferFault("DownloadFailed", f"{entry.path}: {wrong}")


def _whole(
    store: Store, entry: Entry, part: Path, patience: Patience, moved: Callable[[int], None]
) -> None:
    """Fetch in one go, for stores that give no parts."""

    def once() -> None:
        part.unlink(missing_ok=True)
        store.read_whole(entry, part)

    patience.call(entry.name or entry.path, once)
    moved(_size(part))


def _in_blocks(
    store: Store,
    entry: Entry,
    part: Path,
    blocks: Executor,
    patience: Patience,
    moved: Callable[[int], None],
) -> None:
    size = entry.size or 0
    with part.open("ab") as file:
        if file.tell() > size:
            file.truncate(0)
        moved(file.tell())
        failures, block = 0, BLOCK_BYTES
        while (at := file.tell()) < size:
            patience.check()
            error = _append(
                lambda start, end: _block(store, entry, start, end, patience),
                file.write,
                _ranges(at, size, block),
                blocks,
            )
            moved(file.tell() - at)
            if error is None:
                failures = 0
                continue
            file.flush()
            if isinstance(error, NoRanges):
                raise error
            failures = 1 if file.tell() > at else failures + 1
            block = max(block // 2, _SMALLEST_BLOCK)
            patience.pause(entry.name or entry.path, error, failures)


def _ranges(at: int, size: int, block: int) -> list[tuple[int, int]]:
    starts = range(at, min(size, at + AT_ONCE * block), block)
    return [(start, min(start + block, size)) for start in starts]


def _block(store: Store, entry: Entry, start: int, end: int, patience: Patience) -> bytes:
    """Fetch one block; where the connection ends early, what is still missing of it.

    Raises:
        BrokenOff: nothing more comes; it has all that came.
    """
    came = bytearray()
    while True:
        patience.check()
        try:
            return bytes(came + store.read(entry, start + len(came), end))
        except BrokenOff as error:
            came += error.data
            if not error.data:
                raise BrokenOff(bytes(came)) from error
            patience.pause(entry.name or entry.path, error, 1)


def _append(
    read: Callable[[int, int], bytes],
    write: Callable[[bytes], object],
    ranges: list[tuple[int, int]],
    blocks: Executor,
) -> Exception | None:
    """Append blocks in their order, up to the first that failed; returns why it did."""
    coming = [blocks.submit(read, start, end) for start, end in ranges]
    failure: Exception | None = None
    for (start, end), future in zip(ranges, coming, strict=True):
        error = future.exception()
        if failure is not None:
            continue
        if isinstance(error, Exception):
            failure = error
            if isinstance(error, BrokenOff):
                write(error.data)
        elif len(data := future.result()) != end - start:
            failure = ShortRead(f"{len(data)} bytes came instead of {end - start}")
        else:
            write(data)
    return failure


def _wrong(store: Store, entry: Entry, part: Path, patience: Patience) -> str | None:
    """Return what is wrong with a file that seems whole."""
    if entry.size is not None and (size := _size(part)) != entry.size:
        return f"{size} bytes arrived instead of {entry.size}"
    if entry.digest is not None:
        algorithm, expected = entry.digest
        found = _checksum(part, algorithm)
        if found != expected:
            return (
                f"its checksum ({algorithm}) is {found}, but {expected} for the store. Where the "
                "store's ETags are no checksums (encryption by KMS), set 'checksum' to False"
            )
    elif (entry.size or 0) > BLOCK_BYTES and entry.version is not None:
        now = patience.call(entry.name or entry.path, lambda: store.again(entry))
        if (now.size, now.version) != (entry.size, entry.version):
            return "it was changed while it was fetched"
    return None


def _checksum(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size


def _sync(path: Path) -> None:
    """Have a file on the disk before its name says that it is whole."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
