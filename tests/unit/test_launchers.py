from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.commands import command_of, told_later
from jupyter_exec.launchers.notebook import RUNNER, NotebookLauncher
from jupyter_exec.launchers.notebook_runner.document import translate
from jupyter_exec.launchers.notebook_runner.floats import with_floats
from jupyter_exec.launchers.notebook_runner.kernel import NotebookFault
from jupyter_exec.launchers.notebook_runner.streams import CELL_CHARACTERS, CellStreams
from jupyter_exec.launchers.python import PythonLauncher
from jupyter_exec.launchers.threads import VARIABLES
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Job, Resources, Role


def configuration(**fields):
    return RunConfiguration.model_validate(fields)


def context(kernel=None, **env):
    return LaunchContext("exp_1", "/runs/1/work", "/env/python", "/server/python", kernel, env)


def plan(**fields):
    return PythonLauncher().plan(configuration(**fields), context())


def command(**fields):
    return list(plan(**fields).roles[0].command)


def test_a_script():
    assert plan(
        script="train.py",
        arguments=["--lr", 0.1],
        maxRunDurationSeconds=60,
        resources={"cpus": 2, "memory": "1G"},
    ) == Job(
        (
            Role(
                "main",
                ("/env/python", "-u", "train.py", "--lr", "0.1"),
                env=dict.fromkeys(VARIABLES, "2"),
                resources=Resources(2, 2**30, 0),
            ),
        ),
        {},
        60,
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"script": "run.sh", "arguments": ["a b"]}, ["/bin/bash", "run.sh", "a b"]),
        ({"script": "a\\b.py"}, ["/env/python", "-u", "a/b.py"]),
        ({"command": ["make", "all"], "script": "x.py"}, ["make", "all"]),
        ({"command": "echo $HOME | cat"}, ["/bin/bash", "-c", "echo $HOME | cat"]),
        ({"command": "", "script": "x.py"}, ["/env/python", "-u", "x.py"]),
        ({"command": [], "script": "x.py"}, ["/env/python", "-u", "x.py"]),
        (
            {"command": 'echo "$1"', "arguments": ["x"]},
            ["/bin/bash", "-c", 'echo "$1"', "/bin/bash", "x"],
        ),
    ],
)
def test_commands(fields, expected):
    assert command(**fields) == expected


def test_variables_of_the_run_are_expanded_in_arguments():
    arguments = [
        "$AZUREML_DATAREFERENCE_data/train",
        "--x=${AZUREML_DATAREFERENCE_data}.csv",
        "$AZ_BATCHAI_INPUT_x",
        "$AZUREML_UNKNOWN",
        "$HOME",
        "$AZUREML_DATAREFERENCE_datax",
        "$$AZUREML_RUN_ID",
    ]
    env = {
        "AZUREML_DATAREFERENCE_data": "/d",
        "AZ_BATCHAI_INPUT_x": "/x",
        "AZUREML_RUN_ID": "r",
        "HOME": "/h",
    }
    job = PythonLauncher().plan(configuration(script="a.py", arguments=arguments), context(**env))
    assert list(job.roles[0].command[3:]) == [
        "/d/train",
        "--x=/d.csv",
        "/x",
        "$AZUREML_UNKNOWN",
        "$HOME",
        "$AZUREML_DATAREFERENCE_datax",
        "$r",
    ]
    assert job.env == env


def test_a_plan_is_json_and_the_same_each_time():
    fields = {"script": "nb.ipynb", "parameters": {"x": [1, None]}}
    for launcher in (PythonLauncher(), NotebookLauncher()):
        jobs = [launcher.plan(configuration(**fields), context(A="1")) for _ in range(2)]
        assert jobs[0] == jobs[1]
        json.dumps(jobs[0].as_json())


@pytest.mark.parametrize("launcher", [PythonLauncher(), NotebookLauncher()])
@pytest.mark.parametrize(
    "script", [None, "", "/etc/passwd", "../x.py", "a/../../x.py", "C:\\x.py", "..", "a\0b"]
)
def test_a_script_that_is_not_in_the_folder_is_a_fault(launcher, script):
    faults = launcher.faults(configuration(script=script))
    assert [fault.target for fault in faults] == ["configuration.script"]


