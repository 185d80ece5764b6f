from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.client.sweep import Space, choice, loguniform, uniform
from jupyter_exec.client.template_values import parse_assignments
from jupyter_exec.errors import InvalidRequest

PARAMETERS = [
    {"name": "lr", "type": "number"},
    {"name": "n", "type": "integer"},
    {"name": "fast", "type": "boolean"},
    {"name": "layers", "type": "array"},
    {"name": "text"},
    {"name": "a=b"},
]


@pytest.mark.parametrize(
    ("word", "name", "value"),
    [
        ("lr=0.1", "lr", 0.1),
        ("lr=1e-3", "lr", 0.001),
        ("n=7", "n", 7),
        ("n=seven", "n", "seven"),
        ("fast=true", "fast", True),
        ("fast=yes", "fast", "yes"),
        ("lr=null", "lr", None),
        ("layers=[1, 2]", "layers", [1, 2]),
        ("layers=1,2", "layers", "1,2"),
        ("text=1.10", "text", "1.10"),
        ("text=true", "text", "true"),
        ("text=null", "text", "null"),
        ("text=", "text", ""),
        ("text= a b ", "text", " a b "),
        ('text="[1]"', "text", "[1]"),
        ('text="', "text", '"'),
        ("text=x=y", "text", "x=y"),
        ("text=choice(", "text", "choice("),
        ("text={{other}}; rm -rf /", "text", "{{other}}; rm -rf /"),
        ("a=b=c", "a=b", "c"),
        ("unknown=0.10", "unknown", "0.10"),
        ("__proto__=1", "__proto__", "1"),
    ],
)
def test_single_values(word, name, value):
    params, space = parse_assignments([word], PARAMETERS)
    assert (params, space) == ({name: value}, {})
    assert type(params[name]) is type(value)


@pytest.mark.parametrize(
    ("word", "name", "space"),
    [
        ("lr=[0.1,0.2]", "lr", {"choice": [0.1, 0.2]}),
        ("n=range(1, 10)", "n", {"range": [1, 10]}),
        ("n=range(0,1,.25)", "n", {"range": [0, 1, 0.25]}),
        ("lr=loguniform(1e-5,1e-1)", "lr", {"loguniform": [1e-5, 0.1]}),
        ("lr=uniform(0, 1)", "lr", {"uniform": [0, 1]}),
        ("text=[adam, sgd]", "text", {"choice": ["adam", "sgd"]}),
        ('text=["a, b", "c"]', "text", {"choice": ["a, b", "c"]}),
        ("text=[1.10,1.20]", "text", {"choice": ["1.10", "1.20"]}),
        ("text=choice(adam,sgd)", "text", {"choice": ["adam", "sgd"]}),
        ("text=range(3)", "text", {"range": [3]}),
        ("fast=[true,false]", "fast", {"choice": [True, False]}),
        ("layers=choice([1,2],[3])", "layers", {"choice": [[1, 2], [3]]}),
    ],
)
def test_several_values_are_a_space(word, name, space):
    assert parse_assignments([word], PARAMETERS) == ({}, {name: space})


def test_the_last_of_equal_names_counts():
    assert parse_assignments(["n=1", "n=[1,2]"], PARAMETERS) == ({}, {"n": {"choice": [1, 2]}})
    assert parse_assignments(["n=[1,2]", "n=3"], PARAMETERS) == ({"n": 3}, {})


def test_all_faults_are_told_at_once_with_their_field():
    words = ["lr", "=3", "n=range(a)", "lr=loguniform(1)", "n=[]", "text=[{]", "fast=true"]
    with pytest.raises(InvalidRequest) as caught:
        parse_assignments(words, PARAMETERS)
    assert [fault.target for fault in caught.value.faults] == [
        "params",
        "params",
        "space.n",
        "space.lr",
        "space.n",
        "space.text",
    ]
    assert "loguniform(0.001, 0.1)" in caught.value.message


@given(st.text(), st.sampled_from(["string", "number", "integer", "boolean", "array"]))
def test_any_text_is_read_or_refused_as_a_request(text, kind):
    try:
        params, space = parse_assignments([f"p={text}"], [{"name": "p", "type": kind}])
    except InvalidRequest as error:
        assert error.faults[0].target == "space.p"  # noqa: PT017 - most texts raise nothing
    else:
        assert set(params) | set(space) == {"p"}


@given(st.text())
def test_text_in_quotes_of_its_own_is_that_text(text):
    assert parse_assignments([f"text={json.dumps(text)}"], PARAMETERS)[0] == {"text": text}


def test_spaces_of_python():
    assert choice("a", "b") == choice(["a", "b"]) == Space("choice", ("a", "b"))
    assert uniform(0, 1).to_json() == {"uniform": [0, 1]}
    assert repr(loguniform(1e-5, 0.1)) == "loguniform(1e-05, 0.1)"
    for empty in (choice, lambda: choice([])):
        with pytest.raises(ValueError, match="list of values to try is empty"):
            empty()
    for wrong in (lambda: uniform("a", 1), lambda: Space("range", ())):
        with pytest.raises(ValueError, match="makes no sense; for example"):
            wrong()


def test_values_of_numpy_become_plain_ones():
    assert choice(np.logspace(-2, 0, 3)).to_json() == {"choice": [0.01, 0.1, 1.0]}
    assert uniform(np.float64(0), np.int64(2)).to_json() == {"uniform": [0.0, 2]}
