"""Frameworks on the target `docker`: each node a container, found by its name in a network."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from background_server import until
from framework_containers import bound, container_server, image_with, kept_of, kill_in
from framework_environments import environments_folder, python_with
from framework_runs import API, logs, submit_in
from submarine_requests import create, spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker_engine import DockerEngine
    from servers import RunningServer

pytestmark = [
    pytest.mark.timeout(400),
    # The image's Python gets packages that were made for this one.
    pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="needs Debian 12's Python, 3.11"),
]

WAIT_S = 180.0  # a framework takes a while to be imported on a busy machine
END_S = 20.0
WAITS = """
import os, time
with open("outputs/pid-" + os.environ["RANK"], "w") as file:
    file.write(str(os.getpid()) + "\\n")
while not os.path.exists("outputs/go"):
    time.sleep(0.02)
"""

DDP = """
import json, os
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
torch.manual_seed(0)
distributed.init_process_group("gloo")
model = DistributedDataParallel(nn.Linear(8, 1))
inputs, wanted = torch.randn(64, 8), torch.randn(64, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs[rank::world]), wanted[rank::world]).backward()
    optimizer.step()
with torch.no_grad():
    loss = nn.functional.mse_loss(model(inputs), wanted).item()
distributed.destroy_process_group()
names = ["NODE_RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"]
print(json.dumps([loss, rank, world, *map(os.environ.get, names)]))
"""
LISTENS = """
import json, os, signal, socket, sys
config = json.loads(os.environ["TF_CONFIG"])
kind, index = config["task"]["type"], config["task"]["index"]
if f"{kind}-{index}=ends" in sys.argv:
    sys.exit(0)
host, port = config["cluster"][kind][index].split(":")
if f"{kind}-{index}" not in sys.argv:
    listening = socket.create_server((host, int(port)))
signal.pause()
"""
# As if it were mpi4py's: what comes of the import is of no interest here.
RANKS = """
import os, signal, sys, types
if os.environ["RANK"] == "1":
    signal.pause()
sys.modules["mpi4py"] = package = types.ModuleType("mpi4py")
package.__path__ = []
try:
    import mpi4py.MPI
except ImportError:
    signal.pause()
"""
# As a script for Kubeflow's operator has it: rank 0 starts the tracker, and trains too.
XGBOOST = """
import hashlib, os
import numpy as np
import xgboost
from xgboost import collective
from xgboost.tracker import RabitTracker

rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if rank == 0:
    tracker = RabitTracker(world, host_ip=host, port=port, sortby="task")
    tracker.start()
told = {"dmlc_tracker_uri": host, "dmlc_tracker_port": port, "dmlc_task_id": str(rank)}
with collective.CommunicatorContext(**told):
    assert (collective.get_rank(), collective.get_world_size()) == (rank, world)
    x = np.random.default_rng(rank).normal(size=(200, 3))
    data = xgboost.DMatrix(x, label=2 * x[:, 0] - x[:, 1])
    model = xgboost.train({"max_depth": 3}, data, 10)
