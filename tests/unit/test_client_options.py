from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from jupyter_exec.client.frameworks import framework_section, several_words
from jupyter_exec.client.options import (
    configuration,
    environment_section,
    parse_duration,
    parse_parameter,
    parse_tags,
    split_words,
)
from jupyter_exec.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("0", 0),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("5.", 5.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("None", None),
        ("hello", "hello"),
        ("", ""),
        ("007", "007"),
        ("1_000", "1_000"),
        ("nan", "nan"),
        ("1e999", "1e999"),
        ("a=b", "a=b"),
        ('"5"', "5"),
        ('[1, 2.5, "x"]', [1, 2.5, "x"]),
        ('{"a": [true]}', {"a": [True]}),
        ("[1,", "[1,"),
        ("[NaN]", "[NaN]"),
        ("1.2.3", "1.2.3"),
        ("hello world ", "hello world "),
    ],
)
def test_values_of_parameters_are_typed(text, value):
    name, found = parse_parameter(f"x={text}")
    assert name == "x"
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["lr", "=1", " =1"])
def test_a_parameter_without_name_or_value_is_refused(text):
    with pytest.raises(InvalidRequest, match="name=value"):
        parse_parameter(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        (90, 90),
        (0.2, 1),
        ("45s", 45),
        ("10 min", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5d", 129_600),
        ("2 weeks", 1_209_600),
        ("1h 30m 5s", 5405),
        ("0", 0),
    ],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "h", "2x", "-5", "1h30", "2h!", "ten", True, float("inf"), "nan"]
)
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(InvalidRequest, match="is not a duration") as caught:
        parse_duration(text)
    assert caught.value.target == "time_limit"


def test_tags_and_words():
    assert parse_tags(["owner=me", "draft", "a=b=c"]) == {"owner": "me", "draft": "", "a": "b=c"}
    assert split_words("a.py, 'b c.py'") == ["a.py", "b c.py"]
    assert split_words(["x y", "z"]) == ["x y", "z"]
    assert split_words(None) == []


def test_configuration_holds_only_what_is_given():
    assert configuration() == {}
    assert configuration(
        script="train.py",
        arguments=["--epochs", 3],
        parameters={"lr": 0.1},
        python="/opt/python",
        cpus=2,
        memory="2G",
        time_limit="2h",
        retries=0,
        environment_variables={"A": "1"},
    ) == {
        "script": "train.py",
        "arguments": ["--epochs", "3"],
        "parameters": {"lr": 0.1},
        "environment": {
            "python": {"interpreterPath": "/opt/python", "userManagedDependencies": True},
            "environmentVariables": {"A": "1"},
        },
        "resources": {"cpus": 2, "memory": "2G"},
        "maxRunDurationSeconds": 7200,
        "retries": 0,
    }


def test_a_kernel_takes_the_place_of_the_interpreter():
    assert configuration(kernel="ir", python="/opt/python") == {"kernel": "ir"}


def pip_lines(section):
    assert section["python"]["userManagedDependencies"] is False
    return section["python"]["condaDependencies"]["dependencies"][-1]["pip"]


def test_requirements_become_dependencies(tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more/base.txt").write_text("numpy>=2 \\\n  ; python_version > '3'\n")
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# what we need\nrequests==2.32  # pinned\n\n-r more/base.txt\nx @ http://h/a#egg=x\n"
    )
    assert pip_lines(environment_section(path)) == [
        "requests==2.32",
        "numpy>=2    ; python_version > '3'",
        "x @ http://h/a#egg=x",
    ]


def test_what_pip_compile_writes_is_read(tmp_path):
    (tmp_path / "base.txt").write_text("rich==14.0.0 --hash=sha256:0\n")
    path = tmp_path / "requirements.txt"
    path.write_text(
        "# by: pip-compile --generate-hashes\n--require-hashes\n"
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:1 \\\n"
        "    --hash=sha256:2\n    # via click\nclick==8.1 \\\n    --hash sha256:3\n-r base.txt\n"
        "last==1 \\"
    )
    assert pip_lines(environment_section(path)) == [
        "colorama==0.4.6 ; sys_platform == 'win32'",
        "click==8.1",
        "rich==14.0.0",
        "last==1",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-c constraints.txt", "constraints are not taken; lock with both"),
        ("--extra-index-url https://u:p@h/simple", "--extra-index-url: the server's operator"),
        ("-e .", "'-e .' is not a requirement specifier"),
        ("x @ https://u:p@h/x.whl", "holds a name or a password"),
    ],
)
def test_a_line_that_is_not_taken_is_told_by_file_and_number(tmp_path, line, words):
    (tmp_path / "base.txt").write_text(f"click \\\n  >=8\n\n{line}\n")
    (tmp_path / "requirements.txt").write_text("-r base.txt\n")
    with pytest.raises(InvalidRequest) as caught:
        environment_section(tmp_path / "requirements.txt")
    assert f"{tmp_path / 'base.txt'}, line 4: " in str(caught.value)
    assert words in str(caught.value)
    assert "u:p" not in str(caught.value)
    conda = tmp_path / "environment.yml"
    conda.write_text(f"name: x\ndependencies:\n- pip:\n  - {line}\n")
    with pytest.raises(InvalidRequest, match=r"environment\.yml, line 4: "):
        environment_section(conda)


