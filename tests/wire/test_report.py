"""A run reports on itself with its own token, and the token is good for nothing else."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure_requests import address, targets_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import RunningServer


@dataclass
class Reporter:
    """A local run whose reports the test writes."""

    run_id: str
    token: str
    archive: bytes
    server: RunningServer

    def send(
        self, method: str, path: str, *, run_id: str | None = None, **more: Any
    ) -> httpx.Response:
        url = f"{self.server.url}jupyter-exec/v1/runs/{run_id or self.run_id}/{path}"
        headers = {"Authorization": f"token {self.token}"}
        return httpx.request(method, url, headers=headers, trust_env=False, **more)

    def report(self, **values: Any) -> httpx.Response:
        return self.send("POST", "report", json=values)


def local_run(server: RunningServer, command: str = "true") -> Reporter:
    definition = {"configuration": {"command": command}}
    answer = server.client.post(address("startlocalrun"), json=definition)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        order = json.loads(archive.read("azureml-setup/run.json"))
    return Reporter(order["runId"], order["token"], answer.content, server)


def statuses(server: RunningServer, run_id: str) -> list[str]:
    events = server.client.get(f"jupyter-exec/v1/runs/{run_id}/events").json()["events"]
    return [event["status"] for event in events if "status" in event]


def test_reports_of_a_whole_life(azure: RunningServer) -> None:
    run = local_run(azure)
    assert run.report().json() == {"runId": run.run_id, "status": "NotStarted", "cancel": False}
    assert run.report(status="running").json()["status"] == "Running"
    points = [{"name": "loss", "value": 1, "step": 1}, {"name": "word", "value": "x"}]
    assert run.report(metrics=points, progress={"done": 1}).status_code == 200
    for _ in range(2):  # the same bytes again change nothing
        assert (
            run.send("PUT", "logs/main-0.txt?offset=0", content=b"hello ").json()["sizeBytes"] == 6
        )
    assert run.send("PUT", "logs/main-0.txt?offset=6", content=b"world").json()["sizeBytes"] == 11
    gap = run.send("PUT", "logs/main-0.txt?offset=99", content=b"x")
    assert (gap.status_code, targets_of(gap)) == (409, ["offset"])
    assert run.send("PUT", "outputs/a/b.txt", content=b"kept").status_code == 200
    ended = run.report(status="Completed", exitCode=0)
    assert (ended.status_code, ended.json()["status"]) == (200, "Completed")
    assert azure.log(run.run_id) == "hello world"
    metrics = azure.client.get(f"jupyter-exec/v1/runs/{run.run_id}/metrics").json()["metrics"]
    assert {name: point[0]["value"] for name, point in metrics.items()} == {
        "loss": 1.0,
        "word": "x",
    }
    assert azure.client.get(f"jupyter-exec/v1/runs/{run.run_id}/outputs/a/b.txt").text == "kept"
    for late in (
        run.report(),
        run.report(status="Failed"),
        run.send("PUT", "logs/main-0.txt", content=b""),
        run.send("PUT", "outputs/a/b.txt", content=b"changed"),
    ):
        assert late.status_code == 409
    assert azure.run(run.run_id)["status"] == "Completed"
    assert azure.client.get(f"jupyter-exec/v1/runs/{run.run_id}/outputs/a/b.txt").text == "kept"


def test_token_is_good_for_nothing_else(azure: RunningServer) -> None:
    run, other = local_run(azure), local_run(azure)
    refused = [
        run.send("POST", "report", run_id=other.run_id, json={}),
        run.send("PUT", "logs/main-0.txt", run_id=other.run_id, content=b"x"),
        run.send("PUT", "outputs/x", run_id=other.run_id, content=b"x"),
        run.send("POST", "report", run_id="unknown", json={}),
        run.send("GET", "logs/main-0.txt"),
        run.send("GET", "outputs/x"),
        run.send("GET", "events"),
        run.send("POST", "cancel"),
        run.send("POST", "rerun", json={}),
        run.send("GET", ".."),
        run.send("POST", "..", json={}),
    ]
    assert [answer.status_code for answer in refused] == [401] * len(refused)
    url = f"{azure.url}jupyter-exec/v1/runs/{run.run_id}"
    for headers in (
        {},
        {"Authorization": run.token},
        {"Authorization": "token"},
        {"Authorization": "token x"},
    ):
        assert httpx.post(f"{url}/report", headers=headers, json={}).status_code == 401
    assert httpx.get(url, params={"token": run.token}).status_code == 401
    assert azure.run(other.run_id)["status"] == "NotStarted"


def test_repeated_request_gets_a_new_token_until_the_run_starts(azure: RunningServer) -> None:
    first = local_run(azure)
    definition = {"configuration": {"command": "true"}}
    params = {"runId": first.run_id}
    answer = azure.client.post(address("startlocalrun"), params=params, json=definition)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        token = json.loads(archive.read("azureml-setup/run.json"))["token"]
    second = Reporter(first.run_id, token, answer.content, azure)
    assert (first.report().status_code, second.report(status="Running").status_code) == (401, 200)
    late = azure.client.post(address("startlocalrun"), params=params, json=definition)
    assert (late.status_code, targets_of(late)) == (409, ["runId"])


def test_users_may_report_and_runs_of_this_server_keep_their_state(azure: RunningServer) -> None:
    definition = {"configuration": {"command": ["sleep", "600"], "target": "local"}}
    run_id = azure.client.post(address("snapshotrun"), json=definition).json()["runId"]
    azure.wait_for_status(run_id, "Running")
    folder = f"jupyter-exec/v1/runs/{run_id}"
    state = azure.client.post(f"{folder}/report", json={"status": "Completed"})
    assert (state.status_code, targets_of(state)) == (409, ["status"])
    log = azure.client.put(f"{folder}/logs/main-0.txt", content=b"forged")
    assert (log.status_code, targets_of(log)) == (409, ["name"])
    assert azure.client.put(f"{folder}/outputs/x.txt", content=b"kept").status_code == 200
    azure.client.post(address(f"runId/{run_id}/cancel"))
    azure.wait_for_status(run_id, "Canceled", 15)
    assert azure.client.get(f"{folder}/outputs/x.txt").text == "kept"


@pytest.mark.parametrize(
    "path", ["../x", "a/../../../x", "%2e%2e/x", "%2Fetc/x", "..", "a%00b", "a/", "logs"]
)
def test_outputs_stay_in_the_folder(azure: RunningServer, path: str) -> None:
    run = local_run(azure)
    before = sorted(entry for entry in azure.data_dir.rglob("x"))
    answer = run.send("PUT", f"outputs/{path}", content=b"x")
    if answer.status_code == 200:
        listed = azure.client.get(f"jupyter-exec/v1/runs/{run.run_id}/outputs").json()["outputs"]
        assert len(listed) == 1
    else:
        assert answer.status_code in {400, 401, 404, 405}
    assert sorted(azure.data_dir.rglob("x")) == before


@pytest.mark.parametrize("name", ["..%2Fx.txt", ".txt", "a.sh", "a%20b.txt", "%00.txt"])
def test_names_of_logs(azure: RunningServer, name: str) -> None:
    assert local_run(azure).send("PUT", f"logs/{name}", content=b"x").status_code == 400


def test_faults_of_a_report(azure: RunningServer) -> None:
    report = {"status": "Sleeping", "exitCode": "x", "error": {}, "metrics": [{"value": 1}]}
    answer = local_run(azure).report(**report)
    assert answer.status_code == 400
    assert targets_of(answer) == ["status", "exitCode", "error.message", "metrics[0].name"]


def test_silence(azure: RunningServer, tmp_path: Path) -> None:
    """The runner stops like a laptop that sleeps, wakes, sleeps, and is cancelled meanwhile."""
    run = local_run(azure, "sleep 600")
    with zipfile.ZipFile(io.BytesIO(run.archive)) as archive:
        archive.extractall(tmp_path)
    runner = subprocess.Popen(
        ["/bin/bash", str(tmp_path / "azureml-setup" / "Invocation.sh"), "--wait"]
    )
    try:
        azure.wait_for_status(run.run_id, "Running")
        os.kill(runner.pid, signal.SIGSTOP)
        azure.wait_for_status(run.run_id, "NotResponding", 15)
        os.kill(runner.pid, signal.SIGCONT)
        seen: list[str] = []
        for event in azure.events(run.run_id, 15):
            seen.append(event.get("status", ""))
            if seen[-2:] == ["NotResponding", "Running"]:
                os.kill(runner.pid, signal.SIGSTOP)
            if seen[-2:] == ["Running", "NotResponding"] and seen.count("NotResponding") == 2:
                azure.client.post(address(f"runId/{run.run_id}/cancel"))
        assert seen[-2:] == ["CancelRequested", "Canceled"]
        os.kill(runner.pid, signal.SIGCONT)
        assert runner.wait(30) == 1
    finally:
        os.kill(runner.pid, signal.SIGCONT) if runner.poll() is None else None
        runner.terminate()
        runner.wait(10)


def test_server_that_is_killed_meanwhile(
    make_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    server = make_server(config={"ExecApp": {"silence_s": 30.0}})
    run = local_run(
        server, "echo begin; while [ ! -e go ]; do sleep 0.1; done; echo end; echo x > outputs/x"
    )
    with zipfile.ZipFile(io.BytesIO(run.archive)) as archive:
        archive.extractall(tmp_path)
    runner = subprocess.Popen(
        ["/bin/bash", str(tmp_path / "azureml-setup" / "Invocation.sh"), "--wait"]
    )
    server.wait_for_status(run.run_id, "Running")
    server.kill9()
    (tmp_path / "go").touch()
    server.start()
    assert runner.wait(60) == 0
    assert statuses(server, run.run_id) == ["NotStarted", "Running", "Finalizing", "Completed"]
    assert server.log(run.run_id) == "begin\nend\n"
    assert server.client.get(f"jupyter-exec/v1/runs/{run.run_id}/outputs/x").text == "x\n"
