"""Communicator Mpi: ranks of mpirun."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest
from framework_runs import API, finish, left_of, logs, submit
from needs import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import RunningServer

BY_SOMEBODY = " (sent by somebody, or by a guard of the machine's memory)"
LEFT = (
    "mpirun has exited due to process rank 2 with PID 0 on (exit code 1); "
    "rank-2 had ended before, with exit code 0"
)
RANKS = {"communicator": "Mpi", "mpi": {"processCountPerNode": 4}}
ALLREDUCE = """
from mpi4py import MPI
import os
world = MPI.COMM_WORLD
total = world.allreduce(world.rank + 1)
print("rank", world.rank, "of", world.size, "total", total)
names = "RANK WORLD_SIZE LOCAL_RANK LOCAL_WORLD_SIZE AZ_BATCHAI_TASK_INDEX OMPI_COMM_WORLD_RANK"
print(*(os.environ[name] for name in names.split()), os.environ["OMP_NUM_THREADS"])
assert os.environ["AZ_BATCH_MASTER_NODE"] == "{MASTER_ADDR}:{MASTER_PORT}".format(**os.environ)
"""
FAILING = """
import sys
from mpi4py import MPI
world = MPI.COMM_WORLD
print("layer", world.rank)
world.barrier()
if world.rank == 2:
    {end}
world.barrier()
"""
HOLDING = """
import os
from mpi4py import MPI
world = MPI.COMM_WORLD
pids = world.gather(os.getpid())
if world.rank == 0:
    with open(os.environ["FOLDER"] + "/ready", "w") as ready:
        print(*pids, file=ready)
    open(os.environ["FOLDER"] + "/go").close()