print("model", hashlib.sha256(model.save_raw()).hexdigest())
"""


@pytest.fixture(scope="module")
def server(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    roots = [str(environments_folder())]
    running = container_server(tmp_path_factory.mktemp("server"), docker_engine, roots)
    yield running
    running.close()


def begin(
    server: RunningServer, environment: dict[str, Any], script: str = "", ranks: int = 2
) -> tuple[str, Path]:
    """Start a PyTorch run on two nodes; return it and its outputs, when its ranks wait there."""
    before = set(server.data_dir.glob("runs/*"))
    fields = {"framework": "PyTorch", "communicator": "Gloo", "nodeCount": 2}
    count = {"processCount": ranks}
    run_id = submit_in(server, WAITS + script, environment, pyTorch=count, **fields)
    until(lambda: set(server.data_dir.glob("runs/*")) - before, END_S)
    (folder,) = set(server.data_dir.glob("runs/*")) - before
    outputs = folder / "work" / "outputs"
    files = [outputs / f"pid-{rank}" for rank in range(ranks)]
    until(lambda: all(file.exists() and file.read_text()[-1:] for file in files), WAIT_S)
    return run_id, outputs


def until_gone(engine: DockerEngine, run_id: str) -> None:
    """Wait until neither containers nor networks are left of a run that has ended."""
    until(lambda: not kept_of(engine, run_id), END_S)


def test_data_parallel_over_containers_outlives_a_killed_server(
    server: RunningServer, docker_engine: DockerEngine, torch_python: str
) -> None:
    run_id, outputs = begin(server, bound(docker_engine, torch_python), DDP, ranks=4)
    assert len(kept_of(docker_engine, run_id)) == 3  # two containers, a network
    server.restart(kill=True)
    (outputs / "go").touch()
    run = server.wait_for_end(run_id, WAIT_S)
    told = logs(server, run)
    assert (run["status"], run["error"], run["target"]) == ("Completed", None, "docker"), told
    ranks = [json.loads(told[f"rank-{rank}"]) for rank in range(4)]
    assert len({loss for loss, *_ in ranks}) == 1
    for number, (_, rank, world, node, local, *master) in enumerate(ranks):
        assert (rank, world) == (number, 4)
        assert (node, local) == (str(number // 2), str(number % 2))
        assert master == ["node-0", "2222"]
    until_gone(docker_engine, run_id)


def test_a_rank_that_is_killed_in_its_container(
    server: RunningServer, docker_engine: DockerEngine, torch_python: str
) -> None:
    run_id, outputs = begin(server, bound(docker_engine, torch_python))
    kill_in(docker_engine, run_id, "node-1", int((outputs / "pid-1").read_text()))
    run = server.wait_for_end(run_id, WAIT_S)
    assert run["error"]["message"].startswith("rank-1: ended by SIGKILL"), logs(server, run)
    until_gone(docker_engine, run_id)


def test_cancel(server: RunningServer, docker_engine: DockerEngine, torch_python: str) -> None:
    run_id, _ = begin(server, bound(docker_engine, torch_python))
    server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert server.wait_for_end(run_id)["status"] == "Canceled"
    until_gone(docker_engine, run_id)


def test_who_never_listens_is_named(server: RunningServer, docker_engine: DockerEngine) -> None:
    docker = {"enabled": True, "baseImage": docker_engine.image}
    run_id = submit_in(
        server,
        LISTENS,
        {"docker": docker, "python": {"userManagedDependencies": True}},
        arguments=["worker-1", "worker-2=ends"],
        framework="TensorFlow",
        communicator="ParameterServer",
        tensorflow={"workerCount": 3, "parameterServerCount": 1},
        startTimeoutSeconds=4,
    )
    run = server.wait_for_end(run_id, WAIT_S)
    assert run["error"] == {
        "code": "StartTimeout",
        "message": "worker-1 does not listen at worker-1:2222 after 4 s; worker-2 ended (exit code "
        "0) before it listened at worker-2:2222; the others wait for it; startTimeoutSeconds says "
        "how long to wait",
    }, logs(server, run)
    until_gone(docker_engine, run_id)


def test_a_rank_that_does_not_come_is_named(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    folder = python_with("mpich").removesuffix("/bin/python")  # it brings an mpirun
    docker = {"enabled": True, "baseImage": docker_engine.image}
    docker["arguments"] = [f"--volume={folder}:{folder}:ro"]
    environment = {
        "docker": docker,
        "python": {"userManagedDependencies": True},
        "environmentVariables": {"PATH": f"{folder}/bin:/usr/bin:/bin"},
    }
    run_id = submit_in(
        server,
        RANKS,
        environment,
        communicator="Mpi",
        mpi={"processCountPerNode": 3},
        startTimeoutSeconds=2,
    )
    run = server.wait_for_end(run_id, WAIT_S)
    assert run["error"] == {
        "code": "StartTimeout",
        "message": "rank-1 did not reach MPI_Init within 2 s; the others wait for it; "
        "startTimeoutSeconds says how long to wait",
    }, logs(server, run)
    until_gone(docker_engine, run_id)


def test_master_and_workers_of_an_experiment(
    server: RunningServer, docker_engine: DockerEngine, learning_python: str
) -> None:
    """XGBoost, with an image in each role; nothing is bound."""
    packages = [name + more for name in ("numpy", "scipy") for more in ("", ".libs")]
    packages += ["xgboost", "xgboost_cpu.libs"]
    image = image_with(docker_engine, learning_python, "xgboost", *packages)
    script = base64.b64encode(XGBOOST.encode()).decode()
    command = f"echo {script} | base64 -d >$HOSTNAME.py && exec python3 -u $HOSTNAME.py"
    roles = {"Master": {"image": image}, "Worker": {"image": image, "replicas": 2}}
    run_id = create(server, spec(command, roles, "XGBoost"))
    run = server.wait_for_end(run_id, WAIT_S)
    told = logs(server, run)
    assert (run["status"], run["error"], run["target"]) == ("Completed", None, "docker"), told
    assert told.keys() == {"master-0", "worker-0", "worker-1"}
    (last,) = {text.strip().rpartition("\n")[2] for text in told.values()}
    assert last.startswith("model ")
    until_gone(docker_engine, run_id)
