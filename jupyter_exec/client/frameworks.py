"""`--framework`, `--processes`, `--nodes`: what each framework calls them (floor: client).

Processes are counted in total, as people do; frameworks count them by node, by role, or not at all.
The server has the last word on what goes together.
"""

from __future__ import annotations

from typing import Any

from jupyter_exec.errors import InvalidRequest

FRAMEWORKS = ("Python", "PyTorch", "TensorFlow", "PySpark", "XGBoost", "Cntk")
COMMUNICATORS = ("None", "Mpi", "Gloo", "Nccl", "ParameterServer")

_HAVE = {
    "Python": ("Mpi",),
    "Cntk": ("Mpi",),
    "PyTorch": ("Gloo", "Nccl", "Mpi"),
    "TensorFlow": ("ParameterServer", "Mpi"),
}
"""The communicators of several processes; the first is the one where none is named."""

_LEAST_CLUSTER = 3  # a chief, a worker and a parameter server


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
        communicator: None = the usual one for several processes; `ParameterServer` by name has a
            chief and a parameter server among them.
        processes: of the whole job.
        nodes: machines, or groups of processes where there is one machine.
        gpus: of each process; PyTorch talks by Nccl where there are some.

    Raises:
        InvalidRequest: a number is none, processes cannot be shared out among the nodes, or several
            are to have no communicator.
    """
    count, machines = _count(processes, "processes"), _count(nodes, "nodes")
    name, asked = _known(framework or "Python"), communicator
    if (count or 1) > 1 or (machines or 1) > 1:
        communicator = communicator or _usual(name, gpus)
        _check_not_alone(name, communicator)
    section: dict[str, Any] = {
        "framework": framework and name,
        "communicator": communicator,
        "nodeCount": machines,
    }
    if count is not None:
        if name == "TensorFlow" and (asked or "").casefold() == "parameterserver":
            section |= _cluster(count)
        else:
            section |= _processes(name, communicator, count, machines or 1)
    return {key: value for key, value in section.items() if value is not None}


def _usual(framework: str, gpus: int | str | None) -> str | None:
    """Return the communicator of several processes where none is named; None = it has none."""
    if framework == "PyTorch" and gpus not in {None, 0, "0"}:
        return "Nccl"
    return next(iter(_HAVE.get(framework, ())), None)


def _check_not_alone(framework: str, communicator: str | None) -> None:
    """Raise InvalidRequest where several processes could not talk, and would all be one."""
    if framework in _HAVE and (communicator or "").casefold() == "none":
        words = ", ".join(_HAVE[framework])
        message = (
            "several processes need a communicator, by which they find each other; "
            f"{framework} has: {words}"
        )
        raise InvalidRequest(message, "communicator")


def _cluster(count: int) -> dict[str, dict[str, int]]:
    """Return a chief, a parameter server, and workers: so many processes in all."""
    if count < _LEAST_CLUSTER:
        message = (
            f"a parameter server needs a chief and a worker beside it: {_LEAST_CLUSTER} processes "
            "or more; without a communicator all are workers"
        )
        raise InvalidRequest(message, "processes")
    return {"tensorflow": {"workerCount": count - 2, "parameterServerCount": 1}}


def _processes(
    framework: str, communicator: str | None, count: int, nodes: int
) -> dict[str, dict[str, int]]:
    """Return how many processes there are, in the words of the framework."""
    word = (communicator or "None").casefold()
    if framework == "PySpark":
        message = "Spark starts its processes by itself: say how many workers, with nodes"
        raise InvalidRequest(message, "processes")
    if framework == "TensorFlow" and word == "parameterserver":
        # Nobody named it: all of them train.
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
