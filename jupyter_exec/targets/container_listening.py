"""Who listens in an attempt's containers, found out without connecting (floor: targets; blocks).

A container has a network of its own. The kernel shows it to whoever sees the container's processes;
where the engine is on another machine, or in a virtual one, a program in the container tells.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.targets import container_plan as plans
from jupyter_exec.targets.container_removal import not_there_is_fine
from jupyter_exec.targets.container_verdict import end_of, has_failed
from jupyter_exec.targets.listening import TABLES, listening_ports, ports_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from docker import APIClient

    from jupyter_exec.docker_engine import ContainerEngine
    from jupyter_exec.model.job import Address, Replica


def silent(
    engine: ContainerEngine, attempt_dir: Path, addresses: Mapping[Replica, Address]
) -> dict[Replica, bool]:
    """Return those of these replicas of an attempt that do not listen, and whether they run.

    Those that have failed are left out: their failure is the attempt's end.

    Args:
        attempt_dir: of the attempt, which the names of its containers come from.
        addresses: where they should listen.

    Raises:
        RunFailed: the engine is away, or refuses.
    """
    quiet = {}
    with engine.api() as api:
        for replica, address in addresses.items():
            with not_there_is_fine():
                found = api.inspect_container(plans.container_name(attempt_dir, *replica))
                if found["State"].get("Running"):
                    ports = ports_in(api, found)
                    if ports is not None and address.port not in ports:
                        quiet[replica] = True
                elif (end := end_of(found["State"])) is not None and not has_failed(end):
                    quiet[replica] = False
    return quiet


def ports_in(api: APIClient, container: Mapping[str, Any]) -> frozenset[int] | None:
    """Return the ports that somebody listens on in a container; None where nobody can tell."""
    process = Path("/proc", str(container["State"].get("Pid") or "self"))
    try:
        if container["Id"] in (process / "cgroup").read_text():  # it is that of this machine
            return listening_ports(process / "net")
    except OSError:
        pass  # it is gone, or on another machine
    tables = [f"/proc/net/{name}" for name in TABLES]
    asked = api.exec_create(container["Id"], ["cat", *tables], stderr=False)
    told = ports_of(api.exec_start(asked["Id"]))
    # Without IPv6 one of the tables is missing, and `cat` complains; without `cat` all are.
    return told if told or api.exec_inspect(asked["Id"])["ExitCode"] in {0, 1} else None