@pytest.mark.parametrize("script", ["x.py", "a/../x.py", "./x.py", "deep/er/..x.py"])
def test_a_script_in_the_folder_is_none(script):
    assert PythonLauncher().faults(configuration(script=script)) == []


def test_a_command_needs_no_script():
    assert PythonLauncher().faults(configuration(command="ls")) == []


def test_all_faults_are_told_at_once():
    fields = {"communicator": "Gloo", "arguments": ["x"], "parameters": {"a b": 1, "ok": 2, "": 3}}
    faults = NotebookLauncher().faults(configuration(script="/n.ipynb", **fields))
    assert [fault.target for fault in faults] == [
        "configuration.communicator",
        "configuration.script",
        "configuration.arguments",
        "configuration.parameters",
        "configuration.parameters",
    ]
    assert "allowed: None" in faults[0].message


@pytest.mark.parametrize(
    ("fields", "field", "word"),
    [
        ({"nodeCount": 2}, "nodeCount", "2 nodes"),
        ({"mpi": {"processCountPerNode": 4}}, "mpi.processCountPerNode", "4 processes"),
        (
            {"framework": "PyTorch", "pyTorch": {"processCount": 3}},
            "pyTorch.processCount",
            "3 processes",
        ),
        (
            {"framework": "TensorFlow", "tensorflow": {"workerCount": 2}},
            "tensorflow.workerCount",
            "2 processes",
        ),
        ({"framework": "XGBoost", "nodeCount": 2}, "nodeCount", "2 nodes"),
    ],
)
def test_a_notebook_is_one_kernel(fields, field, word):
    (fault,) = NotebookLauncher().faults(configuration(script="n.ipynb", **fields))
    assert fault.target == f"configuration.{field}"
    assert "export the notebook as a script" in fault.message
    assert fault.message.endswith(word)


def test_a_notebook_leaves_other_frameworks_sections_alone():
    sections = {"tensorflow": {"workerCount": 2}, "pyTorch": {"processCount": 2}}
    assert NotebookLauncher().faults(configuration(script="n.ipynb", **sections)) == []


def test_a_notebook():
    fields = {"script": "deep/nb.ipynb", "parameters": {"x": None}, "maxRunDurationSeconds": 5}
    job = NotebookLauncher().plan(configuration(**fields), context(AZUREML_RUN_ID="r"))
    (role,) = job.roles
    assert role.name == "main"
    assert role.command[:3] == ("/server/python", "-I", str(RUNNER))
    assert Path(RUNNER).is_file()
    assert json.loads(role.command[3]) == {
        "notebook": "deep/nb.ipynb",
        "output": "outputs/nb.ipynb",
        "kernel": None,
        "python": "/env/python",
        "parameters": {"x": None},
    }
    assert job.time_limit_s == 5
    assert role.standby.command[:4] == ("/server/python", "-I", str(RUNNER), "--standby")
    assert json.loads(role.standby.command[4]) == {"kernel": None, "python": "/env/python"}


