"""Templates and their parameters: types, faults, defaults, what follows from a role."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.documents import dump_yaml, load_json, load_yaml
from jupyter_exec.model.instance import instantiate
from jupyter_exec.model.parameters import Parameter, value_faults
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import parse


def template(*parameters: dict[str, Any], **configuration: Any) -> TemplateSpec:
    """Return a template of our own request that passes its parameters on as arguments."""
    names = [f"{{{{{parameter['name']}}}}}" for parameter in parameters]
    document = {"definition": {"configuration": {"command": ["show", *names], **configuration}}}
    return parse(TemplateSpec, {"name": "t", "parameters": parameters, "run": document})


def experiment(*parameters: dict[str, Any], **more: Any) -> TemplateSpec:
    """Return a template of Submarine's, with two roles."""
    spec = {
        "meta": {"name": "mnist", "framework": "tensorflow", "cmd": "python train.py"},
        "spec": {
            "Ps": {"replicas": 1, "resources": "cpu=1,memory=1024M"},
            "Worker": {"replicas": 2, "resources": "cpu=2,memory=1G,gpu=1"},
        },
        **more,
    }
    body = {"name": "e", "parameters": parameters, "experimentSpec": spec}
    return parse(TemplateSpec, body).with_role_parameters()


def argv(spec: TemplateSpec, **params: Any) -> Any:
    request = instantiate(spec, params).request
    assert request is not None
    command = request.definition.configuration.command
    assert isinstance(command, list)
    return command[1:]


def faults(spec: TemplateSpec, params: dict[str, Any]) -> dict[str | None, str]:
    with pytest.raises(InvalidRequest) as caught:
        instantiate(spec, params)
    return {fault.target: fault.message for fault in caught.value.faults}


def refused(body: dict[str, Any]) -> str:
    with pytest.raises(InvalidRequest) as caught:
        parse(TemplateSpec, body).with_role_parameters().check()
    return "; ".join(f"{fault.target}: {fault.message}" for fault in caught.value.faults)


TYPED = template(
    {"name": "text", "value": "a"},
    {"name": "count", "type": "integer", "value": 3, "minimum": 1, "maximum": 8},
    {"name": "rate", "type": "number", "value": load_json("0.10"), "maximum": 1},
    {"name": "flag", "type": "boolean", "value": True},
    {"name": "layers", "type": "array", "value": [64, 32]},
    {"name": "mode", "enum": ["fast", "slow"], "value": "fast"},
    {"name": "code", "pattern": "^[a-z]{2}$", "value": "de"},
)


def test_defaults_arrive_as_they_were_written():
    TYPED.check()
    assert argv(TYPED) == ["a", "3", "0.10", "true", "64", "32", "fast", "de"]


def test_values_are_read_as_their_type_asks():
    params = {"count": "5", "rate": "1e-3", "flag": "no", "layers": "8,16", "text": 7}
    instance = instantiate(TYPED, params)
    assert instance.parameters == {
        "text": "7", "count": 5, "rate": 0.001, "flag": False, "layers": ["8", "16"],
        "mode": "fast", "code": "de",
    }  # fmt: skip
    assert argv(TYPED, **params) == ["7", "5", "1e-3", "no", "8", "16", "fast", "de"]
    assert argv(TYPED, count=2.0, layers=[])[1:3] == ["2", "0.10"]


def test_all_faults_are_told_at_once_with_what_is_allowed():
    told = faults(
        TYPED,
        {
            "count": 9, "rate": "fast", "flag": "perhaps", "layers": 3, "mode": "medium",
            "code": "DE", "text": {"a": 1}, "nope": 1,
        },
    )  # fmt: skip
    assert set(told) == {"params"} | {
        f"params.{name}" for name in ("count", "rate", "flag", "layers", "mode", "code", "text")
    }
    assert "9 is above the maximum 8" in told["params.count"]
    assert '"medium" is not one of "fast", "slow"' in told["params.mode"]
    assert '"DE" does not match ^[a-z]{2}$' in told["params.code"]
    assert '"perhaps" is not of type boolean' in told["params.flag"]
    assert "illegal key: 'nope'" in told["params"]
    assert "text, count, rate" in told["params"]


