"""Run history, content, discovery: what azureml-core asks beside the execution service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from azure_requests import address, golden, startrun, zipped

from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from servers import RunningServer

BESIDE = "jupyter-exec/v1/azureml/"
CANCELED = "Microsoft.MachineLearning.Run.Canceled"


def history(rest: str) -> str:
    """Return an address in the run history, `rest` beginning with experiments or experimentids."""
    workspace = address("", "x").partition("/experiments/")[0].partition("execution/v1.0/")[2]
    return f"{BESIDE}history/v1.0/{workspace}/{rest}"


def check(answer: httpx.Response, name: str) -> Any:
    assert answer.status_code == 200, answer.text
    ANSWERS[name].model_validate_json(answer.content, extra="forbid")
    return answer.json()


def start(azure: RunningServer, run_id: str, command: list[str], **more: Any) -> str:
    definition = {"configuration": {"command": command}}
    body = {"experiment": "past", "runId": run_id, "definition": definition, **more}
    answer = azure.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    return history(f"experiments/past/runs/{run_id}")


def test_discovery_needs_only_the_token_in_the_address(azure: RunningServer) -> None:
    url = f"{azure.url}{BESIDE}discovery"
    assert httpx.get(url, trust_env=False).status_code == 401
    answer = httpx.get(url, params={"token": azure.token}, trust_env=False)
    assert set(check(answer, "AzureServices").values()) == {azure.url + BESIDE.rstrip("/")}


def test_a_run_is_shown_as_it_is(azure: RunningServer) -> None:
    where = start(azure, "past_1", ["sh", "-c", "exit 3"])
    run = azure.wait_for_end("past_1")
    shown = check(azure.client.get(where), "AzureRun")
    details = check(azure.client.get(f"{where}/details"), "AzureRunDetails")
    for answer in (shown, details):
        assert answer["status"] == run["status"] == "Failed"
        assert answer["startTimeUtc"] == run["startedAt"]
        assert answer["endTimeUtc"] == run["endedAt"]
        assert answer["properties"] == {"ContentSnapshotId": run["snapshotId"]}
        assert answer["error"]["error"] == {**run["error"], "details": []}
    assert details["runDefinition"] == run["definition"]
    assert shown["rootRunId"] == "past_1"
    by_id = history(f"experimentids/{shown['experimentId']}/runs/past_1")
    assert check(azure.client.get(by_id), "AzureRun") == shown
    experiment = check(azure.client.get(history("experiments/past")), "AzureExperiment")
    assert experiment["experimentId"] == shown["experimentId"]


def test_the_root_of_a_grandchild(azure: RunningServer) -> None:
    start(azure, "root_1", ["true"])
    start(azure, "child_1", ["true"], parentRunId="root_1")
    where = start(azure, "grandchild_1", ["true"], parentRunId="child_1")
    for run_id in ("root_1", "child_1", "grandchild_1"):
        azure.wait_for_end(run_id)
    shown = check(azure.client.get(where), "AzureRun")
    assert (shown["rootRunId"], shown["parentRunId"]) == ("root_1", "child_1")
    azure.client.delete("jupyter-exec/v1/runs/root_1").raise_for_status()
    assert azure.client.get(where).json()["rootRunId"] == "child_1"


def test_tags_are_kept_and_properties_are_not(azure: RunningServer) -> None:
    where = start(azure, "past_2", ["true"], tags={"a": "1", "b": "2"})
    azure.wait_for_end("past_2")
    body = {"RunId": "past_2", "Tags": {"b": "3", "c": None}, "properties": {"x": "y"}}
    shown = check(azure.client.patch(where, json=body), "AzureRun")
    assert shown["tags"] == {"a": "1", "b": "3", "c": ""}
    assert "x" not in shown["properties"]
    assert azure.run("past_2")["tags"] == shown["tags"]
    told = azure.client.get("jupyter-exec/v1/runs/past_2/events").json()["events"][-1]
    assert (told["type"], told["tags"]) == ("changed", shown["tags"])
    for tag, found in (("b=3", ["past_2"]), ("b=2", []), ("c", ["past_2"])):
        runs = azure.client.get("jupyter-exec/v1/runs", params={"tag": tag, "experiment": "past"})
        assert [run["runId"] for run in runs.json()["runs"]] == found, tag


@pytest.mark.parametrize("by", ["cancelUri", "event"])
def test_both_ways_to_cancel(azure: RunningServer, by: str) -> None:
    run_id = f"cancel_{by}"
    where = start(azure, run_id, ["sleep", "600"])
    azure.wait_for_status(run_id, "Running")
    if by == "event":
        check(azure.client.post(f"{where}/events", json={"name": CANCELED}), "AzureRun")
    else:
        uri = azure.client.get(where).json()["cancelUri"]
        assert urlsplit(uri).path.startswith("/execution/v1.0/subscriptions/")
        check(azure.client.post(uri), "StartRunResult")
    check(azure.client.get(f"{where}/metricsingest/wait"), "Nothing")
    assert azure.wait_for_end(run_id)["status"] == "Canceled"


def test_a_client_does_not_say_how_a_run_ended(azure: RunningServer) -> None:
    where = start(azure, "past_3", ["true"])
    azure.wait_for_end("past_3")
    body = {"name": "Microsoft.MachineLearning.Run.Failed"}
    answer = azure.client.post(f"{where}/events", json=body)
    assert answer.status_code == 400
    assert CANCELED in answer.json()["error"]["message"]
    assert azure.run("past_3")["status"] == "Completed"


def test_execution_lies_beside_the_history_as_well(azure: RunningServer) -> None:
    definition = golden("azureml-core-1.61-startrun")
    url = BESIDE + address("startrun?runId=beside_1")
    answer = azure.client.post(url, **startrun(definition, zipped()))
    assert answer.json() == {"runId": "beside_1"}, answer.text
    assert azure.wait_for_end("beside_1")["status"] == "Completed"


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("experiments/past/runs/nothing", 404),
        ("experiments/other/runs/past_4", 404),
        ("experimentids/00000000-0000-0000-0000-000000000000/runs/past_4", 404),
        ("experiments/%20", 400),
        ("experiments/past/runs/past_4/children", 404),
    ],
)
def test_errors_have_details(azure: RunningServer, rest: str, status: int) -> None:
    """Without `details` azureml-core fails while it shows the error."""
    if azure.client.get("jupyter-exec/v1/runs/past_4").status_code == 404:
        start(azure, "past_4", ["true"])
        azure.wait_for_end("past_4")
    answer = azure.client.get(history(rest))
    assert answer.status_code == status
    ANSWERS["ErrorResponse"].model_validate_json(answer.content, extra="forbid")
    assert isinstance(answer.json()["error"]["details"], list)
