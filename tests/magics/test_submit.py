"""The magics in a real kernel, with a real server that really runs what is submitted."""

from __future__ import annotations

import httpx
import pytest


def one_error(cell) -> str:
    assert cell.status == "error"
    assert not cell.contents("error"), "a traceback"
    text = cell.stream("stderr")
    assert text.count("\n") == 1
    return text


def test_question_mark_teaches(kernel):
    text = kernel.inspect("%%submit")
    for word in ("--time-limit", "Examples:", "run.result()", "%submit train.py"):
        assert word in text


def test_a_cell_runs_with_its_folder_and_variables(kernel):
    kernel.execute("x = 20\ndef double(n): return 2 * n")
    cell = kernel.execute(
        "%%submit --name first --in x,double --out y --tag a=b --wait\n"
        "from helper import ANSWER\ny = double(x) + ANSWER\n!echo from a shell"
    )
    assert cell.status == "ok", cell.stream("stderr")
    assert kernel.value("y") == 82
    assert kernel.value("(run.status, run.name, run.tags, run.experiment)") == (
        "Completed",
        "first",
        {"a": "b"},
        "work",
    )
    assert "from a shell" in kernel.value("run.logs()")


def test_the_prompt_is_free_and_the_text_tells_the_end(kernel):
    gate = kernel.value("__import__('tempfile').mkdtemp()") + "/gate"
    cell = kernel.execute(
        "%%submit\n# Wait\nimport os, time\nprint('waiting')\n"
        f"while not os.path.exists({gate!r}): time.sleep(0.05)"
    )
    (shown,) = cell.contents("display_data")
    assert "application/vnd.jupyter.widget-view+json" in shown["data"]
    assert "Wait" in shown["data"]["text/plain"]
    assert kernel.value("run.refresh().ended") is False
    kernel.execute(f"open({gate!r}, 'w').close()")
    updates = iter(lambda: kernel.next_message("update_display_data")["content"], None)
    updated = next(one for one in updates if one["transient"] == shown["transient"])
    assert "✓ Completed" in updated["data"]["text/plain"]
    assert "waiting" in updated["data"]["text/plain"]
    assert kernel.value("run.status") == "Completed", "the user's own object is kept up to date"


def test_a_script_and_its_result(kernel):
    kernel.execute("%%submit --script --in x --out z\nz = [x, __name__]")
    assert kernel.value("run.result()") == {"z": [20, "__main__"]}


def test_nodes_of_tensorflow_are_workers_and_the_text_says_so(kernel):
    cell = kernel.execute(
        "%%submit --script --wait --framework tensorflow --nodes 2 --out task\n"
        "import json, os, time\ntask = json.loads(os.environ['TF_CONFIG'])\n"
        "while task['task']['index'] and not os.path.exists('outputs/result.pkl'):\n"
        "    time.sleep(0.05)  # the first is not the last to leave"
    )
    assert cell.status == "ok", cell.stream("stderr")
    said = "TensorFlow: 2 workers, without parameter servers (MultiWorkerMirroredStrategy)\n"
    assert cell.stream("stdout").startswith(said)
    assert kernel.value("[len(each) for each in task['cluster'].values()]") == [2]
    assert kernel.value("task['task']") == {"type": "worker", "index": 0}


def test_a_secret_reaches_the_run_and_nothing_else(kernel, server):
    kernel.execute('import os; os.environ["HF_TOKEN"] = "s3cr3t-of-mine"')
    done = kernel.execute(
        "%%submit --script --wait --secret HF_TOKEN\nimport os\nprint(len(os.environ['HF_TOKEN']))"
    )
    assert done.status == "ok"
    kernel.execute("log, again = run.logs(), run.json")
    assert kernel.value("log.strip()") == "14"
    assert "s3cr3t" not in kernel.value("str(again)")
    assert not any(
        b"s3cr3t-of-mine" in path.read_bytes()
        for path in server.data_dir.rglob("*")
        if path.is_file()
    )


def test_a_failure_is_one_line_with_its_cause(kernel):
    kernel.execute("seed = 1")
    cell = kernel.execute("%%submit --name bad --in seed --wait\nraise ValueError('no luck')")
    assert cell.status == "error"
    (error,) = cell.contents("error")
    (line,) = error["traceback"]
    assert line == "The run 'bad' failed: cell 1: ValueError: no luck (exit code 1)"
    assert error["ename"] == "RunUnsuccessful"


@pytest.mark.parametrize(
    ("cell", "cause"),
    [
        ("pass", "NameError: --out y_: the cell has set no such variable"),
        ("import threading\ny_ = threading.Lock()", "TypeError: --out y_ cannot be pickled: "),
    ],
)
def test_an_output_that_cannot_come_back_is_told(kernel, cell, cause):
    (error,) = kernel.execute(f"%%submit --name o --out y_ --wait\n{cell}").contents("error")
    assert error["evalue"].startswith(f"The run 'o' failed: {cause}")


