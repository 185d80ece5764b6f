"""What is filled into a template arrives as it is: in argv, in variables, in typed places."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model import shell
from jupyter_exec.model.experiment import PLACEHOLDER
from jupyter_exec.model.substitution import Value, fill, stored_secrets

SHOW = f"{sys.executable} -c 'import json,sys;print(json.dumps(sys.argv[1:]))'"
NASTY = [
    "",
    "-rf",
    "--",
    "'",
    '"',
    "\\",
    "$1",
    "$HOME",
    "${HOME}",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "&& touch pwned",
    "| touch pwned",
    "> pwned",
    "\ntouch pwned\n",
    "' ; touch pwned ; '",
    '" ; touch pwned ; "',
    "{{other}}",
    "{{x}}",
    "a b",
    "*",
    "~root",
    "!!",
    "{1..3}",
    "a,b",
    "1..3",
    "A=b",
    "2",
    "#no comment",
    "\\n",
    "a\\",
    "é🚀\u202e",
    "\t \r",
    "a[$(touch pwned)]",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def words(line: str, cwd: Any = None) -> list[str]:
    """Return the argv that bash makes of a line; the first word is what shows it."""
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, cwd=cwd, timeout=30
    )
    assert done.returncode == 0, (line, done.stderr)
    return json.loads(done.stdout)


def command(line: str, **values: Any) -> str:
    """Fill the command of an experiment; raises InvalidRequest with the faults."""
    stand_ins = {
        name: value
        if isinstance(value, Value)
        else Value(value, value if isinstance(value, str) else json.dumps(value))
        for name, value in values.items()
    }
    filled = fill({"meta": {"cmd": line}}, stand_ins)
    if filled.faults:
        raise InvalidRequest.of(filled.faults)
    return filled.document["meta"]["cmd"]


@given(value=TEXTS | st.sampled_from(NASTY), other=TEXTS | st.sampled_from(NASTY))
@settings(max_examples=60, deadline=None)
def test_any_value_is_one_argument_wherever_it_stands(value, other):
    line = (
        f"{SHOW} {{{{x}}}} --plain={{{{x}}}} '{{{{x}}}}' 'in {{{{x}}}} one' \"{{{{x}}}}\" "
        f'"in {{{{x}}}} two" {{{{x}}}}{{{{other}}}} --a="{{{{x}}}}"\'{{{{other}}}}\' {{{{other}}}}'
    )
    assert words(command(line, x=value, other=other)) == [
        value,
        f"--plain={value}",
        value,
        f"in {value} one",
        value,
        f"in {value} two",
        f"{value}{other}",
        f"--a={value}{other}",
        other,
    ]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A={x} {show} end", ["end"]),
        ("{show} one # it's {x}\n", ["one"]),
        ("{show} one \\\n# it's {x}\n", ["one"]),
        ("{show} one#{x}", ["one#VALUE"]),
        ("{show} a\\'{x}", ["a'VALUE"]),
        ('{show} "\\"{x}"', ['"VALUE']),
        ("{show} $EMPTY{x}", ["VALUE"]),
        ('{show} "$EMPTY{x}"', ["VALUE"]),
        ("{show} '$EMPTY{x}'", ["$EMPTYVALUE"]),
        ("{show} {x}>/dev/stdout", ["VALUE"]),
        ("{show} {a,{x}}", ["a", "VALUE"]),
        ('for each in {x}; do {show} "$each"; done', ["VALUE"]),
        ("true && { {show} {x}; }", ["VALUE"]),
        ("true; ({show} {x})", ["VALUE"]),
        ("{show} {x}\ntrue", ["VALUE"]),
    ],
)
def test_nasty_values_in_special_places(value, line, expected, tmp_path):
    text = line.replace("{show}", SHOW).replace("{x}", "{{x}}")
    found = words(f"EMPTY=; {command(text, x=value)}", tmp_path)
    assert found == [word.replace("VALUE", value) for word in expected]
    assert not list(tmp_path.iterdir())


DIFFICULT = [
    "{show} $(printf %s {x})",
    "{show} `printf %s {x}`",
    "{show} <<< {x}",
    "cat <<END > /dev/null\n{x}\nEND\n{show} done",
    "{show} $'{x}'",
    '{show} $"{x}"',
    "{show} ${EMPTY:-{x}}",
    '{show} "${EMPTY:-{x}}"',
    "{show} ${x}",
    "{show} $(( {x} ))",
    "{show} $[ {x} ]",
    "(( a = {x} )); {show}",
    "[[ {x} -eq 1 ]]; {show}",
    "a[{x}]=1; {show}",
    "eval 'true {x}'; {show}",
    "let a={x}; {show}",
    "trap 'true {x}' EXIT; {show}",
    "declare -i a={x}; {show}",
    "bash -c 'true {x}'; {show}",
    "/bin/sh -e -c 'true {x}'; {show}",
    "bash -o pipefail -ec 'true {x}'; {show}",
    "{show} $HOME$({x})",
    "[ -v {x} ]; {show}",
    "if test -v {x}; then {show}; fi",
    "printf -v {x} %s 1; {show}",
    "printf -v{x} %s 1; {show}",
    "true | read {x}; {show}",
    "A=1 unset {x}; {show}",
    "compgen -W {x}; {show}",
    "env -S {x} true; {show}",
    "env -iS 'true {x}'; {show}",
    "echo a | xargs sh -c 'true {x}'; {show}",
    "{python} -c \"print('{x}')\"",
    "{python} -c 'print(\"{x}\")' {show}",
    "{python} -Iuc{x}",
    "{python} -W ignore -X utf8 -c 'print({x})'",
    "{python} 2>&1 -u \\\n  -c 'print({x})'",
    "{python} > log.$$ -c 'print({x})'; rm log.*",
    "# it's\n{python} -c 'print({x})'",
    "true && env A=1 timeout 9 {python} -c 'print({x})'",
    "echo a | xargs {python} -c 'print({x})'",
    "perl -e 'print {x}'",
    "perl -Mstrict -lne 'print {x}' /dev/null",
    "perl -e 'print 1;' -e 'print {x}'",
    "perl -M{x} -e 1",
    "node -e 'console.log({x})'",
    "node --eval='console.log({x})'",
    "ruby -rjson -e 'puts {x}'",
    "Rscript -e 'print({x})'",
    "php -d a=b -r 'echo {x};'",
    "lua -l x -e 'print({x})'",
    "awk -F : -v a=b 'BEGIN {{print {x}}}'",
    "awk -vfile=1 {x} /dev/null",
    "sed -n s/a/{x}/ /dev/null",
    "sed -i.e s/a/b/ /dev/null -e {x}",
]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("line", DIFFICULT)
def test_difficult_places_refuse_what_a_shell_could_read(line, value, tmp_path):
    text = line.replace("{show}", SHOW).replace("{python}", sys.executable)
    text = text.replace("{x}", "{{x}}")
    if not shell._HARMLESS.fullmatch(value):
        with pytest.raises(InvalidRequest, match="can stand"):
            command(text, x=value)
        return
    filled = command(text, x=value)
    subprocess.run(["bash", "-c", filled], cwd=tmp_path, capture_output=True, check=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", NASTY)
def test_words_behind_a_program_may_be_anything(value, tmp_path):
    lines = [
        "{show} > /dev/null -v {x} -c {x}",
        "perl -e 'print STDERR @ARGV' -- {x}",
        "command -v sh > /dev/null {x}",
        "[ {x} = python ]",
        "awk -v a={x} 'BEGIN {print a}' > /dev/null",
        "echo '#' python \\; -c ; true -c {x}",
        "sed -n p /dev/null",
        "{show} -- {x} -e {x} > words",
    ]
    text = "\n".join(lines).replace("{show}", SHOW).replace("{x}", "{{x}}")
    done = subprocess.run(
        ["bash", "-c", command(text, x=value)], cwd=tmp_path, capture_output=True, check=False
    )
    assert value.encode() in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["words"]
    assert json.loads((tmp_path / "words").read_text()) == ["--", value, "-e", value]


def test_the_program_in_a_command_that_is_a_list_takes_harmless_values_only():
    def made(*words: str, x: str) -> Any:
        document = {"definition": {"configuration": {"command": list(words)}}}
        return fill(document, {"x": Value(x, x)}, "run")

    nasty = "'); import os; ('"
    for words in (
        ("python3", "-c", "print('{{x}}')"),
        ("env", "A=1", "/usr/bin/perl", "-ne", "{{x}}"),
        ("awk", "-F", ":", "{print {{x}}}"),
    ):
        (fault,) = made(*words, x=nasty).faults
        assert "can stand" in fault.message
        assert str(fault.target).startswith("run.definition.configuration.command.")
        assert not made(*words, x="0.1").faults
    assert not made("python3", "-c", "import sys", "{{x}}", x=nasty).faults
    assert not made("python3", "show.py", "-c", "{{x}}", x=nasty).faults


def test_what_would_be_huge_is_refused_before_it_is_built():
    large = {"x": Value("x" * 10_000, "x" * 10_000), "xs": Value(["x" * 10_000] * 9, "x" * 90_000)}
    for document, target in (
        ({"meta": {"cmd": "{{x}} " * 20_000}}, "experimentSpec.meta.cmd"),
        ({"meta": {"name": "{{x}}" * 101}}, "experimentSpec.meta.name"),
        ({"meta": {"tags": ["{{xs}}"] * 1000}}, "experimentSpec.meta.tags.111"),
    ):
        fault = fill(document, large, "experimentSpec").faults[0]
        assert fault.target == target
        assert "0,000 characters" in fault.message
    assert not fill({"meta": {"name": "{{x}}" * 99}}, large).faults


def test_harmless_values_may_stand_in_difficult_places():
    line = f"{SHOW} $(printf '%s %s' {{{{x}}}} \"{{{{y}}}}\") $(echo {{{{xs}}}})"
    assert words(command(line, x="0.1", y="a/b.c", xs=["p", "q"])) == ["0.1", "a/b.c", "p", "q"]


def test_a_backslash_before_a_placeholder_is_refused():
    for line in ("echo \\{{x}}", 'echo "\\{{x}}"', "echo $'\\{{x}}'"):
        with pytest.raises(InvalidRequest, match="backslash"):
            command(line, x="n")
    assert words(command(f"{SHOW} '\\{{{{x}}}}'", x="n")) == ["\\n"]


def test_lists_are_words_where_they_stand_alone():
    xs = ["a b", "; touch pwned", ""]
    line = f"A={{{{xs}}}} {SHOW} {{{{xs}}}} --all={{{{xs}}}} '{{{{xs}}}}'"
    joined = " ".join(xs)
    assert words(command(line, xs=xs)) == [*xs, f"--all={joined}", joined]
    assert words(command(f"{SHOW} {{{{xs}}}} end", xs=[])) == ["end"]


def test_what_is_not_given_is_nothing():
    assert words(command(f"{SHOW} {{{{x}}}} end", x=Value(None, ""))) == ["end"]


@given(value=TEXTS | st.sampled_from(NASTY))
@settings(max_examples=20, deadline=None)
def test_a_secret_reaches_a_command_in_a_variable(value):
    line = f"{SHOW} {{{{key}}}} --key={{{{key}}}} '{{{{key}}}}' \"<{{{{key}}}}>\""
    filled = fill({"meta": {"cmd": line}}, {"key": Value(value, value, secret=True)})
    assert not filled.faults
    ((name, kept),) = filled.secrets.items()
    assert kept == value
    assert name == "JUPYTER_EXEC_SECRET_0_KEY"
    done = subprocess.run(
        ["bash", "-c", filled.document["meta"]["cmd"]],
        env={name: value},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [value, f"--key={value}", value, f"<{value}>"]


def test_a_secret_in_a_difficult_place_is_refused():
    with pytest.raises(InvalidRequest, match="a secret cannot stand"):
        command("echo $(cat {{x}})", x=Value("s", "s", secret=True))


def own(configuration: dict[str, Any], **values: Any) -> Any:
    """Fill a body of `POST runs`."""
    stand_ins = {name: Value(value, json.dumps(value)) for name, value in values.items()}
    filled = fill({"definition": {"configuration": configuration}}, stand_ins)
    assert not filled.faults, filled.faults
    return filled.document["definition"]["configuration"]


def test_a_line_for_the_shell_is_one_however_the_keys_are_written():
    values = {"x": Value("; touch pwned", "; touch pwned")}
    for document in (
        {"Definition": {"configuration": {"Command": "echo {{x}}"}}},
        {"definition": {"configuration": {"experiment": {"META": {"Cmd": "echo {{x}}"}}}}},
        {"definition": {"configuration": {"command": ["bash", "-c", "echo {{x}}"]}}},
        {"definition": {"configuration": {"command": ["env", "/bin/sh", "-ec", "echo {{x}}"]}}},
    ):
        text = json.dumps(fill(document, values).document)
        assert "echo '; touch pwned'" in text, text


def test_arguments_and_commands_that_are_lists_take_values_as_they_are():
    made = own(
        {"command": ["show", "{{x}}", "--all", "{{xs}}", "a{{x}}b", "-c", "{{x}}"]},
        x="; $1",
        xs=["a b", 2, 0.5, True],
    )
    text = json.dumps("; $1")
    assert made["command"] == [
        "show", text, "--all", "a b", "2", "0.5", "true", f"a{text}b", "-c", text
    ]  # fmt: skip


def test_parameters_of_notebooks_keep_their_types():
    made = own(
        {
            "parameters": {
                "n": "{{n}}",
                "flag": "{{flag}}",
                "xs": "{{xs}}",
                "text": "n = {{n}}",
                "deep": {"n": "{{n}}", "list": ["{{n}}", "{{xs}}"]},
                "absent": "{{none}}",
            }
        },
        n=3,
        flag=False,
        xs=[1, 2.5],
        none=None,
    )
    assert made["parameters"] == {
        "n": 3,
        "flag": False,
        "xs": [1, 2.5],
        "text": "n = 3",
        "deep": {"n": 3, "list": [3, [1, 2.5]]},
    }


def test_code_that_a_request_brings_is_left_alone():
    document = {
        "source": {"notebook": {"cells": [{"source": "f'{{x}}'"}]}, "name": "{{x}}.ipynb"},
        "overlay": {"a.py": {"text": "{{y}}"}},
    }
    filled = fill(document, {"x": Value("v", "v")})
    assert not filled.faults
    assert filled.document == {**document, "source": {**document["source"], "name": "v.ipynb"}}


@given(value=st.sampled_from(["{{other}}", "{{x}}", "\\1 \\g<0>", "$1", "{{meta.name:x}}"]))
def test_what_was_put_in_is_not_looked_at_again(value):
    document = {"meta": {"name": "<{{x}}>", "tags": ["{{x}}"], "envVars": {"A": "{{x}}{{other}}"}}}
    filled = fill(document, {"x": Value(value, value), "other": Value("o", "o")})
    assert filled.document == {
        "meta": {"name": f"<{value}>", "tags": [value], "envVars": {"A": f"{value}o"}}
    }


def test_the_place_comes_before_the_name_and_a_parameter_may_be_a_place():
    document = {"meta": {"name": "{{x}}", "cmd": None}, "spec": {"Worker": {"replicas": 1}}}
    filled = fill(
        document,
        {
            "x": Value("everywhere", "everywhere"),
            "meta.name:x": Value("here", "here"),
            "spec.Worker.replicas": Value(3, "3"),
            "meta.cmd": Value("true", "true"),
        },
        "experimentSpec",
    )
    assert filled.document["meta"] == {"name": "here", "cmd": "true"}
    assert filled.document["spec"]["Worker"]["replicas"] == 3
    assert filled.used == {"meta.name:x", "spec.Worker.replicas", "meta.cmd"}


def test_a_placeholder_without_a_parameter_is_named_with_its_place():
    filled = fill({"meta": {"tags": ["a", "{{nope}}"]}}, {}, "experimentSpec")
    (fault,) = filled.faults
    assert fault.target == "experimentSpec.meta.tags.1"
    assert "unmapped value: {{nope}}" in fault.message


@pytest.mark.parametrize("name", [".*", "a/b", "../x", "__proto__", "🚀", "a b", "x[0]", "\\d+"])
def test_names_are_only_names(name):
    filled = fill({"meta": {"name": f"{{{{{name}}}}} {{{{ {name} }}}}"}}, {name: Value("v", "v")})
    assert filled.document == {"meta": {"name": "v v"}}


def test_secrets_stand_in_variables_only():
    secret = {"s": Value("hunter2", "hunter2", secret=True)}
    document = {
        "meta": {"envVars": {"A_KEY": "Bearer {{s}}"}, "name": "{{s}}"},
        "code": {"git": {"password": "{{s}}"}},
    }
    filled = fill(document, secret)
    assert [fault.target for fault in filled.faults] == ["meta.name"]
    assert filled.secrets == {"A_KEY": "Bearer hunter2"}
    assert filled.document["meta"]["envVars"] == {"A_KEY": "Bearer {{s}}"}
    assert filled.document["code"]["git"]["password"] == "hunter2"  # taken out before it is stored
    assert "hunter2" not in repr(filled)[: repr(filled).index("document")]
    document = {
        "secrets": {"B": "{{s}}"},
        "definition": {
            "configuration": {
                "environment": {"EnvironmentVariables": {"C": "{{s}}"}},
                "Parameters": {"token": "{{s}}", "other": "x{{s}}"},
                "arguments": ["{{s}}"],
            }
        },
    }
    filled = fill(document, secret)
    assert [fault.target for fault in filled.faults] == [
        "definition.configuration.Parameters.other",
        "definition.configuration.arguments.0",
    ]
    assert filled.secrets == {
        "B": "hunter2", "C": "hunter2", "JUPYTER_EXEC_SECRET_0_S": "hunter2"
    }  # fmt: skip
    assert filled.secret_parameters == {"token": "JUPYTER_EXEC_SECRET_0_S"}


def test_passwords_are_found():
    places = {
        "code": {"git": {"username": "me", "password": "p", "url": "https://t@host/x"}, "url": ""},
        "secrets": {"A": "literal", "B": "{{ok}}", "C": ""},
    }
    found = {fault.target for fault in stored_secrets(places, "run")}
    assert found == {"run.code.git.password", "run.code.git.url", "run.secrets.A"}
    assert not stored_secrets({"code": {"url": "ssh://git@host/x"}}, "experimentSpec")


def test_many_braces_do_not_take_long():
    assert not PLACEHOLDER.search("{{" * 200_000)
