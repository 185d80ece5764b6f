"""The notebook runner as a target starts it: a real process, real kernels, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from jupyter_exec.launchers.notebook import RUNNER

_SOON_S = 30.0

# A kernel of another language, which writes what it was given to execute.
_ECHO_KERNEL = """
import sys
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Echo(Kernel):
    implementation, implementation_version, banner = "echo", "1", "echo"
    language_info = {"name": "R", "mimetype": "text/plain", "file_extension": ".r"}

    async def do_execute(self, code, silent, *args, **kwargs):
        text = {"name": "stdout", "text": code}
        self.send_response(self.iopub_socket, "stream", text)
        return {"status": "ok", "execution_count": self.execution_count, "payload": []}

IPKernelApp.launch_instance(kernel_class=Echo)
"""


def until(condition, what):
    deadline = time.monotonic() + _SOON_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)
    return found


class Bench:
    """A run's folder, and what a target does with it."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.work.mkdir()
        self.log = folder / "main-0.txt"
        self.metrics = folder / "metrics.jsonl"
        self.path = self.work / "nb.ipynb"
        self.output = self.work / "outputs" / "nb.ipynb"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        self.env |= {"JUPYTER_EXEC_METRICS": str(self.metrics), "JUPYTER_PATH": str(folder)}
        self.kernels = folder / "kernels"

    def notebook(self, *cells, **metadata):
        nodes = [new_code_cell(each) if isinstance(each, str) else each for each in cells]
        nbformat.write(new_notebook(cells=nodes, metadata=metadata), self.path)

    def spec(self, parameters=None, kernel=None, python=sys.executable):
        spec = {"notebook": "nb.ipynb", "output": "outputs/nb.ipynb"}
        return json.dumps(spec | {"kernel": kernel, "python": python, "parameters": parameters})

    def start(self, *words, cwd=None, **options):
        command = [sys.executable, "-I", str(RUNNER), *words]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command, cwd=cwd or self.work, env=self.env, stdout=log, stderr=log, **options
            )

    def run(self, **spec):
        return self.start(self.spec(**spec)).wait()

    def last_line(self):
        return [line for line in self.log.read_text().splitlines() if line.strip()][-1]

    def executed(self):
        notebook = nbformat.read(self.output, 4)
        nbformat.validate(notebook)
        return notebook

    def texts(self):
        return [
            "".join(o.get("text", "") for o in cell.get("outputs", []))
            for cell in self.executed().cells
        ]

    def progress(self):
        return [json.loads(line)["progress"] for line in self.metrics.read_text().splitlines()]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_cells_are_executed_in_the_folder_of_the_run(bench):
    bench.notebook(
        "import os; print(os.getcwd())",
        new_markdown_cell("# Text"),
        "import sys; print('warning', file=sys.stderr)",
        "6 * 7",
        "",
        new_code_cell("print('not me')", metadata={"tags": ["skip-execution"]}),
    )
    assert bench.run() == 0
    cells = bench.executed().cells
    assert cells[0].outputs[0].text == f"{bench.work}\n"
    assert cells[2].outputs[0].name == "stderr"
    assert cells[3].outputs[0].data["text/plain"] == "42"
    assert [cells[n].execution_count for n in (0, 2, 3, 5)] == [1, 2, 3, None]
    assert bench.log.read_text() == f"{bench.work}\nwarning\n42\n"
    assert bench.progress() == [
        {"done": done, "total": 3, "label": f"cell {min(done + 1, 3)}/3"} for done in range(4)
    ]
    assert [path.name for path in bench.output.parent.iterdir()] == ["nb.ipynb"]


PARAMETERS = {
    "text": 'it\'s "quoted"\n and \\ new',
    "empty": "",
    "no": False,
    "yes": True,
    "zero": 0,
    "none": None,
    "pi": 3.5,
    "big": 2**70,
    "list": [1, "a", None, {"x": [False]}],
    "dict": {"a": {"b": ["ü", 1e-9]}},
}


def test_parameters_keep_their_types(bench):
    declaring = new_code_cell("text = zero = 1", metadata={"tags": ["parameters"]})
    names = ", ".join(f"{name!r}: {name}" for name in PARAMETERS)
    bench.notebook("before = 1", declaring, f"import json; print(json.dumps({{{names}}}))")
    assert bench.run(parameters=PARAMETERS) == 0
    cells = bench.executed().cells
    assert [cell.metadata.get("tags", [])[:1] for cell in cells] == [
        [],
        ["parameters"],
        ["injected-parameters"],
        [],
    ]
    assert json.loads(cells[3].outputs[0].text) == PARAMETERS


