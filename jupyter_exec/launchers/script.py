"""One process that runs a script or a command (floor: launchers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import command_faults, command_of, job_of
from jupyter_exec.launchers.counts import counts_above_one, crowd_word
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Role

if TYPE_CHECKING:
    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration


class ScriptLauncher(Launcher):
    """Communicator None: the process talks to nobody.

    Args:
        communicators: that the framework has for several processes, the usual one first.
    """

    counts = ()

    def __init__(self, *communicators: str) -> None:
        self._communicators = communicators

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere, several processes."""
        return command_faults(configuration) + [
            Fault(f"configuration.{field}", self._crowd(field, count))
            for field, count in counts_above_one(configuration, self._communicators).items()
        ]

    def _crowd(self, field: str, count: int) -> str:
        who = crowd_word(field)
        if not self._communicators:
            return f"there is no communicator for {count} {who}; it must be 1"
        *others, last = self._communicators
        words = f"{', '.join(others)} or {last}" if others else last
        return (
            f"{count} {who} need a communicator, by which they find each other: {words}; without "
            "one it must be 1"
        )

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
        return job_of(
            (role,),
            configuration,
            context,
        )
