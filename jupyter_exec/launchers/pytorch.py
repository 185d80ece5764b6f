"""Framework PyTorch (floor: launchers)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.elastic import ElasticLauncher
from jupyter_exec.launchers.framework import FrameworkLauncher
from jupyter_exec.launchers.mpi import MpiLauncher
from jupyter_exec.launchers.script import ScriptLauncher

if TYPE_CHECKING:
    from jupyter_exec.model.definition import RunConfiguration

_COUNT = "configuration.pyTorch.processCount"
_UNSAID = "nccl"  # what azureml-core sends as the backend where nobody names one


class _Ranks(MpiLauncher):
    """Communicator Mpi, whose processes are counted by node."""

    judges = ("pyTorch.processCount",)

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: two numbers of processes, among others."""
        faults = super().faults(configuration)
        count = configuration.pytorch.process_count
        ranks = configuration.node_count * configuration.mpi.process_count_per_node
        if count is not None and count != ranks:
            message = (
                f"it says {count} processes, and nodeCount times mpi.processCountPerNode says "
                f"{ranks}; with Mpi the latter counts, so leave this out"
            )
            faults.append(Fault(_COUNT, message))
        return faults


class PyTorchLauncher(FrameworkLauncher):
    """A script or a command, alone, as ranks of torchrun, or as ranks of MPI."""

    by_communicator = {  # noqa: RUF012 - a table
        "None": ScriptLauncher("Gloo", "Nccl", "Mpi"),
        "Gloo": ElasticLauncher(),
        "Nccl": ElasticLauncher(needs_gpus=True),
        "Mpi": _Ranks(),
    }

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong, with a backend that is not the communicator among it."""
        faults = super().faults(configuration)
        backend = configuration.pytorch.communication_backend or ""
        communicator = configuration.communicator
        if backend.lower() not in ("", _UNSAID, communicator.lower()):
            message = f"it says {backend}, and communicator says {communicator}; name the same"
            faults.append(Fault("configuration.pyTorch.communicationBackend", message))
        return faults
