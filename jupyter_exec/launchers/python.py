"""Framework Python (floor: launchers)."""

from __future__ import annotations

from jupyter_exec.launchers.framework import FrameworkLauncher
from jupyter_exec.launchers.mpi import MpiLauncher
from jupyter_exec.launchers.script import ScriptLauncher


class PythonLauncher(FrameworkLauncher):
    """A script or a command, alone or as the ranks of MPI."""

    by_communicator = {"None": ScriptLauncher("Mpi"), "Mpi": MpiLauncher()}  # noqa: RUF012 - a table
