"""Communicators Gloo and Nccl: the nodes of a PyTorch job, each a torchrun (floor: launchers).

What is started on each node is `torch_agent/main.py`, whose docstring has the words. In a container
its folder is mounted into it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import (
    command_faults,
    command_of,
    job_of,
    require_python,
)
from jupyter_exec.launchers.counts import MOST_RANKS, crowd_faults
from jupyter_exec.launchers.ranks import rank_command
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Mount, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Replica, Resources

AGENT = Path(__file__).with_name("torch_agent") / "main.py"

_ROLE = "node"
_INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME", "TP_SOCKET_IFNAME")
_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


class ElasticLauncher(Launcher):
    """`nodeCount` nodes, and `processCount` ranks in all.

    Args:
        needs_gpus: each rank has a GPU of its own.
    """

    counts = ("nodeCount", "pyTorch.processCount")
    judges = ("mpi.processCountPerNode",)
    most = MOST_RANKS

    def __init__(self, *, needs_gpus: bool = False) -> None:
        self._needs_gpus = needs_gpus

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere, uneven nodes."""
        faults = command_faults(configuration)
        count, nodes = configuration.pytorch.process_count, configuration.node_count
        if count is not None and count % nodes:
            message = (
                f"{count} processes cannot be divided among {nodes} nodes (nodeCount); "
                f"give a multiple of {nodes}"
            )
            faults.append(Fault("configuration.pyTorch.processCount", message))
        unread = configuration.mpi.process_count_per_node
        if unread > 1 and count != nodes * unread:
            message = (
                f"mpi.processCountPerNode says {unread}, which counts with communicator Mpi only; "
                f"say here how many there are on all nodes together: {nodes * unread}"
            )
            faults.append(Fault("configuration.pyTorch.processCount", message))
        processes = nodes * self._processes(configuration)
        fields = (*self.counts, "resources.gpus") if count is None else self.counts
        return faults + crowd_faults(configuration, processes, fields, self.most)

    def faults_on(self, configuration: RunConfiguration, capacity: Resources) -> list[Fault]:
        """Return the fault of a target without GPUs, where they are needed."""
        if not self._needs_gpus or capacity.gpus:
            return []
        message = (
            f"target {configuration.target!r} has no GPU, and with Nccl each process needs one; "
            "use Gloo"
        )
        return [Fault("configuration.communicator", message)]

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what all nodes need together."""
        return self._node_need(configuration).times(configuration.node_count)

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return one role, `node`; its ranks have logs of their own.

        Raises:
            RunFailed: the image has no Python.
        """
        require_python(context.python)
        nodes, each = configuration.node_count, self._processes(configuration)
        command = (
            context.python,
            "-u",
            str(AGENT),
            context.failed,
            str(configuration.start_timeout_seconds),
            f"--nnodes={nodes}",
            f"--nproc-per-node={each}",
            f"--max-restarts={configuration.pytorch.max_restarts}",
            "--rdzv-backend=nodes",
            "--rdzv-id=run",
            f"--log-dir={PurePosixPath(context.failed).parent / 'torchelastic'}",
            "--no-python",
            *rank_command(command_of(configuration, context), context),
        )
        role = Role(
            _ROLE,
            command,
            replicas=nodes,
            env=thread_variables(configuration, context.env, nodes * each),
            resources=self._node_need(configuration),
            listens=True,
        )
        return job_of(
            (role,),
            configuration,
            context,
            mounts=(Mount(str(AGENT.parent)),),
        )

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return where the first node is, and which this one is.

        All on one machine keep to its loopback interface, unless the run says something else.
        """
        first = addresses[_ROLE, 0]
        told = {"NODE_RANK": str(replica[1]), "PET_RDZV_ENDPOINT": str(first)}
        if first.host.startswith("127."):
            own = configuration.environment.environment_variables
            told.update({name: _LOOPBACK for name in _INTERFACES if name not in own})
        return told

    def _processes(self, configuration: RunConfiguration) -> int:
        """Return how many processes a node has; those given are the whole job's."""
        count = configuration.pytorch.process_count
        if count is None:
            return max(1, configuration.resources.gpus)  # those of a node: a process for each
        return count // configuration.node_count

    def _node_need(self, configuration: RunConfiguration) -> Resources:
        each = self._processes(configuration)
        gpus = configuration.resources.gpus
        if configuration.pytorch.process_count is not None:
            gpus *= each
        if self._needs_gpus:
            gpus = max(gpus, each)
        return replace(configuration.resources.need().times(each), gpus=gpus)
