"""`--framework`, `--processes`, `--nodes`: what each framework calls them (floor: client).

Processes are counted in total, as people do; frameworks count them by node, by role, or not at all.
The server has the last word on what goes together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        nodes: machines, or groups of processes where there is one machine. Alone it is a process
            each, of PyTorch one for each GPU.
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
    section: dict[str, Any] = {"framework": framework and name, "communicator": communicator}
    if name == "TensorFlow" and (communicator or "").casefold() == "parameterserver":
        total, option = _of_cluster(count, machines)
        if total is not None:
            section |= _cluster(total, option) if asked else _workers(total)
    else:
        section["nodeCount"] = machines
        if count is not None:
            section |= _processes(name, communicator, count, machines or 1)
    return {key: value for key, value in section.items() if value is not None}


def _of_cluster(count: int | None, nodes: int | None) -> tuple[int | None, str]:
    """Return how many processes a cluster of TensorFlow's has, and the option that says so.

    They are not counted by node: nodes alone are so many processes.

    Raises:
        InvalidRequest: both are given.
    """
    if nodes is None or nodes == 1:
        return count, "processes"
    if count is not None:
        message = (
            "TensorFlow's processes are not counted by node, so nodes mean nothing beside "
            "processes: leave one of them out, or name communicator Mpi"
        )
        raise InvalidRequest(message, "nodes")
    return nodes, "nodes"


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


def _workers(count: int) -> dict[str, dict[str, int]]:
    """Return so many workers, all equal: nobody has named parameter servers."""
    return {"tensorflow": {"workerCount": count, "parameterServerCount": 0}}


def _cluster(count: int, option: str) -> dict[str, dict[str, int]]:
    """Return a chief, a parameter server, and workers: so many processes in all."""
    if count < _LEAST_CLUSTER:
        message = (
            f"a parameter server needs a chief and a worker beside it: {_LEAST_CLUSTER} processes "
            "or more; without a communicator all are workers"
        )
        raise InvalidRequest(message, option)
    return {"tensorflow": {"workerCount": count - 2, "parameterServerCount": 1}}


def _processes(
    framework: str, communicator: str | None, count: int, nodes: int
) -> dict[str, dict[str, int]]:
    """Return how many processes there are, in the words of the framework."""
    word = (communicator or "None").casefold()
    if framework == "PySpark":
        message = "Spark starts its processes by itself: say how many workers, with nodes"
        raise InvalidRequest(message, "processes")
    if framework == "PyTorch" and word in {"gloo", "nccl"}:
        return {"pyTorch": {"processCount": count}}
    if count % nodes:
        message = f"{count} processes cannot be shared out evenly among {nodes} nodes"
        raise InvalidRequest(message, "processes")
    return {"mpi": {"processCountPerNode": count // nodes}}


def several_words(configuration: Mapping[str, Any]) -> str | None:
    """Return what a job consists of, as its definition says it; None = one process.

    Args:
        configuration: of a run, in camelCase; what is not there has its default.
    """
    name, word = configuration.get("framework", "Python"), configuration.get("communicator", "None")
    nodes = configuration.get("nodeCount", 1)
    if name == "TensorFlow" and word == "ParameterServer":
        return f"{name}: {_cluster_words(configuration.get('tensorflow') or {})}"
    count = nodes * (configuration.get("mpi") or {}).get("processCountPerNode", 1)
    if name == "PyTorch" and word in {"Gloo", "Nccl"}:
        each = (configuration.get("resources") or {}).get("gpus") or 1
        count = (configuration.get("pyTorch") or {}).get("processCount") or nodes * each
    count = nodes if name == "PySpark" else count
    if count == 1:
        return None
    on = f" on {nodes} nodes" if 1 < nodes != count else ""
    who = "workers" if name in {"PySpark", "XGBoost"} else "processes"
    return f"{name if word == 'None' else f'{name}, {word}'}: {count} {who}{on}"


def _cluster_words(asked: Mapping[str, Any]) -> str:
    workers, servers = asked.get("workerCount", 1), asked.get("parameterServerCount", 1)
    chief = asked.get("chief")
    words = ["a chief"] if (servers > 0 if chief is None else chief) else []
    words.append("1 worker" if workers == 1 else f"{workers} workers")
    if not servers:
        return f"{' and '.join(words)}, without parameter servers (MultiWorkerMirroredStrategy)"
    last = "1 parameter server" if servers == 1 else f"{servers} parameter servers"
    return f"{', '.join(words)} and {last}"


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
