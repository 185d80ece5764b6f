"""`snapshotrun` on a real server: recorded requests, key case, ten faults at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure_requests import address, golden, targets_of, zipped

if TYPE_CHECKING:
    from servers import RunningServer


@pytest.fixture
def snapshot_id(azure: RunningServer) -> str:
    answer = azure.client.post("jupyter-exec/v1/snapshots", content=zipped())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["snapshotId"])


def post(server: RunningServer, definition: Any, **more: Any) -> Any:
    return server.client.post(address("snapshotrun"), json=definition, **more)


def test_recorded_request_becomes_a_run(azure: RunningServer, snapshot_id: str) -> None:
    definition = golden("azureml-core-1.61-snapshotrun") | {"SnapshotId": snapshot_id}
    answer = post(azure, definition, params={"runId": "snap_1"})
    assert (answer.status_code, answer.json()) == (200, {"runId": "snap_1"})
    run = azure.wait_for_status("snap_1", "Completed")
    assert run["snapshotId"] == snapshot_id
    assert "arguments ['--n', '3']" in azure.log("snap_1")
    again = post(azure, definition, params={"runId": "snap_1"})
    assert again.json() == {"runId": "snap_1"}
    assert post(azure, definition, params={"runId": "snap_2"}).json() == {"runId": "snap_2"}


@pytest.mark.parametrize(
    "form", [str.lower, str.upper, str.swapcase], ids=["lower", "UPPER", "sWAP"]
)
def test_keys_in_any_case(azure: RunningServer, snapshot_id: str, form: Any) -> None:
    def folded(value: Any) -> Any:
        if isinstance(value, dict):
            known = "EXAMPLE_ENV_VAR" in value
            return {key if known else form(key): folded(item) for key, item in value.items()}
        return value

    definition = folded(golden("azureml-core-1.61-snapshotrun") | {"SnapshotId": snapshot_id})
    answer = post(azure, definition)
    assert answer.status_code == 200, answer.text
    azure.wait_for_status(answer.json()["runId"], "Completed")


def test_no_snapshot_is_enough_for_a_command(azure: RunningServer) -> None:
    definition = golden("azureml-core-1.61-snapshotrun")
    definition["Configuration"] |= {
        "script": None,
        "arguments": [],
        "command": "echo no snapshot here",
    }
    answer = post(azure, definition)
    assert answer.status_code == 200, answer.text
    azure.wait_for_status(answer.json()["runId"], "Completed")
    assert azure.log(answer.json()["runId"]) == "no snapshot here\n"


def test_no_snapshot_is_not_enough_for_a_script(azure: RunningServer) -> None:
    answer = post(azure, golden("azureml-core-1.61-snapshotrun"))
    assert (answer.status_code, targets_of(answer)) == (400, ["configuration.script"])


def test_variables_beside_the_environment(azure: RunningServer) -> None:
    definition = golden("azureml-core-1.61-snapshotrun")
    definition["Configuration"] |= {
        "command": "echo $EXAMPLE_ENV_VAR $OTHER",
        "environmentVariables": {"OTHER": 7},
    }
    run_id = post(azure, definition).json()["runId"]
    azure.wait_for_status(run_id, "Completed")
    assert azure.log(run_id) == "EXAMPLE_VALUE 7\n"


TEN_FAULTS: dict[str, Any] = {
    "Configuration": {
        "script": ["train.py"],
        "arguments": [1, {"x": 1}],
        "framework": "Fortran",
        "communicator": "Smoke signals",
        "target": "nowhere",
        "nodeCount": 0,
        "maxRunDurationSeconds": "soon",
        "environment": {
            "python": {"interpreterPath": "/no/such/python"},
            "environmentVariables": {"1x": "y"},
        },
        "docker": {"useDocker": True},
        "dataReferences": {"d": {"mode": "teleport"}},
        "hdi": {"yarnDeployMode": "sideways"},
    },
    "SnapshotId": "no-such-snapshot",
    "ParentRunId": "no_such_run",
}
BLAMED = {
    "runId",
    "snapshotId",
    "parentRunId",
    "configuration.script",
    "configuration.arguments[1]",
    "configuration.framework",
    "configuration.communicator",
    "configuration.target",
    "configuration.nodeCount",
    "configuration.maxRunDurationSeconds",
    "configuration.environment.python.interpreterPath",
    "configuration.environment.environmentVariables",
    "configuration.dataReferences.d.dataStoreName",
    "configuration.dataReferences.d.mode",
    "configuration.hdi.yarnDeployMode",
}


def test_all_faults_at_once(azure: RunningServer) -> None:
    before = len(azure.runs())
    answer = post(azure, TEN_FAULTS, params={"runId": "-bad"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "ValidationError"
    assert sorted(targets_of(answer)) == sorted(BLAMED)
    messages = {detail["target"]: detail["message"] for detail in error["details"]}
    assert "PyTorch" in messages["configuration.framework"]
    assert "Mpi" in messages["configuration.communicator"]
    assert "cpu-cluster" in messages["configuration.target"]
    assert "Mount, Download, Upload" in messages["configuration.dataReferences.d.mode"]
    assert len(azure.runs()) == before


@pytest.mark.parametrize(
    ("run_id", "status"),
    [
        ("a" * 256, 200),
        ("a" * 257, 400),
        ("", 400),
        ("a b", 400),
        ("ä", 400),
        ("_a", 400),
        ("9-_", 200),
    ],
)
def test_run_ids(azure: RunningServer, run_id: str, status: int) -> None:
    definition = {"configuration": {"command": ["true"], "target": "local"}}
    answer = post(azure, definition, params={"runId": run_id})
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"runId": run_id}
    else:
        assert targets_of(answer) == ["runId"]


@pytest.mark.parametrize("experiment", ["-x", "a%2Fb", "a" * 300, "%20"])
def test_experiment_names(azure: RunningServer, experiment: str) -> None:
    definition = {"configuration": {"command": ["true"], "target": "local"}}
    answer = azure.client.post(address("snapshotrun", experiment), json=definition)
    assert (answer.status_code, targets_of(answer)) == (400, ["experiment"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"configuration": 3}',
        b'{"configuration": []}',
    ],
)
def test_bodies_that_are_no_definition(azure: RunningServer, body: bytes) -> None:
    answer = azure.client.post(address("snapshotrun"), content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "ValidationError"


def test_definition_too_large(azure: RunningServer) -> None:
    answer = azure.client.post(address("snapshotrun"), content=b" " * (16 * 2**20 + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "ValidationError"
