"""The OpenAPI document says what a real server does."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jupyter_exec.handlers.base import operations_of
from jupyter_exec.handlers.openapi import document
from jupyter_exec.handlers.routes import ROUTES
from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    import httpx
    from servers import RunningServer

DOCUMENT = document("/")
VERBS = [(f"/{route.path}", verb) for route in ROUTES for verb in operations_of(route.handler)]
ENDLESS = ("/jupyter-exec/v1/events", "get")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 20
schemathesis.serializer.alias("application/zip", "application/octet-stream")
SCRIPT = """
import json, os
with open(os.environ["JUPYTER_EXEC_METRICS"], "a") as report:
    for step in range(3):
        report.write(json.dumps({"metric": "loss", "value": 1 / (step + 1), "step": step}) + "\\n")
    report.write(json.dumps({"progress": {"done": 3, "total": 3, "label": "done"}}) + "\\n")
open("outputs/result.txt", "w").write("42")
print("hello")
"""


_MEMBERS = ("meta", "spec")
TEMPLATE: dict[str, Any] = {
    "name": "known",
    "parameters": [{"name": "word", "value": "1"}],
    "experimentSpec": {
        "meta": {"framework": "TensorFlow", "cmd": "true", "name": "{{word}}"},
        "spec": {"Worker": {"resources": "cpu=1"}},
    },
}


def packed(files: dict[str, str]) -> bytes:
    """Return a zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


ZIPS = st.dictionaries(st.text(min_size=1), st.text(), max_size=3).map(packed) | st.binary()
schemathesis.openapi.media_type("application/zip", ZIPS)


def strict(schema: Any) -> Any:
    """Return the document with answers that allow nothing beyond what they name."""
    strict_schema = json.loads(json.dumps(schema))
    for name in _used_by(strict_schema, list(ANSWERS)) - _used_by(strict_schema, ["RunDefinition"]):
        described = strict_schema["components"]["schemas"][name]
        if name != "SubmittedRun" and "oneOf" not in described:
            described["additionalProperties"] = False
    return strict_schema


def _used_by(schema: Any, names: list[str]) -> set[str]:
    schemas, used = schema["components"]["schemas"], set[str]()
    while names:
        name = names.pop()
        if name not in used:
            used.add(name)
            names += [
                other for other in schemas if f'schemas/{other}"' in json.dumps(schemas[name])
            ]
    return used


@pytest.fixture(scope="module")
def ended(server: RunningServer) -> dict[str, Any]:
    """A run that has ended and left something of everything."""
    body = {
        "experiment": "openapi",
        "tags": {"a": "b"},
        "definition": {"configuration": {"script": "train.py"}},
        "overlay": {"train.py": {"text": SCRIPT}, "data/x.csv": {"text": "1,2"}},
    }
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run = server.wait_for_end(answer.json()["runId"])
    assert run["status"] == "Completed", server.log(run["runId"])
    client = server.client
    assert client.post("api/v1/template", json=TEMPLATE).status_code == 200
    assert client.post("api/v1/environment", json={"name": "known"}).status_code == 200
    answer = client.post("api/v1/experiment", json=TEMPLATE["experimentSpec"])
    experiment_id = answer.json()["result"]["experimentId"]
    server.wait_for_end(experiment_id)
    return run | {"experimentId": experiment_id}


def test_the_document_is_valid():
    validate(DOCUMENT)


def test_generated_types_have_plain_names():
    schemas = DOCUMENT["components"]["schemas"]
    assert [name for name in schemas if not name.isalnum()] == []
    kinds = schemas["Event"]["discriminator"]["mapping"]
    assert set(kinds) == {"created", "changed", "state", "progress", "metrics", "deleted"}
    assert schemas["EventList"]["properties"]["events"]["items"] == {
        "$ref": "#/components/schemas/Event"
    }


def test_the_document_names_every_verb_and_nothing_else():
    described = {(path, verb) for path, verbs in DOCUMENT["paths"].items() for verb in verbs}
    assert described == set(VERBS)
    identifiers = [DOCUMENT["paths"][path][verb]["operationId"] for path, verb in VERBS]
    assert len(set(identifiers)) == len(identifiers)


def test_the_server_answers_the_document(make_server):
    running = make_server(base_url="/user/somebody/")
    answered = running.client.get("jupyter-exec/v1/openapi.json").raise_for_status().json()
    assert answered == json.loads(json.dumps(document("/user/somebody/")))
    assert answered["servers"] == [{"url": "/user/somebody"}]


def check(answer: httpx.Response, name: str) -> Any:
    """Hold a real answer against its model; nothing may be left over."""
    assert answer.is_success, answer.text
    ANSWERS[name].model_validate_json(answer.content, extra="forbid")
    return answer.json()


