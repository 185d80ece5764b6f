"""`jupyter exec template` with a real server: what a person types, sees, and gets back."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat
import pytest
from background_server import new_client, own_world

from jupyter_exec.model.documents import load_yaml

COMMAND = [sys.executable, "-m", "jupyter_exec.cli", "template"]
YAML = """\
name: add
description: adds numbers
parameters:
- name: a
  type: number
  value: 1
- name: b
  required: true
- name: TOKEN
  secret: true
run:
  definition:
    configuration:
      command: [sh, -c, 'test "$2" != bad && echo "$1 $2 $TOKEN"', sh, '{{a}}', '{{b}}']
      environment:
        environmentVariables: {TOKEN: '{{TOKEN}}'}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with own_world(tmp_path_factory.mktemp("world")) as folder:
        (folder / "add.yaml").write_text(YAML)
        with new_client() as client:
            client.templates.load(YAML)
        yield folder


@pytest.fixture
def run(home):
    def execute(*words, **options):
        done = subprocess.run(
            [*COMMAND, *words], capture_output=True, text=True, check=False, **options
        )
        assert "Traceback" not in done.stderr
        return done

    return execute


def test_looking(run):
    listed = run("list")
    assert listed.stdout.splitlines()[0].split() == [
        "TEMPLATE",
        "VERSION",
        "PARAMETERS",
        "DESCRIPTION",
    ]
    assert "a, b, TOKEN" in listed.stdout
    assert [each["name"] for each in json.loads(run("list", "-q", "adds", "--json").stdout)] == [
        "add"
    ]
    assert run("list", "-q", "nothing like it").stdout == "no templates\n"
    shown = run("show", "add").stdout
    for words in ("add, version ", "adds numbers", "(required)", "(secret)", "template run add a="):
        assert words in shown
    assert json.loads(run("show", "add", "--json").stdout)["spec"]["name"] == "add"


def test_a_run_ends_with_its_exit_status(run):
    done = run("run", "add", "a=0.5", "--wait", "b=two words; ls")
    assert (done.returncode, done.stdout) == (0, "0.5 two words; ls \n"), done.stderr
    assert run("run", "add", "b=bad", "--wait").returncode == 1
    begun = run("run", "add", "b=x")
    assert begun.stdout.startswith("Submitted ")
    assert "To watch it: jupyter exec logs -f " in begun.stdout
    shown = json.loads(run("run", "add", "b=x", "--json").stdout)
    assert shown["template"]["parameters"] == {"a": 1, "b": "x"}


def test_a_secret_comes_from_a_variable_and_is_not_shown(run, monkeypatch):
    monkeypatch.setenv("TOKEN", "hush")
    done = run("run", "add", "b=x", "--secret", "TOKEN", "--wait", "--json")
    shown = json.loads(done.stdout)
    assert "hush" not in done.stdout
    assert done.returncode == 0, done.stderr
    assert shown["template"]["parameters"] == {"a": 1, "b": "x"}
    assert "hush" in done.stderr  # the run says it itself


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "add"], "params.b: unmapped value: b is required, and was not given"),
        (["run", "add", "a=x", "b=1", "c=2"], "params.a: "),
        (["run", "add", "b"], "params: 'b' is not name=value; for example: lr=0.1"),
        (["run", "add", "a=range(x)", "b=1"], "space.a: a: range('x') makes no sense"),
        (["run", "add", "a=[]", "b=1"], "space.a: a: the list of values to try is empty"),
        (["run", "none"], "there is no template 'none'"),
        (["show", "none"], "there is no template 'none'"),
        (["delete", "none"], "there is no template 'none'"),
        (["import", "none.yaml"], "none.yaml"),
        (["save", "x", "--from-run", "none"], "there is no run 'none'"),
        (["save", "x", "--from-run", "none", "-p", "a"], "-p is for scripts and notebooks"),
        (["save", "x"], "one of the arguments --from-run --from-notebook --from-script"),
        (["run", "add", "b=1", "--wat"], "unrecognized arguments: --wat"),
        (["restore", "add", "99"], "with that version"),
        (["diff", "add", "1", "99"], "with that version"),
        ([], "the following arguments are required: verb"),
    ],
)
def test_errors_are_told_with_their_field(run, words, said):
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr


def test_all_faults_at_once(run):
    said = run("run", "add", "a=x", "c=2").stderr
    assert all(words in said for words in ("params.a: ", "params.b: ", "illegal key: 'c'"))


