"""Reading by ranges what still grows: a log, or several of them as one (floor: services).

The merged view is written nowhere: where a byte of it comes from is found in the clock file, by
bisection, so that a log of a gigabyte costs no memory and a range at its end no time.
"""

from __future__ import annotations

import os
from contextlib import closing
from typing import IO, TYPE_CHECKING, Protocol

from jupyter_exec.services.merged.clock import open_log, replica_logs
from jupyter_exec.services.merged.segment import LINE_BYTES, Segment, parse_segment, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NEAR_BYTES = 1 << 13
_MOST_OPEN = 64


class Growing(Protocol):
    """What is read by ranges; what has been read once stays as it is."""

    def size(self) -> int:
        """Return how long it is now, in bytes; too quick for a thread."""

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes; nothing at the end. Blocks."""


class GrowingFile:
    """One file; empty where there is none."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        """Return how long it is now, in bytes."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes."""
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(count)


class GrowingFiles:
    """Files of which only the last one grows, one after another: the attempts of one replica."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [GrowingFile(path) for path in paths]

    def size(self) -> int:
        """Return how long they are together, in bytes."""
        return sum(file.size() for file in self._files)

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes of the first that has some."""
        for file in self._files:
            size = file.size()
            if offset < size:
                return file.read(offset, min(count, size - offset))
            offset -= size
        return b""


class MergedLog:
    """Lines of several logs by time, each behind the name of its log.

    Args:
        logs: the folder of the logs.
        clock: the clock file (`clock.py`).
    """

    def __init__(self, logs: Path, clock: Path) -> None:
        self._logs = logs
        self._clock = clock

    def size(self) -> int:
        """Return how long it is now, in bytes; reads the last line of the clock file."""
        try:
            with self._open() as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - 2 * LINE_BYTES))
                lines = file.read().split(b"\n")[:-1]
        except OSError:
            return 0
        segment = parse_segment(lines[-1]) if lines else None
        return segment.at + segment.size if segment else 0

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes."""
        parts: list[bytes] = []
        left = count
        try:
            with self._open() as file, closing(_OpenLogs(self._logs)) as logs:
                for segment in _from(file, offset):
                    text = logs.text(segment)[max(0, offset - segment.at) :][:left]
                    parts.append(text)
                    left -= len(text)
                    if left <= 0:
                        break
        except OSError:
            return b""
        return b"".join(parts)

    def _open(self) -> IO[bytes]:
        return os.fdopen(open_log(self._clock), "rb")


class _OpenLogs:
    """Logs that are read here and there; some stay open until `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, int] = {}

    def close(self) -> None:
        """Let go of all files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def text(self, segment: Segment) -> bytes:
        """Return a segment as long as it was said to be, whatever has become of its log."""
        try:
            file = self._file(segment.log)
            block = os.pread(file, segment.end - segment.begin, segment.begin)
        except OSError:
            block = b""
        return shown(segment.log, block)[: segment.size].ljust(segment.size)

    def _file(self, log: str) -> int:
        if log not in self._files:
            if len(self._files) >= _MOST_OPEN:
                self.close()
            self._files[log] = open_log(self._folder / f"{log}.txt")
        return self._files[log]


class RunLog:
    """All that the replicas of a run print, as far as is known by then.

    Of a run with several logs it is the merged view, else the one log, attempt after attempt. Which
    of them it is is decided before anything is there, so what has been read stays as it is.
    """

    def __init__(self, logs: Path, clock: Path) -> None:
        self._logs = logs
        self._clock = clock

    @property
    def is_merged(self) -> bool:
        """Whether the run has, or will have, several logs."""
        return self._clock.exists()

    def size(self) -> int:
        """Return how long it is now, in bytes."""
        return self._view().size()

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes."""
        return self._view().read(offset, count)

    def _view(self) -> Growing:
        if self.is_merged:
            return MergedLog(self._logs, self._clock)
        try:
            return GrowingFiles([self._logs / name for name in replica_logs(self._logs)])
        except OSError:
            return GrowingFiles(())


def _from(file: IO[bytes], offset: int) -> Iterator[Segment]:
    """Yield the segments from the one that holds a byte of the merged view."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > _NEAR_BYTES:
        middle = (low + high) // 2
        file.seek(middle)
        start = middle + len(file.readline(LINE_BYTES))
        segment = parse_segment(file.readline(LINE_BYTES))
        if segment is None or start >= high or segment.at > offset:
            high = middle
        else:
            low = start
    file.seek(low)
    while line := file.readline(LINE_BYTES):
        segment = parse_segment(line)
        if segment is None:
            return
        if segment.at + segment.size > offset:
            yield segment
