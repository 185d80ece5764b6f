"""What the ends of an attempt's containers mean; pure (floor: targets).

The rules and the words are those of the shim's supervisor (`shim/supervisor.py`).
"""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jupyter_exec.targets.container_plan import ReplicaPlan
from jupyter_exec.targets.shim import causes
from jupyter_exec.targets.shim.record import last_line, size_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIGNALED = 128  # what a shell, `docker-init` and the engine add to a signal's number
_NEVER = "0001"  # what Go writes
_MOMENT = re.compile(r"([\d-]+T[\d:]+)(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class End:
    """How a container ended.

    Attributes:
        exit_code: negative = minus the signal's number; None = unknown.
        out_of_memory: the kernel killed something of it at its limit.
        at: epoch seconds.
        fault: why nothing is known, or why the engine could not run it; None = it ran.
    """

    exit_code: int | None
    out_of_memory: bool = False
    at: float | None = None
    fault: tuple[str, str] | None = None


@dataclass
class Verdict:
    """Why an attempt is over.

    Attributes:
        code, message: of the failure; None on success and on cancel.
    """

    code: str | None = None
    message: str | None = None
    exit_code: int | None = None
    canceled: bool = False


@dataclass(frozen=True)
class AttemptPlan:
    """What is written down of an attempt in `job.json`, beside its containers' states.

    Attributes:
        secrets: names of the variables whose values no message may repeat.
        usage: file for what it uses.
        ports: of this machine that it holds.
        failed: file of the ranks that failed, below what is a replica.
    """

    replicas: tuple[ReplicaPlan, ...]
    time_limit_s: float | None
    grace_s: float
    secrets: tuple[str, ...] = ()
    usage: str | None = None
    ports: tuple[int, ...] = ()
    failed: str | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> AttemptPlan:
        """Return what was written down."""
        replicas = tuple(ReplicaPlan(**each) for each in record["replicas"])
        words = {name: tuple(record[name]) for name in ("secrets", "ports")}
        return cls(**{**record, **words, "replicas": replicas})

    def named(self, replica: ReplicaPlan, text: str) -> str:
        """Put the replica's name before the text where there are several."""
        return text if len(self.replicas) == 1 else f"{replica.hostname}: {text}"


def end_of(state: Mapping[str, Any]) -> End | None:
    """Return how a container has ended, from the `State` of its inspection; None = it goes on."""
    if state.get("Running") or state.get("Status") in {"created", "restarting", "paused"}:
        return None
    code = int(state.get("ExitCode") or 0)
    if code > _SIGNALED and _is_signal(code - _SIGNALED):
        code = _SIGNALED - code
    error = state.get("Error")
    fault = ("EngineFailed", f"the container engine could not run it: {error}") if error else None
    return End(code, bool(state.get("OOMKilled")), seconds(state.get("FinishedAt")), fault)


def seconds(moment: str | None) -> float | None:
    """Return epoch seconds of a moment as engines write it (RFC 3339); None = never."""
    found = _MOMENT.fullmatch(moment or "")
    if found is None or found[1].startswith(_NEVER):
        return None
    zone = found[3].replace("Z", "+00:00")
    whole = datetime.fromisoformat(found[1] + zone).timestamp()
    return whole + float(found[2] or 0)


def judge(
    plan: AttemptPlan,
    ends: Mapping[str, End],
    masked: Sequence[str],
    *,
    canceled: bool,
    age_s: float,
) -> Verdict | None:
    """Decide whether an attempt is over, and why; None = it goes on.

    Args:
        ends: of the containers that have ended, by their names; in that order.
        masked: values that no message may repeat.
        age_s: since its start.
    """
    codes = [ends.get(replica.name) for replica in plan.replicas if replica.decides]
    if all(end is not None and end.exit_code == 0 and not end.fault for end in codes):
        return Verdict(exit_code=0)  # first: what they leave alone may stumble over their end
    by_name = {replica.name: replica for replica in plan.replicas}
    for name, end in ends.items():
        if end.exit_code != 0 or end.fault:
            return _failure(plan, by_name[name], end, masked)
    if canceled:
        return Verdict(canceled=True)
    if plan.time_limit_s is not None and age_s >= plan.time_limit_s:
        return Verdict("TimeLimit", f"ran longer than its limit of {plan.time_limit_s:g} s")
    return None


def _failure(plan: AttemptPlan, replica: ReplicaPlan, end: End, masked: Sequence[str]) -> Verdict:
    if end.fault is not None:
        code, text = end.fault
        return Verdict(code, plan.named(replica, text), end.exit_code or None)
    number = end.exit_code or 0
    if end.out_of_memory and replica.memory_bytes:
        text = f"used more than its {size_words(replica.memory_bytes)}"
        return Verdict("MemoryLimit", plan.named(replica, text), number)
    failures = causes.failures(
        [(replica.role, replica.index, number, replica.log)], plan.failed or os.devnull, masked
    )
    if len(failures) > 1:  # of its ranks; it ended because they did
        return Verdict(**causes.verdict(causes.cause(failures), named=True))
    if number > 0:
        cause = last_line(replica.log, masked)
        text = f"{cause} (exit code {number})" if cause else f"exit code {number}"
        return Verdict("ExitCode", plan.named(replica, text), number)
    text = f"ended by {signal.Signals(-number).name}"
    if -number == signal.SIGKILL:
        text += " (out of memory?)"
    if -number == signal.SIGTERM:
        text += " (somebody stopped the container, or its engine)"
    return Verdict("Signal", plan.named(replica, text), number)


def _is_signal(number: int) -> bool:
    try:
        signal.Signals(number)
    except ValueError:
        return False
    return True
