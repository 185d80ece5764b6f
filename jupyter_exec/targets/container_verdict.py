"""What the ends of an attempt's containers mean; pure (floor: targets).

The rules and the words are those of the shim's supervisor (`shim/supervisor.py`); which failure is
the cause is asked where it asks, `shim/causes.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jupyter_exec.targets.container_plan import ReplicaPlan
from jupyter_exec.targets.shim import causes
from jupyter_exec.targets.shim.record import size_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENDED = -15  # by SIGTERM
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
    """

    replicas: tuple[ReplicaPlan, ...]
    time_limit_s: float | None
    grace_s: float
    secrets: tuple[str, ...] = ()
    usage: str | None = None
    ports: tuple[int, ...] = ()

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> AttemptPlan:
        """Return what was written down."""
        replicas = tuple(ReplicaPlan(**each) for each in record["replicas"])
        words = {name: tuple(record[name]) for name in ("secrets", "ports")}
        return cls(**{**record, **words, "replicas": replicas})


def end_of(state: Mapping[str, Any]) -> End | None:
    """Return how a container has ended, from the `State` of its inspection; None = it goes on."""
    if state.get("Running") or state.get("Status") in {"created", "restarting", "paused"}:
        return None
    code = causes.signed(int(state.get("ExitCode") or 0))
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
    failure: Verdict | None,
    *,
    canceled: bool,
    age_s: float,
) -> Verdict | None:
    """Decide whether an attempt is over, and why; None = it goes on.

    Args:
        ends: of the containers that have ended, by their names.
        failure: what has failed so far, if anything has (`failure_of`).
        age_s: since its start.
    """
    codes = [ends.get(replica.name) for replica in plan.replicas if replica.decides]
    if all(end is not None and not has_failed(end) for end in codes):
        return Verdict(exit_code=0)  # first: what they leave alone may stumble over their end
    if any(has_failed(end) for end in ends.values()):
        return failure
    if canceled:
        return Verdict(canceled=True)
    if plan.time_limit_s is not None and age_s >= plan.time_limit_s:
        return Verdict("TimeLimit", f"ran longer than its limit of {plan.time_limit_s:g} s")
    return None


def has_failed(end: End) -> bool:
    """Say whether a container that has ended has failed."""
    return end.exit_code != 0 or end.fault is not None


def failure_of(
    plan: AttemptPlan,
    ends: Mapping[str, End],
    ranks: str,
    masked: Sequence[str],
    *,
    in_doubt: bool,
) -> Verdict | None:
    """Return whose failure is the cause; None = nobody's, or it may still turn out better.

    Args:
        ends: of the containers that have ended, by their names; in that order.
        ranks: file of the ranks that failed.
        masked: values that no message may repeat.
        in_doubt: wait while all that is known is that somebody lost a peer.
    """
    by_name = {replica.name: replica for replica in plan.replicas}
    if not any(map(has_failed, ends.values())):
        return None
    over = [(by_name[name], end) for name, end in ends.items()]
    ended = [(each.role, each.index, end.exit_code, each.log) for each, end in over]
    known = {each.hostname: why for each, end in over if (why := _known(each, end))}
    failures = causes.failures(ended, ranks, masked, known)
    cause = causes.cause(failures)
    if in_doubt and len(ends) < len(plan.replicas) and causes.is_echo(cause):
        return None
    several = len(plan.replicas) > 1 or len(failures) > 1
    out_of_memory = any(end.out_of_memory for end in ends.values())
    said = Verdict(**causes.verdict(cause, named=several, out_of_memory=out_of_memory))
    if said.code == "Signal" and cause.code == _ENDED:
        said.message = f"{said.message} (somebody stopped the container, or its engine)"
    return said


def _known(replica: ReplicaPlan, end: End) -> tuple[str, str] | None:
    """Return code and message of an end of which the engine knows more than the log."""
    if end.fault is not None:
        return end.fault
    if end.out_of_memory and replica.memory_bytes:
        return "MemoryLimit", f"used more than its {size_words(replica.memory_bytes)}"
    return None
