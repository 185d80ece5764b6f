from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading

import pytest

from jupyter_exec.magics import cells
from jupyter_exec.magics.arguments import UsageFault


def test_a_cell_without_variables_is_one_cell():
    script, files = cells.cell_files("!ls\n", {}, [], script=False)
    document = json.loads(files[script])
    assert [cell["source"] for cell in document["cells"]] == ["!ls"]


def test_what_is_around_the_cell_is_tagged_and_the_cell_is_not():
    script, files = cells.cell_files("b = a", {"a": 1}, ["b"], script=False)
    document = json.loads(files[script])
    tags = [cell["metadata"].get("tags") for cell in document["cells"]]
    assert tags == [["jupyter-exec"], None, ["jupyter-exec"]]
    assert document["cells"][1]["source"] == "b = a"


def test_variables_share_what_they_shared():
    shared = [1]
    values = pickle.loads(cells.pickle_variables({"a": shared, "b": [shared]}))
    assert values["b"][0] is values["a"]


class Stubborn:
    def __reduce__(self):
        raise RuntimeError("two\nlines")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (threading.Lock(), "TypeError: cannot pickle '_thread.lock' object"),
        (Stubborn(), "RuntimeError: two lines"),
    ],
)
def test_what_cannot_be_pickled_is_named(value, reason):
    with pytest.raises(UsageFault) as caught:
        cells.pickle_variables({"fine": 1, "guilty": value})
    assert caught.value.message == f"%%submit: --in guilty cannot be pickled: {reason}"


def test_a_missing_variable_is_named_with_the_nearest():
    with pytest.raises(
        UsageFault, match=r"--in modle: there is no such variable; did you mean model\?"
    ):
        cells.select_variables(["modle"], {"model": 1})


def run_script(tmp_path, cell, inputs, outputs):
    script, files = cells.cell_files(cell, inputs, outputs, script=True)
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    command = [sys.executable, script]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_a_script_gets_and_leaves_variables_wherever_it_goes(tmp_path):
    cell = "import os\nos.chdir('/')\nb = [a, __name__]\n"
    done = run_script(tmp_path, cell, {"a": 20}, ["b"])
    assert done.returncode == 0, done.stderr
    assert pickle.loads((tmp_path / "outputs/result.pkl").read_bytes()) == {"b": [20, "__main__"]}


def test_the_lines_of_a_traceback_are_those_of_the_cell(tmp_path):
    done = run_script(tmp_path, "x = 1\n\n1 / 0\n", {"a": 1}, [])
    assert 'File "cell.py", line 3' in done.stderr


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("pass", "--out b: the cell has set no such variable"),
        ("import threading\nb = threading.Lock()", "--out b cannot be pickled: TypeError"),
    ],
)
def test_an_output_that_cannot_come_back_fails_the_run(tmp_path, cell, says):
    done = run_script(tmp_path, cell, {}, ["b"])
    assert done.returncode == 1
    assert says in done.stderr.splitlines()[-1]
    assert not (tmp_path / "outputs/result.pkl").exists()


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("x = 1\n!ls", "line 2 is not plain Python (shell commands and magics need a kernel"),
        ("x = = 1", "line 1 is not plain Python (invalid syntax): x = = 1"),
    ],
)
def test_a_script_must_be_plain_python(cell, says):
    with pytest.raises(UsageFault) as caught:
        cells.check_script(cell)
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("# Train it\nx", "Train it"),
        ("\n\nfit()\n", "fit()"),
        ("import os\n%time go()\nfit()", "fit()"),
        ("!ls", "!ls"),
        ("#\n", "cell"),
        ("x" * 60, "x" * 47 + "…"),
    ],
)
def test_a_run_is_called_like_its_first_line(cell, name):
    assert cells.cell_name(cell) == name
