"""What runs use, over REST."""

from __future__ import annotations

import json
import sys

from local_runs import LINUX

from jupyter_exec.model.answers import ANSWERS

API = "jupyter-exec/v1/"
SCRIPT = """
import os, subprocess, sys, time
block = b"x" * 60_000_000
child = subprocess.Popen(["sleep", "600"])
while not os.path.exists(sys.argv[1]):
    time.sleep(0.02)
"""


@LINUX
def test_usage_is_followed_while_the_run_goes_on(server):
    flag = server.root_dir / "flag"
    command = [sys.executable, "-c", SCRIPT, str(flag)]
    body = {"definition": {"configuration": {"command": command}}}
    run_id = server.client.post(API + "runs", json=body).json()["runId"]
    with server.client.stream("GET", API + f"runs/{run_id}/usage", params={"follow": "1"}) as told:
        assert told.status_code == 200
        assert told.headers["Content-Type"] == "application/x-ndjson"
        assert told.headers["X-Log-Offset"] == "0"
        lines = told.iter_lines()
        first = json.loads(next(lines))
        flag.touch()
        list(lines)  # ends with the run
    assert first["memoryBytes"] > 60_000_000
    assert first["cpuSeconds"] > 0
    assert first["processes"] == 2
    run = server.client.get(API + f"runs/{run_id}")
    ANSWERS["Run"].model_validate_json(run.content, extra="forbid")
    usage = run.json()["usage"]
    assert usage["maxMemoryBytes"] >= first["memoryBytes"]
    assert usage["cpuSeconds"] >= first["cpuSeconds"]
    whole = server.client.get(API + f"runs/{run_id}/usage")
    assert json.loads(whole.text.splitlines()[0]) == first
    part = server.client.get(API + f"runs/{run_id}/usage", params={"offset": -10, "limit": 5})
    assert part.content == whole.content[-10:-5]
    assert int(part.headers["X-Log-Size"]) == len(whole.content)


def test_no_usage_is_an_empty_answer(server):
    body = {"definition": {"configuration": {"command": "true"}}}
    run_id = server.client.post(API + "runs", json=body).json()["runId"]
    server.wait_for_end(run_id)
    for query in ({}, {"follow": "1"}, {"offset": "7"}):
        answer = server.client.get(API + f"runs/{run_id}/usage", params=query)
        assert (answer.status_code, answer.content) == (200, b"")
    assert server.client.get(API + "runs/nothing/usage").status_code == 404
