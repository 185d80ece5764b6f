"""Runs of frameworks on a real server, from a script's text to its end."""

from __future__ import annotations

import secrets
import textwrap
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping

    from servers import RunningServer

API = "jupyter-exec/v1/"


def submit(
    server: RunningServer,
    script: str,
    python: str,
    variables: Mapping[str, str] | None = None,
    **configuration: Any,
) -> str:
    """Submit a folder with `train.py` and return the run's id.

    Args:
        script: what train.py holds.
        python: the interpreter of the run.
        variables: of its environment.
        configuration: fields of the definition's configuration, in camelCase.
    """
    section = {"userManagedDependencies": True, "interpreterPath": python}
    environment = {"python": section, "environmentVariables": dict(variables or {})}
    return submit_in(server, script, environment, **configuration)


def submit_in(
    server: RunningServer, script: str, environment: Mapping[str, Any], /, **configuration: Any
) -> str:
    """Submit a folder with `train.py` for a definition's `environment`; see `submit`."""
    folder = server.root_dir / secrets.token_hex(4)
    folder.mkdir()
    (folder / "train.py").write_text(textwrap.dedent(script))
    configuration = {"script": "train.py", "environment": environment, **configuration}
    definition = {"configuration": configuration}
    body = {"definition": definition, "source": {"path": folder.name}}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def finish(
    server: RunningServer, script: str, python: str, timeout_s: float = 100, **more: Any
) -> dict[str, Any]:
    """Submit, and return the run when it has ended."""
    return server.wait_for_end(submit(server, script, python, **more), timeout_s)


def left_of(run_id: str) -> list[str]:
    """Return the command lines of all processes that have the run's id among their variables."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AZUREML_RUN_ID") == run_id:
                found.append(" ".join(process.cmdline())[:200])
        except psutil.Error:
            continue
    return found


def logs(server: RunningServer, run: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of every log of a run, by name without `.txt`."""
    answer = server.client.get(f"{API}runs/{run['runId']}/logs").json()
    names = [entry["name"] for entry in answer["logs"]]
    return {name.removesuffix(".txt"): server.log(run["runId"], name) for name in names}
