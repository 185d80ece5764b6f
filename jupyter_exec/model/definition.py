"""What was asked: the run definition, in Azure's words (floor: model).

Source: `RunDefinition` and `RunConfiguration` in the Execution Service API 2019-09-30. Fields that
the published contract does not have (`command`, `parameters`, `kernel`, `resources`, `retries`,
`experiment`, `secrets`, `secretParameters`, `sweep`, `startTimeoutSeconds`,
`tensorflow.chief`, `pyTorch.maxRestarts`) are ours; clients that do not know them are unharmed.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from jupyter_exec.model.environment import EnvironmentDefinition
from jupyter_exec.model.experiment import ExperimentSpec
from jupyter_exec.model.job import Resources
from jupyter_exec.model.sizes import Size
from jupyter_exec.model.sweep import SweepPlan
from jupyter_exec.model.wire import Number, Text, Whole, WireModel, in_its_own_case, one_of

FRAMEWORKS = ("Python", "PySpark", "Cntk", "TensorFlow", "PyTorch", "XGBoost")
Framework = Annotated[str, in_its_own_case(FRAMEWORKS)]  # plug-ins bring others
COMMUNICATORS = ("None", "ParameterServer", "Gloo", "Mpi", "Nccl")
Communicator = Annotated[  # which of them there are, the framework's launcher says
    str,
    in_its_own_case(COMMUNICATORS, {"OpenMpi": "Mpi", "IntelMpi": "Mpi"}),
    WithJsonSchema({"type": "string", "enum": list(COMMUNICATORS)}),
]
Count = Annotated[Whole, Field(ge=1, le=100_000)]

StartTimeout = Annotated[Whole, Field(ge=1, le=7 * 24 * 60 * 60)]
"""Seconds until all processes have met: a week at most, which every framework can count."""


class DataReferenceConfiguration(WireModel):
    """Data that a run wants to find, or leaves."""

    data_store_name: str | None = None
    mode: Annotated[str, one_of(["Mount", "Download", "Upload"])] = "Mount"
    path_on_data_store: str | None = None
    path_on_compute: str | None = None
    overwrite: bool = False


class HistoryConfiguration(WireModel):
    """What is kept of a run's working folder.

    Attributes:
        snapshot_project: kept and answered; a snapshot is always taken.
    """

    output_collection: bool = True
    directories_to_watch: list[str] = ["logs"]
    snapshot_project: bool = True


class SparkConfiguration(WireModel):
    """Spark's own settings."""

    configuration: dict[str, Text] = {}


class TensorflowConfiguration(WireModel):
    """Roles of a TensorFlow job."""

    worker_count: Count = 1
    parameter_server_count: Annotated[Whole, Field(ge=0, le=100_000)] = 1
    chief: bool | None = None  # ours: a process that leads; None = where there are servers


class MpiConfiguration(WireModel):
    """Ranks of an MPI job."""

    process_count_per_node: Count = 1


class PyTorchConfiguration(WireModel):
    """Processes of a PyTorch job (azureml-core sends it; the swagger does not have it).

    `processCount` is that of the whole job, over all nodes. Where nobody says, it is one for each
    GPU of a node (`resources.gpus`), else one for each node. `maxRestarts` (ours) is how often a
    node starts its processes again after one of them failed, as torchrun counts.
    """

    process_count: Count | None = None
    communication_backend: str | None = None
    max_restarts: Annotated[Whole, Field(ge=0, le=100)] = 0


class HdiConfiguration(WireModel):
    """How Spark runs on YARN."""

    yarn_deploy_mode: Annotated[str, one_of(["None", "Client", "Cluster"])] = "Cluster"


class ResourceRequest(WireModel):
    """What one process of the run needs. `memory` is a limit, and enforced.

    Where nobody says how many `cpus`, it is one for each process, or fewer on a small machine.
    """

    cpus: Annotated[Number, Field(gt=0, le=100_000)] | None = None
    memory: Size | None = None
    gpus: Annotated[Whole, Field(ge=0, le=100_000)] = 0

    def need(self) -> Resources:
        """Return the need as the planner's value."""
        cpus = 1.0 if self.cpus is None else self.cpus
        return Resources(cpus, self.memory, self.gpus, shrinks=self.cpus is None)


class RunConfiguration(WireModel):
    """How to run: script or command, arguments, framework, target, environment."""

    script: str | None = None
    command: list[Text] | str | None = None
    arguments: list[Text] = []
    framework: Framework = "Python"
    communicator: Communicator = "None"
    target: str = "local"
    source_directory_data_store: str | None = None  # kept and answered; the snapshot is here
    data_references: dict[str, DataReferenceConfiguration] = {}
    job_name: str | None = None
    max_run_duration_seconds: Annotated[Whole, Field(ge=1, le=2**63 - 1)] | None = None
    node_count: Count = 1
    environment: EnvironmentDefinition = EnvironmentDefinition()
    history: HistoryConfiguration = HistoryConfiguration()
    spark: SparkConfiguration = SparkConfiguration()
    tensorflow: TensorflowConfiguration = TensorflowConfiguration()
    mpi: MpiConfiguration = MpiConfiguration()
    pytorch: PyTorchConfiguration = Field(default=PyTorchConfiguration(), alias="pyTorch")
    hdi: HdiConfiguration = HdiConfiguration()
    # Ours.
    parameters: dict[str, Any] = {}
    kernel: str | None = None
    resources: ResourceRequest = ResourceRequest()
    retries: Annotated[Whole, Field(ge=0, le=100)] = 0
    start_timeout_seconds: StartTimeout = 1800
    experiment: ExperimentSpec | None = None  # roles and replicas; in place of a script
    secrets: list[str] = []  # names of variables whose values are sent, and never stored
    secret_parameters: dict[str, str] = {}  # of a notebook: parameter -> one of `secrets`

    @property
    def notebook(self) -> bool:
        """Tell whether the script is a notebook."""
        return bool(self.script and self.script.endswith(".ipynb") and not self.command)


class RunDefinition(WireModel):
    """What was asked, whole."""

    configuration: RunConfiguration = RunConfiguration()
    snapshot_id: str | None = None
    parent_run_id: str | None = None
    run_type: str | None = None
    sweep: SweepPlan | None = None  # ours: the run is the parent of trials
