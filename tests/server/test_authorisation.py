"""Walks the route table: nobody gets in without a token, or does more than they are allowed to."""

from __future__ import annotations

import http.client
import re
import secrets
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from jupyter_server.base.handlers import JupyterHandler
from servers import RunningServer

from jupyter_exec.handlers.base import VERBS, operations_of
from jupyter_exec.handlers.routes import ROUTES
from jupyter_exec.model.answers.runs import ErrorResponse
from jupyter_exec.model.answers.submarine import SubmarineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AUTHORIZER = """
import os
from jupyter_server.auth import Authorizer

class Only(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return action == os.environ["ALLOWED"]
"""
ACTIONS = "jupyter-exec/v1/run-actions"
BODIES = {ACTIONS: {"json": {"action": "cancel", "runIds": ["x"]}}}
VALUES = {
    "runId": "no-such-run",
    "snapshotId": "6a7f8f68-3b26-4f6c-9d1c-1f2c8f0a6f0e",
    "path": "some/file",
    "name": "main-0.txt",
    "version": "1",
}
OPERATIONS = [
    pytest.param(
        verb.upper(),
        re.sub(r"\{(\w+)\}", lambda found: VALUES.get(found[1], "x"), route.path),
        what,
        id=f"{verb} {route.path.rpartition('experiments/')[2]}",
    )
    for route in ROUTES
    for verb, what in operations_of(route.handler).items()
]
UNKNOWN = [
    ("GET", "jupyter-exec/v1"),
    ("GET", "jupyter-exec/v1/"),
    ("GET", "jupyter-exec/v1/nothing"),
    ("POST", "jupyter-exec/v1/runs/x/y/z"),
    ("GET", "execution/v1.0/subscriptions/x"),
    ("PUT", "execution/"),
    ("DELETE", "jupyter-exec/v1/runs"),
    ("PUT", "jupyter-exec/v1/runs/x"),
    ("GET", "jupyter-exec/v1/runs/x/cancel"),
    ("GET", "api/v1"),
    ("GET", "api/v1/"),
    ("GET", "api/v1/nothing"),
    ("PUT", "api/v1/template"),
    ("POST", "api/v1/experiment/logs/x"),
    ("DELETE", "api/v1/experiment"),
]


@pytest.fixture(scope="module")
def only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningServer]]:
    """Give servers whose users may do one thing, and nothing else."""
    made: dict[str, RunningServer] = {}

    def serve(action: str) -> RunningServer:
        if action not in made:
            folder = tmp_path_factory.mktemp(f"only-{action}")
            (folder / "only.py").write_text(AUTHORIZER)
            made[action] = RunningServer(
                folder,
                config={"ServerApp": {"authorizer_class": "only.Only"}},
                env={"PYTHONPATH": str(folder), "ALLOWED": action},
            )
        return made[action]

    yield serve
    for running in made.values():
        running.close()


@pytest.fixture(scope="module")
def looker(only: Callable[[str], RunningServer]) -> RunningServer:
    """A server whose users may look, and nothing else."""
    return only("read")


def ask(
    server: RunningServer, verb: str, path: str, token: str | None, **more: Any
) -> httpx.Response:
    """Return the beginning of an answer; a stream of events has no end."""
    headers = {"Authorization": f"token {token}"} if token else {}
    url = f"{server.url}{path}"
    with (
        httpx.Client(headers=headers, timeout=20, trust_env=False) as client,
        client.stream(verb, url, **more) as answer,
    ):
        if answer.headers.get("Content-Type") != "text/event-stream":
            answer.read()
        return answer


