"""The command line of spark-submit for a definition (floor: launchers; pure).

What only the run's own place can tell (where Spark is, the ports) is added by
`spark_runner/main.py`, before these words; of an option that is there twice Spark takes the later.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.launchers.base import Preparation
from jupyter_exec.launchers.commands import expand, posix_path, require_python
from jupyter_exec.launchers.spark_packages import package_words, why_unresolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration

RUNNER = Path(__file__).with_name("spark_runner") / "main.py"

_YARN_FOLDERS = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")
MEBIBYTE = 2**20
_LEAST_HEAP = 512  # Spark refuses less than 450 MiB
_HEAP_PERCENT = 60  # of a process; the rest is for Python, and what the JVM has besides


def runner_command(
    configuration: RunConfiguration, context: LaunchContext, *words: str
) -> tuple[str, ...]:
    """Return argv of the program that finds Spark and becomes it.

    It waits for the cluster's other processes first, as long as the definition says; one that ends
    is noticed at once.

    Raises:
        RunFailed: the image has no Python.
    """
    require_python(context.python)
    limit_s = str(configuration.start_timeout_seconds)
    return (context.python, str(RUNNER), limit_s, *words)


def submit_command(
    configuration: RunConfiguration, context: LaunchContext, ours: Sequence[str]
) -> tuple[str, ...]:
    """Return argv: `spark-submit`, our options, the definition's, the script and its arguments."""
    options = [*ours, *conf_words(_ivy(configuration, context))]
    options += conf_words(_own(configuration))
    options += package_words(configuration)
    script = posix_path(configuration.script or "")
    script = f"./{script}" if script.startswith("-") else script  # it is no option
    arguments = [expand(word, context.env) for word in configuration.arguments]
    return runner_command(configuration, context, "spark-submit", *options, script, *arguments)


def conf_words(settings: dict[str, str]) -> list[str]:
    """Return `--conf name=value` for each."""
    return [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]


def on_yarn(configuration: RunConfiguration) -> bool:
    """Tell whether a run is told of a YARN; clients send `hdi` whether there is one or not."""
    master = configuration.spark.configuration.get("spark.master")
    if master is not None:
        return master == "yarn"
    variables = configuration.environment.environment_variables
    return any(variables.get(name) for name in _YARN_FOLDERS)


def yarn_words(configuration: RunConfiguration) -> list[str]:
    """Return our options where YARN runs it; a node is an executor."""
    asked, resources = configuration.spark.configuration, configuration.resources
    words = ["--master", "yarn"]
    mode = configuration.hdi.yarn_deploy_mode.lower()
    if mode != "none" and "spark.submit.deployMode" not in asked:
        words += ["--deploy-mode", mode]
    ours = {}
    if configuration.node_count > 1:
        ours["spark.executor.instances"] = str(configuration.node_count)
    if resources.cpus is not None:
        ours["spark.executor.cores"] = str(cores(resources.cpus))
    if resources.memory is not None:
        ours["spark.executor.memory"] = heap(resources.memory)
    return words + conf_words(unless_asked(configuration, ours))


def unless_asked(configuration: RunConfiguration, ours: dict[str, str]) -> dict[str, str]:
    """Return those of our settings that the definition does not have."""
    asked = configuration.spark.configuration
    return {name: value for name, value in ours.items() if name not in asked}


def cores(cpus: float) -> int:
    """Return how many tasks may go on at a time."""
    return max(1, int(cpus))


def heap(memory_bytes: int) -> str:
    """Return the heap of a JVM whose process, with Python's below it, may have so much."""
    return f"{max(_LEAST_HEAP, memory_bytes * _HEAP_PERCENT // 100 // MEBIBYTE)}m"


def preparation(configuration: RunConfiguration, context: LaunchContext) -> Preparation | None:
    """Return how to have the packages resolved; spark-submit then finds them in Ivy's cache."""
    ivy = _ivy(configuration, context)
    if context.cache is None or not ivy:
        return None
    asked = configuration.spark.configuration
    ivy |= {name: value for name, value in asked.items() if name.startswith("spark.jars.")}
    words = ["--master", "local[1]", *conf_words(ivy), *package_words(configuration)]
    script = str(RUNNER.with_name("nothing.py"))
    command = runner_command(configuration, context, "spark-submit", *words, script)
    key = hashlib.sha256(json.dumps([context.python, *words]).encode()).hexdigest()[:32]
    return Preparation(
        f"spark-{key}",
        command,
        {"PYSPARK_PYTHON": context.python, "PYSPARK_DRIVER_PYTHON": context.python},
        why_unresolved,
    )


def _ivy(configuration: RunConfiguration, context: LaunchContext) -> dict[str, str]:
    """Return where Ivy keeps what it resolves; nothing where it may be as Spark has it."""
    section = configuration.environment.spark
    if not section.packages:
        return {}
    if context.cache is None:  # a container, whose user may have no home
        return unless_asked(configuration, {"spark.jars.ivy": "/tmp/ivy"})  # noqa: S108 - its own
    if section.precache_packages is False:
        return {}
    return unless_asked(configuration, {"spark.jars.ivy": f"{context.cache}/ivy"})


def _own(configuration: RunConfiguration) -> dict[str, str]:
    """Return the definition's settings, less those that are said by options."""
    said = set()
    if on_yarn(configuration):
        said.add("spark.master")
    section = configuration.environment.spark
    said |= {"spark.jars.packages"} if section.packages else set()
    said |= {"spark.jars.repositories"} if section.repositories else set()
    settings = configuration.spark.configuration
    return {name: value for name, value in settings.items() if name not in said}
