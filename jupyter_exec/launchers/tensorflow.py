"""Framework TensorFlow (floor: launchers).

Communicator ParameterServer starts chief, workers and parameter servers, which find each other by
TF_CONFIG as TensorFlow's `TFConfigClusterResolver` reads it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import command_faults, command_of, job_of, told_later
from jupyter_exec.launchers.counts import crowd_faults
from jupyter_exec.launchers.framework import FrameworkLauncher
from jupyter_exec.launchers.mpi import MpiLauncher
from jupyter_exec.launchers.script import ScriptLauncher
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.errors import Fault
    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Replica, Resources

_CHIEF, _WORKER, _SERVER = "chief", "worker", "ps"
_TOLD = ("AZ_BATCHAI_TASK_INDEX", "AZ_BATCHAI_WORKER_HOSTS", "AZ_BATCHAI_PS_HOSTS")


class ClusterLauncher(Launcher):
    """Communicator ParameterServer: `workerCount` workers, `parameterServerCount` servers, a chief.

    Where there are servers, TensorFlow 2 wants a chief: it alone decides when all is over, since
    workers and servers never end. A script in TensorFlow 1's way has worker 0 lead, and sets
    `tensorflow.chief` to false; all workers decide then. Without servers all workers are equal
    (MultiWorkerMirroredStrategy), and all decide.
    """

    counts = ("tensorflow.workerCount", "tensorflow.parameterServerCount")
    judges = ("nodeCount",)  # clients tell the machines, and the processes besides

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere, too many processes."""
        count = sum(_cluster(configuration).values())
        return command_faults(configuration) + crowd_faults(configuration, count, self.counts)

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what all processes need together."""
        roles = [
            Role(name, (), count, resources=_share(configuration, name))
            for name, count in _cluster(configuration).items()
        ]
        return Job(tuple(roles)).need()

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return a role for each of chief, worker and ps; all run the same command.

        Raises:
            RunFailed: it is a script of Python's, and the image has no Python.
        """
        cluster = _cluster(configuration)
        command = told_later(command_of(configuration, context), _TOLD)
        env = thread_variables(configuration, context.env, sum(cluster.values()))
        roles = tuple(
            Role(
                name,
                command,
                count,
                env=env,
                resources=_share(configuration, name),
                listens=True,
                # The chief of a cluster with servers only talks to the others.
                serves=name != _CHIEF or _SERVER not in cluster,
            )
            for name, count in cluster.items()
        )
        return job_of(
            roles,
            configuration,
            context,
            deciders=_deciders(cluster),
        )

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return TF_CONFIG, and the same in the words of Azure's Batch AI."""
        cluster = _cluster(configuration)
        hosts = {
            name: ",".join(str(addresses[name, index]) for index in range(count))
            for name, count in cluster.items()
        }
        return {
            "TF_CONFIG": tf_config(cluster, addresses, replica),
            "AZ_BATCHAI_TASK_INDEX": str(replica[1]),
            "AZ_BATCHAI_WORKER_HOSTS": hosts[_WORKER],
            "AZ_BATCHAI_PS_HOSTS": hosts.get(_SERVER, ""),
        }


class TensorFlowLauncher(FrameworkLauncher):
    """A script, a cluster that TF_CONFIG describes, or ranks of MPI (Horovod)."""

    by_communicator = {  # noqa: RUF012 - a table
        "None": ScriptLauncher("ParameterServer", "Mpi"),
        "ParameterServer": ClusterLauncher(),
        "Mpi": MpiLauncher(),
    }


def tf_config(
    cluster: Mapping[str, int], addresses: Mapping[Replica, Address], replica: Replica
) -> str:
    """Return TF_CONFIG for a replica.

    Args:
        cluster: how many there are of each role.
        addresses: of all of them.
        replica: whom it is for.
    """
    role, index = replica
    config = {
        "cluster": {
            name: [str(addresses[name, place]) for place in range(count)]
            for name, count in cluster.items()
        },
        "task": {"type": role, "index": index},
        "environment": "cloud",
    }
    return json.dumps(config, separators=(",", ":"))


def _cluster(configuration: RunConfiguration) -> dict[str, int]:
    """Return how many there are of each role, of those that there are."""
    asked = configuration.tensorflow
    servers = asked.parameter_server_count
    chief = servers > 0 if asked.chief is None else asked.chief
    cluster = {_CHIEF: int(chief), _WORKER: asked.worker_count, _SERVER: servers}
    return {name: count for name, count in cluster.items() if count}


def _share(configuration: RunConfiguration, role: str) -> Resources:
    """Return what one process of a role needs; a parameter server has no use for a GPU."""
    need = configuration.resources.need()
    return replace(need, gpus=0) if role == _SERVER else need


def _deciders(cluster: Mapping[str, int]) -> frozenset[Replica]:
    """Return whose end is the job's."""
    leading = [_CHIEF, _WORKER] if _SERVER not in cluster else [_CHIEF]
    names = [name for name in leading if name in cluster] or [_WORKER]
    return frozenset((name, index) for name in names for index in range(cluster[name]))
