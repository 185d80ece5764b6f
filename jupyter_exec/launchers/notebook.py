"""A notebook as a run: nbclient in the server's interpreter, the kernel in the run's.

Floor: launchers. What is started is `notebook_runner/main.py`, whose docstring has the words. In a
container both are the image's, and the runner's folder is mounted into it.
"""

from __future__ import annotations

import json
import keyword
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import posix_path, require_python, script_faults
from jupyter_exec.launchers.counts import counts_above_one, crowd_word
from jupyter_exec.launchers.framework import communicator_faults
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Mount, Role, Standby

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration

RUNNER = Path(__file__).with_name("notebook_runner") / "main.py"

# Whose sections count processes, by framework; of all others it is the section `mpi`.
_COUNTING = {"PyTorch": ("Gloo", "Mpi"), "TensorFlow": ("ParameterServer", "Mpi")}
_PARAMETER = re.compile(r"[^\W\d][\w.]*")
# What a process reads once, when it starts; a kernel that is ready has read it.
_READ_AT_START = re.compile(
    r"PYTHON|LD_|DYLD_|LC_|LANG|MALLOC_|GLIBC_|IPYTHON|JUPYTER_(?!EXEC_)|HOME$"
)
_HARMLESS = {"PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE"}


class NotebookLauncher(Launcher):
    """Executes a notebook; the executed one is `outputs/<its name>`."""

    counts = ()

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: the script, a communicator, several processes, arguments, names."""
        faults = communicator_faults(configuration, frozenset({"None"}))
        faults += script_faults(configuration.script) + _crowd_faults(configuration)
        if configuration.arguments:
            message = "a notebook takes parameters, not arguments"
            faults.append(Fault("configuration.arguments", message))
        for name in configuration.parameters:
            if not _PARAMETER.fullmatch(name):
                message = f"{name!r} cannot be a variable's name"
                faults.append(Fault("configuration.parameters", message))
        for name in configuration.secret_parameters:
            if not name.isidentifier() or keyword.iskeyword(name):
                message = f"{name!r} cannot be a variable's name in Python"
                faults.append(Fault("configuration.secretParameters", message))
        return faults

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return one role, `main`, with the runner; a waiting kernel may serve it.

        Raises:
            RunFailed: the image has no Python.
        """
        require_python(context.server_python)
        notebook = posix_path(configuration.script or "")
        spec: dict[str, Any] = {
            "notebook": notebook,
            "output": f"outputs/{PurePosixPath(notebook).name}",
            "kernel": context.kernel,
            "python": context.python,
            "parameters": configuration.parameters,
        }
        if configuration.secret_parameters:
            spec["secret_parameters"] = configuration.secret_parameters
        role = Role(
            name="main",
            command=_command(context, json.dumps(spec)),
            env=thread_variables(configuration, context.env),
            resources=configuration.resources.need(),
            standby=_standby(context),
        )
        limit_s = configuration.max_run_duration_seconds
        return Job((role,), dict(context.env), limit_s, mounts=(Mount(str(RUNNER.parent)),))


def _crowd_faults(configuration: RunConfiguration) -> list[Fault]:
    """Return the faults of counts above one: a kernel is one process."""
    communicators = _COUNTING.get(configuration.framework, ("Mpi",))
    return [
        Fault(
            f"configuration.{field}",
            f"a notebook runs in one kernel, so it must be 1; export the notebook as a script "
            f"to run it as {count} {crowd_word(field)}",
        )
        for field, count in counts_above_one(configuration, communicators).items()
    ]


def _command(context: LaunchContext, *words: str) -> tuple[str, ...]:
    """Return the runner's argv; -I keeps the run's PYTHON* and folder away from nbclient."""
    return (context.server_python, "-I", str(RUNNER), *words)


def _standby(context: LaunchContext) -> Standby | None:
    """Return how to have a kernel ready; None where the run's variables would come too late."""
    if _too_late(context.env):
        return None
    choice: dict[str, Any] = {"kernel": context.kernel, "python": context.python}
    key = f"notebook {context.server_python} {context.kernel or context.python}"
    return Standby(key, _command(context, "--standby", json.dumps(choice)))


def _too_late(env: Mapping[str, str]) -> bool:
    return any(_READ_AT_START.match(name) and name not in _HARMLESS for name in env)
