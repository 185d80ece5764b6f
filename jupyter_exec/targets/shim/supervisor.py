"""What the shim does while a run goes on: limits, cancel, the end of everything (floor: targets).

Standard library only, Python 3.6 and later. Time is monotonic throughout, so a clock that jumps
changes nothing.
"""

import _signal as signal  # type: ignore[import-not-found]  # see start.py
import os
import select
import time

from jupyter_exec.targets.shim import proctree
from jupyter_exec.targets.shim.memory import MemoryWatch, kernel_kills
from jupyter_exec.targets.shim.record import size_words
from jupyter_exec.targets.shim.usage import UsageWatch, ended_cpu_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

_LEFTOVER_S = 0.02  # for helpers that end by themselves when their parent has gone
_UNKILLABLE_S = 30.0  # a process in uninterruptible sleep must not hide the outcome for ever
_QUICK_S = 10.0  # pids do not come round within this time
_LONGEST_S = 86_400.0  # `select` takes no timeout of centuries


class Bell:
    """Wakes the shim when a child ended or somebody sent SIGTERM (signal.set_wakeup_fd)."""

    def __init__(self) -> None:
        self.canceled = False
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._cancel)

    def _cancel(self, *_: "Any") -> None:
        self.canceled = True

    def wait(self, timeout_s: "Optional[float]", *others: int) -> "List[int]":
        """Wait for a signal, one of `others`, or the timeout; return those that can be read."""
        ready = select.select([self._reading, *others], [], [], timeout_s)[0]
        if self._reading in ready:
            ready.remove(self._reading)
            os.read(self._reading, 4096)
        return ready


class Replica:
    """One started process of the job.

    Args:
        plan: its part of the job line.
        pid: of its first process, which leads its process group.
    """

    def __init__(self, plan: "Dict[str, Any]", pid: int) -> None:
        self.role: "str" = plan["role"]
        self.index: "int" = plan["index"]
        self.log: "str" = plan["log"]
        self.memory_bytes: "int" = plan.get("memory_bytes") or 0
        self.decides: "bool" = plan["decides"]
        self.pid = pid
        self.exit_code: "Optional[int]" = None


