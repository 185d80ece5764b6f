"""What a server and everything that it started costs, found by a variable that they inherit.

Runs are detached from the server on purpose, so the process tree does not show them.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MARKER = "BENCH_MARKER"
_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_QUIET_SHARE = 0.04
_QUIET_S = 0.3
_SETTLE_S = 15.0


class Marked:
    """All processes that carry a marker.

    Args:
        marker: value of the variable MARKER in the environment of the first of them.
    """

    def __init__(self, marker: str) -> None:
        self._entry = f"{MARKER}={marker}".encode()
        self._known: dict[int, bool] = {}

    def pids(self) -> list[int]:
        """Return who is there now; a process is looked at once."""
        present = {int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()}
        self._known = {pid: ours for pid, ours in self._known.items() if pid in present}
        for pid in present - self._known.keys():
            with suppress(OSError):
                words = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
                self._known[pid] = self._entry in words
        return [pid for pid, ours in self._known.items() if ours]

    def pss_bytes(self) -> int:
        """Return the memory of all of them; what they share counts once."""
        return sum(pss_bytes(pid) for pid in self.pids())

    def settle(self) -> None:
        """Wait until they do nothing, but not for ever."""
        until = time.monotonic() + _SETTLE_S
        before = self._cpu_s()
        while time.monotonic() < until:
            time.sleep(_QUIET_S)
            now = self._cpu_s()
            if now.keys() <= before.keys():
                spent = sum(cpu - before[pid] for pid, cpu in now.items())
                if spent <= _QUIET_SHARE * _QUIET_S:
                    return
            before = now

    def _cpu_s(self) -> dict[int, float]:
        return {pid: cpu_s(pid) for pid in self.pids()}

    def kill(self) -> None:
        """End all of them."""
        until = time.monotonic() + _SETTLE_S
        while time.monotonic() < until:
            alive = [pid for pid in self.pids() if not _is_zombie(pid)]
            if not alive:
                return
            for pid in alive:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


def pss_bytes(pid: int) -> int:
    """Return a process's proportional set size; 0 when it has gone."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def rss_bytes(pid: int) -> int:
    """Return a process's resident set size."""
    return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Return the seconds of processor time of a process, without its children; 0 when gone."""
    with suppress(OSError):
        words = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / _TICKS
    return 0.0


def _is_zombie(pid: int) -> bool:
    with suppress(OSError):
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


class Peak:
    """Samples a figure five times a second, or less often where looking costs more than a tenth.

    Use as a context manager; `highest` is valid after it.
    """

    def __init__(self, look: Callable[[], int]) -> None:
        self._look = look
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.highest = 0

    def _sample(self) -> None:
        while not self._end.is_set():
            begin = time.perf_counter()
            self.highest = max(self.highest, self._look())
            self._end.wait(max(0.2, 10 * (time.perf_counter() - begin)))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
