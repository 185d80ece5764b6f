"""`--framework`, `--processes`, `--nodes`: what each framework calls them (floor: client).

Processes are counted in total, as people do; frameworks count them by node, by role, or not at all.
The server has the last word on what goes together.
"""

from __future__ import annotations

from typing import Any

from jupyter_exec.errors import InvalidRequest

FRAMEWORKS = ("Python", "PyTorch", "TensorFlow", "PySpark", "XGBoost", "Cntk")
COMMUNICATORS = ("None", "Mpi", "Gloo", "Nccl", "ParameterServer")

_BY_ITSELF = {
    "Python": "Mpi",
    "Cntk": "Mpi",
    "PyTorch": "Gloo",
    "TensorFlow": "ParameterServer",
}
"""The communicator of several processes, where none is named."""


def framework_section(
    framework: str | None = None,
    communicator: str | None = None,
    processes: int | str | None = None,
    nodes: int | str | None = None,
    gpus: int | str | None = None,
) -> dict[str, Any]:
    """Return the fields of a configuration; nothing for nothing.

    Args:
        framework: in any letter case; None = Python.
        communicator: None = the usual one for several processes.
        processes: of the whole job.
        nodes: machines, or groups of processes where there is one machine.
        gpus: of each process; PyTorch talks by Nccl where there are some.

    Raises:
        InvalidRequest: a number is none, or processes cannot be shared out among the nodes.
    """
    count, machines = _count(processes, "processes"), _count(nodes, "nodes")
    name = _known(framework or "Python")
    if communicator is None and ((count or 1) > 1 or (machines or 1) > 1):
        has_gpus = name == "PyTorch" and gpus not in {None, 0, "0"}
        communicator = "Nccl" if has_gpus else _BY_ITSELF.get(name)
    section: dict[str, Any] = {
        "framework": framework and name,
        "communicator": communicator,
        "nodeCount": machines,
    }
    if count is not None:
        section |= _processes(name, communicator, count, machines or 1)
    return {key: value for key, value in section.items() if value is not None}


def _processes(
    framework: str, communicator: str | None, count: int, nodes: int
) -> dict[str, dict[str, int]]:
    """Return how many processes there are, in the words of the framework."""
    word = (communicator or "None").casefold()
    if framework == "PySpark":
        message = "Spark starts its processes by itself: say how many workers, with nodes"
        raise InvalidRequest(message, "processes")
    if framework == "TensorFlow" and word == "parameterserver":
        # All of them train; parameter servers are asked for in a definition.
        return {"tensorflow": {"workerCount": count, "parameterServerCount": 0}}
    if framework == "PyTorch" and word in {"gloo", "nccl"}:
        return {"pyTorch": {"processCount": count}}
    if count % nodes:
        message = f"{count} processes cannot be shared out evenly among {nodes} nodes"
        raise InvalidRequest(message, "processes")
    return {"mpi": {"processCountPerNode": count // nodes}}


def _known(framework: str) -> str:
    """Return a framework as definitions write it; one that a plug-in brings stays as it is."""
    names = {name.casefold(): name for name in FRAMEWORKS}
    return names.get(framework.casefold(), framework)


def _count(value: int | str | None, option: str) -> int | None:
    if value is None:
        return None
    try:
        count = int(value)
    except ValueError:
        count = 0
    if count < 1:
        raise InvalidRequest(f"{value!r} is not a whole number above 0", option)
    return count