class Supervisor:
    """Watches the replicas of one job to their end.

    Args:
        job: the job line: `time_limit_s`, `grace_s`, `marker`, `masked`, `usage`.
        replicas: all of them, started.
        bell: tells of ended children and of cancel.
        cut_short: a cancel came before all replicas were started, so nothing else counts.
    """

    def __init__(
        self,
        job: "Dict[str, Any]",
        replicas: "List[Replica]",
        bell: Bell,
        *,
        cut_short: bool = False,
    ) -> None:
        self.replicas = replicas
        self.canceled = False
        self.max_rss_bytes = 0
        self._bell = bell
        self._marker: "str" = job["marker"]
        self._grace_s: "float" = job["grace_s"]
        self._limit_s: "Optional[float]" = job["time_limit_s"]
        self._masked: "List[str]" = job.get("masked", [])
        self._failed_ranks: "str" = os.path.join(job.get("attempt_dir", ""), "failed.txt")
        self._cut_short = cut_short
        self._started = time.monotonic()
        self._memory = MemoryWatch(replicas)
        self._kernel_kills = kernel_kills()
        self._usage = UsageWatch(job.get("usage"), self._started)
        self._verdict: "Optional[Dict[str, Any]]" = None
        self._ended: "List[Replica]" = []  # in the order of their ends
        self._failed_at: "Optional[float]" = None
        self._doubt_until: "Optional[float]" = None
        self._kill_at: "Optional[float]" = None
        self._childless = False

    def run(self) -> "Dict[str, Any]":
        """Return the outcome (`exit.json`, without its times) when nothing of the run is left."""
        while True:
            self._reap()
            now = time.monotonic()
            if self._kill_at is None:
                self._judge(now)
                self._usage.look(now)
            if self._kill_at is not None:
                if self._childless and not self._tree():
                    break
                if now >= self._kill_at:
                    self._signal(signal.SIGKILL, self._tree())
                if now >= self._kill_at + _UNKILLABLE_S:
                    break
            self._bell.wait(self._pause_s(now))
        self._sweep()
        return self._outcome()

    def _reap(self) -> None:
        """Take the exit codes of replicas and of adopted orphans."""
        names = {replica.pid: replica for replica in self.replicas}
        self._childless = False
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._childless = True
                return
            if pid == 0:
                return
            unit = 1024 if proctree.PROC else 1
            self.max_rss_bytes = max(self.max_rss_bytes, usage.ru_maxrss * unit)
            if pid in names:
                signaled = os.WIFSIGNALED(status)
                code = -os.WTERMSIG(status) if signaled else os.WEXITSTATUS(status)
                names[pid].exit_code = code
                self._ended.append(names[pid])

    def _judge(self, now: float) -> None:
        """Decide whether the job is over, and why."""
        if self._cut_short:
            self.canceled = True
        elif all(replica.exit_code == 0 for replica in self.replicas if replica.decides):
            pass  # first: what they leave alone may stumble over their end before it is judged
        elif any(replica.exit_code for replica in self._ended):
            self._verdict = self._failure(now)
            if self._verdict is None:
                return
        elif self._bell.canceled:
            self.canceled = True
        elif self._limit_s is not None and now >= self._started + self._limit_s:
            message = f"ran longer than its limit of {self._limit_s:g} s"
            self._verdict = {"code": "TimeLimit", "message": message}
        else:
            replica = self._memory.check(now)
            if replica is None:
                return
            message = self._named(replica, f"used more than its {size_words(replica.memory_bytes)}")
            self._verdict = {"code": "MemoryLimit", "message": message}
            group = [replica.pid, *proctree.descendants(replica.pid)]
            self._signal(signal.SIGKILL, group)
        self._end(now)

    def _end(self, now: float) -> None:
        """Ask what still runs to end; what does not follow in time is killed."""
        if all(replica.exit_code is not None for replica in self.replicas):
            self._kill_at = now + _LEFTOVER_S
            return
        tree = self._tree()
        self._signal(signal.SIGTERM, tree)
        self._signal(signal.SIGCONT, tree)  # a stopped process could not hear it
        self._kill_at = now + self._grace_s

    def _tree(self) -> "List[int]":
        """Return everything below this process; by mark too where it adopts no orphans."""
        if proctree.PROC:
            return [] if self._childless else proctree.descendants(os.getpid())
        groups = [replica.pid for replica in self.replicas]
        found = set(proctree.descendants(os.getpid()))
        found.update(proctree.in_groups(groups), proctree.marked(self._marker))
        return sorted(pid for pid in found if proctree.rss_bytes(pid))

    def _signal(self, number: int, pids: "List[int]") -> None:
        for pid in pids:
            try:
                os.kill(pid, number)
            except OSError:  # it has gone, or is not ours
                continue

    def _sweep(self) -> None:
        """Kill what has the run's mark outside the tree: some daemon started it for the run."""
        until = time.monotonic() + _UNKILLABLE_S / 6
        me = os.getpid()
        quick = time.monotonic() < self._started + _QUICK_S and proctree.youngest() >= me
        while True:
            strays = proctree.marked(self._marker, me if quick else 0)
            if not strays or time.monotonic() > until:
                return
            self._signal(signal.SIGKILL, strays)
            self._bell.wait(0.01)

    def _pause_s(self, now: float) -> "Optional[float]":
        """Return how long nothing will be due, in seconds; None = only a signal matters."""
        if self._kill_at is not None:
            return max(0.01, self._kill_at - now)
        dues = (self._memory.due, self._usage.due, self._doubt_until)
        due = [one for one in dues if one is not None]
        if self._limit_s is not None:
            due.append(min(self._started + self._limit_s, now + _LONGEST_S))
        return max(0.0, min(due) - now) if due else None

    def _failure(self, now: float) -> "Optional[Dict[str, Any]]":
        """Say why it failed; None while that may still turn out better."""
        from jupyter_exec.targets.shim import causes  # a run that succeeds need not pay for it

        failures = causes.failures(
            [(r.role, r.index, r.exit_code, r.log) for r in self._ended],
            self._failed_ranks,
            self._masked,
        )
        cause = causes.cause(failures)
        self._failed_at = now if self._failed_at is None else self._failed_at
        doubt_s = causes.ECHO_S if causes.is_echo(cause) else causes.SETTLE_S
        self._doubt_until = self._failed_at + doubt_s
        going = any(replica.exit_code is None for replica in self.replicas)
        if going and now < self._doubt_until:
            return None
        several = len(self.replicas) > 1 or len(failures) > 1
        out_of_memory = kernel_kills() != self._kernel_kills
        return causes.verdict(cause, named=several, out_of_memory=out_of_memory)

    def _named(self, replica: Replica, text: str) -> str:
        """Put the replica's name before the text where there are several."""
        return text if len(self.replicas) == 1 else f"{replica.role}-{replica.index}: {text}"

    def _outcome(self) -> "Dict[str, Any]":
        verdict = self._verdict or {"code": None, "message": None}
        deciders = [replica.exit_code for replica in self.replicas if replica.decides]
        codes = [code for code in deciders if code] or deciders
        return {
            "replicas": [
                {"role": replica.role, "index": replica.index, "exit_code": replica.exit_code}
                for replica in self.replicas
            ],
            "exit_code": verdict.get("exit_code", codes[0] if codes else None),
            "code": verdict["code"],
            "message": verdict["message"],
            "canceled": self.canceled,
            "max_rss_bytes": max(
                self.max_rss_bytes, self._memory.max_rss_bytes, self._usage.max_memory_bytes
            ),
            "cpu_seconds": round(ended_cpu_s(), 2),
        }