def test_a_kernel_that_waits_serves_runs_with_the_same_kernel():
    launcher, fields = NotebookLauncher(), {"script": "nb.ipynb"}
    keys = {
        launcher.plan(configuration(**fields), context(kernel)).roles[0].standby.key
        for kernel in (None, "ir", "python3", None)
    }
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("name", "in_time"),
    [
        ("PYTHONPATH", False),
        ("PYTHONHASHSEED", False),
        ("LD_LIBRARY_PATH", False),
        ("LD_PRELOAD", False),
        ("DYLD_LIBRARY_PATH", False),
        ("LC_ALL", False),
        ("IPYTHONDIR", False),
        ("OMP_NUM_THREADS", True),
        ("CUDA_VISIBLE_DEVICES", True),
        ("PYTHONUNBUFFERED", True),
        ("JUPYTER_EXEC_METRICS", True),
        ("MY_PYTHONPATH", True),
    ],
)
def test_no_waiting_kernel_where_a_variable_would_come_too_late(name, in_time):
    job = NotebookLauncher().plan(configuration(script="n.ipynb"), context(**{name: "x"}))
    assert (job.roles[0].standby is not None) == in_time


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("R", ["n = NULL", "b = TRUE", 's = "a\\"b"', 'l = list(1, "x")']),
        ("julia", ["n = nothing", "b = true", 's = "a\\"b"', 'l = [1, "x"]']),
        ("python", ["n = None", "b = True", 's = "a\\"b"', 'l = [1, "x"]']),
        ("bash", ["n=", "b=true", "s='a\"b'", "l=(1 x)"]),
        ("Scala", ["val n = None", "val b = true", 'val l = Seq(1, "x")']),
    ],
)
def test_parameters_in_other_languages(language, expected):
    parameters = {"n": None, "b": True, "s": 'a"b', "l": [1, "x"]}
    source = translate(parameters, "some-kernel", language)
    assert source.splitlines()[0] in {"# Parameters", "// Parameters"}
    assert set(expected) <= set(source.splitlines())


def test_a_language_without_translator_is_a_fault():
    with pytest.raises(NotebookFault, match="brainfuck"):
        translate({"x": 1}, "some-kernel", "brainfuck")


def text_of(outputs):
    return "".join(output["text"] for output in outputs)


def test_streams_are_joined_as_a_front_end_joins_them():
    outputs = []
    streams = CellStreams(outputs)
    for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]:
        streams.add(name, text)
    streams.show()
    streams.show()
    assert [(o["name"], o["text"]) for o in outputs] == [
        ("stdout", "ab"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]


def test_a_flood_keeps_its_beginning_and_its_end():
    outputs = []
    streams = CellStreams(outputs)
    for number in range(1000):
        streams.add("stdout", f"<{number}>" + "x" * 10_000)
        if number % 100 == 0:
            streams.show()
    streams.close()
    text = text_of(outputs)
    assert text.startswith("<0>x")
    assert "<999>x" in text
    assert "characters are left out here" in text
    assert len(text) < CELL_CHARACTERS + 200
    kept = len(text) - len(next(o["text"] for o in outputs if "left out" in o["text"]))
    left_out = int(text.split("\n[")[1].split(" ")[0].replace(",", ""))
    assert kept + left_out == sum(len(f"<{n}>") + 10_000 for n in range(1000))


def test_floods_between_other_outputs_are_bounded_together():
    outputs = []
    streams = CellStreams(outputs)
    for _ in range(50):
        streams.add("stdout", "x" * 2 * CELL_CHARACTERS)
        streams.close()
        outputs.append({"output_type": "display_data", "text": ""})
    assert sum(output["output_type"] == "display_data" for output in outputs) == 50
    assert len(text_of(outputs)) < 2.2 * CELL_CHARACTERS


def test_a_whole_number_is_a_float_where_the_notebook_declares_one():
    source = (
        "a = 0.5\nb = -1.0\nc: float = 1\nd = 1\ne = True\nf = g = 2e3\nh, i = 1.0, 2.0\nj = 1.5"
    )
    given = dict.fromkeys("abcdefghi", 2) | {"j": True}
    made = with_floats(given, source)
    assert made == given
    assert {name for name, value in made.items() if type(value) is float} == set("abcfg")
    assert made["j"] is True


def test_a_parameters_cell_with_magics_declares_no_floats():
    assert type(with_floats({"a": 2}, "%time a = 0.5")["a"]) is int


def test_a_line_with_what_only_a_replica_knows():
    fields = {"command": "echo $0 $1", "arguments": ["n=$AZ_BATCHAI_TASK_INDEX"]}
    configuration = RunConfiguration.model_validate(fields)
    command = told_later(command_of(configuration, context()), {"AZ_BATCHAI_TASK_INDEX"})
    env = {"AZ_BATCHAI_TASK_INDEX": "3", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "/bin/bash n=3\n"