def test_a_nul_character_is_no_part_of_any_value():
    spec = template(
        {"name": "text"},
        {"name": "xs", "type": "array"},
        {"name": "n", "type": "integer"},
        {"name": "key", "secret": True},
    )
    values = {"text": "a\0", "xs": ["ok", ["\0"]], "n": "1\0", "key": "hunter2\0"}
    told = faults(spec, values)
    assert set(told) == {f"params.{name}" for name in values}
    for name in values:
        assert told[f"params.{name}"].startswith(f"{name}: it has a NUL character")
    assert "NUL" in faults(spec, {"xs": '["a\\u0000"]'})["params.xs"]


def test_a_pattern_that_takes_for_ever_is_a_fault():
    spec = template({"name": "x", "pattern": "^(a|a)+$"}, {"name": "y", "pattern": "^(a+)+$"})
    assert argv(spec, x="aaa", y="aaa") == ["aaa", "aaa"]
    started = time.monotonic()
    told = faults(spec, {"x": "a" * 60 + "!", "y": "a" * 60 + "!"})
    secret = parse(Parameter, {"name": "key", "secret": True, "pattern": "^(a|a)+$"})
    assert value_faults(secret, "a" * 60 + "!") == ["does not fit what the template asks of it"]
    assert time.monotonic() - started < 5
    assert "takes too long to check against pattern ^(a|a)+$" in told["params.x"]
    assert "params.y" in told
    assert spec.values_schema()["properties"]["x"]["pattern"] == "^(a|a)+$"


def test_all_faults_of_resources_are_told_at_once():
    worker = "params.spec.Worker"
    told = faults(
        experiment(),
        {
            "spec.Worker.replicas": 0,
            "spec.Worker.resourceMap.cpu": "x",
            "spec.Worker.resourceMap.memory": "1X",
            "spec.Worker.resourceMap.nvidia.com/gpu": True,
            "spec.Ps.replicas": True,
        },
    )
    assert "is below the minimum 1" in told.pop(f"{worker}.replicas")
    assert "cpu='x' is not a number of processors" in told.pop(f"{worker}.resourceMap.cpu")
    assert "memory='1X' is not a size" in told.pop(f"{worker}.resourceMap.memory")
    assert "'true' is not a number of dev" in told.pop(f"{worker}.resourceMap.nvidia.com/gpu")
    assert "true is not of type integer" in told.pop("params.spec.Ps.replicas")
    assert not told


@pytest.mark.parametrize(
    ("task", "reasons"),
    [
        ({"resources": "cpu=,memory=1X"}, ["cpu='' is not", "memory='1X' is not"]),
        ({"resources": "cpu={{n}},memory=1X"}, ["memory='1X' is not"]),
        ({"resources": "cpu,disk=1,tape=2"}, ["'cpu' is not name=value", "'disk'", "'tape'"]),
        ({"resources": "cpu=1,cpu=2"}, ["cpu is given twice"]),
        ({"resources": "gpu=1,nvidia.com/gpu=2"}, ["nvidia.com/gpu is given twice"]),
        ({"resourceMap": {"cpu": "x", "memory": "y"}}, ["cpu='x'", "memory='y'"]),
        ({"replicas": True, "resources": "cpu=x"}, ["Worker.replicas: true is not", "cpu='x'"]),
    ],
)
def test_resources_that_cannot_be(task, reasons):
    spec = {"meta": {"name": "e", "framework": "pytorch"}, "spec": {"Worker": task}}
    told = refused({"name": "t", "parameters": [{"name": "n"}], "experimentSpec": spec})
    for reason in reasons:
        assert reason in told


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("integer", [0, -1, "7", 2.0], [True, 1.5, "1.5", "x", [1], float("inf")]),
        ("number", [0, 0.5, "1e-5", "-3"], [True, "x", "nan", "inf", [1]]),
        ("boolean", [True, False, "true", "No", "off"], [1, 0, "x", ""]),
        ("array", [[], [1], "1,2", "[1, 2]", ""], [1, True, "[1", {"a": 1}]),
        ("string", ["", "x", 1, 0.5, False], [[1], {"a": 1}]),
    ],
)
def test_types(kind, good, bad):
    spec = template({"name": "x", "type": kind})
    for value in good:
        argv(spec, x=value)
    for value in bad:
        assert list(faults(spec, {"x": value})) == ["params.x"], value


def test_optional_means_optional_and_falsy_values_are_values():
    spec = template(
        {"name": "flag", "type": "boolean", "value": True},
        {"name": "count", "type": "integer", "value": 5},
        {"name": "text", "value": "default"},
        {"name": "absent"},
    )
    assert argv(spec) == ["true", "5", "default"]
    assert argv(spec, flag=None, count=None, text=None, absent=None) == ["true", "5", "default"]
    assert argv(spec, flag=False, count=0, text="", absent="") == ["false", "0", "", ""]
    shown = instantiate(spec, {"flag": False, "count": 0, "text": ""}).parameters
    assert shown == {"flag": False, "count": 0, "text": "", "absent": None}


