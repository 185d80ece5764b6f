"""How many processes a definition asks for, by the fields that say so (floor: launchers; pure).

Clients send the sections of all frameworks, with the counts that are the default: 1, or none. A
count above one that its launcher does not read is a mistake, and told before the run is stored:
its processes would be missing without a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Collection

    from jupyter_exec.launchers.base import Launcher
    from jupyter_exec.model.definition import RunConfiguration

MOST_REPLICAS = 500
"""Of a job: each is a process, and is told of all the others."""

MOST_RANKS = 1000
"""Of a job whose processes a program of the framework starts: each is a process with a log."""

_GPUS = "resources.gpus"
_OPTIONS = {
    "nodeCount": " (--nodes)",
    "pyTorch.processCount": " (--processes)",
    "mpi.processCountPerNode": " (--processes)",
    "tensorflow.workerCount": " (--processes)",
}


def counts_of(configuration: RunConfiguration) -> dict[str, int]:
    """Return how many nodes or processes are asked for, by field."""
    return {
        "nodeCount": configuration.node_count,
        "tensorflow.workerCount": configuration.tensorflow.worker_count,
        "tensorflow.parameterServerCount": configuration.tensorflow.parameter_server_count,
        "pyTorch.processCount": configuration.pytorch.process_count or 1,
        "mpi.processCountPerNode": configuration.mpi.process_count_per_node,
    }


def counts_above_one(
    configuration: RunConfiguration, communicators: Collection[str]
) -> dict[str, int]:
    """Return how many nodes or processes are asked for, by the fields that these would read.

    Args:
        communicators: that the framework has.
    """
    fields = ["nodeCount"]
    fields += ["tensorflow.workerCount"] if "ParameterServer" in communicators else []
    fields += ["pyTorch.processCount"] if "Gloo" in communicators else []
    fields += ["mpi.processCountPerNode"] if "Mpi" in communicators else []
    counts = counts_of(configuration)
    return {field: counts[field] for field in fields if counts[field] > 1}


def crowd_word(field: str) -> str:
    """Return what such a field counts."""
    return "nodes" if field == "nodeCount" else "processes"


def crowd_faults(
    configuration: RunConfiguration,
    count: int,
    fields: Collection[str],
    most: int = MOST_REPLICAS,
) -> list[Fault]:
    """Return the fault of a job with too many processes, at the largest number that makes them.

    Args:
        configuration: what was asked.
        count: of the processes.
        fields: that say how many, `resources.gpus` too where each has a process.
        most: that there may be.
    """
    if count <= most:
        return []
    counts = {**counts_of(configuration), _GPUS: configuration.resources.gpus}
    field = max(fields, key=counts.__getitem__)
    message = f"{count} processes are too many: a run has at most {most} together"
    return [Fault(f"configuration.{field}", message)]


def count_faults(configuration: RunConfiguration, launcher: Launcher) -> list[Fault]:
    """Return the faults of counts that nothing reads, and of nodes that are too many.

    For launchers of plug-ins, too, which need not look for either by themselves.
    """
    chosen = launcher.chosen(configuration)
    reads = launcher.communicators().get(configuration.communicator, chosen.counts)
    counts = counts_of(configuration)
    faults = [
        Fault(f"configuration.{field}", _unread(configuration, launcher, field, reads))
        for field, count in counts.items()
        if count > 1 and field not in (*reads, *chosen.judges)
    ]
    count = 1
    for field in {"nodeCount", "mpi.processCountPerNode"}.intersection(reads):
        count *= counts[field]
    return faults + (crowd_faults(configuration, count, reads, chosen.most) if count > 1 else [])


def _unread(
    configuration: RunConfiguration, launcher: Launcher, field: str, reads: Collection[str]
) -> str:
    """Say what to do instead of this."""
    who = f"framework {configuration.framework}"
    if configuration.communicator != "None" or len(launcher.communicators()) > 1:
        who += f" with communicator {configuration.communicator}"
    says = f"it says {counts_of(configuration)[field]}, and {who}"
    if reads:
        names = " and ".join(f"{name}{_OPTIONS.get(name, '')}" for name in reads)
        return f"{says} does not read it: set {names} instead, and leave this out"
    others = [name for name, fields in launcher.communicators().items() if field in fields]
    more = f"; with communicator {' or '.join(others)} it is read" if others else ""
    return f"{says} has one process: it must be 1{more}"
