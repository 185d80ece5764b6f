"""Framework Cntk: CNTK 2.7, whose wheels are for CPython 3.6."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from client_environments import make_client
from framework_runs import finish, logs
from needs import need

if TYPE_CHECKING:
    from servers import RunningServer

TRAINING = """
import os
import cntk as C
import numpy as np
from cntk.train.distributed import Communicator, data_parallel_distributed_learner
np.random.seed(0)
points = np.random.randn(256, 2).astype(np.float32)
labels = (points.sum(1, keepdims=True) > 0).astype(np.float32)
x, y = C.input_variable(2), C.input_variable(1)
model = C.layers.Sequential([C.layers.Dense(8, C.tanh), C.layers.Dense(1, C.sigmoid)])(x)
loss = C.binary_cross_entropy(model, y)
learner = C.sgd(model.parameters, C.learning_parameter_schedule(0.5, minibatch_size=64))
many = os.environ.get("OMPI_COMM_WORLD_SIZE", "1") != "1"
if many:
    learner = data_parallel_distributed_learner(learner)
rank, ranks = Communicator.rank(), Communicator.num_workers()
trainer = C.Trainer(model, (loss, None), [learner])
first = None
for step in range(40):
    rows = slice(step % 4 * 64, step % 4 * 64 + 64)
    trainer.train_minibatch({x: points[rows][rank::ranks], y: labels[rows][rank::ranks]})
    first = first or trainer.previous_minibatch_loss_average
print("rank %d of %d" % (rank, ranks))
print("loss from %.4f to %.4f" % (first, trainer.previous_minibatch_loss_average))
if rank == 0:
    model.save("outputs/model.cntk")
if many:
    Communicator.finalize()
"""
OLD_NAMES = {"libmpi.so.12": "libmpi.so.40", "libmpi_cxx.so.1": "libmpi_cxx.so.40"}


def find_python() -> str:
    """Return a Python 3.6, or skip the test."""
    roots = sorted(Path.home().glob(".pyenv/versions/3.6.*/bin/python3.6"))
    for path in (*map(str, roots), shutil.which("python3.6")):  # on PATH may be a shim of pyenv
        check = [str(path), "-c", "import ensurepip, venv"]
        if path and subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return path
    return need("a Python 3.6 with venv", "pyenv install 3.6")


@pytest.fixture(scope="module")
def cntk_python() -> str:
    need("mpirun", "apt-get install openmpi-bin")
    return make_client("framework-cntk-2.7", find_python(), [["cntk==2.7.post2"]])


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder where today's Open MPI has the names that it had when CNTK was built."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    paths = dict(re.findall(r"^\s+(\S+) \(.*x86-64.*\) => (\S+)$", listed.stdout, re.MULTILINE))
    folder = tmp_path_factory.mktemp("libraries")
    for old, new in OLD_NAMES.items():
        (folder / old).symlink_to(paths[new])
    return str(folder)


@pytest.mark.timeout(600)  # its environment is made, once per machine
def test_one_process_and_two_ranks_come_to_the_same(
    server: RunningServer, cntk_python: str, libraries: str
) -> None:
    losses = set()
    for ranks, fields in (
        (["main-0"], {}),
        (["rank-0", "rank-1"], {"communicator": "Mpi", "mpi": {"processCountPerNode": 2}}),
    ):
        variables = {"LD_LIBRARY_PATH": libraries}
        run = finish(server, TRAINING, cntk_python, framework="cntk", variables=variables, **fields)
        told = logs(server, run)
        assert run["status"] == "Completed", told
        for number, name in enumerate(ranks):
            assert f"\nrank {number} of {len(ranks)}\n" in told[name]
            losses.update(re.findall(r"loss from ([\d.]+) to ([\d.]+)\n", told[name]))
        address = f"jupyter-exec/v1/runs/{run['runId']}/outputs/model.cntk"
        assert len(server.client.get(address).raise_for_status().content) > 1000
    ((first, last),) = losses
    assert float(last) < 0.3 * float(first)
