"""Our own launchers keep the contract that plug-ins are tested by."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from jupyter_exec.launchers.cntk import CntkLauncher
from jupyter_exec.launchers.experiment import ExperimentLauncher
from jupyter_exec.launchers.notebook import NotebookLauncher
from jupyter_exec.launchers.pyspark import PySparkLauncher
from jupyter_exec.launchers.python import PythonLauncher
from jupyter_exec.launchers.pytorch import PyTorchLauncher
from jupyter_exec.launchers.tensorflow import TensorFlowLauncher
from jupyter_exec.launchers.xgboost import XGBoostLauncher
from jupyter_exec.model.job import Job, Role
from jupyter_exec.testing import LauncherContract


class TestPython(LauncherContract):
    launcher = PythonLauncher()
    definitions: ClassVar = (
        {"script": "train.py", "arguments": ["1"]},
        {"command": "echo $A"},
        {"script": "train.py", "communicator": "Mpi", "mpi": {"processCountPerNode": 3}},
    )
    faulty: ClassVar = (
        ({"script": "../x.py"}, "configuration.script"),
        ({"script": "x.ipynb"}, "configuration.script"),
        ({"script": "x.py", "nodeCount": 2}, "configuration.nodeCount"),
        (
            {"script": "x.py", "mpi": {"processCountPerNode": 4}},
            "configuration.mpi.processCountPerNode",
        ),
        ({"script": "x.py", "communicator": "Gloo"}, "configuration.communicator"),
    )
    files: ClassVar = {"train.py": "import os, sys\nassert os.environ['A'] == sys.argv[1]\n"}


class TestNotebook(LauncherContract):
    launcher = NotebookLauncher()
    definitions: ClassVar = ({"script": "n.ipynb", "parameters": {"x": 1}},)
    faulty: ClassVar = (
        ({"script": "n.ipynb", "communicator": "Mpi"}, "configuration.communicator"),
    )


class TestExperiment(LauncherContract):
    launcher = ExperimentLauncher()
    definitions: ClassVar = (
        {
            "experiment": {
                "meta": {"framework": "TensorFlow", "cmd": "true"},
                "spec": {"Ps": {"replicas": 2}, "Worker": {"replicas": 3}},
            }
        },
        {
            "experiment": {
                "meta": {"framework": "PyTorch", "cmd": "true"},
                "spec": {"Master": {"replicas": 1}, "Worker": {"replicas": 3}},
            }
        },
    )


class TestPyTorch(LauncherContract):
    launcher = PyTorchLauncher()
    definitions: ClassVar = tuple(
        {"framework": "PyTorch", "script": "train.py", **more}
        for more in (
            {},
            {"communicator": "Gloo", "nodeCount": 2, "pyTorch": {"processCount": 4}},
            {"communicator": "Nccl", "pyTorch": {"processCount": 2}},
            {"communicator": "Mpi", "mpi": {"processCountPerNode": 2}},
        )
    )
    faulty: ClassVar = (
        ({"script": "x.py", "communicator": "ParameterServer"}, "configuration.communicator"),
        (
            {"script": "x.py", "communicator": "Gloo", "nodeCount": 2}
            | {"pyTorch": {"processCount": 3}},
            "configuration.pyTorch.processCount",
        ),
    )


class TestTensorFlow(LauncherContract):
    launcher = TensorFlowLauncher()
    definitions: ClassVar = tuple(
        {"framework": "TensorFlow", "script": "train.py", **more}
        for more in (
            {},
            {"communicator": "ParameterServer", "tensorflow": {"workerCount": 2}},
            {"communicator": "ParameterServer", "tensorflow": {"parameterServerCount": 0}},
            {"communicator": "Mpi", "mpi": {"processCountPerNode": 2}},
        )
    )
    faulty: ClassVar = (
        ({"script": "x.py", "communicator": "Nccl"}, "configuration.communicator"),
        (
            {"script": "x.py", "tensorflow": {"workerCount": 4}},
            "configuration.tensorflow.workerCount",
        ),
    )


class TestXGBoost(LauncherContract):
    launcher = XGBoostLauncher()
    definitions: ClassVar = (
        {"framework": "XGBoost", "script": "train.py"},
        {"framework": "XGBoost", "script": "train.py", "mpi": {"processCountPerNode": 3}},
    )
    faulty: ClassVar = (({"script": "x.py", "communicator": "Gloo"}, "configuration.communicator"),)


class TestPySpark(LauncherContract):
    launcher = PySparkLauncher()
    definitions: ClassVar = (
        {"framework": "PySpark", "script": "train.py"},
        {"framework": "PySpark", "script": "train.py", "nodeCount": 2},
    )
    faulty: ClassVar = (({"script": "x.py", "communicator": "Nccl"}, "configuration.communicator"),)


class TestCntk(LauncherContract):
    launcher = CntkLauncher()
    definitions: ClassVar = (
        {"framework": "Cntk", "script": "train.py"},
        {"framework": "Cntk", "script": "train.py", "communicator": "Mpi"},
    )
    faulty: ClassVar = (({"script": "x.py", "communicator": "Gloo"}, "configuration.communicator"),)


class Careless(PythonLauncher):
    """Forgets the run's variables, counts too little, and looks at the disk."""

    def plan(self, *_: Any) -> Job:
        Path(__file__).open().close()
        return Job((Role("Main", (), replicas=2),), deciders=frozenset({("chief", 0)}))


@pytest.mark.parametrize(
    "test",
    [
        "planning_touches_nothing",
        "roles_have_names_and_commands",
        "the_run_keeps_its_variables",
        "somebody_decides",
        "admission_counts_the_whole_job",
    ],
)
def test_the_contract_finds_what_is_wrong(test):
    contract = TestPython()
    contract.launcher = Careless()
    with pytest.raises(AssertionError):
        getattr(contract, f"test_{test}")()
