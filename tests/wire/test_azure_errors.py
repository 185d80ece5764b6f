"""Below `/execution/` every answer is the contract's JSON, whatever goes wrong."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure_requests import address, golden, startrun, zipped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import RunningServer

VERBS = ("startrun", "snapshotrun", "startlocalrun", "localrun", "runId/exp1_1_a/cancel")
CODES = {
    "ServiceError",
    "UserError",
    "ValidationError",
    "AzureStorageError",
    "TransientError",
    "RequestThrottled",
}
AUTHORIZER = """
from jupyter_server.auth import Authorizer
class Careful(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return action == "read"
"""
NO_UPLOADS = """
from jupyter_server.auth import Authorizer
class Careful(Authorizer):
    def is_authorized(self, handler, user, action, resource):
        return resource != "snapshots"
"""


def assert_envelope(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    said = answer.json()
    assert set(said) == {"error", "correlation", "environment", "location", "time"}
    assert said["error"]["code"] in CODES
    assert said["error"]["message"]
    assert isinstance(said["error"]["details"], list)
    assert None not in said["error"].values()
    assert all(isinstance(value, str) for value in said["correlation"].values())
    dt.datetime.fromisoformat(said["time"])


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}], ids=["none", "wrong"])
def test_unknown_user(azure: RunningServer, verb: str, headers: dict[str, str]) -> None:
    for method in ("POST", "GET", "PUT"):
        answer = httpx.request(method, azure.url + address(verb), headers=headers, content=b"{}")
        assert_envelope(answer, 401)


@pytest.mark.parametrize("scheme", ["token", "Bearer", "bearer"])
def test_both_schemes_of_clients(azure: RunningServer, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {azure.token}"}
    definition = {"configuration": {"command": ["true"], "target": "local"}}
    answer = httpx.post(azure.url + address("snapshotrun"), headers=headers, json=definition)
    assert answer.status_code == 200


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_verb(azure: RunningServer, verb: str) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = azure.client.request(method, address(verb))
        assert_envelope(answer, 405)
        assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    [
        "execution",
        "execution/",
        "execution/v2.0",
        address("nothing"),
        address("startrun/"),
        address(""),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_address(azure: RunningServer, path: str, method: str) -> None:
    assert_envelope(azure.client.request(method, path), 404)


def test_header_names_no_such_method(azure: RunningServer) -> None:
    assert_envelope(azure.client.request("BREW", address("startrun")), 405)


def test_faults_have_the_form_of_the_contract(azure: RunningServer) -> None:
    answer = azure.client.post(address("snapshotrun"), json={"configuration": {"target": "x"}})
    assert_envelope(answer, 400)
    for detail in answer.json()["error"]["details"]:
        assert set(detail) == {"code", "message", "target"}


def careful(make_server: Callable[..., RunningServer], folder: Path, text: str) -> RunningServer:
    """Start a server with an operator's own Authorizer."""
    (folder / "careful_authorizer.py").write_text(text)
    settings: dict[str, Any] = {
        "env": {"PYTHONPATH": str(folder)},
        "config": {"ServerApp": {"authorizer_class": "careful_authorizer.Careful"}},
    }
    return make_server(**settings)


def test_who_may_only_look(make_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    server = careful(make_server, tmp_path, AUTHORIZER)
    assert server.client.get("jupyter-exec/v1/runs").status_code == 200
    for verb in VERBS:
        assert_envelope(server.client.post(address(verb), json={}), 403)
    assert server.runs() == []


def test_who_may_not_upload(make_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    server = careful(make_server, tmp_path, NO_UPLOADS)
    request = startrun(golden("rest-sample-startrun"), zipped())
    assert_envelope(server.client.post(address("startrun"), **request), 403)


def test_below_a_base_url(make_server: Callable[..., RunningServer]) -> None:
    server = make_server(base_url="/hub/user/x y/".replace(" ", "-"))
    definition = {"configuration": {"command": ["true"], "target": "local"}}
    answer = server.client.post(address("snapshotrun"), json=definition)
    run_id = answer.json()["runId"]
    server.wait_for_status(run_id, "Completed")
    assert server.client.post(address(f"runId/{run_id}/cancel")).json() == {"runId": run_id}
    assert_envelope(server.client.get("execution/none"), 404)
    assert_envelope(httpx.post(server.url + address("startrun")), 401)
