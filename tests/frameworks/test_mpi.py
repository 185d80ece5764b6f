"""Communicator Mpi: ranks of mpirun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from framework_runs import finish, logs
from needs import need

if TYPE_CHECKING:
    from servers import RunningServer

ALLREDUCE = """
from mpi4py import MPI
import os
world = MPI.COMM_WORLD
total = world.allreduce(world.rank + 1)
print("rank", world.rank, "of", world.size, "total", total, os.environ["AZ_BATCHAI_TASK_INDEX"])
"""


@pytest.fixture(scope="module", autouse=True)
def mpirun() -> str:
    return need("mpirun", "apt-get install openmpi-bin")


def test_allreduce(server: RunningServer, learning_python: str) -> None:
    run = finish(
        server,
        ALLREDUCE,
        learning_python,
        communicator="OpenMpi",
        mpi={"processCountPerNode": 4},
    )
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    told = logs(server, run)
    for rank in range(4):
        assert told[f"rank-{rank}"] == f"rank {rank} of 4 total 10 {rank}\n"
