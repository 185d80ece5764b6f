"""`cancel` on a real server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from azure_requests import address, targets_of

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer


def submit(server: RunningServer, command: list[str], **more: Any) -> str:
    definition = {"configuration": {"command": command, "target": "local", **more}}
    answer = server.client.post(address("snapshotrun"), json=definition)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["runId"])


def cancel(server: RunningServer, run_id: str, experiment: str = "exp1") -> Any:
    return server.client.post(address(f"runId/{run_id}/cancel", experiment))


def test_running_run_ends(azure: RunningServer) -> None:
    run_id = submit(azure, ["sleep", "600"])
    azure.wait_for_status(run_id, "Running")
    answer = cancel(azure, run_id)
    assert (answer.status_code, answer.json()) == (200, {"runId": run_id})
    run = azure.wait_for_status(run_id, "Canceled", 15)
    assert run["endedAt"]
    assert cancel(azure, run_id).json() == {"runId": run_id}
    assert azure.run(run_id) == run


def test_queued_run_never_starts(azure: RunningServer, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    all_cpus = {"resources": {"cpus": os.cpu_count()}}
    first = submit(azure, ["sleep", "600"], **all_cpus)
    azure.wait_for_status(first, "Running")
    second = submit(azure, ["touch", str(mark)], **all_cpus)
    third = submit(azure, ["true"], **all_cpus)
    assert azure.run(second)["status"] == "Queued"
    assert cancel(azure, second).status_code == 200
    run = azure.wait_for_status(second, "Canceled", 5)
    cancel(azure, first)
    azure.wait_for_status(third, "Completed", 30)
    assert not mark.exists()
    assert run["startedAt"] is None
    assert run["endedAt"]


def test_ended_run_is_answered(azure: RunningServer) -> None:
    run_id = submit(azure, ["true"])
    run = azure.wait_for_status(run_id, "Completed")
    assert (cancel(azure, run_id).status_code, azure.run(run_id)) == (200, run)


@pytest.mark.parametrize(
    ("run_id", "experiment"), [("unknown", "exp1"), ("a%20b", "exp1"), ("x" * 300, "exp1")]
)
def test_unknown_run(azure: RunningServer, run_id: str, experiment: str) -> None:
    answer = cancel(azure, run_id, experiment)
    assert (answer.status_code, targets_of(answer)) == (404, ["runId"])


def test_run_of_another_experiment(azure: RunningServer) -> None:
    run_id = submit(azure, ["sleep", "600"])
    assert cancel(azure, run_id, "other").status_code == 404
    assert azure.wait_for_status(run_id, "Running")
    cancel(azure, run_id)
    azure.wait_for_status(run_id, "Canceled", 15)