def test_a_required_parameter_must_be_given_although_it_has_a_default():
    spec = template(
        {"name": "lr", "required": True, "value": 0.1}, {"name": "n", "required": "true"}
    )
    told = faults(spec, {"n": None})
    assert set(told) == {"params.lr", "params.n"}
    assert all("unmapped value" in message for message in told.values())
    assert argv(spec, lr=0, n="x") == ["0", "x"]


def test_secrets_are_shown_nowhere():
    secret = {"name": "token", "secret": True, "pattern": "^[a-z]+$"}
    run = {"definition": {"configuration": {"command": "login {{token}}"}}}
    spec = parse(TemplateSpec, {"name": "t", "parameters": [secret], "run": run})
    spec.check()
    instance = instantiate(spec, {"token": "hunter"})
    assert instance.secrets == {"JUPYTER_EXEC_SECRET_0_TOKEN": "hunter"}
    assert instance.parameters == {}
    assert "hunter" not in repr(instance)
    told = faults(spec, {"token": "HUNTER2"})
    assert "HUNTER2" not in json.dumps(told)
    assert spec.values_schema()["properties"]["token"] == {
        "type": "string", "pattern": "^[a-z]+$", "format": "password", "writeOnly": True
    }  # fmt: skip
    assert instantiate(spec, {}).secrets == {}


def test_a_secret_notebook_parameter_is_read_from_a_variable():
    run = {
        "definition": {"configuration": {"parameters": {"token": "{{token}}", "lr": "{{lr}}"}}},
        "secrets": {"OTHER": "{{token}}"},
    }
    parameters = [{"name": "token", "secret": True}, {"name": "lr", "type": "number", "value": 0.1}]
    spec = parse(TemplateSpec, {"name": "t", "parameters": parameters, "run": run})
    spec.check()
    request = instantiate(spec, {"token": "hunter2"}).request
    assert request is not None
    configuration = request.definition.configuration
    assert configuration.parameters == {"lr": 0.1}
    assert configuration.secret_parameters == {"token": "JUPYTER_EXEC_SECRET_0_TOKEN"}
    assert request.secrets == {"OTHER": "hunter2", "JUPYTER_EXEC_SECRET_0_TOKEN": "hunter2"}
    assert "hunter2" not in json.dumps(request.definition.to_json())


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        ({"name": "x", "value": {"a": 1}}, "an object is no value"),
        ({"name": "x", "value": [1]}, "only type array"),
        ({"name": "x", "type": "date"}, "not one of string, integer"),
        ({"name": "x", "type": "integer", "value": "abc"}, "default does not fit"),
        ({"name": "x", "enum": ["a"], "value": "b"}, 'not one of "a"'),
        ({"name": "x", "enum": []}, "at least 1"),
        ({"name": "x", "type": "integer", "enum": ["a"]}, "enum"),
        ({"name": "x", "minimum": 1}, "for type integer or number"),
        ({"name": "x", "type": "number", "minimum": 2, "maximum": 1}, "above maximum"),
        ({"name": "x", "pattern": "^(a|a)+$", "value": "a" * 40 + "!"}, "takes too long"),
        ({"name": "x", "value": "a\0b"}, "NUL character"),
        ({"name": "spec.Worker.resourceMap.cpu", "value": "x"}, "not a number of processors"),
        ({"name": "x", "pattern": "("}, "not a regular expression"),
        ({"name": "x", "type": "number", "pattern": "1"}, "pattern is for"),
        ({"name": "x", "secret": True, "value": "s"}, "stored nowhere"),
        ({"name": "x", "secret": True, "type": "integer"}, "secret is text"),
        ({"name": "x", "required": "perhaps"}, "not one of true, false"),
        ({"name": ""}, "1 to 200"),
        ({"name": "y" * 10_000}, "not 10000"),
        ({"name": "a\nb"}, "control"),
        ({"name": "a}}b"}, "braces"),
        ({}, "is required"),
        ({"name": 3}, "string"),
    ],
)
def test_parameters_that_cannot_be(parameter, reason):
    run = {"definition": {"configuration": {"command": ["{{x}}"]}}}
    told = refused({"name": "t", "parameters": [parameter], "run": run})
    assert "parameters[0]" in told
    assert reason in told


