"""What a container is made from, without a word about which engine makes it (floor: model)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Bind:
    """A folder that a container sees besides those that its run needs.

    Attributes:
        target: absolute path in the container.
        source: absolute path on the engine's machine, or the name of one of its volumes; None = a
            volume that goes with the container.
    """

    target: str
    source: str | None = None
    read_only: bool = False


@dataclass(frozen=True)
class Ulimit:
    """A limit of the kernel; -1 = none."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True)
class Port:
    """A port of the container that the engine's machine shows.

    Attributes:
        host_port: None = one that is free.
    """

    container_port: int
    protocol: str = "tcp"
    host_port: int | None = None
    host_ip: str = "127.0.0.1"


@dataclass(frozen=True)
class ContainerOptions:
    """What a definition asks for besides the image: the options of `docker run`.

    Attributes:
        network: `none`, `bridge`, `host`, `container:...`, or the name or id of a network that is
            there; None = the target's own choice.
        shm_bytes: size of /dev/shm; None = the target's own choice.
        memory_bytes, cpus: upper bounds, besides what the run's resources say.
        user: `uid[:gid]` or a name of the image's; None = the server's own.
        env: variables; those of the run win over them.
        binds: what it sees of the engine's machine, and volumes.
        tmpfs: path -> mount options.
        cap_add, cap_drop: capabilities, without `CAP_`.
        devices: `path[:path in the container[:permissions]]`.
        gpus: `all`, or how many; None = what the run was admitted with.
        pid_mode, ipc_mode, uts_mode, userns_mode: whose namespace it gets, `host` for example;
            None = its own.
        extra_hosts: name -> address.
        entrypoint: in place of the image's; "" = none.
    """

    network: str | None = None
    shm_bytes: int | None = None
    memory_bytes: int | None = None
    cpus: float | None = None
    pids_limit: int | None = None
    user: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    ulimits: tuple[Ulimit, ...] = ()
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    gpus: str | None = None
    privileged: bool = False
    pid_mode: str | None = None
    ipc_mode: str | None = None
    uts_mode: str | None = None
    userns_mode: str | None = None
    security_opt: tuple[str, ...] = ()
    extra_hosts: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    hostname: str | None = None
    ports: tuple[Port, ...] = ()
    init: bool = False
    read_only: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    entrypoint: str | None = None


@dataclass(frozen=True)
class Container:
    """What the processes of a job run in.

    Attributes:
        image: as the engine knows it: an id or a reference that it has already; None = every role
            has its own.
        options: of each container of the job.
    """

    image: str | None
    options: ContainerOptions = ContainerOptions()
