"""`jupyter exec` with a real server: what a person types, sees, and gets as exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import nbformat
import pytest
from background_server import new_client, own_world

COMMAND = [sys.executable, "-m", "jupyter_exec.cli"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with own_world(tmp_path_factory.mktemp("world")) as folder:
        yield folder


@pytest.fixture
def project(home, request, monkeypatch):
    folder = home / request.node.name
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def test_submit_and_wait_exits_as_the_script_did(project):
    (project / "train.py").write_text(
        "import sys\nprint('epochs', sys.argv[2])\n"
        "open('outputs/model.bin', 'w').write('x')\nsys.exit(3)\n"
    )
    done = run("submit", "train.py", "--wait", "--", "--epochs", "5")
    assert done.returncode == 3
    assert done.stdout == "epochs 5\n"
    first, *states, last = done.stderr.splitlines()
    assert first.startswith(f"Submitted {project.name}_")
    assert "Failed" not in states
    assert last.startswith("Failed after ")
    assert f"model.bin: jupyter exec outputs {project.name}_" in last


def test_a_notebook_with_parameters(project):
    cells = [nbformat.v4.new_code_cell("a = 0"), nbformat.v4.new_code_cell("print(a + 1, name)")]
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), project / "n.ipynb")
    done = run("submit", "n.ipynb", "-p", "a=41", "-p", "name=hello", "--wait", "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["status"] == "Completed"
    fetched = run("outputs", shown["runId"], "--download", "fetched")
    assert fetched.stdout == "fetched/n.ipynb\n"
    executed = nbformat.read(project / "fetched/n.ipynb", as_version=4)
    assert executed.cells[-1].outputs[0].text == "42 hello\n"


def test_looking_at_runs(project):
    made = json.loads(
        run(
            "submit", ".", "--name", "mine", "--tag", "t=1", "--wait", "--json", "--", "echo", "hi"
        ).stdout
    )
    run_id = made["runId"]
    assert run_id in run("list", "--tag", "t=1").stdout
    assert [one["runId"] for one in json.loads(run("list", "--tag", "t=1", "--json").stdout)] == [
        run_id
    ]
    shown = run("show").stdout
    assert run_id in shown
    assert "mine" in shown
    assert run("logs", run_id).stdout == "hi\n"
    followed = run("logs", "-f", run_id)
    assert (followed.returncode, followed.stdout) == (0, "hi\n")
    assert run("rerun", run_id, "--wait").stdout == "hi\n"


def test_errors_are_one_line_and_exit_with_2(project):
    (project / "a.py").write_text("")
    for words in (
        ["show", "no-such-run"],
        ["submit", "a.py", "--target", "nowhere"],
        ["submit", "a.py", "--memory", "much"],
        ["submit", ".", "--script", "missing.py"],
        ["submit", "a.py", "--interpreter", "/no/python"],
    ):
        done = run(*words)
        assert done.returncode == 2, words
        assert done.stderr.startswith("jupyter exec: "), words
        assert done.stderr.count("\n") == 1, words


def test_ctrl_c_leaves_the_run_alone(project):
    (project / "long.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [*COMMAND, "submit", "long.py", "--wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    lines = iter(process.stderr.readline, "")
    told = next(line for line in lines if "goes on" in line)
    run_id = told.split()[0]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    with new_client() as client:
        assert not client.run(run_id).ended
        assert run("cancel", run_id).returncode == 0
        assert client.run(run_id).wait(20).status == "Canceled"
    assert run("logs", "-f", run_id).returncode == 130


def test_gc_shows_then_deletes(project):
    words = ("gc", "--experiment", "old", "--keep", "1")
    for _ in range(3):
        run("submit", ".", "--experiment", "old", "--wait", "--", "true")
    assert run(*words, "--dry-run").stdout.endswith("2 runs would be deleted\n")
    assert len(json.loads(run("list", "--experiment", "old", "--json").stdout)) == 3
    assert run(*words).stdout.endswith("2 runs deleted\n")
    assert len(json.loads(run("list", "--experiment", "old", "--json").stdout)) == 1


def test_a_reader_that_has_seen_enough_is_no_error(project):
    (project / "much.py").write_text("for i in range(200_000): print(i)\n")
    made = json.loads(run("submit", "much.py", "--wait", "--json").stdout)
    done = subprocess.run(
        f"{' '.join(COMMAND)} logs {made['runId']} | head -n 1",
        shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "0\n"
    assert done.stderr == ""


def test_a_terminal_sees_one_line_below_the_log(project):
    import pty

    (project / "bar.py").write_text(
        "import time\nfrom jupyter_exec import current_run\n"
        "for i in range(4):\n    current_run.progress(i + 1, 4)\n"
        "    print('step', i, flush=True)\n    time.sleep(0.3)\n"
    )
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "submit", "bar.py", "--wait"], stdout=follower, stderr=follower, stdin=follower
    )
    os.close(follower)
    shown = b""
    while block := read(leader):
        shown += block
    assert process.wait(10) == 0
    os.close(leader)
    text = shown.decode()
    assert "\r\x1b[K" in text
    assert "[############............]  2/4" in text
    assert "Completed in" in text


def read(descriptor: int) -> bytes:
    """Read what a terminal shows; nothing when nobody writes to it any more."""
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