def test_requirements_that_include_themselves_are_refused(tmp_path):
    path = tmp_path / "requirements.txt"
    path.write_text("-r requirements.txt\n")
    with pytest.raises(InvalidRequest, match="includes itself"):
        environment_section(path)


def test_a_conda_file_becomes_dependencies(tmp_path):
    (tmp_path / "requirements.txt").write_text("rich\n")
    path = tmp_path / "environment.yml"
    path.write_text(
        "name: mine\nchannels: [conda-forge]\n"
        "dependencies:\n- python=3.11\n- pip:\n  - -r requirements.txt\n"
    )
    section = environment_section(str(path))
    assert section["python"]["condaDependencies"] == {
        "channels": ["conda-forge"],
        "dependencies": ["python=3.11", {"pip": ["rich"]}],
    }


def test_the_variables_of_a_conda_file_are_the_runs(tmp_path):
    path = tmp_path / "environment.yml"
    path.write_text(
        "dependencies: [python]\nprefix: /opt/x\nvariables:\n  A: 1.10\n  B: yes\n  C: '#'\n"
    )
    asked = configuration(env=path, environment_variables={"B": "mine", "D": "4"})["environment"]
    assert asked["environmentVariables"] == {"A": "1.10", "B": "mine", "C": "#", "D": "4"}
    assert asked["python"]["condaDependencies"] == {"dependencies": ["python"]}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("variables: [A]", "variables must be names"),
        ("variables: {A: [1]}", "variables must be names"),
        ("platforms: [linux-64]", "has platforms, which would have no effect"),
    ],
)
def test_what_a_conda_file_cannot_say_is_told(tmp_path, more, words):
    path = tmp_path / "environment.yml"
    path.write_text(f"dependencies: [python]\n{more}\n")
    with pytest.raises(InvalidRequest, match=words):
        environment_section(path)


@pytest.mark.parametrize("content", ["a: [", "- x\n", "dependencies: x\n", ""])
def test_a_file_that_is_no_conda_file_is_refused(tmp_path, content):
    path = tmp_path / "conda.yml"
    path.write_text(content)
    with pytest.raises(InvalidRequest, match=r"conda\.yml is not"):
        environment_section(path)


def test_interpreters_are_found(tmp_path):
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").symlink_to(sys.executable)
    for env in ("venv", "venv/bin", "venv/bin/python"):
        section = environment_section(tmp_path / env)
        assert section["python"]["interpreterPath"] == str(tmp_path / "venv/bin/python")
    assert environment_section(None, sys.executable) == environment_section(sys.executable)
    assert environment_section({"name": "x"}) == {"name": "x"}
    assert environment_section(None) == {}


@pytest.mark.parametrize("env", ["missing.txt", "missing.yml", "/no/python", "."])
def test_an_environment_that_is_not_there_is_refused(env, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest) as caught:
        environment_section(env)
    assert caught.value.target == "env"
    assert "\n" not in str(caught.value)


def test_an_image_brings_its_own_python():
    asked = configuration(image="python:3.12", python=sys.executable)
    assert asked["environment"] == {
        "docker": {"enabled": True, "baseImage": "python:3.12"},
        "python": {"interpreterPath": None},
    }
    asked = configuration(docker_arguments=["--shm-size 2g"], env={"python": {"x": 1}})
    assert asked["environment"] == {
        "docker": {"enabled": True, "arguments": ["--shm-size 2g"]},
        "python": {"x": 1},
    }


FRAMEWORKS = json.loads((Path(__file__).parent / "framework_examples.json").read_text())
"""What JupyterLab's dialog, which does the same, is tested with, too."""


@pytest.mark.parametrize("example", FRAMEWORKS["right"])
def test_frameworks(example):
    assert framework_section(**example["words"]) == example["section"]


@pytest.mark.parametrize("example", FRAMEWORKS["wrong"])
def test_counts_that_cannot_be(example):
    with pytest.raises(InvalidRequest, match=re.escape(example["reason"])) as caught:
        framework_section(**example["words"])
    assert caught.value.faults[0].target == example["option"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, None),
        ({"framework": "PyTorch", "processes": 1}, None),
        ({"processes": 4, "nodes": 2}, "Python, Mpi: 4 processes on 2 nodes"),
        ({"framework": "pytorch", "nodes": 2}, "PyTorch, Gloo: 2 processes"),
        ({"framework": "pytorch", "processes": 4, "nodes": 2}, "PyTorch, Gloo: 4 processes on 2 n"),
        ({"framework": "xgboost", "processes": 3}, "XGBoost: 3 workers"),
        ({"framework": "pyspark", "nodes": 2}, "PySpark: 2 workers"),
        (
            {"framework": "tensorflow", "nodes": 2},
            "TensorFlow: 2 workers, without parameter servers (MultiWorkerMirroredStrategy)",
        ),
        (
            {"framework": "tensorflow", "communicator": "ParameterServer", "processes": 4},
            "TensorFlow: a chief, 2 workers and 1 parameter server",
        ),
    ],
)
def test_what_was_chosen_is_said(words, said):
    told = several_words(framework_section(**words))
    assert told == said or (said and told.startswith(said))