print("total", world.allreduce(1))
"""


@pytest.fixture(scope="module", autouse=True)
def mpirun() -> str:
    return need("mpirun", "apt-get install openmpi-bin")


@pytest.fixture
def pipes(tmp_path: Path) -> Path:
    """A folder where `HOLDING` tells that it is ready, and waits until it may go on."""
    os.mkfifo(tmp_path / "ready")
    os.mkfifo(tmp_path / "go")
    return tmp_path


def hold(server: RunningServer, python: str, pipes: Path) -> tuple[str, list[int]]:
    """Return a run that waits in the middle, and the pids of its ranks."""
    run_id = submit(server, HOLDING, python, {"FOLDER": str(pipes)}, **RANKS)
    return run_id, [int(word) for word in (pipes / "ready").read_text().split()]


def test_allreduce(server: RunningServer, learning_python: str) -> None:
    run = finish(
        server,
        ALLREDUCE,
        learning_python,
        communicator="OpenMpi",
        nodeCount=2,
        mpi={"processCountPerNode": 2},
    )
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    told = logs(server, run)
    assert told.keys() == {"mpirun-0", *(f"rank-{rank}" for rank in range(4))}
    for rank in range(4):
        expected = f"rank {rank} of 4 total 10\n{rank} 4 {rank} 4 {rank} {rank} 1\n"
        assert told[f"rank-{rank}"] == expected


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ("sys.exit('no such layer: 7')", "rank-2: no such layer: 7 (exit code 1)"),
        ("raise KeyError(7)", "rank-2: KeyError: 7 (exit code 1)"),
        ("print('no room', flush=True); sys.exit(3)", "rank-2: no room (exit code 3)"),
        ("world.Abort(5)", "rank-2: layer 2 (exit code 5)"),
        ("import os; os.kill(os.getpid(), 11)", "rank-2: ended by SIGSEGV"),
        ("import os; os._exit(0)", LEFT),
    ],
)
def test_a_rank_that_dies_ends_the_job(
    server: RunningServer, learning_python: str, end: str, error: str
) -> None:
    run = finish(server, FAILING.format(end=end), learning_python, 30, **RANKS)
    assert (run["status"], run["error"]["message"]) == ("Failed", error), logs(server, run)
    assert left_of(run["runId"]) == []


def test_a_traceback_is_the_scripts_own(server: RunningServer, learning_python: str) -> None:
    run = finish(server, FAILING.format(end="int('seven')"), learning_python, **RANKS)
    text = logs(server, run)["rank-2"]
    assert text.startswith("layer 2\nTraceback (most recent call last):\n  File ")
    assert text.count("  File ") == 1
    assert "line 8, in <module>\n    int('seven')\n" in text


def test_a_script_that_knows_nothing_of_mpi(server: RunningServer, learning_python: str) -> None:
    script = """
        import os, pickle, sys
        class Mine: pass
        assert pickle.loads(pickle.dumps(Mine())).__class__ is Mine
        assert [name for name in globals() if name[0] != "_"] == ["os", "pickle", "sys", "Mine"]
        assert (__file__, sys.path[0]) == (os.path.abspath("train.py"), os.getcwd())
        print(__name__, sys.argv)
        if os.environ["RANK"] == "1":
            sys.exit("rank 1 has had enough")
        import signal
        signal.pause()
    """
    arguments = ["-x", 1, "--rank=$AZ_BATCHAI_TASK_INDEX"]
    run = finish(server, script, learning_python, 30, arguments=arguments, **RANKS)
    assert run["error"]["message"] == "rank-1: rank 1 has had enough (exit code 1)"
    assert logs(server, run)["rank-0"].startswith("__main__ ['train.py', '-x', '1', '--rank=0']\n")


def test_a_command(server: RunningServer, learning_python: str) -> None:
    command = 'test "$RANK" != 3 || { echo "no such file"; exit 4; }; sleep 1000'
    run = finish(server, "", learning_python, 30, command=command, **RANKS)
    assert run["error"]["message"] == "rank-3: no such file (exit code 4)"
    assert left_of(run["runId"]) == []


def test_no_mpirun(server: RunningServer, learning_python: str, tmp_path: Path) -> None:
    for name in ("sh", "env"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    run = finish(server, "", learning_python, variables={"PATH": str(tmp_path)}, **RANKS)
    assert "install Open MPI (Debian: openmpi-bin)" in run["error"]["message"]
    assert "(exit code 127)" in run["error"]["message"]


def test_the_environments_own_mpirun(server: RunningServer, tmp_path: Path) -> None:
    program = tmp_path / "mpirun"
    program.write_text('#!/bin/sh\necho "mine: $1 $2"\n')
    program.chmod(0o755)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {need("python3", "apt-get install python3")} "$@"\n')
    python.chmod(0o755)
    run = finish(server, "", str(python), **RANKS)
    assert logs(server, run) == {"mpirun-0": "mine: -np 4\n"}


def test_cancel(server: RunningServer, learning_python: str, pipes: Path) -> None:
    run_id, _ = hold(server, learning_python, pipes)
    server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert server.wait_for_end(run_id)["status"] == "Canceled"
    assert left_of(run_id) == []


def test_a_killed_rank(server: RunningServer, learning_python: str, pipes: Path) -> None:
    run_id, pids = hold(server, learning_python, pipes)
    os.kill(pids[2], signal.SIGKILL)
    run = server.wait_for_end(run_id)
    assert run["error"]["message"] == f"rank-2: ended by SIGKILL{BY_SOMEBODY}"
    assert left_of(run_id) == []


def test_a_killed_mpirun(server: RunningServer, learning_python: str, pipes: Path) -> None:
    run_id, pids = hold(server, learning_python, pipes)
    (mpirun,) = {process.pid for process in psutil.Process(pids[0]).parents() if is_mpirun(process)}
    os.kill(mpirun, signal.SIGKILL)
    run = server.wait_for_end(run_id)
    assert run["error"]["message"] == f"mpirun-0: ended by SIGKILL{BY_SOMEBODY}", logs(server, run)
    assert left_of(run_id) == []


def is_mpirun(process: psutil.Process) -> bool:
    return process.cmdline()[:1] != [] and process.cmdline()[0].endswith("mpirun")


def test_a_killed_server(
    make_server: Callable[..., RunningServer], learning_python: str, pipes: Path
) -> None:
    server = make_server()
    run_id, _ = hold(server, learning_python, pipes)
    server.restart(kill=True)
    assert server.run(run_id)["status"] == "Running"
    (pipes / "go").open("w").close()
    run = server.wait_for_end(run_id)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    assert all(logs(server, run)[f"rank-{rank}"] == "total 4\n" for rank in range(4))
    assert left_of(run_id) == []
