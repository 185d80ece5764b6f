"""Which kernel a notebook run gets: waiting ones, other languages, and those that are missing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from notebook_bench import SOON_S, Bench


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_waiting_kernels_take_the_environment_and_folder_of_their_run(bench, tmp_path):
    code = (
        "import os, pathlib; print(os.environ['WHO'], os.getcwd(), pathlib.Path().resolve(),"
        " [n for n in dir() if n in {'env', 'cwd', 'visited', 'tempfile', 'get_ipython_'}])"
    )
    choice = json.dumps({"kernel": None, "python": sys.executable})
    for who in ("first", "second"):
        (tmp_path / who).mkdir()
        bench.work = tmp_path / who
        bench.path, bench.output = bench.work / "nb.ipynb", bench.work / "outputs" / "nb.ipynb"
        bench.notebook(code, "import mine; print(mine.x, len(In))")
        (bench.work / "mine.py").write_text(f"x = {who!r}")
        process = bench.start("--standby", choice, cwd=tmp_path, stdin=subprocess.PIPE)
        assignment = {
            "env": {**bench.env, "WHO": who},
            "cwd": str(bench.work),
            "argv": ["python", "runner", bench.spec(parameters={"x": 1})],
        }
        process.communicate(json.dumps(assignment).encode() + b"\n", timeout=SOON_S)
        assert process.returncode == 0
        assert bench.texts() == ["", f"{who} {bench.work} {bench.work} []\n", f"{who} 3\n"]
        assert [cell.execution_count for cell in bench.executed().cells] == [None, 1, 2]


def test_a_waiting_kernel_ends_with_its_supervisor(bench):
    choice = json.dumps({"kernel": None, "python": sys.executable})
    process = bench.start("--standby", choice, stdin=subprocess.PIPE)
    process.stdin.close()
    assert process.wait(timeout=SOON_S) == 0
    assert bench.log.read_text() == ""


def test_a_waiting_kernel_of_the_wrong_language_is_replaced(bench):
    bench.add_echo_kernel()
    bench.notebook("x <- 1", kernelspec={"name": "echo", "language": "R", "display_name": "E"})
    choice = json.dumps({"kernel": None, "python": sys.executable})
    process = bench.start("--standby", choice, stdin=subprocess.PIPE)
    argv = ["python", "runner", bench.spec()]
    assignment = {"env": bench.env, "cwd": str(bench.work), "argv": argv}
    process.communicate(json.dumps(assignment).encode() + b"\n", timeout=SOON_S)
    assert process.returncode == 0
    assert bench.texts() == ["x <- 1"]


@pytest.mark.parametrize("asked", ["echo", None])
def test_a_kernel_of_another_language_gets_its_own_parameters(bench, asked):
    bench.add_echo_kernel()
    own = {"name": "echo", "language": "R", "display_name": "Echo"}
    bench.notebook("y <- x", **({} if asked else {"kernelspec": own}))
    assert bench.run(kernel=asked, parameters={"x": [True, None]}) == 0
    assert bench.texts() == ["# Parameters\nx = list(TRUE, NULL)\n", "y <- x"]
    assert bench.executed().metadata.kernelspec.name == "echo"


def test_an_unknown_kernel_is_refused_with_the_known_ones(bench):
    bench.add_echo_kernel()
    bench.notebook("1")
    assert bench.run(kernel="fortran") == 1
    assert bench.last_line().startswith("there is no kernel 'fortran' here; there are: echo")
    assert "Traceback" not in bench.log.read_text()


def test_an_interpreter_without_ipykernel(bench, tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.base_prefix}/bin/python3 -I -S "$@"\n')
    python.chmod(0o755)
    bench.notebook("1")
    assert bench.run(python=str(python)) == 1
    assert "No module named 'ipykernel'" in bench.last_line()
    assert "-m pip install ipykernel" in bench.last_line()
    assert bench.run(python="/no/python") == 1
    assert "/no/python" in bench.last_line()


@pytest.mark.parametrize(("name", "ends"), [("python3", 0), ("gone", 1)])
def test_a_kernelspec_that_does_not_say_its_language(bench, name, ends):
    bench.notebook("print('ran')", kernelspec={"name": name, "display_name": name})
    assert bench.run(python=sys.executable) == ends
    assert ("there is no kernel 'gone'" in bench.last_line()) == bool(ends)