def test_parameters_of_an_earlier_execution_are_replaced(bench):
    earlier = new_code_cell("x = 1", metadata={"tags": ["injected-parameters"]})
    bench.notebook(earlier, "print(x)")
    assert bench.run(parameters={"x": 2}) == 0
    assert bench.texts() == ["", "2\n"]
    bench.notebook("print(x)")
    assert bench.run(parameters={"x": 3}) == 0
    assert bench.texts() == ["", "3\n"]


def test_a_failing_cell_is_named(bench):
    bench.notebook("print('one')", "1 / 0", "print('never')")
    assert bench.run() == 1
    assert bench.last_line() == "cell 2: ZeroDivisionError: division by zero"
    assert "Traceback" in bench.log.read_text()
    assert bench.executed().cells[1].outputs[0].ename == "ZeroDivisionError"
    assert bench.executed().cells[2].outputs == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("import sys; sys.exit()", 0),
        ("exit()", 0),
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(7)", 7),
        ("raise SystemExit('no data')", 1),
    ],
)
def test_a_cell_may_end_the_run_as_a_script_does(bench, code, status):
    bench.notebook(code, "print('never')")
    assert bench.run() == status
    assert "never" not in bench.log.read_text()


def test_an_expected_exception_does_not_end_the_run(bench):
    tags = {"tags": ["raises-exception"]}
    bench.notebook(new_code_cell("1 / 0", metadata=tags), "print('after')")
    assert bench.run() == 0
    assert bench.texts()[1] == "after\n"


def test_a_question_is_an_error(bench):
    bench.notebook("input('name? ')")
    assert bench.run() == 1
    assert bench.last_line().startswith("cell 1: StdinNotImplementedError: ")


@pytest.mark.parametrize(
    ("code", "how"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    ],
)
def test_a_kernel_that_dies_is_told_at_once(bench, code, how):
    dying = f"import os, time; print('at', time.time(), flush=True); time.sleep(.5); {code}"
    bench.notebook("print('one')", dying)
    assert bench.run() == 1
    ended = time.time()
    assert bench.last_line() == f"the kernel died in cell 2 ({how})"
    one, at = bench.texts()
    assert one == "one\n"
    assert ended - float(at.split()[1]) < 2.5


def test_what_other_programs_print_is_in_notebook_and_log_once(bench):
    bench.notebook("import os; os.system('echo from outside'); print('done')")
    assert bench.run() == 0
    assert bench.log.read_text().count("from outside") == 1
    assert "from outside" in bench.texts()[0]


def test_a_flood_is_whole_in_the_log_and_small_elsewhere(bench):
    count = 60_000
    bench.notebook(f"for n in range({count}): print(f'{{n:06}}', 'x' * 993)", "print('still here')")
    process = bench.start(bench.spec())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    with bench.log.open() as log:
        for number in range(count):
            assert int(next(log)[:6]) == number
        assert next(log) == "still here\n"
    assert bench.output.stat().st_size < 1.2 * 2**20
    flood, after = bench.texts()
    assert flood.startswith("000000 x")
    assert flood.endswith("x\n")
    assert "are left out here" in flood
    assert after == "still here\n"
    assert usage.ru_maxrss < 400 * 1024


@pytest.mark.parametrize(
    "waiting", ["time.sleep(600)", "while True:\n  try: time.sleep(9)\n  except: pass"]
)
def test_sigterm_leaves_a_notebook_and_nothing_else(bench, waiting):
    bench.notebook(
        "import os, time; open('pid', 'w').write(str(os.getpid()))",
        f"print('going', flush=True); open('going', 'w').close()\n{waiting}",
        "print('never')",
    )
    process = bench.start(bench.spec())
    until((bench.work / "going").exists, "the second cell")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=8) == 143
    texts = bench.texts()
    assert texts[1].startswith("going")
    assert texts[2] == ""
    assert bench.last_line() == "stopped by SIGTERM"
    kernel = int((bench.work / "pid").read_text())
    assert not Path(f"/proc/{kernel}").exists()


def test_the_notebook_can_be_opened_half_way(bench):
    wait = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)\nos.remove('go')"
    bench.notebook("print('one')", f"print('two', flush=True)\n{wait}", "print('three')")
    process = bench.start(bench.spec())
    until(lambda: bench.output.exists() and bench.texts()[0] == "one\n", "cell 1's output")
    assert process.poll() is None
    until(lambda: bench.texts()[1] == "two\n", "the output of a cell that is going")
    assert process.poll() is None
    assert bench.texts()[2] == ""
    (bench.work / "go").touch()
    assert process.wait(timeout=_SOON_S) == 0
    assert bench.texts()[2] == "three\n"


def test_exit_hooks_run_and_files_are_flushed(bench):
    hook = "import atexit, time; atexit.register(lambda: (time.sleep(1), print('goodbye')))"
    bench.notebook(hook, "file = open('result', 'w'); file.write('all'); 1")
    assert bench.run() == 0
    assert (bench.work / "result").read_text() == "all"
    assert bench.log.read_text().endswith("1\ngoodbye\n")


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
        process.communicate(json.dumps(assignment).encode() + b"\n", timeout=_SOON_S)
        assert process.returncode == 0
        assert bench.texts() == ["", f"{who} {bench.work} {bench.work} []\n", f"{who} 4\n"]
        assert [cell.execution_count for cell in bench.executed().cells] == [1, 2, 3]


