from __future__ import annotations

import shlex
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.magics.arguments import UsageFault
from jupyter_exec.magics.template.arguments import (
    CREATE,
    EXAMPLES,
    SUBCOMMANDS,
    TEMPLATE,
    read_line,
    subcommand_help,
    template_help,
    wants_help,
)
from jupyter_exec.magics.words import quote, split, split_unfinished


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run train lr=0.1", ["run", "train", "lr=0.1"]),
        ("run 'my model' title=\"two words\"", ["run", "my model", "title=two words"]),
        ("a=b=c a\\ b=1", ["a=b=c", "a b=1"]),
        ('opt=["adam", "a b"] n=1', ['opt=["adam", "a b"]', "n=1"]),
        (
            "lr=loguniform(1e-5, 1e-1) n=range(1, 10)",
            ["lr=loguniform(1e-5, 1e-1)", "n=range(1, 10)"],
        ),
        ('x=[[1, 2], ["]", 3]] y=1', ['x=[[1, 2], ["]", 3]]', "y=1"]),
        ("x=(a b=1", ["x=(a", "b=1"]),
        ("odd(name x=:) y=1", ["odd(name", "x=:)", "y=1"]),
        ('x=\'[1, 2\' y="a\\"b"', ["x=[1, 2", 'y=a"b']),
        ("x=''", ["x="]),
        ("  ", []),
    ],
)
def test_words(line, words):
    assert [word.text for word in split(line)] == words


@given(st.lists(st.text(min_size=1)))
def test_what_is_quoted_comes_back(words):
    for quoting in (quote, shlex.quote):
        line = " ".join(map(quoting, words))
        assert [word.text for word in split(line)] == words


@given(st.text(alphabet="ab =[](){}'\"\\,"))
def test_any_line_is_split_or_refused_and_can_be_unfinished(line):
    with suppress(ValueError):
        assert all(word.raw in line for word in split(line))
    words = split_unfinished(line)
    assert line.endswith(words[-1].raw)


@pytest.mark.parametrize(
    ("before", "last"),
    [("run ", ""), ("run 'my mo", "'my mo"), ("run t x=[a, ", "x=[a, "), ("", ""), ("a b", "b")],
)
def test_the_word_at_the_cursor(before, last):
    assert split_unfinished(before)[-1].raw == last


def test_options_may_stand_anywhere_after_the_subcommand():
    name, values = read_line("run train lr=0.1 --wait n=2 --name 'a b' --tag x=y -- -odd=1")
    assert (name, values.template, values.name, values.wait) == ("run", "train", "a b", True)
    assert values.assignments == ["lr=0.1", "n=2", "-odd=1"]
    assert values.tag == ["x=y"]


@pytest.mark.parametrize(
    ("line", "name", "template"),
    [
        ("", "list", None),
        ("train", "form", "train"),
        ("'my model'", "form", "my model"),
        ("form run", "form", "run"),
        ("show run", "show", "run"),
    ],
)
def test_a_name_alone_is_its_form(line, name, template):
    found, values = read_line(line)
    assert (found, getattr(values, "template", None)) == (name, template)


def test_a_value_in_double_quotes_is_a_text():
    line = """run t a="[x]" b='[y]' 'c=[z]' d="say \\"hi\\"" e=["1", 2] --name="n" --tag k="v" """
    _, values = read_line(line)
    expected = ['a="[x]"', "b=[y]", "c=[z]", 'd="say \\"hi\\""', 'e=["1", 2]']
    assert values.assignments == expected
    assert (values.name, values.tag) == ("n", ["k=v"])


def test_the_parameters_of_a_script():
    _, values = read_line("save t --from-script s.py --parameters lr=0.1 epochs")
    assert (values.from_script, values.parameters) == ("s.py", ["lr=0.1", "epochs"])
    _, values = read_line("save t --from-script s.py")
    assert values.parameters == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run", "%template run: NAME is missing"),
        (
            "rum train x=1",
            "there is no subcommand 'rum'; did you mean run. There are: list, form, ",
        ),
        ("train lr=1", "to run the template of that name: %template run train"),
        ("'a b' lr=1", "to run the template of that name: %template run 'a b'"),
        ("run train --tirals 3", "there is no option --tirals; did you mean --trials?"),
        ("show train --wait", "--wait belongs to %template run"),
        ("run train --trials many", "--trials: 'many' is not a whole number"),
        ("run train --goal up", "--goal: invalid choice: 'up'"),
        ("diff train one", "A: 'one' is not the number of a version"),
        ("restore train", "VERSION is missing"),
        ("run 'train", "no closing quotation"),
        ("list a b", "b is too much"),
    ],
)
def test_a_wrong_line_is_named_in_one_line(line, says):
    with pytest.raises(UsageFault) as caught:
        read_line(line)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "line",
    ["run train token=hunter2 'x", "run train token = hunter2", "run train --token=hunter2"],
)
def test_an_error_does_not_repeat_values(line):
    with pytest.raises(UsageFault) as caught:
        read_line(line)
    assert "hunter2" not in caught.value.message


def test_above_a_cell_only_create():
    with pytest.raises(UsageFault, match="the others are typed on a line of their own"):
        read_line("run train", CREATE)
    assert read_line("create train", CREATE)[1].template == "train"


def test_the_help_teaches():
    text = template_help()
    for subcommand in SUBCOMMANDS:
        assert f"  {subcommand.usage} " in text
        assert subcommand.help in text
        for option in subcommand.options:
            assert f"  {option.name} " in subcommand_help(subcommand.name)
    assert max(map(len, text.splitlines())) <= 100


def test_the_examples_are_understood():
    lines = [line.strip() for line in EXAMPLES.splitlines() if line.startswith("  %template")]
    assert len(lines) > 4
    for line in lines:
        read_line(line.removeprefix(TEMPLATE))


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("--help", True),
        ("run -h", True),
        ("run t -- --help", False),
        ("run t x=1", False),
        ("run t x='no --help'", False),
    ],
)
def test_help_is_asked_for(line, wanted):
    assert wants_help(line) is wanted
