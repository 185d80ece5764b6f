"""Framework Cntk (floor: launchers).

Its scripts are Python's. CNTK is its own communicator: under mpirun it finds its ranks through
libmpi, and asks for nothing more.
"""

from __future__ import annotations

from jupyter_exec.launchers.framework import FrameworkLauncher
from jupyter_exec.launchers.mpi import MpiLauncher
from jupyter_exec.launchers.script import ScriptLauncher


class CntkLauncher(FrameworkLauncher):
    """A script or a command, alone or as the ranks of MPI."""

    by_communicator = {"None": ScriptLauncher("Mpi"), "Mpi": MpiLauncher()}  # noqa: RUF012 - a table
