"""Framework PyTorch: ranks of torch's own elastic launcher."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from framework_runs import API, finish, logs, submit
from local_runs import LINUX
from needs import need
from servers import free_port

from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.pytorch import PyTorchLauncher
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

pytestmark = pytest.mark.timeout(400)

BY_SOMEBODY = " (sent by somebody, or by a guard of the machine's memory)"
WAIT_S = 180  # torch itself takes a while to be imported on a busy machine

DDP = """
import json, os
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

alone = "RANK" not in os.environ
rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
inputs, wanted = torch.randn(64, 8), torch.randn(64, 1)
if not alone:
    distributed.init_process_group("gloo")
    model = DistributedDataParallel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(10):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs[rank::world]), wanted[rank::world]).backward()
    optimizer.step()
with torch.no_grad():
    loss = nn.functional.mse_loss(model(inputs), wanted).item()
opened = []
if os.path.isdir("/proc/self/fd"):
    files = [os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd")]
    mine = {os.readlink(file) for file in files if os.path.lexists(file)}
    sockets = [line.split() for name in ("tcp", "tcp6") for line in open("/proc/net/" + name)]
    opened = [words[1] for words in sockets if words[3] == "0A" and f"socket:[{words[9]}]" in mine]
names = ["LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "AZ_BATCHAI_TASK_INDEX", "MASTER_ADDR",
         "MASTER_PORT", "AZ_BATCHAI_PYTORCH_INIT_METHOD", "OMP_NUM_THREADS"]
if not alone:
    distributed.destroy_process_group()
print(json.dumps({"loss": loss, "rank": rank, "world": world, "opened": opened,
                  **{name: os.environ.get(name) for name in names}}))
"""


def pytorch(**fields: Any) -> dict[str, Any]:
    """Return the fields of a job with Gloo."""
    return {"framework": "PyTorch", "communicator": "Gloo", **fields}


def test_data_parallel_over_nodes_learns_what_one_process_does(
    server: RunningServer, torch_python: str
) -> None:
    longest = 7 * 24 * 3600
    fields = pytorch(nodeCount=2, pyTorch={"processCount": 4}, startTimeoutSeconds=longest)
    run = finish(server, DDP, torch_python, timeout_s=WAIT_S, **fields)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    told = logs(server, run)
    ranks = [json.loads(told[f"rank-{rank}"]) for rank in range(4)]
    assert len({rank["loss"] for rank in ranks}) == 1
    port = ranks[0]["MASTER_PORT"]
    for number, rank in enumerate(ranks):
        assert (rank["rank"], rank["world"]) == (number, 4)
        assert rank["AZ_BATCHAI_TASK_INDEX"] == str(number)
        assert rank["NODE_RANK"] == rank["GROUP_RANK"] == str(number // 2)
        assert rank["LOCAL_RANK"] == str(number % 2)
        assert (rank["MASTER_ADDR"], rank["MASTER_PORT"]) == ("127.0.0.1", port)
        assert rank["AZ_BATCHAI_PYTORCH_INIT_METHOD"] == f"tcp://127.0.0.1:{port}"
        assert rank["OMP_NUM_THREADS"] == "1"
        for address in rank["opened"]:
            assert address.partition(":")[0].endswith("0100007F")  # 127.0.0.1
    alone = finish(server, DDP, torch_python, timeout_s=WAIT_S, framework="PyTorch")
    assert (alone["status"], alone["error"]) == ("Completed", None)
    (printed,) = logs(server, alone).values()
    assert json.loads(printed)["loss"] == pytest.approx(ranks[0]["loss"], rel=1e-5)


def test_ranks_of_mpi_learn_what_one_process_does(server: RunningServer, torch_python: str) -> None:
    need("mpirun", "apt-get install openmpi-bin")
    count = {"mpi": {"processCountPerNode": 2}}
    runs = [
        finish(server, DDP, torch_python, WAIT_S, framework="PyTorch", **more)
        for more in ({}, {"communicator": "Mpi", **count})
    ]
    assert [run["status"] for run in runs] == ["Completed"] * 2, logs(server, runs[1])
    alone = json.loads(logs(server, runs[0])["main-0"].splitlines()[-1])
    told = logs(server, runs[1])
    ranks = [json.loads(told[f"rank-{rank}"].splitlines()[-1]) for rank in range(2)]
    assert [(rank["rank"], rank["world"], rank["LOCAL_RANK"]) for rank in ranks] == [
        (0, 2, "0"),
        (1, 2, "1"),
    ]
    assert [rank["loss"] for rank in ranks] == pytest.approx([alone["loss"]] * 2, rel=1e-5)


FAILS_ONCE = """
import os
from pathlib import Path
import torch
from torch import distributed
distributed.init_process_group("gloo")
total = torch.ones(1)
distributed.all_reduce(total)
checkpoint = Path("outputs/checkpoint")
if distributed.get_rank() == 1 and not checkpoint.exists():
    checkpoint.touch()
    raise ValueError("no such layer")
distributed.all_reduce(total)
print("total", total.item(), "restarts", os.environ["TORCHELASTIC_RESTART_COUNT"])
"""


def test_restarts_on_request(server: RunningServer, torch_python: str) -> None:
    fields = pytorch(nodeCount=2, pyTorch={"maxRestarts": 1})
    run = finish(server, FAILS_ONCE, torch_python, timeout_s=WAIT_S, **fields)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    told = logs(server, run)
    for rank in range(2):
        assert told[f"rank-{rank}"].endswith("total 4.0 restarts 1\n")
    assert "ValueError: no such layer" in told["rank-1"]


def test_a_rank_that_raises_is_the_cause(server: RunningServer, torch_python: str) -> None:
    run = finish(server, FAILS_ONCE, torch_python, timeout_s=WAIT_S, **pytorch(nodeCount=2))
    assert run["status"] == "Failed"
    assert run["error"]["message"] == "rank-1: ValueError: no such layer (exit code 1)"
    told = logs(server, run)
    assert 'raise ValueError("no such layer")' in told["rank-1"]
    assert "Traceback" not in told["node-1"]


LEAVES = """
import os, sys
print(*sys.argv[1:])
import torch
from torch import distributed
distributed.init_process_group("gloo")
if distributed.get_rank() == 1:
    os._exit(0)
distributed.all_reduce(torch.ones(1))
"""


def test_a_rank_that_leaves_early_is_named(server: RunningServer, torch_python: str) -> None:
    arguments = ["$AZ_BATCHAI_TASK_INDEX", "$AZ_BATCHAI_PYTORCH_INIT_METHOD"]
    fields = {**pytorch(nodeCount=2), "arguments": arguments}
    run = finish(server, LEAVES, torch_python, timeout_s=WAIT_S, **fields)
    message = run["error"]["message"]
    assert message.startswith("rank-0: RuntimeError: ")
    assert message.endswith("; rank-1 had ended before, with exit code 0")
    first, method = logs(server, run)["rank-0"].splitlines()[0].split()
    assert (first, method[:16]) == ("0", "tcp://127.0.0.1:")


WAITS = """
import os
me = f"{os.environ['PIPES']}/{os.environ['RANK']}"
with open(me + "-ready", "w") as ready:
    ready.write(str(os.getpid()))
with open(me + "-go") as go:
    go.read()
print("went on")
"""


@pytest.fixture
def pipes(tmp_path: Path) -> Path:
    """A folder of named pipes, which two ranks of `WAITS` write their ids to and wait for."""
    for rank in range(2):
        os.mkfifo(tmp_path / f"{rank}-ready")
        os.mkfifo(tmp_path / f"{rank}-go")
    return tmp_path


def begin(server: RunningServer, python: str, pipes: Path) -> tuple[str, list[int]]:
    """Start a run of `WAITS` on two nodes; return it and the ids of its ranks' processes."""
    run_id = submit(server, WAITS, python, {"PIPES": str(pipes)}, **pytorch(nodeCount=2))
    return run_id, [int((pipes / f"{rank}-ready").read_text()) for rank in range(2)]


def processes(run_id: str) -> list[psutil.Process]:
    """Return all processes of a run."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("AZUREML_RUN_ID") == run_id:
                found.append(process)
    return found


@LINUX
def test_a_killed_rank_is_named(server: RunningServer, torch_python: str, pipes: Path) -> None:
    run_id, pids = begin(server, torch_python, pipes)
    opened = [each for one in processes(run_id) for each in one.net_connections("tcp")]
    listening = {each.laddr.ip for each in opened if each.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    os.kill(pids[1], signal.SIGKILL)
    run = server.wait_for_end(run_id, WAIT_S)
    assert run["error"]["message"] == f"rank-1: ended by SIGKILL{BY_SOMEBODY}", logs(server, run)
    assert processes(run_id) == []


@LINUX
def test_a_run_outlives_its_server_and_a_cancel_leaves_nothing(
    server: RunningServer, torch_python: str, pipes: Path
) -> None:
    run_id, _ = begin(server, torch_python, pipes)
    server.restart(kill=True)
    for rank in range(2):
        (pipes / f"{rank}-go").write_text("")
    run = server.wait_for_end(run_id, WAIT_S)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    assert [logs(server, run)[f"rank-{rank}"] for rank in range(2)] == ["went on\n"] * 2
    assert processes(run_id) == []

    run_id, _ = begin(server, torch_python, pipes)
    assert len(processes(run_id)) >= 2 * 3  # agent, shell, script
    server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert server.wait_for_end(run_id, WAIT_S)["status"] == "Canceled"
    assert processes(run_id) == []


LATE = """
import os, time
if os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
    raise ValueError("the first start is forgotten")
if os.environ["RANK"] == "1":
    time.sleep(3600)
from torch import distributed
distributed.init_process_group("gloo")
"""


def test_a_rank_that_does_not_come_is_named(server: RunningServer, torch_python: str) -> None:
    fields = pytorch(pyTorch={"processCount": 2, "maxRestarts": 1}, startTimeoutSeconds=3)
    run = finish(server, LATE, torch_python, timeout_s=WAIT_S, **fields)
    assert run["error"]["message"] == (
        "rank-1 did not reach init_process_group within 3 s after the others; startTimeoutSeconds "
        "gives more time (exit code 1)"
    )


def test_a_node_that_does_not_come_is_named(torch_python: str, tmp_path: Path) -> None:
    """One of two nodes is started, with the command of a plan."""
    fields = pytorch(nodeCount=2, startTimeoutSeconds=1, script="train.py")
    configuration = RunConfiguration.model_validate(fields)
    context = LaunchContext("r", str(tmp_path), torch_python, "", None, {})
    launcher = PyTorchLauncher()
    (role,) = launcher.plan(configuration, context).roles
    for node, missing in ((0, "node-1"), (1, "node-0")):
        addresses = {("node", 0): Address("127.0.0.1", free_port())}
        env = {**os.environ, **launcher.replica_env(configuration, addresses, ("node", node))}
        ended = subprocess.run(
            role.command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 1
        assert ended.stderr.splitlines()[-1] == (
            f"{missing} did not join within 1 s; startTimeoutSeconds gives more time"
        )


@pytest.mark.parametrize(
    ("fields", "target", "words"),
    [
        (
            {"communicator": "ParameterServer"},
            "configuration.communicator",
            ["PyTorch", "Gloo, Mpi, Nccl, None"],
        ),
        ({"communicator": "Nccl"}, "configuration.communicator", ["no GPU", "Gloo"]),
        (
            {"communicator": "Gloo", "nodeCount": 2, "pyTorch": {"processCount": 3}},
            "configuration.pyTorch.processCount",
            ["3 processes", "2 nodes"],
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    server: RunningServer, fields: dict[str, Any], target: str, words: list[str]
) -> None:
    definition = {"configuration": {"command": "true", "framework": "PyTorch", **fields}}
    answer = server.client.post(API + "runs", json={"definition": definition})
    assert answer.status_code == 400
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"] == f"definition.{target}"
    for word in words:
        assert word in fault["message"]