@pytest.mark.parametrize(
    "name", [".*", "a/b", "../../etc", "__proto__", "🚀", "👩‍💻", "constructor", "$1"]
)
def test_odd_names_are_names_like_any_other(name):
    spec = template({"name": name, "value": "d"})
    spec.check()
    assert argv(spec, **{name: "v"}) == ["v"]
    schema = json.loads(json.dumps(spec.values_schema()))
    assert list(schema["properties"]) == [name]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": " "}, "1 to 200"),
        ({"name": "x" * 201}, "not 201"),
        ({"name": "a/b"}, "no slash"),
        ({"name": ".."}, "no slash"),
        ({"name": None}, "name: is required"),
        ({"run": None}, "experimentSpec or run"),
        ({"experimentSpec": {"meta": {"framework": "PyTorch"}, "spec": {"Worker": {}}}}, "either"),
        ({"parameters": [{"name": "x"}, {"name": "x"}]}, "x stands there more than once"),
        ({"parameters": [{"name": "x"}, {"name": "y"}]}, "unused key: 'y'"),
        ({"parameters": []}, "unmapped value: {{x}}"),
        ({"run": {"definition": {"configuration": {"nodeCount": 0, "command": ["{{x}}"]}}}},
         "run.definition.configuration.nodeCount"),
        ({"run": {"secrets": {"A": "s3"}, "displayName": "{{x}}"}}, "run.secrets.A: a template is"),
        ({"run": {"secrets": {"A": "{{x}}"}}}, "only a parameter that is secret"),
    ],
)  # fmt: skip
def test_templates_that_cannot_be(change, reason):
    body = {
        "name": "t",
        "parameters": [{"name": "x"}],
        "run": {"definition": {"configuration": {"command": ["{{x}}"]}}},
    }
    assert reason in refused({**body, **change})


def test_several_faults_at_once():
    told = refused(
        {
            "name": "t",
            "parameters": [{"name": "unused"}, {"name": "s", "secret": True}],
            "run": {
                "displayName": "{{missing}} {{s}}",
                "definition": {"configuration": {"command": "$(echo {{s}})"}},
            },
        }
    )
    for part in ("unused key: 'unused'", "{{missing}}", "run.definition.configuration.command"):
        assert part in told


def test_what_has_no_default_is_judged_when_it_is_filled_in():
    run = {"definition": {"configuration": {"nodeCount": "{{n}}", "retries": "many"}}}
    body = {"name": "t", "parameters": [{"name": "n", "type": "integer"}], "run": run}
    told = refused(body)
    assert "retries" in told
    assert "nodeCount" not in told
    run["definition"]["configuration"]["retries"] = "2"
    spec = parse(TemplateSpec, body)
    spec.check()
    assert "nodeCount" in next(iter(faults(spec, {"n": 0})))


def test_the_parameters_that_every_role_has():
    spec = experiment()
    spec.check()
    told = {each.name: (each.value, each.required, each.description) for each in spec.parameters}
    assert told == {
        "spec.Ps.replicas": ("1", "false", ""),
        "spec.Ps.resourceMap.cpu": ("1", "false", ""),
        "spec.Ps.resourceMap.memory": ("1024M", "false", ""),
        "spec.Worker.replicas": ("2", "false", ""),
        "spec.Worker.resourceMap.cpu": ("2", "false", ""),
        "spec.Worker.resourceMap.memory": ("1G", "false", ""),
        "spec.Worker.resourceMap.nvidia.com/gpu": ("1", "false", ""),
    }  # fmt: skip
    assert spec.with_role_parameters() == spec
    made = instantiate(spec, {"spec.Worker.replicas": "5", "spec.Worker.resourceMap.cpu": 4})
    assert made.experiment is not None
    task = made.experiment.spec["Worker"]
    assert (task.replicas, task.resource_map and task.resource_map["cpu"]) == (5, "4")
    assert "cpu=4" in (task.resources or "")
    for bad in ("abc", 0, -1, 1.5, True):
        assert "params.spec.Worker.replicas" in faults(spec, {"spec.Worker.replicas": bad})


def test_a_role_may_take_what_it_needs_from_own_parameters():
    parameters = [
        {"name": "n", "type": "integer", "value": 2},
        {"name": "cpus", "value": "1"},
    ]
    worker = {"replicas": "{{n}}", "resources": "cpu={{cpus}},memory=1G"}
    spec = experiment(*parameters, spec={"Worker": worker})
    spec.check()
    assert [each.name for each in spec.parameters] == [
        "n", "cpus", "spec.Worker.resourceMap.memory"
    ]  # fmt: skip
    made = instantiate(spec, {"n": 3, "cpus": "0.5"}).experiment
    assert made is not None
    assert (made.spec["Worker"].replicas, made.spec["Worker"].need().cpus) == (3, 0.5)