def test_a_waiting_kernel_ends_with_its_supervisor(bench):
    choice = json.dumps({"kernel": None, "python": sys.executable})
    process = bench.start("--standby", choice, stdin=subprocess.PIPE)
    process.stdin.close()
    assert process.wait(timeout=_SOON_S) == 0
    assert bench.log.read_text() == ""


def test_a_waiting_kernel_of_the_wrong_language_is_replaced(bench):
    echo_kernel(bench)
    bench.notebook("x <- 1", kernelspec={"name": "echo", "language": "R", "display_name": "E"})
    choice = json.dumps({"kernel": None, "python": sys.executable})
    process = bench.start("--standby", choice, stdin=subprocess.PIPE)
    argv = ["python", "runner", bench.spec()]
    assignment = {"env": bench.env, "cwd": str(bench.work), "argv": argv}
    process.communicate(json.dumps(assignment).encode() + b"\n", timeout=_SOON_S)
    assert process.returncode == 0
    assert bench.texts() == ["x <- 1"]


def echo_kernel(bench):
    folder = bench.kernels / "echo"
    folder.mkdir(parents=True)
    (folder / "kernel.py").write_text(_ECHO_KERNEL)
    spec = {
        "argv": ["python3", "{resource_dir}/kernel.py", "-f", "{connection_file}"],
        "display_name": "Echo",
        "language": "R",
        "interrupt_mode": "message",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


@pytest.mark.parametrize("asked", ["echo", None])
def test_a_kernel_of_another_language_gets_its_own_parameters(bench, asked):
    echo_kernel(bench)
    own = {"name": "echo", "language": "R", "display_name": "Echo"}
    bench.notebook("y <- x", **({} if asked else {"kernelspec": own}))
    assert bench.run(kernel=asked, parameters={"x": [True, None]}) == 0
    assert bench.texts() == ["# Parameters\nx = list(TRUE, NULL)\n", "y <- x"]
    assert bench.executed().metadata.kernelspec.name == "echo"


def test_an_unknown_kernel_is_refused_with_the_known_ones(bench):
    echo_kernel(bench)
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


def test_old_notebooks_and_those_without_kernelspec(bench):
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "input": ["print('v3')"],
                        "language": "python",
                        "outputs": [],
                    }
                ]
            }
        ],
    }
    cell = {"cell_type": "code", "metadata": {}, "source": ["print('v4')"], "outputs": []}
    first = {"nbformat": 4, "nbformat_minor": 0, "metadata": {}, "cells": [cell]}
    for content, text in ((old, "v3\n"), (first, "v4\n")):
        for python in (sys.executable, None):
            bench.path.write_text(json.dumps(content))
            assert bench.run(python=python) == 0
            assert bench.log.read_text() == text
            assert bench.executed().metadata.kernelspec.name == "python3"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "nb.ipynb is not a notebook: "),
        ("[]", "nb.ipynb is not a notebook: "),
        ("{}", "nb.ipynb is not a valid notebook: "),
        ('{"nbformat": 9, "nbformat_minor": 1, "cells": []}', "nb.ipynb has notebook format 9.1"),
        ('{"nbformat": 4, "nbformat_minor": 5}', "nb.ipynb is not a valid notebook: "),
        ('{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "nb.ipynb is not a valid notebook: "),
        (None, "nb.ipynb cannot be read: No such file"),
    ],
)
def test_what_is_no_notebook_gets_one_clear_line(bench, content, says):
    if content is not None:
        bench.path.write_text(content)
    assert bench.run() == 1
    assert bench.last_line().startswith(says)
    assert "Traceback" not in bench.log.read_text()


def test_widgets_and_rich_outputs_are_kept(bench):
    bench.notebook(
        "from IPython.display import display, HTML\n"
        "handle = display(HTML('<b>0</b>'), display_id=True)",
        "handle.update(HTML('<b>1</b>'))",
        "from IPython.display import clear_output\nprint('gone'); clear_output(); print('left')",
        "print('gone'); clear_output(wait=True); print('left')",
        "import ipywidgets; ipywidgets.IntSlider(7)",
    )
    assert bench.run() == 0
    executed = bench.executed()
    assert executed.cells[0].outputs[0].data["text/html"] == "<b>1</b>"
    assert bench.texts()[2:4] == ["left\n", "left\n"]
    assert "application/vnd.jupyter.widget-view+json" in executed.cells[4].outputs[0].data
    state = executed.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert 7 in [model["state"].get("value") for model in state.values()]
