"""The shim's eye on memory: which replica used more than it stated (floor: targets).

Standard library only, Python 3.6 and later. Nothing is polled for a job that states no limit.
"""

import os

from jupyter_exec.targets.shim import proctree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

    from jupyter_exec.targets.shim.supervisor import Replica

_VMSTAT = "/proc/vmstat"
_CALM_S = 0.25
_CLOSE_S = 0.05
_DOUBT_S = 1.0


def kernel_kills() -> "Optional[int]":
    """Return how many processes the kernel has killed for lack of memory, in any cgroup.

    It counts before it kills (mm/oom_kill.c), since Linux 4.13; None where nobody counts.
    """
    try:
        with open(_VMSTAT, "rb") as lines:
            for line in lines:
                if line.startswith(b"oom_kill "):
                    return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


class MemoryWatch:
    """Polls the resident memory of each limited replica with all its descendants.

    The sum of RSS counts shared pages again and again, so a replica is only over its limit when PSS
    says so too.
    """

    def __init__(self, replicas: "List[Replica]") -> None:
        self._limited = [replica for replica in replicas if replica.memory_bytes]
        self._owners: "Dict[int, Replica]" = {}
        self.due: "Optional[float]" = 0.0 if self._limited else None
        self.max_rss_bytes = 0

    def check(self, now: float) -> "Optional[Replica]":
        """Poll when due (monotonic seconds) and return a replica that is over its limit."""
        if self.due is None or now < self.due:
            return None
        self.due = now + _CALM_S
        trees = self._trees()
        for replica in self._limited:
            pids = trees[replica.pid]
            rss = sum(map(proctree.rss_bytes, pids))
            self.max_rss_bytes = max(self.max_rss_bytes, rss)
            if rss > replica.memory_bytes:
                if sum(map(proctree.pss_bytes, pids)) > replica.memory_bytes:
                    return replica
                self.due = now + _DOUBT_S  # PSS is dear, and this replica shares a lot
            elif rss > replica.memory_bytes // 2:
                self.due = min(self.due, now + _CLOSE_S)
        return None

    def _trees(self) -> "Dict[int, List[int]]":
        """Return the living processes of each limited replica, orphans among them."""
        trees: "Dict[int, List[int]]" = {}
        seen: "Dict[int, Replica]" = {}
        for replica in self._limited:
            alive = replica.exit_code is None
            trees[replica.pid] = [replica.pid, *proctree.descendants(replica.pid)] if alive else []
        for orphan in proctree.children(os.getpid()):
            owner = self._owner(orphan)
            if owner and orphan not in trees:
                trees[owner.pid] += [orphan, *proctree.descendants(orphan)]
        for replica in self._limited:
            seen.update((pid, replica) for pid in trees[replica.pid])
        self._owners = seen
        return trees

    def _owner(self, orphan: int) -> "Optional[Replica]":
        """Return whose an adopted process is: as last time, by its group, or the only one's."""
        if orphan in self._owners:
            return self._owners[orphan]
        try:
            group = os.getpgid(orphan)
        except OSError:
            return None
        for replica in self._limited:
            if replica.pid == group:
                return replica
        return self._limited[0] if len(self._limited) == 1 else None
