"""`startrun` on a real server: recorded requests, odd forms of multipart, repetition, refusals."""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from azure_requests import (
    PROJECT,
    SUBSCRIPTION,
    address,
    disposition,
    golden,
    multipart,
    startrun,
    targets_of,
    zipped,
)

if TYPE_CHECKING:
    from servers import RunningServer

ARGUMENTS = {
    "azureml-core-1.61-startrun": ["--n", "3"],
    "rest-sample-startrun": ["--alpha", "0.5", "--fast", "true"],
}


def stored(server: RunningServer) -> tuple[int, int]:
    """Count runs and snapshots."""
    snapshots = list((server.data_dir / "snapshots" / "manifests").glob("*"))
    return len(server.runs()), len(snapshots)


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_recorded_request_becomes_a_run(azure: RunningServer, name: str, method: int) -> None:
    request = startrun(golden(name), zipped(method=method))
    answer = azure.client.post(address("startrun"), **request)
    assert (answer.status_code, list(answer.json())) == (200, ["runId"])
    run_id = answer.json()["runId"]
    assert re.fullmatch(r"exp1_\d{10}_[0-9a-f]{8}", run_id)
    run = azure.wait_for_end(run_id)
    assert (run["status"], run["experiment"], run["target"]) == ("Completed", "exp1", "cpu-cluster")
    log = azure.log(run_id)
    assert f"arguments {ARGUMENTS[name]}" in log
    assert "variable EXAMPLE_VALUE exp1" in log
    assert f"scope {SUBSCRIPTION} rg ws" in log
    outputs = azure.client.get(f"jupyter-exec/v1/runs/{run_id}/outputs/x.txt")
    assert outputs.text == "kept"


@pytest.mark.parametrize("query", ["runId", "runid", "RunId"])
def test_client_names_the_run(azure: RunningServer, query: str) -> None:
    run_id = f"named_{query}_{'x' * 200}"
    params = {query: run_id, "api-version": "2019-09-30", "other": "1"}
    request = startrun(golden("rest-sample-startrun"), zipped())
    answer = azure.client.post(address("startrun"), params=params, **request)
    assert answer.json() == {"runId": run_id}


def test_identical_request_is_answered_again_and_another_is_a_conflict(
    azure: RunningServer,
) -> None:
    definition, params = golden("azureml-core-1.61-startrun"), {"runId": "twice_1"}

    def send(definition: object, project: bytes) -> int:
        request = startrun(definition, project)
        answer = azure.client.post(address("startrun"), params=params, **request)
        if answer.status_code == 200:
            assert answer.json() == {"runId": "twice_1"}
        else:
            assert targets_of(answer) == ["runId"]
        return answer.status_code

    assert send(definition, zipped()) == 200
    assert send(definition, zipped(method=zipfile.ZIP_DEFLATED)) == 200
    assert send(definition, b"") == 200  # what azureml-core's retry sends
    assert send(definition, zipped({**PROJECT, "new.txt": "x"})) == 409
    definition["Configuration"]["arguments"] = ["--n", 4]
    assert send(definition, zipped()) == 409
    assert send(definition, b"") == 409
    other = azure.client.post(
        address("startrun", workspace="other"),
        params=params,
        **startrun(golden("azureml-core-1.61-startrun"), zipped()),
    )
    assert other.status_code == 409
    runs = [run for run in azure.runs() if run["runId"] == "twice_1"]
    assert len(runs) == 1


@pytest.mark.parametrize("params", [{}, {"runId": "never_seen"}])
def test_empty_zip_of_an_unknown_run(azure: RunningServer, params: dict[str, str]) -> None:
    request = startrun(golden("azureml-core-1.61-startrun"), b"")
    answer = azure.client.post(address("startrun"), params=params, **request)
    assert (answer.status_code, targets_of(answer)) == (400, ["projectZipFile"])


