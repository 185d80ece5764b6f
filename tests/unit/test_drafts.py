"""Drafts of templates: what a run, a notebook and a script give."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.model.instance import instantiate
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.run import Run
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import parse
from jupyter_exec.services.drafts.literals import Literals, type_by_look
from jupyter_exec.services.drafts.notebook import NO_CELL, notebook_parameters
from jupyter_exec.services.drafts.service import of_run


def made(configuration, **more):
    values = {"snapshot_id": "6f1c0c0e-0000-4000-8000-000000000000", **more}
    run = Run(
        "r_1",
        "tuning",
        "train.py",
        RunStatus.COMPLETED,
        "local",
        0.0,
        "f",
        {"configuration": configuration},
        **values,
    )
    spec = parse(TemplateSpec, of_run(run, "t"))
    spec.with_role_parameters().check()
    return spec


def parameters_of(spec):
    return {
        each["name"]: (each.get("type", "string"), each.get("value"))
        for each in spec.to_json().get("parameters", [])
    }


def refilled(spec, **params):
    instance = instantiate(spec, params)
    return instance.request.definition.configuration


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1", "integer"),
        ("-12", "integer"),
        ("007", "string"),
        ("0.10", "number"),
        ("1e-3", "number"),
        (".5", "number"),
        ("1e999", "string"),
        ("nan", "string"),
        ("true", "boolean"),
        ("yes", "string"),
        ("", "string"),
        ("٣", "string"),
        ("1" * 400, "string"),
    ],
)
def test_types_by_look(text, kind):
    assert type_by_look(text) == kind


def test_arguments_of_a_script_become_parameters():
    words = ["data.csv", "--lr", "0.10", "--batch-size=64", "-n", "-3", "--verbose", "--", "k=v"]
    spec = made({"script": "train.py", "arguments": words})
    assert parameters_of(spec) == {
        "lr": ("number", "0.10"),
        "batch_size": ("integer", "64"),
        "n": ("integer", "-3"),
        "k": ("string", "v"),
    }
    assert refilled(spec).arguments == words
    changed = refilled(spec, lr=1, k="; rm -rf / {{x}} $1 \\").arguments
    assert changed[2] == "1"
    assert changed[-1] == "k=; rm -rf / {{x}} $1 \\"
    assert spec.run["source"] == {"snapshotId": "6f1c0c0e-0000-4000-8000-000000000000"}
    assert spec.run["experiment"] == "tuning"


def test_equal_names_stay_apart():
    spec = made({"script": "a.py", "arguments": ["--in", "a", "--in", "b", "in=c"]})
    assert parameters_of(spec) == {
        "in": ("string", "a"),
        "in_2": ("string", "b"),
        "in_3": ("string", "c"),
    }
    assert refilled(spec).arguments == ["--in", "a", "--in", "b", "in=c"]


def test_parameters_of_a_notebook_keep_their_types():
    values = {"lr": 0.1, "n": 3, "on": False, "names": ["a", "b"], "text": "1", "none": None}
    values |= {"table": {"a": 1}}
    spec = made({"script": "n.ipynb", "parameters": values})
    assert parameters_of(spec) == {
        "lr": ("number", "0.1"),
        "n": ("integer", "3"),
        "on": ("boolean", "false"),
        "names": ("array", '["a", "b"]'),
        "text": ("string", "1"),
    }
    assert refilled(spec).parameters == values
    assert refilled(spec, names=["c"], on=True).parameters["names"] == ["c"]


def test_a_line_for_the_shell():
    line = "A=1 python train.py --lr 0.1 --mode=fast --name 'x y' -m 3 > log; docker -f '{{.Id}}'"
    spec = made({"command": line})
    assert parameters_of(spec) == {
        "A": ("integer", "1"),
        "lr": ("number", "0.1"),
        "mode": ("string", "fast"),
        "literal": ("string", "{{.Id}}"),
    }
    assert refilled(spec).command.replace('"', "'").startswith("A=1 python train.py --lr 0.1 ")
    assert "; rm" not in refilled(spec, mode="; rm -rf /").command.replace("'; rm -rf /'", "")


def test_a_command_of_words():
    spec = made({"command": ["python", "-m", "train", "--lr=0.1", "{{braces}}"]})
    assert set(parameters_of(spec)) == {"lr", "literal"}
    assert refilled(spec).command == ["python", "-m", "train", "--lr=0.1", "{{braces}}"]


def test_variables_and_secrets():
    environment = {"environmentVariables": {"SIZE": "3", "PLACE": "here"}}
    spec = made({"script": "a.py", "environment": environment, "secrets": ["TOKEN"]})
    assert parameters_of(spec) == {
        "SIZE": ("integer", "3"),
        "PLACE": ("string", "here"),
        "TOKEN": ("string", None),
    }
    (token,) = [each for each in spec.parameters if each.name == "TOKEN"]
    assert (token.secret, token.required) == (True, "true")
    instance = instantiate(spec, {"TOKEN": "hush"})
    assert dict(instance.secrets) == {"TOKEN": "hush"}
    assert "hush" not in json.dumps(instance.request.definition.to_json())


def test_the_rest_of_a_definition_stays():
    spec = made(
        {"script": "a.py", "target": "local", "resources": {"cpus": 2.0}, "retries": 1},
        tags={"owner": "me {{x}}", "rerunOf": "r_0"},
    )
    configuration = refilled(spec)
    assert (configuration.retries, configuration.resources.cpus) == (1, 2.0)
    assert instantiate(spec, {}).request.tags == {"owner": "me {{x}}"}


def test_an_experiment_has_the_options_of_its_commands():
    experiment = {
        "meta": {"name": "e", "framework": "TensorFlow", "cmd": "python t.py --lr=0.1 --steps=5"},
        "spec": {"Worker": {"replicas": 2, "resources": "cpu=1"}},
    }
    spec = made({"experiment": experiment, "secrets": ["TOKEN"]}, snapshot_id=None)
    assert parameters_of(spec) == {
        "lr": ("number", "0.1"),
        "steps": ("integer", "5"),
        "TOKEN": ("string", None),
    }
    instance = instantiate(spec.with_role_parameters(), {"lr": "0.20", "TOKEN": "hush"})
    assert instance.experiment.meta.cmd == "python t.py --lr=0.20 --steps=5"
    assert instance.experiment.spec["Worker"].replicas == 2
    assert dict(instance.secrets) == {"TOKEN": "hush"}


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    st.lists(
        st.sampled_from(["--", "-x", "--y", "a=", "{{", "}}", "=", "--z=1"]) | TEXTS.filter(bool)
    )
)
def test_a_draft_with_its_defaults_is_the_run_itself(words):
    spec = made({"script": "a.py", "arguments": words})
    assert refilled(spec).arguments == words


@given(st.dictionaries(st.text(st.characters(codec="ascii"), min_size=1), TEXTS, max_size=3))
def test_any_name_gives_a_legal_parameter(values):
    literals = Literals()
    for name, value in values.items():
        literals.take(name, value)
    spec = {"name": "t", "run": {}, "parameters": list(literals.parameters.values())}
    assert len(parse(TemplateSpec, spec).parameters) == len(values)


def notebook(source, tags=("parameters",), **metadata):
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source}
    return {"cells": [{"cell_type": "markdown", "source": "x"}, cell], "metadata": metadata}


CELL = """# a comment
lr: float = 1  # learning rate
n = 3
names = ["a", "b"]  # who
color = "#fff"  # of the curve
url = "a=b"
on: bool = True
path = make_path()  # where
maybe: "int | None" = None
mode: Literal["a", "b"] = "a"
pair = (1, 2)
table = {"a": 1}
typed = 5  # type: float exact
long = [
    1,  # one
    2,
]
a = b = 3
"""


def test_the_parameters_cell_of_a_notebook():
    parameters, hints = notebook_parameters(notebook(CELL))
    found = {each.pop("name"): each for each in parameters}
    assert found == {
        "lr": {"type": "number", "value": "1", "description": "learning rate"},
        "n": {"type": "integer", "value": "3"},
        "names": {"type": "array", "value": '["a", "b"]', "description": "who"},
        "color": {"type": "string", "value": "#fff", "description": "of the curve"},
        "url": {"type": "string", "value": "a=b"},
        "on": {"type": "boolean", "value": "true"},
        "path": {"type": "string", "description": "where"},
        "maybe": {"type": "integer"},
        "mode": {"type": "string", "value": "a", "enum": ["a", "b"]},
        "pair": {"type": "array", "value": "[1, 2]"},
        "typed": {"type": "number", "value": "5", "description": "exact"},
        "long": {"type": "array", "value": "[1, 2]"},
    }
    assert hints == ["table is left out: a dict cannot be the value of a parameter"]


def test_a_cell_with_magics_is_read_by_papermill_alone():
    parameters, _ = notebook_parameters(notebook("%matplotlib inline\nlr = 0.1  # rate\n"))
    assert parameters == [{"name": "lr", "type": "number", "value": "0.1", "description": "rate"}]


def test_a_notebook_without_parameters_says_so():
    for content in (notebook("a = 1", tags=()), {"cells": []}, {"cells": [3, {"metadata": []}]}):
        assert notebook_parameters(content) == ([], [NO_CELL])


def test_a_notebook_in_another_language_says_so():
    kernelspec = {"name": "ir", "language": "R"}
    parameters, hints = notebook_parameters(notebook("a <- 1", kernelspec=kernelspec))
    assert parameters == []
    assert hints == [
        "the parameters of a notebook in R cannot be read from it; name them by yourself"
    ]


@given(st.text(), st.sampled_from(["python", "R", "", "scala"]))
def test_any_cell_is_read_without_an_error(source, language):
    content = notebook(source, language_info={"name": language})
    parameters, _ = notebook_parameters(content)
    parse(TemplateSpec, {"name": "t", "run": {}, "parameters": parameters})
