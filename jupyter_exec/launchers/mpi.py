"""Communicator Mpi: ranks that mpirun starts (floor: launchers).

Everything is said in variables rather than options, since Open MPI and MPICH know different ones;
what an implementation does not know it ignores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import command_faults, command_of, python_of
from jupyter_exec.launchers.ranks import rank_command
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Role

if TYPE_CHECKING:
    from jupyter_exec.errors import Fault
    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Resources

_VARIABLES = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # admission counts the processors, not mpirun
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",  # Open MPI 5
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}


class MpiLauncher(Launcher):
    """`nodeCount` x `processCountPerNode` ranks."""

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere."""
        return command_faults(configuration)

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what all ranks need together."""
        return configuration.resources.need().times(_ranks(configuration))

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return one role, `mpirun`; its ranks have logs of their own.

        Raises:
            RunFailed: it is a script of Python's, and the image has no Python.
        """
        ranks = _ranks(configuration)
        command = rank_command(command_of(configuration, context), context)
        role = Role(
            "mpirun",
            ("mpirun", "-np", str(ranks), *command),
            env={**_VARIABLES, **thread_variables(configuration, context.env, ranks)},
            resources=self.need(configuration),
        )
        return Job(
            (role,),
            dict(context.env),
            configuration.max_run_duration_seconds,
            python=python_of(configuration, context),
        )


def _ranks(configuration: RunConfiguration) -> int:
    return configuration.node_count * configuration.mpi.process_count_per_node