DEFINITION = json.dumps(golden("rest-sample-startrun")).encode()
FORMS = {
    "zip first": [
        (disposition("projectZipFile", "p.zip", "application/zip"), zipped()),
        (disposition("runDefinitionFile", "d.json", "application/json"), DEFINITION),
    ],
    "no file names": [
        (disposition("runDefinitionFile"), DEFINITION),
        (disposition("projectZipFile"), zipped()),
    ],
    "other case, odd headers, an extra part": [
        (
            "content-type: text/plain\r\nCONTENT-DISPOSITION: form-data; name=rundefinitionfile",
            DEFINITION,
        ),
        (disposition("comment"), b"hello"),
        (disposition("ProjectZipFile", "..\\a\\b.zip", "application/octet-stream"), zipped()),
    ],
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_forms_of_multipart(azure: RunningServer, form: str) -> None:
    content, headers = multipart(FORMS[form])
    answer = azure.client.post(address("startrun"), content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    azure.wait_for_status(answer.json()["runId"], "Completed")


def test_body_that_comes_byte_by_byte(azure: RunningServer) -> None:
    content, headers = multipart(FORMS["zip first"])
    pieces = (content[place : place + 1] for place in range(len(content)))
    answer = azure.client.post(address("startrun"), content=pieces, headers=headers)
    assert answer.status_code == 200, answer.text


WHOLE, HEADERS = multipart(FORMS["no file names"])
BROKEN = {
    "no part": (b"--b0undary--\r\n", HEADERS, ["runDefinitionFile", "projectZipFile"]),
    "no zip": (*multipart(FORMS["no file names"][:1]), ["projectZipFile"]),
    "no definition": (*multipart(FORMS["no file names"][1:]), ["runDefinitionFile"]),
    "a part twice": (*multipart(FORMS["no file names"] * 2), ["runDefinitionFile"]),
    "cut short": (WHOLE[:-30], HEADERS, [None]),
    "empty": (b"", HEADERS, ["runDefinitionFile", "projectZipFile"]),
    "no multipart": (b"\0\1\2", HEADERS, [None]),
    "another boundary": (WHOLE, {"Content-Type": "multipart/form-data; boundary=x"}, [None]),
    "no boundary": (WHOLE, {"Content-Type": "multipart/form-data"}, ["Content-Type"]),
    "JSON": (DEFINITION, {"Content-Type": "application/json"}, ["Content-Type"]),
    "endless header": (b"--b0undary\r\nX: " + b"x" * 100_000, HEADERS, [None]),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_malformed_multipart(azure: RunningServer, case: str) -> None:
    content, headers, targets = BROKEN[case]
    before = stored(azure)
    answer = azure.client.post(address("startrun"), content=content, headers=headers)
    assert (answer.status_code, targets_of(answer)) == (400, targets)
    assert stored(azure) == before


PROJECTS = {
    "zip slip": zipped({"train.py": "", "../evil.py": "x"}),
    "absolute": zipped({"train.py": "", "/etc/evil": "x"}),
    "no zip": b"this is not a zip",
    "cut short": zipped()[:-40],
    "damaged": zipped().replace(b"kept", b"kepT", 1),
}


@pytest.mark.parametrize("case", sorted(PROJECTS))
def test_refused_projects_leave_nothing(azure: RunningServer, case: str) -> None:
    before = stored(azure)
    request = startrun(golden("rest-sample-startrun"), PROJECTS[case])
    answer = azure.client.post(address("startrun"), **request)
    assert answer.status_code == 400, answer.text
    assert targets_of(answer) == ["projectZipFile"]
    assert stored(azure) == before
    assert not list((azure.data_dir / "snapshots" / "incoming").iterdir())


def test_missing_script(azure: RunningServer) -> None:
    request = startrun(golden("rest-sample-startrun"), zipped({"other.py": ""}))
    answer = azure.client.post(address("startrun"), **request)
    assert (answer.status_code, targets_of(answer)) == (400, ["configuration.script"])


def test_definition_that_is_not_json(azure: RunningServer) -> None:
    content, headers = multipart(
        [
            (disposition("runDefinitionFile"), b"{nonsense"),
            (disposition("projectZipFile"), zipped()),
        ]
    )
    answer = azure.client.post(address("startrun"), content=content, headers=headers)
    assert (answer.status_code, targets_of(answer)) == (400, ["runDefinitionFile"])


def test_too_large(azure: RunningServer) -> None:
    before = stored(azure)
    request = startrun(golden("rest-sample-startrun"), b"PK" + bytes(40_000_000))
    announced = azure.client.post(address("startrun"), **request)
    pieces = (
        request["content"][at : at + 65536] for at in range(0, len(request["content"]), 65536)
    )
    unannounced = azure.client.post(address("startrun"), content=pieces, headers=request["headers"])
    small = startrun(golden("rest-sample-startrun"), b"PK" + bytes(3_500_000))
    part = azure.client.post(address("startrun"), **small)
    for answer in (announced, unannounced, part):
        assert answer.status_code == 413, answer.text
        assert answer.json()["error"]["code"] == "ValidationError"
    assert targets_of(part) == ["projectZipFile"]
    assert stored(azure) == before


def test_definition_part_too_large(azure: RunningServer) -> None:
    content, headers = multipart(
        [
            (disposition("runDefinitionFile"), b" " * (16 * 2**20 + 1)),
            (disposition("projectZipFile"), zipped()),
        ]
    )
    answer = azure.client.post(address("startrun"), content=content, headers=headers)
    assert (answer.status_code, targets_of(answer)) == (413, ["runDefinitionFile"])