def check_error(answer: httpx.Response, status: int, *secret: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    submarine = "/api/v1" in answer.url.path
    model = SubmarineError if submarine else ErrorResponse
    model.model_validate(answer.json(), extra="forbid")
    for word in secret:
        assert word not in answer.text
        assert word not in str(answer.headers)


def test_every_verb_is_an_operation():
    for route in ROUTES:
        own = {
            verb
            for verb in VERBS
            if getattr(route.handler, verb) is not getattr(JupyterHandler, verb)
        }
        assert own == set(operations_of(route.handler)), route


def test_every_operation_asks_for_something():
    for _, _, what in (parameter.values for parameter in OPERATIONS):
        assert what.resource in {
            "datastores",
            "environments",
            "runs",
            "snapshots",
            "targets",
            "templates",
        }
        actions = what.actions or (what.action,)
        assert set(actions) <= {"read", "write", "execute"}
        assert bool(what.actions) == (what.action is None)


@pytest.mark.parametrize(("verb", "path", "what"), OPERATIONS)
def test_without_a_token(server, verb, path, what):
    check_error(ask(server, verb, path, None), 401, server.token)
    wrong = secrets.token_hex()
    check_error(ask(server, verb, path, wrong), 401, server.token, wrong)
    check_error(ask(server, verb, f"{path}?token={wrong}", None), 401, server.token, wrong)


@pytest.mark.parametrize(("verb", "path", "what"), OPERATIONS)
def test_who_may_only_look(looker, verb, path, what):
    answer = ask(looker, verb, path, looker.token, **BODIES.get(path, {}))
    if what.action == "read":
        assert answer.status_code in {200, 404}
    else:
        check_error(answer, 403, looker.token)
        actions = what.actions or (what.action,)
        assert any(f"{action} {what.resource}" in answer.text for action in actions)


@pytest.mark.parametrize("action", ["cancel", "delete", "tag", "pin"])
@pytest.mark.parametrize("allowed", ["write", "execute"])
def test_an_action_for_many_runs_asks_for_what_it_does(only, allowed, action):
    server = only(allowed)
    body = {"action": action, "runIds": ["x"], **({"tags": {"a": "b"}} if action == "tag" else {})}
    answer = ask(server, "POST", ACTIONS, server.token, json=body)
    asked = "execute" if action == "cancel" else "write"
    if asked == allowed:
        assert answer.status_code == 200
        (result,) = answer.json()["results"]
        assert "there is no run" in result["error"]["message"]
    else:
        check_error(answer, 403)
        assert f"{asked} runs" in answer.text


@pytest.mark.parametrize("uploader", ["unknown", "looker"])
def test_a_refused_upload_need_not_be_sent(looker, uploader):
    """The answer comes before the body, of which nothing is kept."""
    connection = http.client.HTTPConnection("127.0.0.1", looker.port, timeout=20)
    connection.putrequest("POST", "/jupyter-exec/v1/snapshots")
    connection.putheader("Content-Length", str(2**30))
    if uploader == "looker":
        connection.putheader("Authorization", f"token {looker.token}")
    connection.endheaders(b"x" * 1000)
    answer = connection.getresponse()
    assert answer.status == (403 if uploader == "looker" else 401)
    ErrorResponse.model_validate_json(answer.read())
    connection.close()


@pytest.mark.parametrize(("verb", "path"), UNKNOWN)
def test_what_is_not_there(server, verb, path):
    answer = ask(server, verb, path, server.token)
    check_error(answer, answer.status_code, server.token)
    assert answer.status_code in {404, 405}
    if answer.status_code == 405:
        assert verb not in answer.headers["Allow"].split(", ")
    check_error(ask(server, verb, path, None), 401, server.token)


@pytest.mark.parametrize(("verb", "path"), sorted({(p.values[0], p.values[1]) for p in OPERATIONS}))
def test_head_and_options(server, verb, path):
    for other in ("HEAD", "OPTIONS", "PROPFIND"):
        answer = ask(server, other, path, server.token)
        assert answer.status_code == 405
        assert verb in answer.headers["Allow"].split(", ")
        assert answer.headers["Content-Type"] == "application/json"
        if other == "HEAD":
            assert not answer.content
        else:
            check_error(answer, 405, server.token)
        unknown = ask(server, other, path, None).status_code
        assert unknown == 401 or (unknown == 405 and other == "PROPFIND")


def test_a_page_of_another_site_gets_nothing(server):
    headers = {"Origin": "https://elsewhere.example"}
    for verb, path in (("GET", "runs"), ("POST", "runs"), ("GET", "events")):
        answer = ask(server, verb, f"jupyter-exec/v1/{path}", None, headers=headers)
        assert answer.status_code in {401, 404}
        assert "Access-Control-Allow-Origin" not in answer.headers
