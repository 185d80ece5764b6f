"""A peer that never listens: the run ends after a stated time and says who is missing."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from framework_runs import left_of, logs, submit
from local_runs import LINUX

if TYPE_CHECKING:
    from servers import RunningServer

pytestmark = LINUX

SCRIPT = """
import json, os, signal, socket, sys
config = json.loads(os.environ["TF_CONFIG"])
kind, index = config["task"]["type"], config["task"]["index"]
if f"{kind}-{index}" not in sys.argv:
    port = int(config["cluster"][kind][index].rpartition(":")[2])
    address = ("::" if index else "127.0.0.1", port)
    listening = socket.create_server(address, family=socket.AF_INET6 if index else socket.AF_INET)
print("waits", flush=True)
signal.pause()
"""


def wait(server: RunningServer, *missing: str, limit_s: int, servers: int = 1) -> str:
    """Return a run whose processes wait for ever, and these do not listen."""
    return submit(
        server,
        SCRIPT,
        sys.executable,
        arguments=list(missing),
        framework="TensorFlow",
        communicator="ParameterServer",
        tensorflow={"workerCount": 2, "parameterServerCount": servers},
        startTimeoutSeconds=limit_s,
        resources={"cpus": 0.1},
    )


def test_who_is_missing(server: RunningServer) -> None:
    run_id = wait(server, "worker-1", "chief-0", limit_s=5)
    run = server.wait_for_end(run_id)
    assert (run["status"], run["error"]["code"]) == ("Failed", "StartTimeout"), logs(server, run)
    assert re.fullmatch(
        r"worker-1 does not listen at 127\.0\.0\.1:\d+ after 5 s; the others wait for it; "
        r"startTimeoutSeconds says how long to wait",
        run["error"]["message"],
    )
    assert left_of(run_id) == []


def test_a_killed_server_knows_it_afterwards(server: RunningServer) -> None:
    run_id = wait(server, "ps-0", "worker-0", limit_s=20)
    server.wait_for_status(run_id, "Running")
    server.kill9()
    server.start()
    message = server.wait_for_end(run_id)["error"]["message"]
    assert re.match(r"ps-0 does not listen at \S+, worker-0 at \S+ after 20 s; ", message)


def test_nobody_is_missing(server: RunningServer) -> None:
    run_id = wait(server, limit_s=4, servers=0)
    other = wait(server, "worker-0", limit_s=8)
    assert server.wait_for_end(other)["error"]["code"] == "StartTimeout"
    assert server.run(run_id)["status"] == "Running"
