"""Counts of processes: which a launcher reads, and how many are too many; for plug-ins too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.counts import count_faults
from jupyter_exec.launchers.notebook import NotebookLauncher
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Job, Role
from jupyter_exec.services.ways import Ways
from jupyter_exec.store.paths import DataPaths

if TYPE_CHECKING:
    from jupyter_exec.errors import Fault
    from jupyter_exec.launchers.base import LaunchContext

WAYS = Ways(DataPaths(Path("/data")), {})
RANKS = "set nodeCount (--nodes) and mpi.processCountPerNode (--processes) instead"
SECTIONS = {  # as azureml-core sends them, whatever is asked for
    "nodeCount": 1,
    "mpi": {"processCountPerNode": 1},
    "pyTorch": {"processCount": None, "communicationBackend": "nccl"},
    "tensorflow": {"workerCount": 1, "parameterServerCount": 1},
}


class Plain(Launcher):
    """A plug-in that looks for nothing by itself."""

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        return Job((Role("shard", ("true",), configuration.node_count),), dict(context.env))


class Alone(Plain):
    """A plug-in of one process."""

    counts = ()


def told(framework: str, communicator: str = "None", **fields: Any) -> list[Fault]:
    """Return what is told of counts, by the launcher itself or by the check of all."""
    fields = {"framework": framework, "communicator": communicator, "script": "a.py", **fields}
    asked = RunConfiguration.model_validate(fields)
    launcher: Launcher = {"plain": Plain(), "alone": Alone()}.get(framework) or WAYS.launcher(asked)
    return list(dict.fromkeys(launcher.faults(asked) + count_faults(asked, launcher)))


@pytest.mark.parametrize(
    ("framework", "communicator", "field", "section", "said"),
    [
        (
            "TensorFlow",
            "Mpi",
            "tensorflow.workerCount",
            {"tensorflow": {"workerCount": 2}},
            f"it says 2, and framework TensorFlow with communicator Mpi does not read it: {RANKS}",
        ),
        (
            "TensorFlow",
            "ParameterServer",
            "mpi.processCountPerNode",
            {"mpi": {"processCountPerNode": 3}},
            (
                "does not read it: set tensorflow.workerCount (--processes) and "
                "tensorflow.parameterServerCount instead, and leave this out"
            ),
        ),
        (
            "PySpark",
            "None",
            "mpi.processCountPerNode",
            {"mpi": {"processCountPerNode": 3}},
            "framework PySpark does not read it: set nodeCount (--nodes) instead",
        ),
        (
            "XGBoost",
            "None",
            "pyTorch.processCount",
            {"pyTorch": {"processCount": 3}},
            f"framework XGBoost does not read it: {RANKS}",
        ),
        (
            "PyTorch",
            "Mpi",
            "pyTorch.processCount",
            {"pyTorch": {"processCount": 3}},
            "it says 3 processes, and nodeCount times",
        ),
        (
            "PyTorch",
            "Gloo",
            "pyTorch.processCount",
            {"pyTorch": {"processCount": 3}, "mpi": {"processCountPerNode": 2}},
            "mpi.processCountPerNode says 2, which counts with communicator Mpi only",
        ),
        (
            "Python",
            "None",
            "tensorflow.workerCount",
            {"tensorflow": {"workerCount": 2}},
            "has one process: it must be 1",
        ),
        (
            "plain",
            "None",
            "mpi.processCountPerNode",
            {"mpi": {"processCountPerNode": 3}},
            "framework plain does not read it: set nodeCount (--nodes) instead, and leave this out",
        ),
        ("alone", "None", "nodeCount", {"nodeCount": 2}, "alone has one process: it must be 1"),
    ],
)
def test_a_count_that_nothing_reads(
    framework: str, communicator: str, field: str, section: dict[str, Any], said: str
) -> None:
    (fault,) = told(framework, communicator, **section)
    assert fault.target == f"configuration.{field}"
    assert said in fault.message


@pytest.mark.parametrize(
    ("framework", "communicator", "fields"),
    [
        (name, communicator, {})
        for name, communicators in (
            ("Python", ("None", "Mpi")),
            ("Cntk", ("None", "Mpi")),
            ("PyTorch", ("None", "Gloo", "Nccl", "Mpi")),
            ("TensorFlow", ("None", "ParameterServer", "Mpi")),
            ("XGBoost", ("None",)),
            ("PySpark", ("None",)),
            ("plain", ("None",)),
        )
        for communicator in communicators
    ]
    + [
        # azureml-core tells the nodes of a cluster besides: as many as it has of one kind.
        ("TensorFlow", "ParameterServer", {"nodeCount": 2, "tensorflow": {"workerCount": 2}}),
        ("PyTorch", "Gloo", {"nodeCount": 2, "pyTorch": {"processCount": 4}}),
        # The same said twice is no contradiction.
        (
            "PyTorch",
            "Gloo",
            {"nodeCount": 2, "pyTorch": {"processCount": 4}, "mpi": {"processCountPerNode": 2}},
        ),
        (
            "PyTorch",
            "Mpi",
            {"nodeCount": 2, "pyTorch": {"processCount": 4}, "mpi": {"processCountPerNode": 2}},
        ),
    ],
)
def test_the_sections_that_clients_send(
    framework: str, communicator: str, fields: dict[str, Any]
) -> None:
    sections = {name: value for name, value in SECTIONS.items() if name != "pyTorch"}
    assert told(framework, communicator, **{**sections, **fields}) == []
    pytorch = {} if communicator in {"Gloo", "Mpi"} else {"pyTorch": SECTIONS["pyTorch"]}
    assert told(framework, communicator, **{**sections, **pytorch, **fields}) == []


@pytest.mark.parametrize(
    ("framework", "communicator", "field", "fields"),
    [
        ("PySpark", "None", "nodeCount", {"nodeCount": 100_000}),
        ("PySpark", "None", "nodeCount", {"nodeCount": 501}),
        ("PyTorch", "Gloo", "pyTorch.processCount", {"pyTorch": {"processCount": 5000}}),
        ("PyTorch", "Gloo", "nodeCount", {"nodeCount": 1001}),
        ("PyTorch", "Gloo", "resources.gpus", {"nodeCount": 2, "resources": {"gpus": 501}}),
        ("PyTorch", "Mpi", "mpi.processCountPerNode", {"mpi": {"processCountPerNode": 1001}}),
        ("Python", "Mpi", "nodeCount", {"nodeCount": 1001}),
        ("Cntk", "Mpi", "mpi.processCountPerNode", {"mpi": {"processCountPerNode": 1001}}),
        ("XGBoost", "None", "nodeCount", {"nodeCount": 501}),
        (
            "TensorFlow",
            "ParameterServer",
            "tensorflow.parameterServerCount",
            {"tensorflow": {"parameterServerCount": 501}},
        ),
        ("plain", "None", "nodeCount", {"nodeCount": 501}),
    ],
)
def test_too_many(framework: str, communicator: str, field: str, fields: dict[str, Any]) -> None:
    (fault,) = told(framework, communicator, **fields)
    assert fault.target == f"configuration.{field}"
    assert " processes are too many: a run has at most " in fault.message


def test_executors_of_a_yarn_are_not_ours() -> None:
    spark = {"configuration": {"spark.master": "yarn"}}
    assert told("PySpark", nodeCount=600, spark=spark) == []


def test_a_notebook_has_one_process() -> None:
    fields = {"script": "a.ipynb", "tensorflow": {"workerCount": 2}}
    asked = RunConfiguration.model_validate(fields)
    (fault,) = count_faults(asked, NotebookLauncher())
    assert fault.target == "configuration.tensorflow.workerCount"
