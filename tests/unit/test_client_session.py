from __future__ import annotations

import socket

import pytest
from stand_in import Answer, StandIn

from jupyter_exec import errors
from jupyter_exec.client.discovery import Server
from jupyter_exec.client.session import NoServer, Session


@pytest.fixture
def server():
    made = StandIn()
    yield made
    made.close()


@pytest.fixture
def session(server):
    made = Session(Server(server.url, "secret", local=True))
    yield made
    made.close()


def test_the_token_goes_in_a_header(server, session):
    session.json("GET", "targets")
    assert server.requests[0].headers["authorization"] == "token secret"


def test_without_a_token_the_xsrf_words_agree(server):
    session = Session(Server(server.url, local=True))
    session.json("GET", "targets")
    session.close()
    headers = server.requests[0].headers
    assert headers["cookie"] == f"_xsrf={headers['x-xsrftoken']}"
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidRequest),
        (401, errors.Forbidden),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (405, errors.MethodNotAllowed),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (416, errors.RangeNotSatisfiable),
        (500, errors.ExecError),
        (502, errors.ExecError),
        (503, errors.ReadOnly),
    ],
)
def test_an_envelope_becomes_the_error_it_stands_for(server, session, status, kind):
    details = [
        {
            "code": "ValidationError",
            "message": "there is no target 'x'",
            "target": "configuration.target",
        },
        {"code": "ValidationError", "message": "is required"},
    ]
    error = {"code": "ValidationError", "message": "two faults", "target": "a", "details": details}
    server.on("POST runs", Answer({"error": error}, status))
    with pytest.raises(errors.ExecError) as caught:
        session.json("POST", "runs", json={})
    assert type(caught.value) is kind
    assert caught.value.message == "two faults"
    assert caught.value.code == "ValidationError"
    assert caught.value.faults == (
        errors.Fault("configuration.target", "there is no target 'x'"),
        errors.Fault(None, "is required"),
    )


def test_jupyters_own_refusal_is_one_clear_line(server, session):
    server.on("GET runs", Answer({"message": "Forbidden", "reason": None}, 403))
    with pytest.raises(errors.Forbidden, match="refuses this token"):
        session.json("GET", "runs")


def test_an_answer_that_is_not_json_is_told(server, session):
    server.on("GET runs", Answer(b"<html>"))
    with pytest.raises(NoServer, match="something else than JSON"):
        session.json("GET", "runs")


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_server_that_is_not_there_is_one_clear_line():
    session = Session(Server(f"http://127.0.0.1:{closed_port()}/", local=True))
    with pytest.raises(NoServer) as caught:
        session.json("GET", "runs")
    session.close()
    assert "nothing listens there" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/", "http://[/"])
def test_an_address_that_is_none_is_told(url):
    with pytest.raises(NoServer):
        Session(Server(url)).json("GET", "runs")


def test_a_server_that_has_moved_is_followed(server):
    moved = Server(server.url, "new", local=True)
    session = Session(Server(f"http://127.0.0.1:{closed_port()}/", local=True), lambda: moved)
    assert session.json("GET", "targets") == {"targets": []}
    session.close()
    assert server.requests[-1].headers["authorization"] == "token new"


def test_a_new_token_is_looked_up_once(server):
    def targets(request):
        known = request.headers["authorization"] == "token new"
        return Answer({"targets": []}) if known else Answer({"message": "Forbidden"}, 403)

    server.on("GET targets", targets)
    session = Session(Server(server.url, "old", local=True), lambda: Server(server.url, "new"))
    session.json("GET", "targets")
    session.close()
    assert len(server.requests) == 2