def test_real_answers_fit_their_models(server, ended):
    own = f"jupyter-exec/v1/runs/{ended['runId']}"
    for path, name in {
        own: "Run",
        f"{own}/logs": "LogList",
        f"{own}/outputs": "OutputList",
        f"{own}/metrics": "Metrics",
        f"{own}/events": "EventList",
        "jupyter-exec/v1/runs?limit=1": "RunList",
        "jupyter-exec/v1/targets": "TargetList",
        "jupyter-exec/v1/openapi.json": "OpenApiDocument",
        f"jupyter-exec/v1/snapshots/{ended['snapshotId']}": "Manifest",
    }.items():
        answer = check(server.client.get(path), name)
        largest = max((part for part in answer.values() if isinstance(part, list | dict)), key=len)
        assert largest, f"{path} says nothing, so that this test says nothing"
    check(server.client.post(f"{own}/cancel"), "Run")
    rerun = check(server.client.post(f"{own}/rerun", json={}), "Run")
    server.wait_for_end(rerun["runId"])


def test_what_waits_fits_its_model(server):
    command = ["python", "-c", "import time; time.sleep(600)"]
    resources = {"cpus": _cpus(server)}
    body = {"definition": {"configuration": {"command": command, "resources": resources}}}
    first, second = (
        check(server.client.post("jupyter-exec/v1/runs", json=body), "SubmittedRun")["runId"]
        for _ in range(2)
    )
    server.wait_for_status(first, "Running")
    assert check(server.client.get(f"jupyter-exec/v1/runs/{second}"), "Run")["queuePosition"] == 1
    target = check(server.client.get("jupyter-exec/v1/targets"), "TargetList")["targets"][0]
    assert [run["runId"] for run in target["running"]] == [first]
    assert [run["runId"] for run in target["queue"]] == [second]
    for run_id in (second, first):
        check(server.client.post(f"jupyter-exec/v1/runs/{run_id}/cancel"), "Run")
        server.wait_for_end(run_id)


def _cpus(server: RunningServer) -> float:
    target = server.client.get("jupyter-exec/v1/targets").json()["targets"][0]
    return float(target["capacity"]["cpus"])


def test_an_upload_fits_its_model(server):
    answer = server.client.post("jupyter-exec/v1/snapshots", content=packed({"a.txt": "a"}))
    assert check(answer, "Snapshot")["files"] == 1
    answer = server.client.post("jupyter-exec/v1/snapshots", content=b"not a zip")
    assert answer.status_code == 400
    ANSWERS["ErrorResponse"].model_validate_json(answer.content, extra="forbid")


def test_the_endless_stream(server):
    with server.client.stream("GET", ENDLESS[0].lstrip("/")) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"


def tame(case: schemathesis.Case, ended: dict[str, Any], *, existing: bool) -> None:
    """Start nothing but `true` on this machine, and ask for things that exist now and then."""
    paths = case.path_parameters or {}
    if "api/v1/" in case.path:
        _tame_experiment(case, ended, existing=existing)
    elif existing and case.method.lower() != "delete":
        known = {"runId": ended["runId"], "snapshotId": ended["snapshotId"], "name": "main-0.txt"}
        known |= {"templateName": "known", "version": "1"}
        paths.update({name: value for name, value in known.items() if name in paths})
        if "path" in paths:
            paths["path"] = "train.py" if "snapshotId" in paths else "result.txt"
    body = case.body if isinstance(case.body, dict) else {}
    for part in (body, body.get("definition"), body.get("runDefinitionFile")):
        if isinstance(part, dict) and "configuration" in part:
            if existing:
                part["configuration"] = {"command": ["true"]}
            elif isinstance(part["configuration"], dict) and "command" in part["configuration"]:
                part["configuration"]["command"] = ["true"]


def _tame_experiment(case: schemathesis.Case, ended: dict[str, Any], *, existing: bool) -> None:
    paths, body = case.path_parameters or {}, case.body if isinstance(case.body, dict) else {}
    if existing and case.method.lower() != "delete":
        experiment = "known" if case.method.lower() == "post" else ended["experimentId"]
        known = {"id": experiment, "template": "known", "environment": "known"}
        paths.update({name: value for name, value in known.items() if name in paths})
    for part in (body, body.get("experimentSpec")):
        meta, roles = (part.get(name) if isinstance(part, dict) else None for name in _MEMBERS)
        if isinstance(meta, dict) and isinstance(roles, dict):
            meta["cmd"] = "true"
            if existing:
                meta["framework"] = "TensorFlow"
                part["spec"] = roles = {"Worker": next(iter(roles.values()), {})}
            for task in roles.values():
                if isinstance(task, dict):
                    task.pop("cmd", None)


@pytest.mark.parametrize(
    ("path", "verb"),
    [one for one in VERBS if one != ENDLESS],
    ids=lambda value: value.rpartition("experiments/")[2],
)
def test_the_server_keeps_to_the_document(server, ended, path, verb):
    """Values that fit and values that don't; none is a fault of the server's, each answer fits."""
    described = schemathesis.openapi.from_dict(strict(DOCUMENT))[path][verb]
    headers = {"Authorization": f"token {server.token}"}

    @given(
        case=described.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)
        | described.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
        existing=st.booleans(),
    )
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],  # to shrink a failure takes minutes
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case, existing: bool) -> None:
        tame(case, ended, existing=existing)
        case.call_and_validate(
            base_url=server.url.rstrip("/"), headers=headers, checks=CHECKS, timeout=20
        )

    already = len(server.log_text())
    ask()
    assert "Traceback" not in server.log_text()[already:]
