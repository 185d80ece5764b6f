"""Runs are renamed, tagged, cancelled and deleted, one or many at a time, over REST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.client import ExecClient
from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    import httpx
    from servers import RunningServer

API = "jupyter-exec/v1/"


def start(server: RunningServer, command: str = "true", **more: Any) -> str:
    body = {"definition": {"configuration": {"command": command}}, **more}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def check(answer: httpx.Response, name: str) -> Any:
    assert answer.status_code == 200, answer.text
    ANSWERS[name].model_validate_json(answer.content, extra="forbid")
    return answer.json()


def told(server: RunningServer, run_id: str, kind: str) -> list[dict[str, Any]]:
    answer = check(server.client.get(API + f"runs/{run_id}/events"), "EventList")
    return [event for event in answer["events"] if event["type"] == kind]


def test_a_run_is_renamed_and_tagged(server):
    run_id = start(server, displayName="first", tags={"a": "1", "b": "2"})
    server.wait_for_end(run_id)
    patch = {"displayName": "second", "tags": {"a": None, "c": 3}}
    run = check(server.client.patch(API + f"runs/{run_id}", json=patch), "Run")
    assert (run["displayName"], run["tags"]) == ("second", {"b": "2", "c": "3"})
    assert check(server.client.get(API + f"runs/{run_id}"), "Run") == run
    for same in ({}, {"displayName": None}, {"tags": {"a": None}}):
        assert check(server.client.patch(API + f"runs/{run_id}", json=same), "Run") == run
    (event,) = told(server, run_id, "changed")
    assert (event["displayName"], event["tags"]) == ("second", {"b": "2", "c": "3"})
    (created,) = told(server, run_id, "created")
    assert (created["tags"], created["template"]) == ({"a": "1", "b": "2"}, None)


def test_a_run_is_pinned_and_others_hear_of_it(server):
    run_id = start(server, tags={"a": "1"})
    server.wait_for_end(run_id)
    assert check(server.client.get(API + f"runs/{run_id}"), "Run")["pinned"] is False
    for pinned in (True, True, False):
        answer = server.client.patch(API + f"runs/{run_id}", json={"pinned": pinned})
        assert check(answer, "Run")["pinned"] is pinned
    for action, pinned in (("pin", True), ("unpin", False)):
        (result,) = act(server, action, run_id)
        assert (result["run"]["pinned"], result["run"]["tags"]) == (pinned, {"a": "1"})
    changes = told(server, run_id, "changed")
    assert [event["pinned"] for event in changes] == [True, False, True, False]
    (refused,) = act(server, "pin", "no-such-run")
    assert refused["error"]["code"] == "UserError"


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"displayName": ""}, "displayName"),
        ({"tags": {"a": []}}, "tags.a"),
        ({"displayName": "two\nlines"}, "displayName"),
        ({"displayName": "a\0b"}, "displayName"),
        ({"displayName": "fdp.\u202egpj"}, "displayName"),
        ({"displayName": "a\u2066b"}, "displayName"),
        ({"tags": {"x" * 257: "1"}}, "tags"),
        ({"tags": {"x": "1" * 1001}}, "tags"),
        ({"tags": {str(number): "1" for number in range(101)}}, "tags"),
    ],
)
def test_a_wrong_change_names_its_field(server, body, target):
    answer = server.client.patch(API + f"runs/{start(server)}", json=body)
    assert answer.status_code == 400
    assert [fault["target"] for fault in answer.json()["error"]["details"]] == [target]


@pytest.mark.parametrize(
    ("method", "path", "body", "target"),
    [
        ("PATCH", "runs/{}", {"tags": {"\ud800": "x"}}, "tags"),
        ("PATCH", "runs/{}", {"displayName": "\udfff"}, "displayName"),
        ("POST", "run-actions", {"action": "cancel", "runIds": ["\ud800"]}, "runIds[0]"),
        ("POST", "runs", {"tags": {"\ud800": "x"}}, "tags"),
        ("POST", "runs/{}/rerun", {"tags": {"x": "\ud800"}}, "tags.x"),
    ],
)
def test_half_a_character_is_refused(server, method, path, body, target):
    answer = server.client.request(
        method,
        API + path.format(start(server)),
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400, answer.text
    error = check_error(answer)
    assert (error["target"], "surrogate" in error["message"]) == (target, True)


def test_characters_beyond_the_first_plane_are_text(server):
    run_id = start(server)
    content = json.dumps({"displayName": "🚀", "tags": {"🚀": "é"}})
    assert "ud83d" in content
    answer = server.client.patch(API + f"runs/{run_id}", content=content)
    assert check(answer, "Run")["displayName"] == "🚀"


def test_a_run_has_no_more_than_a_hundred_tags(server):
    run_id = start(server)
    hundred = {str(number): "1" for number in range(100)}
    assert server.client.patch(API + f"runs/{run_id}", json={"tags": hundred}).status_code == 200
    answer = server.client.patch(API + f"runs/{run_id}", json={"tags": {"more": "1"}})
    assert (answer.status_code, check_error(answer)["target"]) == (400, "tags")
    (result,) = act(server, "tag", run_id, tags={"more": "1"})
    assert result["error"]["target"] == "tags"
    swapped = {"tags": {"0": None, "more": "1"}}
    assert server.client.patch(API + f"runs/{run_id}", json=swapped).status_code == 200


def check_error(answer: httpx.Response) -> dict[str, Any]:
    ANSWERS["ErrorResponse"].model_validate_json(answer.content, extra="forbid")
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_what_is_made_of_a_template_says_so(server):
    template = {"name": "told", "run": {"definition": {"configuration": {"command": "true"}}}}
    assert server.client.post(API + "templates", json=template).status_code == 201
    answer = server.client.post(API + "templates/told/runs", json={})
    (created,) = told(server, answer.json()["runId"], "created")
    assert created["template"] == "told"


def test_the_client_changes_a_run(server):
    with ExecClient(server.url, server.token) as client:
        run = client.submit(command="true", name="first", tags={"a": "1"}, wait=True)
        other = client.run(run.run_id)
        assert run.update("second", tags={"a": None, "b": "2"}) is run
        assert (run.name, run.tags, run.status) == ("second", {"b": "2"}, "Completed")
        list(other.events())
        assert (other.name, other.tags) == ("first", {"a": "1"})  # it had ended before
        for event in told(server, run.run_id, "changed"):
            other.apply(event)
        assert (other.name, other.tags) == ("second", {"b": "2"})


def act(server: RunningServer, action: str, *run_ids: str, **more: Any) -> list[dict[str, Any]]:
    body = {"action": action, "runIds": run_ids, **more}
    answer = server.client.post(API + "run-actions", json=body)
    results: list[dict[str, Any]] = check(answer, "ActionResults")["results"]
    return results


def test_one_that_fails_does_not_stop_the_others(server):
    ended, going, other = start(server), start(server, "sleep 600"), start(server)
    for run_id in (ended, other):
        server.wait_for_end(run_id)
    server.wait_for_status(going, "Running")
    first, wrong, last = act(server, "tag", ended, "../x", going, ended, tags={"a": "1"})
    assert [first["run"]["tags"], last["run"]["tags"]] == [{"a": "1"}] * 2
    assert wrong["run"] is None
    assert wrong["error"]["target"] == "runId"
    refused, gone = act(server, "delete", going, ended)
    assert (refused["runId"], refused["run"]) == (going, None)
    assert "cancel it first" in refused["error"]["message"]
    assert gone == {"runId": ended, "run": None, "error": None}
    assert server.client.get(API + f"runs/{ended}").status_code == 404
    canceled, same = act(server, "cancel", going, other)
    assert canceled["run"]["status"] in {"CancelRequested", "Canceled"}
    assert same["run"]["status"] == "Completed"
    assert server.wait_for_end(going)["status"] == "Canceled"


def test_a_sweep_is_deleted_with_its_trials(server):
    configuration = {"command": ["echo", "{{n}}"]}
    template = {
        "name": "swept",
        "parameters": [{"name": "n", "value": 1}],
        "run": {"definition": {"configuration": configuration}},
    }
    assert server.client.post(API + "templates", json=template).status_code == 201
    body = {"space": {"n": {"choice": [1, 2]}}}
    answer = server.client.post(API + "templates/swept/sweeps", json=body)
    assert answer.status_code == 201, answer.text
    sweep = answer.json()["runId"]
    server.wait_for_end(sweep)
    selected = (sweep, f"{sweep}_1", f"{sweep}_2")
    assert [result["error"] for result in act(server, "delete", *selected)] == [None] * 3
    assert [server.client.get(API + f"runs/{name}").status_code for name in selected] == [404] * 3


@pytest.mark.parametrize(
    "body",
    [
        {"action": "rename", "runIds": ["x"]},
        {"action": "cancel", "runIds": []},
        {"action": "cancel", "runIds": ["x"] * 1001},
        {"action": "tag", "runIds": ["x"]},
        {"action": "delete", "runIds": ["x"], "tags": {"a": "b"}},
    ],
)
def test_wrong_actions(server, body):
    answer = server.client.post(API + "run-actions", json=body)
    assert answer.status_code == 400
    ANSWERS["ErrorResponse"].model_validate_json(answer.content, extra="forbid")
