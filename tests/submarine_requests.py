"""What the tests of Submarine's dialect send, and how they hold answers against what is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx
    from servers import RunningServer

DATA = Path(__file__).parent / "wire" / "data" / "submarine"
TARGETS = {"local": {"type": "local", "warm": 0, "cpus": 8}, "docker": {"type": "docker"}}
CONFIG = {"ExecApp": {"compute_targets": TARGETS}}
EXPERIMENT_ID = re.compile(r"experiment_(\d{13})_(\d{4,})")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")
EMPTY_TIMES = dict.fromkeys(("acceptedTime", "createdTime", "runningTime", "finishedTime"))


def example(name: str) -> bytes:
    """Return a request of Submarine's documentation, byte by byte."""
    return (DATA / f"{name}.request.json").read_bytes()


def shown(name: str) -> Any:
    """Return an answer of Submarine's documentation."""
    return json.loads((DATA / f"{name}.answer.json").read_bytes())


def python(code: str) -> str:
    """Return a command line; the code holds no single quotes."""
    assert "'" not in code
    return f"python3 -c '{code}'"


def spec(
    cmd: str | None = "true",
    roles: Mapping[str, Any] | None = None,
    framework: str = "TensorFlow",
    **meta: Any,
) -> dict[str, Any]:
    """Return an experiment, by default of one worker."""
    given = {"Worker": {"replicas": 1}} if roles is None else roles
    return {
        "meta": {"name": "tests", "framework": framework, "cmd": cmd, **meta},
        "spec": {
            role: {"resources": "cpu=0.1,memory=256M", **task} for role, task in given.items()
        },
    }


def template(name: str, **more: Any) -> dict[str, Any]:
    """Return a template with one parameter, `word`, that its worker prints."""
    return {
        "name": name,
        "author": "tests",
        "description": "prints a word",
        "parameters": [{"name": "word", "value": "hello", "required": False, "description": ""}],
        "experimentSpec": spec("echo {{word}}"),
        **more,
    }


def result_of(answer: httpx.Response, schema: str) -> Any:
    """Return the result of a success that has exactly the fields of its schema."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    ANSWERS[schema].model_validate_json(answer.content, extra="forbid")
    return answer.json()["result"]


def refused(answer: httpx.Response, status: int, *words: str) -> str:
    """Check an error's envelope, and that its message has these words; returns the message."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    ANSWERS["SubmarineError"].model_validate_json(answer.content, extra="forbid")
    body = answer.json()
    assert body["code"] == status
    for word in words:
        assert word in body["message"]
    return str(body["message"])


def create(server: RunningServer, body: Mapping[str, Any]) -> str:
    """Start an experiment and return its id."""
    answer = server.client.post("api/v1/experiment", json=body)
    return str(result_of(answer, "SubmarineExperiment")["experimentId"])


def experiment(server: RunningServer, experiment_id: str) -> Any:
    """Return an experiment as the dialect shows it."""
    answer = server.client.get(f"api/v1/experiment/{experiment_id}")
    return result_of(answer, "SubmarineExperiment")


def pods(server: RunningServer, experiment_id: str) -> dict[str, list[str]]:
    """Return the lines of each pod, by what stands behind the experiment's id."""
    answer = server.client.get(f"api/v1/experiment/logs/{experiment_id}")
    log = result_of(answer, "SubmarineLog")
    assert log["experimentId"] == experiment_id
    return {
        pod["podName"].removeprefix(f"{experiment_id}-"): pod["podLog"] for pod in log["logContent"]
    }


def is_time(text: Any) -> bool:
    """Tell whether a text is a time as the documentation shows it."""
    return isinstance(text, str) and _TIME.fullmatch(text) is not None
