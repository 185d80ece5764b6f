"""`history`: what is seen of a run's folder while it goes on, and what is kept of it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

RUNS = "jupyter-exec/v1/runs"


def post(server: RunningServer, command: str, **more: Any) -> Any:
    definition = {"configuration": {"command": command, **more}}
    return server.client.post(RUNS, json={"source": {}, "definition": definition})


def outputs(server: RunningServer, run_id: str) -> dict[str, int]:
    found = server.client.get(f"{RUNS}/{run_id}/outputs").json()["outputs"]
    return {each["path"]: each["sizeBytes"] for each in found}


def wait_for(server: RunningServer, run_id: str, expected: dict[str, int]) -> None:
    """Wait until these outputs, and no others, are listed of a run that goes on."""
    deadline = time.monotonic() + 30
    while (found := outputs(server, run_id)) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    assert server.run(run_id)["status"] == "Running"


@pytest.mark.parametrize(
    ("history", "watched"),
    [({}, "logs"), ({"history": {"directoriesToWatch": ["./deep//w"]}}, "deep/w")],
)
def test_watched_files_grow(
    server: RunningServer, tmp_path: Path, history: dict[str, Any], watched: str
):
    gates = [tmp_path / name for name in ("more", "end")]
    for gate in gates:
        os.mkfifo(gate)
    code = (
        "mkdir -p deep/w elsewhere; for x in logs deep/w elsewhere; do echo one > $x/a.txt; done;"
        f"cat {gates[0]}; echo two >> {watched}/a.txt; echo m > outputs/m; cat {gates[1]}"
    )
    run_id = post(server, code, **history).json()["runId"]
    name = f"{watched}/a.txt"
    wait_for(server, run_id, {name: 4})
    assert server.client.get(f"{RUNS}/{run_id}/outputs/{name}").text == "one\n"
    gates[0].write_text("")
    wait_for(server, run_id, {name: 8, "m": 2})
    assert server.client.get(f"{RUNS}/{run_id}/outputs/{name}").text == "one\ntwo\n"
    tail = server.client.get(f"{RUNS}/{run_id}/outputs/{name}", headers={"Range": "bytes=4-"})
    assert (tail.status_code, tail.text) == (206, "two\n")
    assert server.client.get(f"{RUNS}/{run_id}/outputs/elsewhere/a.txt").status_code == 404
    gates[1].write_text("")
    assert server.wait_for_end(run_id)["status"] == "Completed"
    assert outputs(server, run_id) == {name: 8, "m": 2}


def test_nothing_is_collected_where_that_is_off(server: RunningServer, tmp_path: Path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    history = {"outputCollection": False, "directoriesToWatch": ["logs"]}
    code = f"echo a | tee logs/a outputs/a; cat {gate}"
    run_id = post(server, code, history=history).json()["runId"]
    deadline = time.monotonic() + 30
    while server.log(run_id) != "a\n":  # what it prints is its log, and always kept
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert outputs(server, run_id) == {}
    assert server.client.get(f"{RUNS}/{run_id}/outputs/a").status_code == 404
    gate.write_text("")
    assert server.wait_for_end(run_id)["status"] == "Completed"
    assert outputs(server, run_id) == {}
    assert not list(server.data_dir.glob("runs/*/work/outputs/a"))


@pytest.mark.parametrize("folder", ["/etc", "..", "../x", "logs/../../x", ".", "", "a\0b"])
def test_folders_outside_are_refused(server: RunningServer, folder: str):
    answer = post(server, "true", history={"directoriesToWatch": ["logs", folder]})
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"] == "definition.configuration.history.directoriesToWatch[1]"
    assert "below the working folder" in fault["message"]


def test_what_azure_clients_send_besides_is_kept(server: RunningServer):
    history = {"outputCollection": True, "snapshotProject": False, "directoriesToWatch": ["logs"]}
    more = {"history": history, "sourceDirectoryDataStore": "workspaceblobstore"}
    run_id = post(server, "true", **more).json()["runId"]
    assert server.wait_for_end(run_id)["status"] == "Completed"
    configuration = server.run(run_id)["definition"]["configuration"]
    assert configuration["history"] == {"snapshotProject": False}  # the others have their defaults
    assert configuration["sourceDirectoryDataStore"] == "workspaceblobstore"
