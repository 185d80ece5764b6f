from __future__ import annotations

import pytest

from jupyter_exec.errors import Fault
from jupyter_exec.magics.arguments import UsageFault
from jupyter_exec.magics.template.cell import specification, told
from jupyter_exec.model.documents import load_yaml

MAGIC = "%%template create train"
CELL = """\
# A comment
parameters:
- name: lr
  value: 0.10
- {name: n, type: intger}
run:
  definition: {}
"""


def test_the_name_is_added_and_numbers_stay_as_they_are_written():
    document = load_yaml(specification(CELL, "my: 'model' é", MAGIC))
    assert list(document) == ["name", "parameters", "run"]
    assert document["name"] == "my: 'model' é"
    assert document["parameters"][0]["value"].text == "0.10"


@pytest.mark.parametrize(
    "cell",
    [
        "---\nrun: {}\n",
        "{run: {}}",
        "{}",
        "{\nrun: {}}",
        "  run: {}\n  description: x\n",
        '{"run": {}}',
    ],
)
def test_every_kind_of_mapping_takes_a_name(cell):
    document = load_yaml(cell)
    assert load_yaml(specification(cell, "t", MAGIC)) == {"name": "t", **document}


def test_the_same_name_may_stand_there():
    cell = "name: train\nrun: {}\n"
    assert specification(cell, "train", MAGIC) == cell


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (" \n", "the cell is empty; %template? shows what may stand there"),
        ("- a\n", "line 2: a template is a mapping"),
        ("a: 1\nname: other\n", "line 3: name: other contradicts 'train'"),
        ("a: 1\nb: c: d\n", "line 3 is not YAML: mapping values are not allowed here"),
        ("a: [1,\nb: 2\n", "while parsing a flow sequence that began on line 2"),
        ("x: !!python/object/apply:os.system [ls]\n", "line 2 is not YAML: could not determine"),
        ("a: &a [*a]\n", "alias"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(cell, says):
    with pytest.raises(UsageFault) as caught:
        specification(cell, "train", MAGIC)
    assert says in caught.value.message
    assert caught.value.message.startswith(f"{MAGIC}: ")


def test_the_place_is_shown():
    with pytest.raises(UsageFault) as caught:
        specification("a: 1\nb: c: d\n", "train", MAGIC)
    *_, text, mark = caught.value.message.splitlines()
    assert text[mark.index("^")] == ":"


def test_faults_have_their_line_and_field():
    faults = [
        Fault("parameters[1].type", "no such type"),
        Fault("parameters[0].enum", "is missing"),
        Fault("run.definition.configuration.script", "is missing"),
        Fault("experimentSpec", "is missing"),
        Fault(None, "all is wrong"),
    ]
    assert told(faults, CELL) == [
        "line 6: parameters[1].type: no such type",
        "line 4: parameters[0].enum: is missing",
        "line 8: run.definition.configuration.script: is missing",
        "experimentSpec: is missing",
        "all is wrong",
    ]
