"""What Submarine's dialect refuses, and that it always does so in its envelope."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from submarine_requests import (
    CONFIG,
    refused,
    spec,
    template,
)

from jupyter_exec.handlers.submarine.base import ENVELOPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import RunningServer

SLEEP = "echo here; sleep 600"


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "meta: is required"),
    ({"meta": {}, "spec": {}}, "spec"),
    ({"spec": {"Worker": {}}}, "meta: is required"),
    (spec(framework="Keras"), "TensorFlow, PyTorch, XGBoost"),
    (spec(framework="{{framework}}"), "meta.framework"),
    (spec(roles={"Evil": {}}), "Ps, Worker, Chief"),
    (spec(roles={f"Role{n}": {} for n in range(1000)}), "has no role"),
    (spec(roles={"Worker": {"replicas": -1}}), "spec.Worker.replicas: "),
    (spec(roles={"Worker": {"replicas": 0}}), "spec.Worker.replicas: "),
    (spec(roles={"Worker": {"replicas": "abc"}}), "spec.Worker.replicas: "),
    (spec(roles={"Worker": {"replicas": 10**9}}), "spec: "),
    (spec(roles={"Worker": {"replicas": 10**30}}), "spec.Worker.replicas: "),
    (spec(roles={"Worker": {"resources": "cpu=,memory=1X"}}), "spec.Worker"),
    (spec(roles={"Worker": {"resources": "cpu={{x}}"}}), "spec.Worker.resources: "),
    (spec(roles={"Worker": {"resources": "cpu=64"}}), "spec: "),
    (spec(roles={"Worker": {}, "Chief": {"replicas": 2}}), "spec.Chief.replicas: "),
    (spec(None), "spec.Worker.cmd: "),
    (spec("a\0b"), "spec.Worker.cmd: "),
    (spec(envVars={"a b": "c"}), "meta.envVars"),
    (spec() | {"code": {"syncMode": "svn"}}, "code.syncMode: "),
    (spec() | {"code": {"syncMode": "git"}}, "code.url: "),
    (spec() | {"environment": []}, "environment: "),
]


@pytest.mark.parametrize(("body", "words"), BAD, ids=[words for _, words in BAD])
def test_bad_experiments(submarine: RunningServer, body: dict[str, Any], words: str) -> None:
    message = refused(submarine.client.post("api/v1/experiment", json=body), 400, words)
    assert "configuration" not in message
    assert len(message) < 20_000


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        ("{", "application/json", 400),
        ("[1]", "application/json", 400),
        ("", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ("meta: [", "application/yaml", 400),
        ("meta: !!python/object/apply:os.system [true]", "application/yaml", 400),
        (
            "\n".join(
                ["a: &a [x,x,x,x,x,x,x,x,x]"]
                + [f"b{n}: &b{n} [{','.join([f'*b{n - 1}' if n else '*a'] * 9)}]" for n in range(9)]
            ),
            "application/yaml",
            400,
        ),
        ("x: '" + "y" * 2_000_000 + "'", "application/yaml", 413),
    ],
)
def test_bad_bodies(submarine: RunningServer, body: str, media_type: str, status: int) -> None:
    headers = {"Content-Type": media_type}
    for path in ("template", "experiment", "experiment/x", "environment"):
        answer = submarine.client.post(f"api/v1/{path}", content=body, headers=headers)
        refused(answer, status)


def test_who_is_not_known(submarine: RunningServer) -> None:
    """Not even Submarine's own client, which its server lets in by its User-Agent."""
    headers = {"User-Agent": "OpenAPI-Generator/0.8.0/python"}
    for path in ("experiment", "experiment/ping", "template", "environment", "nothing"):
        answer = httpx.get(f"{submarine.url}api/v1/{path}", headers=headers, trust_env=False)
        refused(answer, 401)


def test_jupyters_rule_against_forged_requests(submarine: RunningServer) -> None:
    """Who is known by a cookie only must send the header that a foreign page cannot."""
    with httpx.Client(base_url=submarine.url, trust_env=False) as browser:
        assert browser.get("api/v1/experiment", params={"token": submarine.token}).is_success
        assert browser.get("api/v1/experiment").is_success
        message = refused(browser.post("api/v1/experiment", json=spec()), 403)
        assert "_xsrf" in message


def test_a_fault_of_ours_is_told_in_the_log_only(
    make_server: Callable[..., RunningServer],
) -> None:
    server = make_server(config=CONFIG)
    assert server.client.get("api/v1/environment").is_success
    with sqlite3.connect(server.data_dir / "exec.db") as connection:
        connection.execute("DROP TABLE named_environments")
    connection.close()
    message = refused(server.client.get("api/v1/environment"), 500)
    assert "named_environments" not in message
    assert "no such table: named_environments" in server.log_text()


@pytest.mark.parametrize(
    "content",
    [
        r'{"meta": {"framework": "TensorFlow", "name": "\ud800"}, "spec": {"Worker": {}}}',
        '{"meta": {"framework": "TensorFlow", "tags": NaN}, "spec": {"Worker": {}}}',
        '{"meta": ' + "9" * 5000 + "}",
        b'{"meta": "\xff"}',
        json.dumps(dict.fromkeys(ENVELOPE, 1)),
    ],
)
def test_text_that_is_hardly_json(submarine: RunningServer, content: Any) -> None:
    headers = {"Content-Type": "application/json"}
    refused(submarine.client.post("api/v1/experiment", content=content, headers=headers), 400)


def test_odd_addresses(submarine: RunningServer) -> None:
    for path, status in (("%FF", 400), ("a%2Fb", 404), ("%00", 404), ("n" * 5000, 404)):
        for folder in ("template", "experiment", "experiment/logs", "environment"):
            refused(submarine.client.get(f"api/v1/{folder}/{path}"), status)


def test_too_many_parameters_with_those_of_the_roles_store_nothing(submarine):
    parameters = [{"name": f"p{n}", "value": "x", "required": False} for n in range(998)]
    body = template("too many", parameters=parameters)
    body["experimentSpec"]["meta"]["cmd"] = "echo " + " ".join(f"{{{{p{n}}}}}" for n in range(998))
    body["experimentSpec"]["spec"] = {"Worker": {"resources": "cpu=0.5,memory=50M"}}
    refused(submarine.client.post("api/v1/template", json=body), 400, "1,001 parameters")
    refused(submarine.client.get("api/v1/template/too many"), 404, "not found")
    assert submarine.client.get("api/v1/template").status_code == 200


@pytest.mark.parametrize("name", ["ping", "logs"])
def test_a_name_that_is_an_address_of_submarine_is_refused(submarine, name):
    refused(submarine.client.post("api/v1/template", json=template(name)), 400, "address")
