"""One process that runs a script or a command (floor: launchers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import command_faults, command_of, python_of
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Role

if TYPE_CHECKING:
    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration


class ScriptLauncher(Launcher):
    """Communicator None: the process talks to nobody."""

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere, several nodes."""
        faults = command_faults(configuration)
        if configuration.node_count != 1:
            message = (
                f"{configuration.node_count} nodes need a communicator, by which their processes "
                "find each other; without one it must be 1"
            )
            faults.append(Fault("configuration.nodeCount", message))
        return faults

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return one role, `main`, with one process.

        Raises:
            RunFailed: it is a script of Python's, and the image has no Python.
        """
        role = Role(
            name="main",
            command=command_of(configuration, context),
            env=thread_variables(configuration, context.env),
            resources=configuration.resources.need(),
        )
        return Job(
            (role,),
            dict(context.env),
            configuration.max_run_duration_seconds,
            python=python_of(configuration, context),  # so that `python train.py` is the one asked
        )
