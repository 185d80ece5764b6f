"""A peer that never comes: the run ends after a stated time and says who is missing."""

from __future__ import annotations

import re
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from background_server import until
from framework_runs import left_of, logs, submit
from local_runs import LINUX
from needs import need

if TYPE_CHECKING:
    from servers import RunningServer

pytestmark = LINUX

OTHERS = "the others wait for it; startTimeoutSeconds says how long to wait"
SCRIPT = """
import json, os, signal, socket, sys, time
config = json.loads(os.environ["TF_CONFIG"])
kind, index = config["task"]["type"], config["task"]["index"]
if f"{kind}-{index}=ends" in sys.argv:
    sys.exit(0)
if f"{kind}-{index}" not in sys.argv:
    port = int(config["cluster"][kind][index].rpartition(":")[2])
    address = ("::" if index else "127.0.0.1", port)
    listening = socket.create_server(address, family=socket.AF_INET6 if index else socket.AF_INET)
if f"{kind}-{index}=brief" in sys.argv:
    time.sleep(0.7)
    sys.exit(0)
print("waits", flush=True)
while f"{kind}-{index}=file" not in sys.argv:
    signal.pause()
while not os.path.exists("go"):
    time.sleep(0.05)
"""
RANKS = """
import os, signal, sys, time
rank, comes = os.environ["RANK"], sys.argv[1:]
if rank == "1":
    with open("pid.draft", "w") as file:
        file.write(str(os.getppid()))
    os.rename("pid.draft", "pid")
    sys.exit(0)
if rank not in comes:
    signal.pause()
while not os.path.exists("pid") or os.path.exists("/proc/" + open("pid").read()):
    time.sleep(0.05)
print("waits", flush=True)
from mpi4py import MPI
"""


def wait(
    server: RunningServer,
    *missing: str,
    limit_s: int,
    servers: int = 1,
    workers: int = 2,
    chief: bool | None = None,
) -> str:
    """Return a run whose processes wait for ever, and these do not listen, or end."""
    return submit(
        server,
        SCRIPT,
        sys.executable,
        arguments=list(missing),
        framework="TensorFlow",
        communicator="ParameterServer",
        tensorflow={"workerCount": workers, "parameterServerCount": servers, "chief": chief},
        startTimeoutSeconds=limit_s,
        resources={"cpus": 0.1},
    )


def wait_in_init(
    server: RunningServer, python: str, *coming: int, limit_s: int, framework: str = "Python"
) -> str:
    """Return a run of four ranks: rank 1 ends at once, those wait for all, the others sleep."""
    return submit(
        server,
        RANKS,
        python,
        arguments=[*map(str, coming)],
        framework=framework,
        communicator="Mpi",
        mpi={"processCountPerNode": 4},
        startTimeoutSeconds=limit_s,
        resources={"cpus": 0.1},
    )


def handle_of(server: RunningServer, run_id: str) -> str:
    """Return what the server has written down of a run's processes."""
    with closing(sqlite3.connect(server.data_dir / "exec.db")) as database:
        (row,) = database.execute("SELECT handle FROM runs WHERE run_id = ?", [run_id])
    return str(row[0])


def error_of(server: RunningServer, run_id: str) -> str:
    """Return the message of a run that was ended since somebody was missing."""
    run: dict[str, Any] = server.wait_for_end(run_id)
    assert (run["status"], run["error"]["code"]) == ("Failed", "StartTimeout"), logs(server, run)
    assert left_of(run_id) == []
    return str(run["error"]["message"])


def test_who_is_missing(server: RunningServer) -> None:
    silent = wait(server, "worker-1", "chief-0", limit_s=4)
    ended = wait(server, "worker-1=ends", "chief-0", limit_s=4)
    equal = wait(server, "worker-0=ends", servers=0, limit_s=4)
    assert re.fullmatch(
        rf"worker-1 does not listen at 127\.0\.0\.1:\d+ after 4 s; {OTHERS}",
        error_of(server, silent),
    )
    for run_id, name in ((ended, "worker-1"), (equal, "worker-0")):
        assert re.fullmatch(
            rf"{name} ended \(exit code 0\) before it listened at 127\.0\.0\.1:\d+; {OTHERS}",
            error_of(server, run_id),
        )


def test_ranks_that_do_not_come(server: RunningServer, learning_python: str) -> None:
    need("mpirun", "apt-get install openmpi-bin")
    run_id = wait_in_init(server, learning_python, 0, 3, limit_s=4, framework="TensorFlow")
    sleeping = wait_in_init(server, learning_python, limit_s=2)
    assert error_of(server, run_id) == (
        "rank-1 ended (exit code 0) before MPI_Init, "
        f"rank-2 did not reach MPI_Init within 4 s; {OTHERS}"
    )
    assert server.run(sleeping)["status"] == "Running"  # nobody waits for anybody
    assert logs(server, server.run(sleeping))["rank-0"] == ""
    server.client.post(f"jupyter-exec/v1/runs/{sleeping}/cancel").raise_for_status()


def test_a_killed_server_knows_it_afterwards(server: RunningServer, learning_python: str) -> None:
    need("mpirun", "apt-get install openmpi-bin")
    asked = ("ps-0", "worker-0", "worker-1=ends", "worker-2=file")
    run_id = wait(server, *asked, workers=3, limit_s=9)
    ranks = wait_in_init(server, learning_python, 0, 2, 3, limit_s=6)
    until(lambda: all(word in handle_of(server, run_id) for word in ('"ended"', '"listened"')))
    until(lambda: '"first_came"' in handle_of(server, ranks))
    server.kill9()
    for folder in server.data_dir.glob("runs/*/work"):
        (folder / "go").touch()  # worker-2 ends while nobody looks
    server.start()
    assert error_of(server, ranks) == f"rank-1 ended (exit code 0) before MPI_Init; {OTHERS}"
    assert re.fullmatch(
        r"ps-0 does not listen at \S+, worker-0 at \S+ after 9 s; "
        rf"worker-1 ended \(exit code 0\) before it listened at \S+; {OTHERS}",
        error_of(server, run_id),
    )


def test_nobody_is_missing(server: RunningServer) -> None:
    going = {
        "all listen": wait(server, limit_s=3, servers=0),
        "one has done its work": wait(server, "worker-1=brief", limit_s=3, chief=False),
        "only the chief does anything": wait(
            server, "worker-0=ends", "worker-1=ends", "ps-0=ends", "chief-0", limit_s=3
        ),
        "those who listened are gone": wait(
            server, "worker-0=ends", "worker-1=brief", "ps-0=brief", "chief-0", limit_s=3
        ),
    }
    other = wait(server, "worker-0", limit_s=4)
    assert server.wait_for_end(other)["error"]["code"] == "StartTimeout"
    statuses = {name: server.run(run_id)["status"] for name, run_id in going.items()}
    assert statuses == dict.fromkeys(going, "Running")
    for run_id in going.values():
        server.client.post(f"jupyter-exec/v1/runs/{run_id}/cancel").raise_for_status()
