"""The five examples of Submarine's documentation, sent by curl, answer as it shows."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

from needs import need
from submarine_requests import CONFIG, EXPERIMENT_ID, example, is_time, refused, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import RunningServer


def curl(server: RunningServer, verb: str, path: str, body: bytes | None = None) -> Any:
    """Send what the documentation shows, with the token besides."""
    program = need("curl", "apt-get install curl")
    token = ["-H", f"Authorization: token {server.token}"]
    sends = [] if body is None else ["-H", "Content-Type: application/json", "-d", body.decode()]
    command = [program, "-sS", "--noproxy", "*", "-X", verb, *token, *sends, f"{server.url}{path}"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def at(answer: Any, timestamp: int) -> Any:
    """Return an answer as if the server had been started at another time."""
    text = json.dumps(answer)
    return json.loads(re.sub(r'("serverTimestamp": )\d+', rf"\g<1>{timestamp}", text))


def test_the_five_examples(make_server: Callable[..., RunningServer]) -> None:
    server = make_server(config=CONFIG)
    name = "api/v1/template/my-tf-mnist-template"
    created = curl(server, "POST", "api/v1/template", example("create"))
    timestamp = created["result"]["experimentTemplateId"]["serverTimestamp"]
    assert created == at(shown("create"), timestamp)
    assert curl(server, "GET", "api/v1/template") == at(shown("list"), timestamp)
    assert curl(server, "PATCH", name, example("patch")) == at(shown("patch"), timestamp)
    path = "api/v1/experiment/my-tf-mnist-template"
    answered, expected = curl(server, "POST", path, example("submit")), shown("submit")
    told = answered["result"]
    assert EXPERIMENT_ID.fullmatch(told["experimentId"])
    assert told["experimentId"] == f"experiment_{timestamp}_0001"
    assert is_time(told["acceptedTime"])
    extras = {
        "experimentHandlerSpec": told["spec"].pop("experimentHandlerSpec"),
        "tags": told["spec"]["meta"].pop("tags"),
        "experimentId": told["spec"]["meta"].pop("experimentId"),
    }
    assert extras == {
        "experimentHandlerSpec": None,
        "tags": [],
        "experimentId": told["experimentId"],
    }
    for changing in ("experimentId", "uid", "acceptedTime"):
        expected["result"][changing] = told[changing]
    assert answered == expected
    assert curl(server, "DELETE", name) == at(shown("delete"), timestamp)
    assert curl(server, "GET", "api/v1/template")["result"] == []
    for gone in (server.client.get(name), server.client.delete(name)):
        assert refused(gone, 404) == "ExperimentTemplate not found."
    run = server.wait_for_end(told["experimentId"])
    assert (run["status"], run["template"]["name"]) == ("Failed", "my-tf-mnist-template")
    assert "tf-mnist-with-summaries" in run["error"]["message"]