def test_a_metric_that_nobody_reports_is_no_error_of_the_sweep(run):
    done = run("run", "add", "a=[1,2]", "b=1", "--metric", "los", "--wait")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split()[-1] == "los"


def test_no_secret_is_asked_for_before_other_values_fit(run):
    done = run("run", "add", "a=x", "b=1", "--secret", "TOKEN", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "params.a: " in done.stderr
    assert "TOKEN: " not in done.stderr


def test_import_export_versions(run, home, tmp_path):
    text = run("export", "add").stdout
    assert load_yaml(text)["name"] == "add"
    other = text.replace("name: add", "name: other")
    done = run("import", "-", input=other)
    assert done.stdout == "Saved other, version 1. To run it: jupyter exec template run other\n"
    path = tmp_path / "other.yaml"
    path.write_text(other.replace("adds", "counts"))
    assert json.loads(run("import", str(path), "--json").stdout)["version"] == 2
    difference = run("diff", "other").stdout
    assert "-description: adds numbers\n+description: counts numbers\n" in difference
    assert run("diff", "other", "2", "2").stdout == ""
    history = [line.split()[:2] for line in run("history", "other").stdout.splitlines()]
    assert history == [["VERSION", "ACTION"], ["2", "update"], ["1", "create"]]
    assert [each["version"] for each in json.loads(run("history", "other", "--json").stdout)] == [
        2,
        1,
    ]
    assert "version 3" in run("restore", "other", "1").stdout
    assert run("export", "other", "--version", "2", "-o", str(path)).stdout == f"{path} written\n"
    assert load_yaml(path.read_text())["description"] == "counts numbers"
    assert run("export", "other").stdout == other
    assert run("delete", "other").stdout == "other is deleted; its runs stay\n"
    assert run("show", "other").returncode == 2
    assert "version 4" in run("restore", "other", "3").stdout


def test_save(run, home, monkeypatch):
    monkeypatch.chdir(home)
    cells = [nbformat.v4.new_code_cell("n: int = 1"), nbformat.v4.new_code_cell("n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), home / "n.ipynb")
    done = run("save", "nb", "--from-notebook", "n.ipynb", "--dry-run")
    assert "tagged 'parameters'" in done.stderr
    assert load_yaml(done.stdout)["run"]["source"]["path"] == "n.ipynb"
    assert run("show", "nb").returncode == 2
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), home / "n.ipynb")
    assert run("save", "nb", "--from-notebook", "n.ipynb").stdout.startswith("Saved nb, version 1")
    (home / "s.py").write_text("import sys; print(sys.argv[1:])")
    assert run("save", "s", "--from-script", "s.py", "-p", "lr=0.1", "-p", "data").returncode == 0
    done = run("run", "s", "data=d", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    run_id = json.loads(done.stdout)["runId"]
    assert run("save", "again", "--from-run", run_id).returncode == 0
    assert run("run", "again", "--wait").stdout == "['--lr', '0.1', '--data', 'd']\n"


def test_a_sweep_ends_with_a_table(run):
    done = run("run", "add", "a=[1,2]", "b=choice(x,y)", "--max-parallel", "2", "--wait")
    assert done.returncode == 0, done.stderr
    header, *rows = done.stdout.splitlines()
    assert header.split()[:5] == ["trial", "RUN", "status", "a", "b"]
    assert [row.split()[3:5] for row in rows] == [
        ["1", "x"],
        ["1", "y"],
        ["2", "x"],
        ["2", "y"],
    ]
    assert done.stderr.splitlines()[0].endswith(" with 4 trials")
    assert done.stderr.splitlines()[-1].startswith("Completed after ")
    sweep_id = done.stderr.split()[1]
    shown = subprocess.run(
        [*COMMAND[:-1], "show", sweep_id], capture_output=True, text=True, check=True
    ).stdout
    assert "template" in shown
    assert "add, version " in shown
    begun = run("run", "add", "a=uniform(0,1)", "b=1", "--trials", "2", "--seed", "3")
    assert " with 2 trials. To look at it: jupyter exec show " in begun.stdout
    shown = json.loads(run("run", "add", "a=range(1,3)", "b=1", "--wait", "--json").stdout)
    assert [trial["parameters"] for trial in shown["trials"]] == [{"a": 1}, {"a": 2}]


def test_help_teaches(run):
    done = run("run", "--help")
    assert done.returncode == 0
    assert "lr=[0.1,0.01]" in done.stdout
    assert "examples:" in run("--help").stdout
