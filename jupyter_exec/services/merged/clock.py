"""Notes, while a run goes on, which of its logs has grown (floor: services).

Replicas write straight to their files and nobody stands between, so their lines carry no times.
Every fifth of a second we look how far each log has come; the clock file is the order of these
steps. What grew while the server was away is one step. Of a run with one log nothing is noted.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import stat
import threading
import time
from typing import TYPE_CHECKING

from jupyter_exec.services.merged.segment import (
    REPLICA_LOG,
    SEGMENT_BYTES,
    Segment,
    parse_segment,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_exec.model.job import Job

log = logging.getLogger(__name__)

PERIOD_S = 0.2
_REST = 20  # times as long as a look took, at least
_FREE_BYTES = 1 << 20
_SHARE = 20  # a longer clock file may be this part of the logs
_LONGEST_S = 10.0
_NEW_NS = 2 * 10**9  # what a file system's clock may be behind ours


def has_several_logs(job: Job, failed: str) -> bool:
    """Say whether a job will write several logs: it has replicas, or ranks that note failures.

    Args:
        failed: where they are told to note them (`launchers/ranks.py`).
    """
    if sum(role.replicas for role in job.roles) > 1:
        return True
    return any(failed in word for role in job.roles for word in role.command)


class LogClock:
    """The clock file of one run.

    Args:
        logs: the folder of its logs.
        path: the clock file; where there is one the run has, or will have, several logs.
    """

    def __init__(self, logs: Path, path: Path) -> None:
        self._logs = logs
        self._path = path
        self._lock = threading.Lock()
        self._is_expected = path.exists()
        self._is_recovered = False
        self._ends: dict[str, int] = {}  # how far each log is noted
        self._seen: dict[str, int] = {}
        self._size = 0  # of the clock file
        self._at = 0  # the size of the merged view
        self._noted_at = 0.0
        self._folder_ns = -1
        self._names: list[str] = []

    def begin(self) -> None:
        """Say that there will be several logs, before there are any."""
        os.close(os.open(self._path, _FLAGS, 0o600))
        self._is_expected = True

    async def follow(self) -> None:
        """Note what grows, again and again, until cancelled."""
        pause_s = PERIOD_S
        while True:
            await asyncio.sleep(pause_s)
            if self._look():
                began = time.monotonic()
                await asyncio.to_thread(self.drain)
                pause_s = max(PERIOD_S, _REST * (time.monotonic() - began))

    def drain(self, *, final: bool = False) -> None:
        """Note all that is there by now; blocks.

        Args:
            final: nothing more will come, so lines that are not ended count too.
        """
        with self._lock:
            if self._look():
                try:
                    self._drain(final=final)
                except OSError as problem:
                    self._seen.clear()
                    log.debug("%s: noted later, as %s", self._path, problem)  # a full disk

    def _look(self) -> bool:
        """Find out which logs there are; says whether they are merged. One `stat`, mostly."""
        try:
            changed_ns = self._logs.stat().st_mtime_ns
            if changed_ns != self._folder_ns or time.time_ns() - changed_ns < _NEW_NS:
                self._folder_ns = changed_ns
                self._names = replica_logs(self._logs)
                self._is_expected |= are_beside(self._names)
        except OSError:
            return False
        return self._is_expected

    def _drain(self, *, final: bool) -> None:
        if not self._is_recovered:
            self._recover()
        segments: list[Segment] = []
        at = self._at
        for name in self._names:
            for segment in self._grown(name, at, final=final):
                segments.append(segment)
                at += segment.size
        note = b"".join(segment.line() for segment in segments)
        if not note or (not final and not self._is_worth(note, segments)):
            return
        self._append(note)
        for segment in segments:
            self._ends[segment.log] = segment.end
        self._at = at
        self._noted_at = time.monotonic()

    def _grown(self, name: str, at: int, *, final: bool) -> Iterator[Segment]:
        """Yield the whole lines that are new in one log."""
        short = name.removesuffix(".txt")
        begin = self._ends.get(short, 0)
        path = self._logs / name
        try:
            size = path.lstat().st_size
            if size <= begin or (size == self._seen.get(short) and not final):
                return
            file = open_log(path)
        except OSError:
            return
        try:
            while begin < size:
                block = os.pread(file, min(SEGMENT_BYTES, size - begin), begin)
                block = block[: _whole(block, is_last=final and begin + len(block) >= size)]
                if not block:
                    break
                length = len(shown(short, block))
                yield Segment(at, length, short, begin, begin + len(block))
                begin += len(block)
                at += length
        finally:
            os.close(file)
        self._seen[short] = size

    def _is_worth(self, note: bytes, segments: list[Segment]) -> bool:
        """Say whether it is noted now, or with what comes next: the file may not grow for ever."""
        grown = sum(segment.end - segment.begin for segment in segments)
        if self._size < _FREE_BYTES or grown > _SHARE * len(note):
            return True
        if time.monotonic() - self._noted_at > _LONGEST_S:
            return True
        self._seen.clear()
        return False

    def _append(self, note: bytes) -> None:
        """Append to the clock file, all or nothing.

        Raises:
            OSError: there is no room; it is as it was.
        """
        file = os.open(self._path, _FLAGS, 0o600)
        try:
            written = os.write(file, note)
            if written < len(note):
                os.ftruncate(file, self._size)
        finally:
            os.close(file)
        if written < len(note):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(note)

    def _recover(self) -> None:
        """Go on where an earlier server stopped; what it could not write to its end is dropped."""
        ends: dict[str, int] = {}
        whole = at = 0
        file = os.open(self._path, _FLAGS, 0o600)
        with os.fdopen(os.dup(file), "rb") as lines:
            lines.seek(0)
            for line in lines:
                segment = parse_segment(line)
                if segment is None or segment.at != at or not line.endswith(b"\n"):
                    break
                ends[segment.log] = segment.end
                at += segment.size
                whole += len(line)
        os.ftruncate(file, whole)
        os.close(file)
        self._ends, self._size, self._at = ends, whole, at
        self._is_recovered = True


_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def replica_logs(folder: Path) -> list[str]:
    """Return the names of the logs of replicas and ranks: by attempt, then by name and number.

    Raises:
        OSError: there is no folder.
    """
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            match = REPLICA_LOG.fullmatch(entry.name)
            if match is not None:
                found.append((int(match["retry"] or 0), match["role"], int(match["index"]), entry))
    return [entry.name for *_, entry in sorted(found, key=lambda row: row[:3])]


def are_beside(names: list[str]) -> bool:
    """Say whether two of these logs are of the same attempt."""
    attempts = [match["retry"] for name in names if (match := REPLICA_LOG.fullmatch(name))]
    return len(attempts) > len(set(attempts))


def open_log(path: Path) -> int:
    """Open the log of a run, which may have put anything in its place.

    Raises:
        OSError: it is not there, or no file of its own.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    raise OSError(None, "no regular file")


def _whole(block: bytes, *, is_last: bool) -> int:
    """Return how much of a block is lines; of one that is too long, all."""
    if is_last:
        return len(block)
    return block.rfind(b"\n") + 1 or (len(block) if len(block) == SEGMENT_BYTES else 0)
