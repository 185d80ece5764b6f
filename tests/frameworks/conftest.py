"""Real frameworks, each in an environment of its own, made once per machine."""

from __future__ import annotations

import os

import pytest
from framework_environments import python_with

MPI_AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


@pytest.fixture(scope="session")
def torch_python() -> str:
    return python_with("torch")


@pytest.fixture(scope="session")
def tracking_python() -> str:
    """SummaryWriter and mlflow."""
    return python_with("tracking")


@pytest.fixture(scope="session")
def tensorflow_python() -> str:
    return python_with("tensorflow")


@pytest.fixture(scope="session")
def spark_python() -> str:
    return python_with("spark")


@pytest.fixture(scope="session")
def learning_python() -> str:
    """scikit-learn, xgboost, mpi4py, mlflow."""
    return python_with("learning")


@pytest.fixture(scope="session")
def mpi_environment() -> dict[str, str]:
    """Variables for an mpirun that is started by hand, to compare with."""
    return {**os.environ, **MPI_AS_ROOT, "OMPI_MCA_rmaps_base_oversubscribe": "1"}
