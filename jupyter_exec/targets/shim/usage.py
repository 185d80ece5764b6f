"""What a run uses, as time goes by: one JSON line for each look (floor: targets).

    {"time": "2026-01-31T12:00:00.000Z", "memoryBytes": 1, "cpuSeconds": 0.5, "processes": 2}

Of everything that the run has started, in this attempt. Memory is resident memory, shared pages
counted with each process that has them; CPU time is that of all processes, ended ones too. Linux
only: elsewhere a look would cost a process. Standard library only, Python 3.6 and later.
"""

import os
import time

from jupyter_exec.targets.shim import proctree
from jupyter_exec.targets.shim.record import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Union

_FIRST_S = 1.0
_PAUSE_S = 5.0
_SHARE = 200  # of the run's age: 30 days make about 1,800 lines
_COST = 200  # a look may cost 1/200 of a core, however many processes there are


class UsageWatch:
    """Appends a line to a file now and then.

    Args:
        path: of the file; None = nobody wants to know.
        now: monotonic seconds; the run begins.

    Attributes:
        due: when to look next, in monotonic seconds; None = never.
        max_memory_bytes: the most that was seen.
    """

    def __init__(self, path: "Optional[str]", now: float) -> None:
        self._path = path
        self._started = now
        self.due: "Optional[float]" = now + _FIRST_S if path and proctree.PROC else None
        self.max_memory_bytes = 0

    def look(self, now: float) -> None:
        """Look if it is time to."""
        if self.due is None or now < self.due or self._path is None:
            return
        began = time.perf_counter()
        line = self._line()
        cost_s = time.perf_counter() - began
        self.due = now + max(_PAUSE_S, (now - self._started) / _SHARE, cost_s * _COST)
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            fd = os.open(self._path, flags, 0o600)
            try:
                os.write(fd, line)
            finally:
                os.close(fd)
        except OSError:
            return  # a full disk: the run goes on without this line

    def _line(self) -> bytes:
        memory_bytes = 0
        cpu_s = ended_cpu_s()
        pids = proctree.descendants(os.getpid())
        for pid in pids:
            rss, spent = proctree.usage(pid)
            memory_bytes += rss
            cpu_s += spent
        self.max_memory_bytes = max(self.max_memory_bytes, memory_bytes)
        wall = time.time()
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall))
        values: "Dict[str, Union[str, float]]" = {
            "time": f"{moment}.{int(wall % 1 * 1000):03d}Z",
            "memoryBytes": memory_bytes,
            "cpuSeconds": round(cpu_s, 2),
            "processes": len(pids),
        }
        return dumps(values).encode() + b"\n"


def ended_cpu_s() -> float:
    """Return the CPU time of all processes that have ended and that this one has waited for."""
    spent = os.times()
    return spent[2] + spent[3]
