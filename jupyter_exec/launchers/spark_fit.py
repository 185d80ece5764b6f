"""Whether executors fit into the workers of a cluster of the run's own (floor: launchers; pure).

Spark's master starts an executor where a worker has its memory and its cores free
(deploy/master/Master.scala, `canLaunchExecutor`); memory is `spark.executor.memory` alone. Where no
worker is ever large enough, the driver waits for ever and only warns of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.spark_submit import MEBIBYTE, cores, heap

if TYPE_CHECKING:
    from jupyter_exec.model.definition import RunConfiguration

_FIELD = "configuration.spark.configuration"
_MEMORY = "spark.executor.memory"
_OWN_MIB = 1024  # what a worker leaves to the machine, and has at least, where nobody says more
_SIZE = re.compile(r"(\d{1,15})\s*([bkmgtp]?)b?", re.IGNORECASE)
_POWERS = {"b": 0, "k": 1, "": 2, "m": 2, "g": 3, "t": 4, "p": 5}


def fit_faults(configuration: RunConfiguration) -> list[Fault]:
    """Return the faults of executors and tasks that are larger than a worker of the definition."""
    return _core_faults(configuration) + _memory_faults(configuration)


def fit_faults_on(configuration: RunConfiguration, memory_bytes: int | None) -> list[Fault]:
    """Return the fault of executors that are larger than a worker of which nobody says how large.

    Args:
        memory_bytes: of the target; None = unknown.
    """
    variables = configuration.environment.environment_variables
    asked = _asked_mib(configuration)
    said = configuration.resources.memory is not None or "SPARK_WORKER_MEMORY" in variables
    if said or asked is None or memory_bytes is None:
        return []
    has = max(_OWN_MIB, memory_bytes // MEBIBYTE - _OWN_MIB)
    whence = f"on target {configuration.target!r}, all memory but 1 GiB"
    return [_too_much(configuration, has, whence)] if asked > has else []


def _memory_faults(configuration: RunConfiguration) -> list[Fault]:
    memory = configuration.resources.memory
    if memory is None:
        return []
    has, asked = memory // MEBIBYTE, _asked_mib(configuration)
    if _MEMORY in configuration.spark.configuration:
        is_too_much = asked is not None and asked > has
        return [_too_much(configuration, has, "resources.memory")] if is_too_much else []
    least = _mib(heap(memory)) or 0
    if least <= has:
        return []
    message = (
        f"a worker with {has} MiB has no room for an executor of Spark's, which needs {least} MiB "
        "at least; ask for more"
    )
    return [Fault("configuration.resources.memory", message)]


def _too_much(configuration: RunConfiguration, has: int, whence: str) -> Fault:
    message = (
        f"{_MEMORY} is {configuration.spark.configuration[_MEMORY]}, and a worker has {has} MiB "
        f"({whence}), so Spark would wait for ever; set it to {has}m or less, or resources.memory "
        "(what a node has) to more"
    )
    return Fault(_FIELD, message)


def _core_faults(configuration: RunConfiguration) -> list[Fault]:
    """Return the first fault of cores; Spark itself tells of values that are no numbers."""
    has = cores(configuration.resources.need().cpus)
    total = _count(configuration, "spark.cores.max") or has * configuration.node_count
    executor = _count(configuration, "spark.executor.cores")
    task = _count(configuration, "spark.task.cpus") or 1
    each = executor or min(has, total)
    if executor is not None and executor > has:
        name, asked, limit, whose = "spark.executor.cores", executor, has, "a worker has"
    elif executor is not None and executor > total:
        name, asked, limit, whose = "spark.executor.cores", executor, total, "spark.cores.max is"
    elif task > each:
        name, asked, limit, whose = "spark.task.cpus", task, each, "an executor has"
    else:
        return []
    message = (
        f"{name} is {asked}, and {whose} {limit}, so Spark would wait for ever; set it to "
        f"{limit} or less, or resources.cpus (what a node has) to more"
    )
    return [Fault(_FIELD, message)]


def _count(configuration: RunConfiguration, name: str) -> int | None:
    text = configuration.spark.configuration.get(name, "").strip()
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < len("1000000000") else None
    )


def _asked_mib(configuration: RunConfiguration) -> int | None:
    return _mib(configuration.spark.configuration.get(_MEMORY, ""))


def _mib(text: str) -> int | None:
    """Return a size as Spark reads it (JavaUtils.byteStringAs), in MiB; None where it is none."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    return int(found[1]) << 10 * _POWERS[found[2].lower()] >> 20