def test_script_with_arguments_notebook_with_parameters_and_command(kernel, server):
    import nbformat

    folder = server.root_dir / "work"
    (folder / "args.py").write_text("import sys; print(sys.argv[1:])")
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("lr = 0\nname = ''", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("print([lr, name])"),
        ]
    )
    nbformat.write(notebook, folder / "report.ipynb")
    submitted = {
        "%submit args.py --wait -- --epochs 3": "['--epochs', '3']",
        "%submit report.ipynb -p lr=0.1 -p name=hello --wait": "[0.1, 'hello']",
        "%submit . --command 'echo made $((1 + 1))' --wait": "made 2",
    }
    for line, printed in submitted.items():
        cell = kernel.execute(line)
        assert cell.status == "ok", (line, cell.stream("stderr"), cell.contents("error"))
        assert printed in kernel.value("run.logs()")


def test_runs_lists(kernel):
    cell = kernel.execute("%runs -n 2 --status Completed")
    lines = cell.text.splitlines()
    assert lines[0].split()[:2] == ["Status", "Name"]
    assert [line.split()[0] for line in lines[1:3]] == ["Completed", "Completed"]
    assert "more: %runs -n" in lines[3]
    assert "<table" in cell.contents("execute_result")[0]["data"]["text/html"]
    assert kernel.execute("%runs nothing-is-called-so").text == "No runs."


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("%%submit --nope\n1", "there is no option --nope"),
        ("%%submit --in missing_one\n1", "--in missing_one: there is no such variable"),
        ("%%submit --in lock\n1", "--in lock cannot be pickled: TypeError: cannot pickle"),
        ("%%submit --in 'a b;c'\n1", "that is no variable's name"),
        ("%%submit --target nowhere\n1", "nowhere"),
        ("%%submit --experiment ?\n1", "--experiment: '?' is not an experiment name"),
        ("%%submit --memory much\n1", "--memory: 'much' is not a size"),
        ("%%submit --time-limit soon\n1", "--time-limit: 'soon' is not a duration"),
        ("%%submit --env none.txt\n1", "--env: none.txt cannot be read"),
        ("%%submit --image 'A B'\n1", "--image: is not the name of an image"),
        ("%%submit --image x --docker-arg=--privileged\n1", "--docker-arg: --privileged: it gives"),
        ("%submit none.py", "none.py does not exist in"),
        ("%submit", "name a notebook, a script or a folder"),
        ("%submit .", "is a folder: say what to run in it"),
        ("%submit report.ipynb -p lr", "'lr' is not name=value"),
    ],
)
def test_an_error_is_one_line_and_nothing_is_sent(kernel, server, code, says):
    kernel.execute("import threading; lock = threading.Lock()")
    before = len(server.runs())
    assert says in one_error(kernel.execute(code))
    assert len(server.runs()) == before


@pytest.mark.parametrize("code", ["%%submit\n1", "%submit none.py"])
def test_a_folder_that_is_gone_is_one_line(kernel, server, code):
    folder = server.root_dir / "gone"
    folder.mkdir()
    kernel.execute("%cd -q ../gone")
    folder.rmdir()
    try:
        assert "this kernel's folder no longer exists" in one_error(kernel.execute(code))
    finally:
        kernel.execute(f"%cd -q {server.root_dir / 'work'}")


def test_a_big_folder_is_refused_with_what_helps(kernel, server):
    folder = server.root_dir / "big"
    folder.mkdir()
    for number in range(2001):
        (folder / f"{number}.txt").touch()
    kernel.execute("%cd -q ../big")
    try:
        cell = kernel.execute("%%submit\n1")
        alone = kernel.execute(
            "%%submit --no-snapshot --wait\nimport os; print(len(os.listdir()) < 10)"
        )
    finally:
        kernel.execute("%cd -q ../work")
    assert cell.status == "error"
    for help_ in ("2,000", ".execignore", "--files", "--no-snapshot", "--link"):
        assert help_ in cell.stream("stderr")
    assert alone.status == "ok", alone.stream("stderr")


def test_ctrl_c_while_waiting_leaves_the_run_going(kernel, server):
    with httpx.stream(
        "GET",
        f"{server.url}jupyter-exec/v1/events",
        headers={"Accept": "text/event-stream", "Authorization": f"token {server.token}"},
        timeout=30,
    ) as events:
        message_id = kernel.client.execute(
            "%%submit --name patient --wait\nimport time\ntime.sleep(600)"
        )
        next(line for line in events.iter_lines() if '"status":"Running"' in line.replace(" ", ""))
    kernel.shown(message_id)  # before it, nothing is known of the run
    kernel.manager.interrupt_kernel()
    cell = kernel.finish(message_id)
    assert cell.status == "ok"
    assert "goes on" in cell.stream("stderr")
    assert kernel.value("run.refresh().status") == "Running"
    assert kernel.value("run.cancel().wait(30).status") == "Canceled"