def test_who_changes_a_role_and_sends_back_its_old_parameters_means_the_change():
    before = experiment()
    body = json.loads(json.dumps(before.to_json()))
    del body["experimentSpec"]["spec"]["Ps"]
    body["experimentSpec"]["spec"]["Worker"] = {"replicas": 4, "resources": "cpu=2,memory=2G"}
    after = parse(TemplateSpec, body).following(before).with_role_parameters()
    after.check()
    assert {each.name: each.value for each in after.parameters} == {
        "spec.Worker.replicas": "4",
        "spec.Worker.resourceMap.cpu": "2",
        "spec.Worker.resourceMap.memory": "2G",
    }


def test_role_parameters_that_were_chosen_stay():
    chosen = {"name": "spec.Worker.replicas", "value": 7, "description": ""}
    before = experiment(chosen)
    again = parse(TemplateSpec, json.loads(json.dumps(before.to_json())))
    assert again.following(before).with_role_parameters() == before
    body = before.to_json()
    body["parameters"][0]["value"] = "9"
    changed = parse(TemplateSpec, body).following(before)
    assert changed.parameters[0].value == "9"


@pytest.mark.parametrize(
    "spec",
    [
        TYPED,
        experiment(),
        experiment({"name": "spec.Worker.replicas", "value": "3", "description": ""}),
        experiment({"name": "meta.cmd", "value": "true\nfalse\n", "label": "L", "group": "G"}),
        template({"name": "a", "description": "line\n\nline", "secret": True}, retries=2),
    ],
)
def test_an_export_makes_the_same_template(spec):
    text = dump_yaml(spec.export())
    again = parse(TemplateSpec, load_yaml(text)).with_role_parameters()
    assert again == spec
    assert dump_yaml(again.export()) == text
    assert list(load_yaml(text)) in (
        ["name", "parameters", "run"],
        ["name", "parameters", "experimentSpec"],
        ["name", "experimentSpec"],
    )


def test_an_export_says_nothing_twice():
    exported = experiment().export()
    assert "parameters" not in exported
    assert exported["experimentSpec"]["spec"]["Ps"] == {"resources": "cpu=1,memory=1024M"}
    text = dump_yaml(template({"name": "a", "description": "one\ntwo\n"}).export())
    assert "  description: |\n    one\n    two\n" in text


def test_the_schema_is_what_forms_render():
    schema = TYPED.values_schema()
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == ["text", "count", "rate", "flag", "layers", "mode", "code"]
    assert schema["properties"]["count"] == {
        "type": "integer", "minimum": 1, "maximum": 8, "default": 3
    }  # fmt: skip
    assert schema["properties"]["layers"]["default"] == [64, 32]
    role = experiment().values_schema()["properties"]["spec.Worker.replicas"]
    assert role == {"type": "integer", "minimum": 1, "default": 2, "x-group": "Resources"}


@pytest.mark.parametrize("source", [{"snapshotId": "abc"}, {"SNAPSHOT_ID": "abc"}])
def test_a_template_knows_its_snapshot(source):
    def named(run: dict[str, Any]) -> str | None:
        return parse(TemplateSpec, {"name": "t", "run": run}).snapshot_id

    assert named({"Source": source}) == "abc"
    assert named({"source": {"snapshotId": "{{s}}"}}) is None
    assert named({"source": "abc"}) is None


def test_an_optional_secret_that_is_not_given_leaves_nothing():
    spec = parse(
        TemplateSpec,
        {
            "name": "optional",
            "parameters": [{"name": "token", "secret": True}],
            "run": {
                "definition": {
                    "configuration": {
                        "command": "echo {{token}} end",
                        "environment": {"environmentVariables": {"TOKEN": "{{token}}", "A": "b"}},
                    }
                }
            },
        },
    )
    spec.check()
    instance = instantiate(spec, {})
    assert instance.request is not None
    assert dict(instance.secrets) == dict(instance.request.secrets) == {}
    configuration = instance.request.definition.configuration
    assert configuration.environment.environment_variables == {"A": "b"}
    assert configuration.command == "echo  end"
    assert set(instantiate(spec, {"token": "s3cret"}).secrets) >= {"TOKEN"}
