"""A job as containers: names, labels, and what each of them is created with; pure (floor: targets).

Names and labels come from the attempt alone, so that any server finds what another has started.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jupyter_exec.model.container import ContainerOptions
    from jupyter_exec.model.job import Job, Replica, Role
    from jupyter_exec.targets.base import Placement

ATTEMPT = "jupyter_exec.attempt"
"""Label of everything that an attempt has in the engine: its folder."""
HOME = "jupyter_exec.home"
"""Label: the data directory of the server."""
RUN = "jupyter_exec.run"
"""Label: the run's id, for people."""
REPLICA = "jupyter_exec.replica"
"""Label of a container: `worker-0`."""

SHELL = "/bin/sh"
_START = """
exec >>"$2" 2>&1
if [ "$3" = /bin/bash ] && [ ! -x /bin/bash ]; then
    found=$1 log=$2
    shift 3
    set -- "$found" "$log" "$(command -v bash || echo /bin/sh)" "$@"
fi
if ! command -v "$3" >/dev/null 2>&1; then : >"$1.missing"; exit 127; fi
: >"$1.found"
shift 2
exec "$@"
"""
"""Sends the output to the log, tells whether there is such a command, and becomes it.

A command line is for /bin/bash; where the image has none, it is for the shell that there is.
"""


@dataclass(frozen=True)
class ReplicaPlan:
    """One container of an attempt; kept in `job.json`, so it holds no values of variables.

    Attributes:
        name: of the container.
        hostname: `worker-0`.
        log: file on this machine.
        shell: its own shell writes the log; False = the engine keeps it, and the server copies.
        program: what is started, for messages.
    """

    role: str
    index: int
    name: str
    log: str
    memory_bytes: int | None
    decides: bool
    shell: bool
    program: str

    @property
    def hostname(self) -> str:
        """How the others call it."""
        return f"{self.role}-{self.index}"


def key(attempt_dir: Path) -> str:
    """Return the word that stands for an attempt in names."""
    return hashlib.sha256(str(attempt_dir).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def container_name(attempt_dir: Path, role: str, index: int) -> str:
    """Return the name of a replica's container."""
    return f"jupyter-exec-{key(attempt_dir)}-{role}-{index}"


def replicas(job: Job) -> Iterator[tuple[Role, int]]:
    """Yield all replicas of a job, in order."""
    for role in job.roles:
        for index in range(role.replicas):
            yield role, index


def network_of(job: Job, options: ContainerOptions, chosen: str | None) -> tuple[str | None, bool]:
    """Return the network of a job's containers, and whether it is one of its own, to be made.

    Args:
        options: as the definition has them.
        chosen: by the operator, where the definition says nothing.
    """
    network = options.network or chosen
    several = sum(role.replicas for role in job.roles) > 1
    if several and network in {None, "bridge"}:
        return None, True
    return network, False


def replica_plan(
    role: Role, index: int, job: Job, placement: Placement, *, shell: bool
) -> ReplicaPlan:
    """Return what is written down of a replica."""
    limits = [role.resources.memory_bytes, job.container and job.container.options.memory_bytes]
    stated = [limit for limit in limits if limit]
    return ReplicaPlan(
        role=role.name,
        index=index,
        name=container_name(placement.attempt_dir, role.name, index),
        log=str(placement.logs[role.name, index]),
        memory_bytes=min(stated) if stated else None,
        decides=job.decides(role, index),
        shell=shell,
        program=role.command[0],
    )


def command(words: list[str], plan: ReplicaPlan, start_dir: Path) -> list[str]:
    """Return argv of the container that shall run these words."""
    if not plan.shell:
        return words
    return [SHELL, "-c", _START, SHELL, str(start_dir / plan.hostname), plan.log, *words]


def variables(
    job: Job,
    role: Role,
    index: int,
    placement: Placement,
    *,
    path: str | None,
    home: str | None,
) -> dict[str, str]:
    """Return the environment of a replica, on top of its image's.

    Args:
        path: of programs, where it is not the image's.
        home: a folder that it may write to, where the image's user has none.
    """
    options = job.container.options.env if job.container else {}
    ours = {"PYTHONUNBUFFERED": "1"}
    if path is not None:
        ours["PATH"] = path
    if home is not None:
        ours["HOME"] = home
    alone = placement.replica_env.get((role.name, index), {})
    return {**ours, **options, **job.env, **role.env, **alone}


def check_network(job: Job, network: str | None) -> None:
    """Refuse a job whose replicas could not find each other.

    Raises:
        RunFailed: `NotSupported`.
    """
    several = sum(role.replicas for role in job.roles) > 1
    listening = any(role.listens for role in job.roles)
    if several and listening and (network == "none" or _is_joined(network)):
        message = (
            f"network {network!r} does not let the run's containers find each other; leave "
            "--network out, and they get a network of their own"
        )
        raise RunFailed("NotSupported", message)


def _is_joined(network: str | None) -> bool:
    return network is not None and network.startswith("container:")


def hosts_of(job: Job, attempt_dir: Path, *, is_own: bool) -> dict[Replica, str]:
    """Return the host name of each replica that listens.

    Args:
        is_own: they have a network of their own. In another one there may be other runs, with
            replicas of the same names, so they are found by the names of their containers.
    """
    several = sum(role.replicas for role in job.roles) > 1
    hosts = {}
    for role, index in replicas(job):
        name = f"{role.name}-{index}" if is_own else container_name(attempt_dir, role.name, index)
        if role.listens:
            hosts[role.name, index] = name if several else "127.0.0.1"
    return hosts
