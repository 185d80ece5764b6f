"""What the tests of sweeps share: templates that report, how to start and read a sweep."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servers import RunningServer

API = "jupyter-exec/v1/"
REPORT = """
import json, os, sys, time
def report(value, step=None, name="loss"):
    with open(os.environ["JUPYTER_EXEC_METRICS"], "a") as file:
        file.write(json.dumps({"metric": name, "value": value, "step": step}) + "\\n")
x = float(sys.argv[1])
"""
CPUS = {"ExecApp": {"compute_targets": {"local": {"type": "local", "cpus": 4}}}}


def make_template(
    server: RunningServer,
    name: str,
    code: str,
    parameters: Iterable[dict[str, Any]] = (),
    arguments: Iterable[str] = (),
    **run: Any,
) -> None:
    """Create a template whose runs execute `code`, with the parameter `x` as its first argument."""
    configuration = {
        "command": [sys.executable, "-c", REPORT + code, "{{x}}", *arguments],
        "resources": {"cpus": 0.5},
    }
    body = {
        "name": name,
        "parameters": [{"name": "x", "type": "number", "required": "true"}, *parameters],
        "run": {"definition": {"configuration": configuration}, **run},
    }
    answer = server.client.post(API + "templates", json=body)
    assert answer.status_code == 201, answer.text


def post_sweep(server: RunningServer, name: str, **body: Any) -> dict[str, Any]:
    answer = server.client.post(f"{API}templates/{name}/sweeps", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def trials_of(server: RunningServer, run_id: str) -> dict[str, Any]:
    answer = server.client.get(f"{API}runs/{run_id}/trials")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def faults_of(answer: Any) -> dict[str, str]:
    """Field -> message of a request that was refused."""
    return {fault.get("target"): fault["message"] for fault in answer.json()["error"]["details"]}


def wait_for_trial(
    server: RunningServer, sweep_id: str, number: int, statuses: str | Iterable[str]
) -> None:
    """Wait for a trial of those that a sweep starts first; its progress tells that it has."""
    for event in server.events(sweep_id, 60):
        if event["type"] == "progress":
            break
    wanted = statuses if isinstance(statuses, str) else tuple(statuses)
    server.wait_for_status(f"{sweep_id}_{number}", wanted)
