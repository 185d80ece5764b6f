"""A job and its placement in the words of the shim; pure (floor: targets)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import is_full_disk
from jupyter_exec.model.job import Outcome, Usage
from jupyter_exec.targets.shim import proctree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jupyter_exec.model.job import Job, Role
    from jupyter_exec.targets.base import Placement, TargetHandle


@dataclass(frozen=True)
class Gpus:
    """The GPUs of a target.

    Attributes:
        names: what CUDA_VISIBLE_DEVICES calls them, by the ids that admission grants.
        hide: True where a run without GPUs must be told that it has none.
    """

    names: Sequence[str] = ()
    hide: bool = False


def job_line(
    job: Job,
    placement: Placement,
    marker: str,
    base: Mapping[str, str],
    gpus: Gpus,
    *,
    use_standby: bool,
) -> dict[str, Any]:
    """Return the job line for the shim (`shim/protocol.py`).

    Args:
        job: what to start.
        placement: where; its GPUs go to the replicas in order, as many to each as its role needs.
        marker: the run's mark.
        base: environment below the job's and the role's.
        gpus: of the target.
        use_standby: the first replica is the shim's standby.
    """
    granted = [gpus.names[number] for number in placement.gpu_ids]
    replicas = []
    for role in job.roles:
        for index in range(role.replicas):
            mine, granted = granted[: role.resources.gpus], granted[role.resources.gpus :]
            mine_alone = placement.replica_env.get((role.name, index), {})
            env = {**base, **job.env, **role.env, **mine_alone}
            if gpus.hide:
                env["CUDA_VISIBLE_DEVICES"] = ",".join(mine)
            env[proctree.MARKER_VARIABLE] = marker
            replicas.append(_replica(job, role, index, placement, env))
    return {
        "attempt_dir": str(placement.attempt_dir),
        "marker": marker,
        "time_limit_s": job.time_limit_s,
        "grace_s": job.grace_s,
        "replicas": replicas,
        "use_standby": use_standby,
        "masked": list(job.masked),
        "usage": None if placement.usage is None else str(placement.usage),
    }


def _replica(
    job: Job, role: Role, index: int, placement: Placement, env: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "role": role.name,
        "index": index,
        "command": list(role.command),
        "env": dict(env),
        "cwd": str(placement.work_dir),
        "log": str(placement.logs[role.name, index]),
        "memory_bytes": role.resources.memory_bytes,
        "decides": job.decides(role, index),
    }


def without_environment(job: Job) -> dict[str, Any]:
    """Return the plan for `job.json`; the environment holds the run's token, no file may."""
    plan = job.as_json()
    return {
        **{name: value for name, value in plan.items() if name != "env"},
        "roles": [
            {name: value for name, value in role.items() if name != "env"} for role in plan["roles"]
        ],
    }


def handle_of(started: Mapping[str, Any], attempt_dir: Path) -> TargetHandle:
    """Return what finds a run again, from the shim's own words."""
    return {
        "pid": started["shim"]["pid"],
        "started": started["shim"]["started"],
        "attempt_dir": str(attempt_dir),
        "marker": started["marker"],
        "ports": started.get("ports", []),
        "started_at": started["started_at"],
    }


def explained(problem: OSError, placement: Placement) -> tuple[str, str]:
    """Return code and message for a run whose shim never got its job."""
    if is_full_disk(problem):
        return "DiskFull", f"{placement.attempt_dir}: {problem.strerror}"
    return "ShimFailed", f"the supervisor of the run could not start: {problem}"


def outcome_of(record: Mapping[str, Any]) -> Outcome:
    """Return how an attempt ended, from its `exit.json`, whoever has written that."""
    return Outcome(
        exit_code=record.get("exit_code"),
        code=record["code"],
        message=record["message"],
        started_at=record.get("started_at"),
        ended_at=record.get("ended_at"),
        canceled=record.get("canceled", False),
        usage=_usage_of(record),
    )


def _usage_of(record: Mapping[str, Any]) -> Usage | None:
    """Return what `exit.json` says about use; None where an older or a dead shim says nothing."""
    if "max_rss_bytes" not in record or "cpu_seconds" not in record:
        return None
    return Usage(record["max_rss_bytes"], record["cpu_seconds"])
