"""What containers use, as time goes by, as `shim/usage.py` writes it (floor: targets; blocks)."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jupyter_exec.targets.shim.record import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docker import APIClient

_ONE_SHOT = "1.41"
_FIRST_S = 1.0
_PAUSE_S = 5.0
_SHARE = 200  # of the age: 30 days make about 1,800 lines
_COST = 100  # a look may take 1/100 of the time


@dataclass(frozen=True)
class Sample:
    """What one container used when it was looked at."""

    memory_bytes: int
    cpu_s: float
    processes: int


class ContainerUsage:
    """Adds up the containers of one attempt, and appends a line to a file now and then.

    Args:
        path: of the file; None = nobody wants to know.

    Attributes:
        due: when to look next, in monotonic seconds.
        max_memory_bytes: the most that was seen; None = nobody has looked.
        cpu_s: of all containers, when each was last looked at.
    """

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._began = time.monotonic()
        self._cpu_s: dict[str, float] = {}
        self.due = self._began + _FIRST_S if path else float("inf")
        self.max_memory_bytes: int | None = None

    @property
    def cpu_s(self) -> float:
        """CPU time of all containers, as far as it was seen."""
        return sum(self._cpu_s.values())

    def look(self, api: APIClient, containers: Iterable[str]) -> None:
        """Look at containers that run; one that has just ended has used nothing more."""
        from docker import errors, utils

        began = time.monotonic()
        samples = []
        one_shot = utils.version_gte(api.api_version, _ONE_SHOT) or None  # else it takes a second
        for name in containers:
            with suppress(errors.APIError):
                found = sample(api.stats(name, stream=False, one_shot=one_shot))
                self._cpu_s[name] = max(found.cpu_s, self._cpu_s.get(name, 0.0))
                samples.append(found)
        now = time.monotonic()
        self.due = now + max(_PAUSE_S, (now - self._began) / _SHARE, (now - began) * _COST)
        if samples:
            self._write(sum(each.memory_bytes for each in samples), samples)

    def _write(self, memory_bytes: int, samples: list[Sample]) -> None:
        self.max_memory_bytes = max(memory_bytes, self.max_memory_bytes or 0)
        moment = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        values = {
            "time": moment.replace("+00:00", "Z"),
            "memoryBytes": memory_bytes,
            "cpuSeconds": round(self.cpu_s, 2),
            "processes": sum(each.processes for each in samples),
        }
        with suppress(OSError):  # a full disk: the run goes on without this line
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            fd = os.open(self._path or os.devnull, flags, 0o600)
            try:
                os.write(fd, dumps(values).encode() + b"\n")
            finally:
                os.close(fd)


def sample(stats: dict[str, Any]) -> Sample:
    """Read what an engine tells of a container; cached files do not count as memory."""
    memory = stats.get("memory_stats") or {}
    detail = memory.get("stats") or {}
    cached = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    spent = (stats.get("cpu_stats") or {}).get("cpu_usage") or {}
    return Sample(
        max(0, int(memory.get("usage") or 0) - int(cached or 0)),
        int(spent.get("total_usage") or 0) / 1e9,
        int((stats.get("pids_stats") or {}).get("current") or 0),
    )
