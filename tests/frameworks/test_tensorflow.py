"""TensorFlow: clusters that TF_CONFIG describes, and ranks of MPI."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from framework_runs import API, finish, left_of, logs, submit
from needs import need

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

pytestmark = pytest.mark.timeout(600)

PATIENCE_S = 300  # importing TensorFlow takes 4 s of a processor, in each process
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}

# After TensorFlow's guide to training with parameter servers: workers and servers only serve.
PARAMETER_SERVERS = """
import os
import tensorflow as tf

resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
if resolver.task_type in ("worker", "ps"):
    tf.distribute.Server(
        resolver.cluster_spec(), job_name=resolver.task_type, task_index=resolver.task_id
    ).join()
strategy = tf.distribute.ParameterServerStrategy(resolver)
coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
with strategy.scope():
    weight = tf.Variable(0.0)

@tf.function
def step(x):
    with tf.GradientTape() as tape:
        loss = (weight * x - 3 * x) ** 2
    weight.assign_sub(0.1 * tape.gradient(loss, weight))

def train(steps):
    for _ in range(steps):
        coordinator.schedule(step, args=(tf.constant(1.0),))
    coordinator.join()

train(5)
open(os.environ["FOLDER"] + "/ready", "w").close()
open(os.environ["FOLDER"] + "/go").close()
train(25)
print("weight %.2f on %s" % (weight.numpy(), weight.device))
"""

MIRRORED = """
import json, os, sys
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
rank = strategy.cluster_resolver.task_id
with strategy.scope():
    weight = tf.Variable(0.0)

def step():
    x = tf.constant(1.0 + rank)
    with tf.GradientTape() as tape:
        loss = (weight * x - 3 * x) ** 2
    gradient = tape.gradient(loss, weight)
    mean = tf.distribute.get_replica_context().all_reduce("MEAN", gradient)
    weight.assign_sub(0.1 * mean)
    return loss

@tf.function
def train():
    return strategy.reduce("MEAN", strategy.run(step), axis=None)

for number in range(10):
    if number == 5 and rank == 1 and "bad" in sys.argv:
        raise ValueError("a bad batch")
    loss = train()
print("loss %.6f of %d" % (loss.numpy(), strategy.num_replicas_in_sync))
assert os.environ["AZ_BATCHAI_TASK_INDEX"] == str(rank)
hosts = os.environ["AZ_BATCHAI_WORKER_HOSTS"].split(",")
assert hosts == json.loads(os.environ["TF_CONFIG"])["cluster"]["worker"]
"""

ALLREDUCE = """
import tensorflow as tf
from mpi4py import MPI
world = MPI.COMM_WORLD
gradient = tf.constant([1.0, 2.0]) * (world.rank + 1)
print("sum", tf.constant(world.allreduce(gradient.numpy())).numpy().tolist())
"""


def cluster(workers: int, servers: int) -> dict[str, Any]:
    """Return the fields of a definition."""
    return {
        "framework": "TensorFlow",
        "communicator": "ParameterServer",
        "tensorflow": {"workerCount": workers, "parameterServerCount": servers},
    }


@pytest.fixture
def pipes(tmp_path: Path) -> Path:
    """A folder where a script tells that it is ready, and waits until it may go on."""
    os.mkfifo(tmp_path / "ready")
    os.mkfifo(tmp_path / "go")
    return tmp_path


def begin(server: RunningServer, python: str, pipes: Path, workers: int) -> str:
    """Return a run that waits in the middle of its training."""
    variables = {**QUIET, "FOLDER": str(pipes)}
    run_id = submit(server, PARAMETER_SERVERS, python, variables, **cluster(workers, 1))
    (pipes / "ready").open().close()
    return run_id


def test_parameter_servers_outlive_a_killed_server(
    server: RunningServer, tensorflow_python: str, pipes: Path
) -> None:
    run_id = begin(server, tensorflow_python, pipes, 2)
    server.restart(kill=True)
    (pipes / "go").open("w").close()
    run = server.wait_for_end(run_id, PATIENCE_S)
    told = logs(server, run)
    assert (run["status"], run["error"]) == ("Completed", None), told
    assert told.keys() == {"chief-0", "worker-0", "worker-1", "ps-0"}
    found = re.search(r"weight (\S+) on (\S+)", told["chief-0"])
    assert found, told
    assert float(found[1]) == pytest.approx(3, abs=0.1)
    assert "job:ps" in found[2]
    assert left_of(run_id) == []


def test_cancel(server: RunningServer, tensorflow_python: str, pipes: Path) -> None:
    run_id = begin(server, tensorflow_python, pipes, 1)
    server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert server.wait_for_end(run_id)["status"] == "Canceled"
    assert left_of(run_id) == []


def test_workers_without_servers(server: RunningServer, tensorflow_python: str) -> None:
    run = finish(server, MIRRORED, tensorflow_python, PATIENCE_S, variables=QUIET, **cluster(2, 0))
    told = logs(server, run)
    assert (run["status"], run["error"]) == ("Completed", None), told
    losses = {text.strip().rpartition("\n")[2] for text in told.values()}
    assert told.keys() == {"worker-0", "worker-1"}
    assert losses == {"loss 0.000086 of 2"}


def test_a_worker_that_raises_is_the_cause(server: RunningServer, tensorflow_python: str) -> None:
    run = finish(
        server,
        MIRRORED,
        tensorflow_python,
        PATIENCE_S,
        variables=QUIET,
        arguments=["bad"],
        **cluster(2, 0),
    )
    told = logs(server, run)
    assert run["error"]["message"] == "worker-1: ValueError: a bad batch (exit code 1)", told
    assert left_of(run["runId"]) == []


def test_ranks_of_mpi(server: RunningServer, tensorflow_python: str) -> None:
    need("mpirun", "apt-get install openmpi-bin")
    run = finish(
        server,
        ALLREDUCE,
        tensorflow_python,
        PATIENCE_S,
        variables=QUIET,
        framework="TensorFlow",
        communicator="Mpi",
        nodeCount=2,
    )
    told = logs(server, run)
    assert (run["status"], run["error"]) == ("Completed", None), told
    for rank in range(2):
        assert told[f"rank-{rank}"].rstrip().endswith("sum [3.0, 6.0]")
