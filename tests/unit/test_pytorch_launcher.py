"""Framework PyTorch: how many processes, what they need, and what does not go together."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from jupyter_exec.launchers.elastic import AGENT
from jupyter_exec.launchers.pytorch import PyTorchLauncher
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address, Resources


def configuration(**fields: Any) -> RunConfiguration:
    defaults = {"script": "train.py", "framework": "PyTorch", "communicator": "Gloo"}
    return RunConfiguration.model_validate({**defaults, **fields})


@pytest.mark.parametrize(
    ("fields", "cpus", "gpus"),
    [
        ({}, 1, 0),
        ({"nodeCount": 3}, 3, 0),
        ({"nodeCount": 2, "pyTorch": {"processCount": 6}}, 6, 0),
        ({"nodeCount": 2, "resources": {"gpus": 4, "cpus": 2}}, 16, 8),  # a process for each GPU
        ({"pyTorch": {"processCount": 2}, "resources": {"gpus": 2}}, 2, 4),  # two GPUs for each
        ({"communicator": "Nccl"}, 1, 1),
        ({"communicator": "Nccl", "nodeCount": 2, "pyTorch": {"processCount": 4}}, 4, 4),
        ({"communicator": "Nccl", "nodeCount": 2, "resources": {"gpus": 2}}, 4, 4),
        ({"communicator": "Mpi", "mpi": {"processCountPerNode": 3}}, 3, 0),
    ],
)
def test_need_counts_the_whole_job(fields: dict[str, Any], cpus: int, gpus: int) -> None:
    need = PyTorchLauncher().need(configuration(**fields))
    assert (need.cpus, need.gpus) == (cpus, gpus)


@pytest.mark.parametrize(
    ("fields", "target", "words"),
    [
        (
            {"nodeCount": 2, "pyTorch": {"processCount": 3}},
            "pyTorch.processCount",
            ["3 processes", "2 nodes (nodeCount)"],
        ),
        (
            {"communicator": "None", "pyTorch": {"processCount": 2}},
            "pyTorch.processCount",
            ["2 processes", "Gloo, Nccl or Mpi"],
        ),
        (
            {"communicator": "None", "nodeCount": 2},
            "nodeCount",
            ["2 nodes", "Gloo, Nccl or Mpi"],
        ),
        (
            {"nodeCount": 2, "mpi": {"processCountPerNode": 4}},
            "pyTorch.processCount",
            ["mpi.processCountPerNode says 4", "8"],
        ),
        (
            {"communicator": "Mpi", "nodeCount": 2, "pyTorch": {"processCount": 3}},
            "pyTorch.processCount",
            ["3 processes", "mpi.processCountPerNode", "2"],
        ),
        (
            {"communicator": "Nccl", "pyTorch": {"communicationBackend": "Gloo"}},
            "pyTorch.communicationBackend",
            ["Gloo", "Nccl"],
        ),
        ({"communicator": "ParameterServer"}, "communicator", ["Gloo, Mpi, Nccl, None"]),
        ({"script": None}, "script", ["command"]),
    ],
)
def test_faults(fields: dict[str, Any], target: str, words: list[str]) -> None:
    (fault,) = PyTorchLauncher().faults(configuration(**fields))
    assert fault.target == f"configuration.{target}"
    for word in words:
        assert word in fault.message


@pytest.mark.parametrize("communicator", ["None", "Gloo", "Nccl", "Mpi"])
def test_what_azureml_core_sends_where_nobody_names_a_backend_is_no_fault(
    communicator: str,
) -> None:
    section = {"communicationBackend": "nccl", "processCount": None, "nodeCount": 1}
    asked = configuration(communicator=communicator, pyTorch=section)
    assert PyTorchLauncher().faults(asked) == []


def test_nccl_needs_gpus() -> None:
    launcher, nccl = PyTorchLauncher(), configuration(communicator="Nccl")
    (fault,) = launcher.faults_on(nccl, Resources(8))
    assert fault.target == "configuration.communicator"
    assert "use Gloo" in fault.message
    assert launcher.faults_on(nccl, Resources(8, gpus=1)) == []
    assert launcher.faults_on(configuration(), Resources(8)) == []


def test_nodes_of_one_machine_keep_to_its_loopback_interface() -> None:
    launcher, loopback = PyTorchLauncher(), "lo0" if sys.platform == "darwin" else "lo"
    own = {"environment": {"environmentVariables": {"GLOO_SOCKET_IFNAME": "eth7"}}}
    here = {("node", 0): Address("127.0.0.1", 5000)}
    told = launcher.replica_env(configuration(**own), here, ("node", 0))
    assert "GLOO_SOCKET_IFNAME" not in told
    assert told["NCCL_SOCKET_IFNAME"] == loopback
    there = {("node", 0): Address("node-0", 2222)}
    told = launcher.replica_env(configuration(), there, ("node", 1))
    assert told == {"NODE_RANK": "1", "PET_RDZV_ENDPOINT": "node-0:2222"}


def test_an_environment_without_torch_is_told_in_words() -> None:
    bare = [sys.executable, "-I", "-S"]  # the standard library only
    program = f"import sys, runpy; sys.path.insert(0, ''); runpy.run_path({str(AGENT)!r})"
    ended = subprocess.run([*bare, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [
        "the run's Python has no torch; install it, or name an environment that has it"
    ]
