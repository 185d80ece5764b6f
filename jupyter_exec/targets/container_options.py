"""What a container is created with, in the words of the SDK (floor: targets)."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, Any, Literal

from jupyter_exec.store.paths import RunPaths
from jupyter_exec.targets.interpreter import folders_first, write_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from docker.types import Mount

    from jupyter_exec.model.container import ContainerOptions
    from jupyter_exec.model.job import Job, Role
    from jupyter_exec.targets.base import Placement
    from jupyter_exec.targets.container_facts import ImageFacts
    from jupyter_exec.targets.container_plan import ReplicaPlan

_KEPT = {"type": "local", "config": {"max-size": "1g", "max-file": "5", "compress": "false"}}
"""The one log driver that keeps bytes as they are."""


_SHM_BYTES = 2 * 2**30
"""Size of /dev/shm where nobody says one, as Azure's. Engines give 64 MiB, which is too little for
the workers of a PyTorch DataLoader, or for ranks that talk through it. It is a limit only: what is
in there counts as the container's memory.
"""


def host_options(
    options: ContainerOptions, role: Role, plan: ReplicaPlan, gpus: Sequence[str]
) -> dict[str, Any]:
    """Return arguments for the SDK's `create_host_config`, all but mounts and network.

    Args:
        gpus: the engine's names of the devices that this replica gets.
    """
    from docker.types import DeviceRequest, LogConfig, Ulimit

    cpus = min(role.resources.cpus, options.cpus or role.resources.cpus)
    logging = {"type": "none"} if plan.shell else _KEPT
    wanted: dict[str, Any] = {
        "init": True,
        "log_config": LogConfig(**logging),
        "nano_cpus": int(cpus * 1e9),
        "mem_limit": plan.memory_bytes,
        "memswap_limit": plan.memory_bytes,  # the same: none of it is on disk
        "shm_size": options.shm_bytes or (_SHM_BYTES if _has_own_shm(options) else None),
        "pids_limit": options.pids_limit,
        "tmpfs": dict(options.tmpfs) or None,
        "ulimits": [Ulimit(name=u.name, soft=u.soft, hard=u.hard) for u in options.ulimits] or None,
        "cap_add": list(options.cap_add) or None,
        "cap_drop": list(options.cap_drop) or None,
        "devices": list(options.devices) or None,
        "privileged": options.privileged,
        "pid_mode": options.pid_mode,
        "ipc_mode": options.ipc_mode,
        "uts_mode": options.uts_mode,
        "userns_mode": options.userns_mode,
        "security_opt": list(options.security_opt) or None,
        "extra_hosts": dict(options.extra_hosts) or None,
        "dns": list(options.dns) or None,
        "read_only": options.read_only,
        "port_bindings": _bindings(options),
    }
    if gpus:
        request = DeviceRequest(device_ids=list(gpus), capabilities=[["gpu"]])
        wanted["device_requests"] = [request]
    elif options.gpus is not None:
        count = -1 if options.gpus == "all" else int(options.gpus)
        wanted["device_requests"] = [DeviceRequest(count=count, capabilities=[["gpu"]])]
    return {name: value for name, value in wanted.items() if value is not None}


def _has_own_shm(options: ContainerOptions) -> bool:
    return options.ipc_mode in {None, "private", "shareable"}


def _bindings(options: ContainerOptions) -> dict[str, Any] | None:
    bindings: dict[str, Any] = {}
    for port in options.ports:
        name = f"{port.container_port}/{port.protocol}"
        bindings.setdefault(name, []).append((port.host_ip, port.host_port))
    return bindings or None


def mounts(
    job: Job, placement: Placement, options: ContainerOptions, start_dir: Path
) -> list[Mount]:
    """Return what a container sees of this machine, each at the same path, and its volumes."""
    from docker.types import Mount

    folders = {log.parent for log in placement.logs.values()}
    paths = RunPaths(placement.run_folder)
    attempt = placement.attempt
    files = (paths.metrics, paths.failed(attempt))
    ours = [start_dir, placement.work_dir, *files, *sorted(folders)]
    wanted = {str(path): Mount(str(path), str(path), type="bind") for path in ours}
    for mount in job.mounts:
        bind = Mount(mount.path, mount.path, type="bind", read_only=mount.read_only)
        wanted.setdefault(mount.path, bind)
    for each in options.binds:
        is_path = (each.source or "").startswith("/")
        kind: Literal["bind", "volume"] = "bind" if is_path else "volume"
        wanted.setdefault(
            each.target, Mount(each.target, each.source, type=kind, read_only=each.read_only)
        )
    return list(wanted.values())


def search_path(job: Job, image: ImageFacts, start_dir: Path) -> str | None:
    """Return PATH for `python` to be the job's interpreter; None = as the image has it. Blocks.

    Raises:
        OSError: programs of these names cannot be written.
    """
    if not job.python or not image.shell:
        return None
    if _in_mounts(job.python, job):
        folders = folders_first(job.python, start_dir / "bin")
    else:
        write_names(job.python, start_dir / "bin")
        folders = [str(start_dir / "bin"), posixpath.dirname(job.python)]
    return os.pathsep.join([*folders, image.path])


def _in_mounts(path: str, job: Job) -> bool:
    """Tell whether a path of the containers is one of this machine's."""
    return any(
        posixpath.commonpath([mount.path, path]) == posixpath.normpath(mount.path)
        for mount in job.mounts
    )
