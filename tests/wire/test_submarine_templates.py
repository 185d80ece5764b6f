"""Templates in Submarine's dialect: parameters, substitution, what is refused, ids."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from submarine_requests import (
    CONFIG,
    experiment,
    pods,
    refused,
    result_of,
    spec,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from servers import RunningServer

PATH = "api/v1/template"
JSON = {"Content-Type": "application/json"}


def made(server: RunningServer, body: Mapping[str, Any]) -> Any:
    """Create a template and return its spec as answered."""
    answer = server.client.post(PATH, json=body)
    return result_of(answer, "SubmarineTemplate")["experimentTemplateSpec"]


def parameters_of(spec: Any) -> dict[str, Any]:
    return {parameter["name"]: parameter for parameter in spec["parameters"]}


def test_values_are_kept_as_they_were_written(submarine: RunningServer) -> None:
    text = """{"name": "literals", "parameters": [
        {"name": "a", "value": 0.10, "required": true}, {"name": "b", "value": 1e-05},
        {"name": "c", "value": true}, {"name": "d", "value": null}, {"name": "e", "value": ""},
        {"name": "f", "value": 12345678901234567890}],
        "experimentSpec": {"meta": {"framework": "TensorFlow", "cmd":
        "echo {{a}} {{b}} {{c}} {{d}} {{e}} {{f}}"}, "spec": {"Worker": {}}}}"""
    answer = submarine.client.post(PATH, content=text, headers=JSON)
    spec = result_of(answer, "SubmarineTemplate")["experimentTemplateSpec"]
    values = {name: one["value"] for name, one in parameters_of(spec).items()}
    assert values == {
        "a": "0.10",
        "b": "1e-05",
        "c": "true",
        "d": None,
        "e": "",
        "f": "12345678901234567890",
        "spec.Worker.replicas": "1",
    }
    assert set(spec["parameters"][0]) == {"name", "required", "description", "value"}
    assert spec["parameters"][0]["required"] == "true"
    yaml = json.dumps(json.loads(text) | {"name": "literals in yaml"}).replace("0.1,", "0.10,")
    answer = submarine.client.post(PATH, content=yaml, headers={"Content-Type": "application/yaml"})
    spec = result_of(answer, "SubmarineTemplate")["experimentTemplateSpec"]
    assert parameters_of(spec)["a"]["value"] == "0.10"


def test_roles_append_their_parameters(submarine: RunningServer) -> None:
    roles = {"Worker": {"resources": "memory=1G,nvidia.com/gpu=1,cpu=2"}, "Chief": {"replicas": 1}}
    spec_sent = spec("echo {{word}}", roles)
    answered = made(submarine, template("roles", experimentSpec=spec_sent))
    assert [parameter["name"] for parameter in answered["parameters"]] == [
        "word",
        "spec.Worker.replicas",
        "spec.Worker.resourceMap.memory",
        "spec.Worker.resourceMap.nvidia.com/gpu",
        "spec.Worker.resourceMap.cpu",
        "spec.Chief.replicas",
        "spec.Chief.resourceMap.cpu",
        "spec.Chief.resourceMap.memory",
    ]
    gpu = parameters_of(answered)["spec.Worker.resourceMap.nvidia.com/gpu"]
    assert gpu == {"name": gpu["name"], "required": "false", "description": "", "value": "1"}
    assert answered["experimentSpec"]["spec"]["Worker"]["resourceMap"]["nvidia.com/gpu"] == "1"


def test_what_get_answers_can_be_sent_back(submarine: RunningServer) -> None:
    path = f"{PATH}/back"
    made(submarine, template("back"))
    whole = submarine.client.get(path).json()
    told = whole["result"]["experimentTemplateSpec"]
    first = whole["result"]["experimentTemplateId"]["id"]
    for count, body in enumerate((whole, whole["result"], told), 1):
        result = result_of(submarine.client.patch(path, json=body), "SubmarineTemplate")
        assert result["experimentTemplateSpec"] == told
        assert result["experimentTemplateId"]["id"] >= first + count
    edited = json.loads(json.dumps(told))
    edited["experimentSpec"]["spec"] = {"Chief": {"replicas": 1, "resources": "cpu=2"}}
    result = result_of(submarine.client.patch(path, json=edited), "SubmarineTemplate")
    names = set(parameters_of(result["experimentTemplateSpec"]))
    assert names == {"word", "spec.Chief.replicas", "spec.Chief.resourceMap.cpu"}
    refused(submarine.client.patch(path, json=told | {"name": "other"}), 400, "keeps its name")
    unknown = submarine.client.patch(f"{PATH}/no", json=told)
    assert refused(unknown, 404) == "ExperimentTemplate not found."
    refused(submarine.client.get(f"{PATH}/no"), 404)
    refused(submarine.client.post(PATH, json=told), 400, "back", "already")


def test_parameters_by_their_older_name(submarine: RunningServer) -> None:
    body = template("older")
    body["experimentTemplateParamSpec"] = body.pop("parameters")
    assert "word" in parameters_of(made(submarine, body))


def test_typed_parameters(submarine: RunningServer) -> None:
    typed = {"name": "word", "value": 2, "type": "integer", "minimum": 1, "maximum": 3}
    body = template("typed", parameters=[typed])
    parameter = made(submarine, body)["parameters"][0]
    assert {name: parameter[name] for name in ("type", "minimum", "maximum", "value")} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 3,
        "value": "2",
    }
    refused(run(submarine, "typed", {"word": 9}), 400, "word", "maximum 3")


def run(server: RunningServer, name: str, params: Any) -> Any:
    return server.client.post(f"api/v1/experiment/{name}", json={"name": "x", "params": params})


def test_substitution(submarine: RunningServer) -> None:
    body = template("filled")
    body["parameters"] += [
        {"name": "who", "value": "everybody"},
        {"name": "meta.cmd:who", "value": "nobody"},
        {"name": "spec.Worker.cmd", "value": "echo own '{{word}}' $GREETING"},
    ]
    body["experimentSpec"] = spec(
        "echo {{who}}",
        {"Worker": {"cmd": "replaced"}, "Ps": {}},
        name="{{word}} {{who}}",
        tags=["{{word}}"],
        envVars={"GREETING": "{{word}}"},
    )
    made(submarine, body)
    word = "a 'b' \"c\" $1 \\ {{who}}; rm -rf / $(id)"
    told = result_of(run(submarine, "filled", {"word": word}), "SubmarineExperiment")
    assert told["name"] == f"{word} everybody"
    assert told["spec"]["meta"]["cmd"] == "echo nobody"
    assert told["spec"]["meta"]["tags"] == [word]
    assert told["spec"]["meta"]["envVars"] == {"GREETING": word}
    assert told["spec"]["spec"]["Worker"]["cmd"] == "echo own '{{word}}' $GREETING"
    listed = submarine.client.get("jupyter-exec/v1/runs", params={"template": "filled"}).json()[
        "runs"
    ]
    assert [one["runId"] for one in listed] == [told["experimentId"]]


def test_an_experiment_of_a_template_runs(submarine: RunningServer) -> None:
    made(submarine, template("runs"))
    word = "a 'b' \"c\" $1 \\ {{who}}; rm -rf / $(id)"
    params = {"word": word, "spec.Worker.replicas": 2, "spec.Worker.resourceMap.cpu": "0.2"}
    told = result_of(run(submarine, "runs", params), "SubmarineExperiment")
    worker = told["spec"]["spec"]["Worker"]
    assert (worker["replicas"], worker["resourceMap"]["cpu"]) == (2, "0.2")
    done = submarine.wait_for_end(told["experimentId"])
    assert done["status"] == "Completed", done["error"]
    assert pods(submarine, told["experimentId"])["worker-0"] == [word]
    assert experiment(submarine, told["experimentId"])["status"] == "Succeeded"
    again = result_of(run(submarine, "runs", {"word": None}), "SubmarineExperiment")
    submarine.wait_for_end(again["experimentId"])
    assert pods(submarine, again["experimentId"]) == {"worker-0": ["hello"]}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"other": "1"}, ["illegal key", "other", "word"]),
        ({}, ["unmapped value", "need"]),
        ({"need": "1", "spec.Worker.replicas": "abc"}, ["spec.Worker.replicas", "abc"]),
        ({"need": "1", "spec.Worker.replicas": 0}, ["spec.Worker.replicas"]),
        ({"need": ["a"]}, ["need"]),
        ({"need": "1", "spec.Worker.resourceMap.cpu": "many"}, ["cpu", "many"]),
        (None, ["params"]),
        ([], ["params"]),
    ],
)
def test_values_that_do_not_fit(submarine: RunningServer, params: Any, words: list[str]) -> None:
    if submarine.client.get(f"{PATH}/strict").status_code == 404:
        body = template("strict")
        body["parameters"].append({"name": "need", "required": True, "value": "default"})
        body["experimentSpec"]["meta"]["cmd"] += " {{need}}"
        made(submarine, body)
    before = len(submarine.runs())
    refused(run(submarine, "strict", params), 400, *words)
    assert len(submarine.runs()) == before


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"parameters": [{"name": "word"}, {"name": "unused"}]}, ["unused key", "unused"]),
    ({"parameters": []}, ["unmapped value", "word"]),
    ({"parameters": [{"name": "word"}, {"name": "word"}]}, ["word", "more than once"]),
    ({"parameters": [{"name": "word", "value": {"a": 1}}]}, ["parameters[0].value"]),
    ({"parameters": [{"name": "word", "value": [1]}]}, ["parameters[0]"]),
    ({"parameters": [{"name": "w" * 10_000}]}, ["parameters[0].name"]),
    ({"parameters": None}, ["parameters: is required"]),
    ({"parameters": "word"}, ["parameters"]),
    ({"experimentSpec": None}, ["experimentSpec: is required"]),
    ({"experimentSpec": {}}, ["experimentSpec.meta: is required"]),
    ({"experimentSpec": None, "run": {"definition": {}}}, ["experimentSpec: is required"]),
    ({"name": ""}, ["name"]),
    ({"name": "n" * 10_000}, ["name"]),
    ({"name": None}, ["name: is required"]),
    ({"name": "a/b"}, ["name"]),
    ({"experimentSpec": spec(framework="Keras")}, ["experimentSpec", "Keras"]),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[str(words) for _, words in BAD])
def test_bad_templates(submarine: RunningServer, change: dict[str, Any], words: list[str]) -> None:
    before = submarine.client.get(PATH).json()
    message = refused(submarine.client.post(PATH, json=template("bad") | change), 400, *words)
    assert len(message) < 5000
    assert submarine.client.get(PATH).json() == before


@pytest.mark.parametrize(
    "name", ["(a+)+$", "../../etc/passwd", "__proto__", "🙂", "constructor", "a.b:c"]
)
def test_odd_parameter_names(submarine: RunningServer, name: str) -> None:
    body = template(f"odd {name.replace('/', '-')}", parameters=[{"name": name, "value": "x"}])
    body["experimentSpec"]["meta"]["cmd"] = f"echo {{{{{name}}}}}"
    made(submarine, body)
    told = result_of(run(submarine, body["name"], {name: "y"}), "SubmarineExperiment")
    assert told["spec"]["meta"]["cmd"] == "echo y"


def test_a_template_of_a_run_is_not_shown(submarine: RunningServer) -> None:
    body = {"name": "a run", "run": {"definition": {"configuration": {"command": ["true"]}}}}
    answer = submarine.client.post("jupyter-exec/v1/templates", json=body)
    assert answer.status_code == 201, answer.text
    listed = result_of(submarine.client.get(PATH), "SubmarineTemplateList")
    assert "a run" not in [one["experimentTemplateSpec"]["name"] for one in listed]
    refused(submarine.client.get(f"{PATH}/a%20run"), 404)
    refused(submarine.client.delete(f"{PATH}/a%20run"), 404)
    refused(run(submarine, "a%20run", {}), 404)


def test_credentials_are_not_echoed(submarine: RunningServer) -> None:
    body = template("code")
    git = {"url": "https://me:hidden1@127.0.0.1:1/r.git", "username": "me", "password": "hidden2"}
    body["experimentSpec"]["code"] = {"syncMode": "git", "git": git}
    answer = submarine.client.post("api/v1/experiment", json=body["experimentSpec"])
    told = result_of(answer, "SubmarineExperiment")
    assert told["spec"]["code"]["git"]["url"] == "https://127.0.0.1:1/r.git"
    answers = [answer, submarine.client.post(PATH, json=body), submarine.client.get(PATH)]
    submarine.wait_for_end(told["experimentId"])
    answers += [
        submarine.client.get(f"api/v1/experiment/{told['experimentId']}"),
        submarine.client.get(f"jupyter-exec/v1/runs/{told['experimentId']}"),
    ]
    for one in answers:
        assert "hidden" not in one.text
    assert "hidden" not in submarine.log_text()


def test_ids_over_a_restart(make_server: Callable[..., RunningServer]) -> None:
    server = make_server(config=CONFIG)

    def answered(body: Mapping[str, Any]) -> tuple[int, int]:
        result = result_of(server.client.post(PATH, json=body), "SubmarineTemplate")
        found = result["experimentTemplateId"]
        return found["id"], found["serverTimestamp"]

    first = answered(template("a"))
    server.client.patch(f"{PATH}/a", json=template("a", author="b"))
    server.client.delete(f"{PATH}/a")
    server.restart(kill=True)
    third = answered(template("a"))
    assert (first[0], third[0]) == (1, 3)
    assert third[1] > first[1]


def test_changes_at_once_are_all_in_the_history(submarine: RunningServer) -> None:
    made(submarine, template("contested"))

    def change(number: int) -> int:
        body = template("contested", author=f"a{number}")
        answer = submarine.client.patch(f"{PATH}/contested", json=body)
        return int(result_of(answer, "SubmarineTemplate")["experimentTemplateId"]["id"])

    with ThreadPoolExecutor(8) as threads:
        ids = list(threads.map(change, range(24)))
    assert len(set(ids)) == 24
    versions = submarine.client.get("jupyter-exec/v1/templates/contested/versions").json()
    authors = [version["spec"]["author"] for version in versions["versions"]]
    assert sorted(authors) == sorted([*(f"a{number}" for number in range(24)), "tests"])


def test_an_answer_with_other_resources_is_patched_back(submarine: RunningServer) -> None:
    body = template("resized", parameters=[])
    body["experimentSpec"]["meta"]["cmd"] = "true"
    body["experimentSpec"]["spec"] = {"Worker": {"resources": "cpu=1,memory=1024M"}}
    shown = made(submarine, body)
    shown["experimentSpec"]["spec"]["Worker"]["resources"] = "cpu=0.5,memory=512M"
    answer = submarine.client.patch(f"{PATH}/resized", json=shown)
    patched = result_of(answer, "SubmarineTemplate")["experimentTemplateSpec"]
    worker = patched["experimentSpec"]["spec"]["Worker"]
    assert worker["resources"] == "cpu=0.5,memory=512M"
    assert worker["resourceMap"] == {"cpu": "0.5", "memory": "512M"}
    assert parameters_of(patched)["spec.Worker.resourceMap.memory"]["value"] == "512M"


def test_a_template_with_a_secret_password_is_patched_back(submarine: RunningServer) -> None:
    body = template("private", parameters=[{"name": "token", "secret": True}])
    body["experimentSpec"]["meta"]["cmd"] = "true"
    git = {"url": "https://example.org/code.git", "username": "me", "password": "{{token}}"}
    body["experimentSpec"]["code"] = {"syncMode": "git", "git": git}
    shown = made(submarine, body)
    assert shown["experimentSpec"]["code"]["git"]["password"] == "{{token}}"
    answer = submarine.client.patch(f"{PATH}/private", json=shown)
    assert result_of(answer, "SubmarineTemplate")["experimentTemplateSpec"] == shown
