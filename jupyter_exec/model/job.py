"""What to start, without a word about which engine starts it (floor: model).

A launcher makes a `Job` from a run definition; a compute target turns it into processes, containers
or batch jobs. All values are frozen: a plan can be compared with another plan.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.container import Container


@dataclass(frozen=True)
class Resources:
    """What one replica needs, or what a target has.

    Attributes:
        cpus: processors; fractions are fine.
        memory_bytes: upper bound of all its processes' resident memory; None = not enforced.
        gpus: whole devices.
        shrinks: nobody said how many processors, so those that a smaller machine has will do.
    """

    cpus: float = 1.0
    memory_bytes: int | None = None
    gpus: int = 0
    shrinks: bool = False

    def times(self, count: int) -> Resources:
        """Return the need of `count` replicas together."""
        memory = None if self.memory_bytes is None else self.memory_bytes * count
        return Resources(self.cpus * count, memory, self.gpus * count, self.shrinks)

    def fitted(self, capacity: Resources) -> Resources:
        """Return the need on a target that has so much."""
        return replace(self, cpus=min(self.cpus, capacity.cpus)) if self.shrinks else self


@dataclass(frozen=True)
class Standby:
    """A command that may be started before there is a run for it; its assignment comes on stdin.

    Attributes:
        key: two roles with the same key can take each other's standby.
        command: argv of the process that waits. It gets one JSON line: {"env", "cwd", "argv"}.
    """

    key: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A set of equal processes of a job.

    Attributes:
        name: lower case, used in log names: `main`, `worker`, `ps`.
        command: argv, without a shell.
        replicas: how many.
        env: added to the job's environment.
        resources: of each replica.
        standby: set where the command may be started ahead of time.
        listens: each replica gets a port of its own, which the others are told.
        serves: each opens its port when it starts, and the others wait for that; see `Job.ranks`
            for those that open none.
        image: in place of that of the job's container.
    """

    name: str
    command: tuple[str, ...]
    replicas: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    standby: Standby | None = None
    listens: bool = False
    serves: bool = False
    image: str | None = None


@dataclass(frozen=True)
class Mount:
    """A file or folder outside the run's folder that its processes need, at the same path.

    A target whose processes see this machine's files has nothing to do for it.
    """

    path: str
    read_only: bool = True


@dataclass(frozen=True)
class Address:
    """Where a replica that listens is found by the others."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


Replica = tuple[str, int]
"""A replica's role and its index, from 0."""


@dataclass(frozen=True)
class Ranks:
    """Processes that a framework's own launcher starts below a replica, and that wait for all.

    Attributes:
        count: how many there are.
        noted: file to which each appends `rank-3 came` when it begins to wait; where none does,
            nobody looks after them. `rank-3 0` means that it has ended, with exit code 0.
    """

    count: int
    noted: str


@dataclass(frozen=True)
class Job:
    """What a target starts: roles, and what they share.

    Attributes:
        roles: at least one.
        deciders: the job is over when all these replicas have ended, or any replica has failed;
            empty = all of the first role. What still runs then is ended.
        env: environment variables for all replicas, on top of the target's own.
        time_limit_s: wall clock limit of the whole; None = no limit.
        grace_s: between asking a process to end and killing it.
        python: absolute path of the interpreter that `python` and `python3` mean in the replicas,
            unless `env` has a PATH; None = whatever the target's PATH says.
        masked: values that no message may repeat; written down nowhere.
        container: what the replicas run in; None = the target's own system.
        mounts: what they need of this machine besides the run's folder.
        ranks: below the replicas, where they tell that they have come.
    """

    roles: tuple[Role, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    time_limit_s: float | None = None
    grace_s: float = 10.0
    deciders: frozenset[Replica] = frozenset()
    python: str | None = None
    masked: tuple[str, ...] = field(default=(), repr=False)
    container: Container | None = None
    mounts: tuple[Mount, ...] = ()
    ranks: Ranks | None = None

    def decides(self, role: Role, index: int) -> bool:
        """Tell whether the job is over only when this replica has ended."""
        return (role.name, index) in self.deciders if self.deciders else role is self.roles[0]

    def need(self) -> Resources:
        """Return what all replicas need together."""
        needs = [role.resources.times(role.replicas) for role in self.roles]
        memory = [need.memory_bytes for need in needs if need.memory_bytes is not None]
        return Resources(
            sum(need.cpus for need in needs),
            sum(memory) if memory else None,
            sum(need.gpus for need in needs),
            all(need.shrinks for need in needs),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain JSON values (golden tests, `job.json`)."""
        plan = {**asdict(self), "deciders": sorted(self.deciders)}
        del plan["masked"]
        return plan


@dataclass(frozen=True)
class Usage:
    """What a job has used in all.

    Attributes:
        max_memory_bytes: the most that was seen; of a single process where nobody added them up.
        cpu_seconds: of all its processes.
    """

    max_memory_bytes: int
    cpu_seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a job ended, as its target saw it.

    Attributes:
        exit_code: of the replica that decided (0 = success); negative = minus the signal's
            number; None = unknown.
        code: stable word for a failure (`ExitCode`, `Signal`, `TimeLimit`, `MemoryLimit`,
            `ShimKilled`); None on success or cancel.
        message: one line naming the cause; None on success.
        started_at, ended_at: epoch seconds.
        canceled: True where the end was asked for by `cancel`.
        usage: None where it is not known.
    """

    exit_code: int | None
    code: str | None = None
    message: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    canceled: bool = False
    usage: Usage | None = None
