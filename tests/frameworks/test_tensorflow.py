"""TensorFlow: clusters that TF_CONFIG describes, and ranks of MPI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from framework_runs import API, finish, logs, submit
from needs import need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conftest import MakeServer
    from servers import RunningServer

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
CLUSTER = {"framework": "TensorFlow", "communicator": "ParameterServer", "variables": QUIET}

# As TensorFlow's guide to parameter servers has it: workers and servers only serve.
SERVE = """
import os, time
import tensorflow as tf
resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
if resolver.task_type in ("worker", "ps"):
    server = tf.distribute.Server(
        resolver.cluster_spec(),
        job_name=resolver.task_type,
        task_index=resolver.task_id,
        protocol="grpc",
        start=True,
    )
    print("serves", flush=True)
    AT_WORK
    server.join()
"""
TRAIN = """
strategy = tf.distribute.ParameterServerStrategy(resolver)
coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
with strategy.scope():
    weight = tf.Variable(0.0)

@tf.function
def step(x):
    with tf.GradientTape() as tape:
        loss = (weight * x - 3 * x) ** 2
    weight.assign_sub(0.1 * tape.gradient(loss, weight))
    return loss

for _ in range(STEPS):
    for x in (1.0, 1.0):
        coordinator.schedule(step, args=(tf.constant(x),))
    coordinator.join()
print("weight %.2f on %s" % (weight.numpy(), weight.device), flush=True)
"""


def program(steps: int = 15, at_work: str = "pass") -> str:
    """Return a training by parameter servers, and what its workers do besides."""
    return (SERVE + TRAIN.replace("STEPS", str(steps))).replace("AT_WORK", at_work)


def cluster(workers: int = 2, servers: int = 1, **more: Any) -> dict[str, Any]:
    return {"workerCount": workers, "parameterServerCount": servers, **more}


@pytest.fixture(scope="module", name="tensorflow_server")
def _tensorflow_server(make_module_server: MakeServer) -> Iterator[RunningServer]:
    yield make_module_server()


def test_parameter_servers(server: RunningServer, tensorflow_python: str) -> None:
    run = finish(server, program(), tensorflow_python, tensorflow=cluster(), **CLUSTER)
    told = logs(server, run)
    assert (run["status"], run["error"]) == ("Completed", None), told
    assert told.keys() >= {"chief-0", "worker-0", "worker-1", "ps-0"}
    found = re.search(r"weight (\S+) on (\S+)", told["chief-0"])
    assert found, told
    assert float(found[1]) == pytest.approx(3, abs=0.1)
    assert "job:ps" in found[2]
