"""A secret that a failing program names is in its log, and in nothing that the server says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

SECRET = "plover-7c52-xyzzy"  # in no other file of this machine
TOKEN = {"name": "token", "secret": True}


def templates() -> dict[str, dict[str, Any]]:
    """Return templates that fail and say their secret, by the message that is kept of it."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell(text) for text in ("key = None", "raise ValueError(key)")
    ]
    notebook.cells[0].metadata["tags"] = ["parameters"]
    by_cell = {
        "definition": {"configuration": {"parameters": {"key": "{{token}}"}}},
        "source": {"notebook": json.loads(nbformat.writes(notebook))},
    }
    by_line = {"definition": {"configuration": {"command": "/nonexistent/{{token}}"}}}
    experiment = {
        "meta": {"name": "x", "framework": "TensorFlow", "cmd": "/nonexistent/{{token}}"},
        "spec": {"Worker": {"replicas": 1, "resources": "cpu=0.1"}},
    }
    return {
        "ValueError: *** (exit code 1)": {"run": by_cell},
        "/nonexistent/***: No such file or directory (exit code 127)": {"run": by_line},
        "/nonexistent/***: No such file or directory (exit code 127) ": {
            "experimentSpec": experiment
        },
    }


def files_with(folder: Path) -> set[str]:
    files = {path for path in folder.rglob("*") if path.is_file()}
    assert {"exec.db", "exit.json", "job.json"} <= {path.name for path in files}
    return {path.name for path in files if SECRET.encode() in path.read_bytes()}


@pytest.mark.parametrize("number", range(3))
def test_a_failure_that_names_a_secret(server: RunningServer, number: int) -> None:
    message, template = list(templates().items())[number]
    name = f"says-{number}"
    body = {"name": name, "parameters": [TOKEN], **template}
    made = server.client.post("jupyter-exec/v1/templates", json=body)
    assert made.status_code == 201, made.text
    address = f"jupyter-exec/v1/templates/{name}/runs"
    made = server.client.post(address, json={"params": {"token": SECRET}})
    assert made.status_code == 201, made.text
    run = server.wait_for_end(made.json()["runId"])
    assert run["error"]["code"] == "ExitCode"
    assert run["error"]["message"].endswith(message.strip())
    answers = [run, server.runs(), list(server.events(run["runId"], 10))]
    if "experimentSpec" in template:
        answers.append(server.client.get(f"api/v1/experiment/{run['runId']}").json())
        assert "***" in json.dumps(answers[-1])
        assert run["startedAt"] <= run["endedAt"]
    assert SECRET not in json.dumps(answers)
    own = {"main-0.txt", "worker-0.txt", "notebook.ipynb"}  # what the program itself prints
    assert files_with(server.data_dir) <= own
    assert SECRET in server.log(run["runId"], "worker-0.txt" if number == 2 else "main-0.txt")
    assert SECRET not in server.log_text()
