"""The notebook runner as a target starts it: cells, parameters, failures, signals."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from notebook_bench import SOON_S, Bench, until


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


def test_the_cell_of_the_parameters_has_no_number(bench):
    declaring = new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    bench.notebook(declaring, "print(x)\nraise ValueError('no luck')")
    assert bench.run(parameters={"x": 2}) == 1
    assert bench.last_line() == "cell 2: ValueError: no luck"
    assert [each["label"] for each in bench.progress()] == ["cell 1/2", "cell 2/2"]
    assert [cell.execution_count for cell in bench.executed().cells] == [1, None, 2]
    assert "Cell In[2], line 2" in re.sub(r"\x1b\[[\d;]*m", "", bench.log.read_text())


def test_parameters_that_fail_are_named(bench):
    bench.notebook("pass", "print(x)")
    assert bench.run(parameters={"in": 2}) == 1
    assert bench.last_line().startswith("parameters: SyntaxError: ")
    earlier = new_code_cell("x = 1", metadata={"tags": ["injected-parameters"]})
    bench.notebook("pass", earlier, "1 / 0")
    assert bench.run(parameters={"in": 2}) == 1
    assert bench.last_line().startswith("parameters: SyntaxError: ")
    assert bench.run(parameters={"x": 2}) == 1
    assert bench.last_line() == "cell 3: ZeroDivisionError: division by zero"


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


def helper(source):
    return new_code_cell(source, metadata={"tags": ["jupyter-exec"]})


def test_helper_cells_are_executed_but_not_counted(bench):
    bench.notebook(helper("a = 1"), "print(a)", "b = 2", helper("print(a + b)"))
    assert bench.run() == 0
    assert bench.texts() == ["", "1\n", "", "3\n"]
    assert [cell.execution_count for cell in bench.executed().cells] == [None, 1, 2, None]
    assert [each["label"] for each in bench.progress()] == ["cell 1/2", "cell 2/2", "cell 2/2"]
    bench.notebook(helper("a = 1"), "1 / 0", helper("b"))
    assert bench.run() == 1
    assert bench.last_line() == "cell 1: ZeroDivisionError: division by zero"
    assert "Cell In[1], line 1" in re.sub(r"\x1b\[[\d;]*m", "", bench.log.read_text())


def test_a_failing_helper_cell_speaks_for_itself(bench):
    bench.notebook("pass", helper("raise NameError('--out b: the cell has set no such variable')"))
    assert bench.run() == 1
    assert bench.last_line() == "NameError: --out b: the cell has set no such variable"
    bench.notebook(helper("import os; os._exit(3)"), "pass")
    assert bench.run() == 1
    assert bench.last_line() == "the kernel died while variables were passed (exit code 3)"


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
    # Not ru_maxrss: that begins with what the process had that forked it.
    peak_kb = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak_kb = max(peak_kb, *map(int, re.findall(r"VmHWM:\s+(\d+) kB", status)), 0)
        time.sleep(0.05)
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
    assert 20_000 < peak_kb < 400_000


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
    assert process.wait(timeout=SOON_S) == 0
    assert bench.texts()[2] == "three\n"


def test_exit_hooks_run_and_files_are_flushed(bench):
    hook = "import atexit, time; atexit.register(lambda: (time.sleep(1), print('goodbye')))"
    bench.notebook(hook, "file = open('result', 'w'); file.write('all'); 1")
    assert bench.run() == 0
    assert (bench.work / "result").read_text() == "all"
    assert bench.log.read_text().endswith("1\ngoodbye\n")


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
