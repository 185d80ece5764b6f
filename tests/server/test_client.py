"""The client with a real server, real processes and real kernels."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

import nbformat
import psutil
import pytest
from background_server import end_servers, new_client, own_world, until

from jupyter_exec import ExecClient
from jupyter_exec.client.discovery import candidates, living_servers
from jupyter_exec.client.session import answers
from jupyter_exec.errors import Conflict, InvalidRequest, NotFound, RunFailed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with own_world(tmp_path_factory.mktemp("world")) as folder:
        yield folder


@pytest.fixture
def client(home):
    with new_client() as made:
        yield made


@pytest.fixture
def project(home, request):
    folder = home / request.node.name
    folder.mkdir()
    return folder


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


WAITS = """
import pathlib, sys, time
print("up", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.02)
print("done")
"""


def test_processes_that_start_a_server_at_once_get_the_same(home):
    end_servers()
    code = "from jupyter_exec import ExecClient; print(ExecClient().server.pid)"
    starting = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    pids = {process.communicate()[0] for process in starting}
    assert len(pids) == 1
    (server,) = living_servers()
    assert pids == {f"{server.pid}\n"}
    process = psutil.Process(server.pid)
    assert not any(server.token in word for word in process.cmdline())
    assert os.getsid(server.pid) == server.pid
    assert server.root_dir == home.resolve()


def test_a_server_that_cannot_start_shows_why(home, monkeypatch):
    end_servers()
    monkeypatch.setattr(
        "jupyter_exec.client.background._command", lambda: [sys.executable, "-c", "1/0"]
    )
    with pytest.raises(Exception, match="ended while starting") as caught:
        ExecClient()
    assert "ZeroDivisionError: division by zero" in str(caught.value)


def test_a_script_with_its_folder(client, project):
    write(project, "helper.py", "value = 7\n")
    script = write(
        project,
        "train.py",
        "import os, sys, helper\n"
        "print(helper.value, *sys.argv[1:], os.environ['MINE'], sys.executable)\n"
        "open('outputs/a.txt', 'w').write('left')\n",
    )
    run = client.submit(
        script,
        arguments=["--epochs", 3],
        environment_variables={"MINE": "1"},
        tags={"k": "v"},
        wait=True,
    )
    assert run.raise_for_status().status == "Completed"
    assert (run.exit_code, run.name, run.tags) == (0, "train.py", {"k": "v"})
    assert run.logs() == f"7 --epochs 3 1 {sys.executable}\n"
    assert [(one.path, one.size_bytes) for one in run.outputs()] == [("a.txt", 4)]
    assert run.output("a.txt") == b"left"
    assert run.json["snapshot"]["files"] == 2
    assert run.started_at < run.ended_at
    with pytest.raises(NotFound):
        run.output("b.txt")


def test_a_folder_outside_of_the_servers_root_is_uploaded(client, tmp_path):
    folder = tmp_path / "elsewhere"
    (folder / "sub").mkdir(parents=True)
    write(folder, "sub/a.txt", "a")
    (folder / "link").symlink_to("sub/a.txt")
    run = client.submit(folder, command="cat sub/a.txt link; cat more", overlay={"more": b"more"})
    assert run.json["snapshot"]["files"] == 3
    run.wait()
    assert run.status == "Completed", run
    assert run.logs() == "aamore"


def test_shell_scripts_and_commands(client, project):
    script = write(project, "job.sh", 'echo "$0 got $1"\n')
    assert client.submit(script, arguments=["a b"], wait=True).logs() == "job.sh got a b\n"
    assert client.submit(command=["echo", "x y"], wait=True).logs() == "x y\n"


def test_the_content_of_a_notebook_with_parameters(client):
    cells = [nbformat.v4.new_code_cell("x = 1"), nbformat.v4.new_code_cell("print(x * 2, name)")]
    cells[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    run = client.submit(notebook, parameters={"x": 21, "name": "hello"}, name="mine", wait=True)
    assert run.status == "Completed", run
    executed = nbformat.reads(run.output("notebook.ipynb").decode(), as_version=4)
    assert executed.cells[-1].outputs[0].text == "42 hello\n"


def test_a_failure_has_its_cause(client, project):
    script = write(project, "bad.py", "import sys\nsys.exit(3)\n")
    run = client.submit(script, wait=True)
    assert (run.status, run.exit_code) == ("Failed", 3)
    assert run.ended_at is not None
    with pytest.raises(RunFailed, match=run.run_id):
        run.raise_for_status()


def test_all_faults_come_at_once(client, project):
    script = write(project, "a.py", "")
    with pytest.raises(InvalidRequest) as caught:
        client.submit(script, target="nowhere", memory="much", retries=-1, run_id="!")
    assert len(caught.value.faults) >= 2
    assert client.runs(q="test_all_faults").total == 0


def test_the_log_comes_while_the_run_goes_on(client, project):
    script = write(project, "waits.py", WAITS)
    flag = project / "flag"
    run = client.submit(script, arguments=[flag])
    log = run.logs(follow=True)
    assert next(text for text in log if text) == "up\n"
    assert not run.refresh().ended
    flag.touch()
    assert "".join(log) == "done\n"
    assert run.wait(10).status == "Completed"


def test_cancel_and_timeout_and_delete(client, project):
    script = write(project, "waits.py", WAITS)
    run = client.submit(script, arguments=[project / "never"])
    next(run.logs(follow=True))
    with pytest.raises(TimeoutError):
        run.wait(timeout=0.2)
    with pytest.raises(Conflict):
        run.delete()
    assert run.cancel().wait(20).status == "Canceled"
    with pytest.raises(RunFailed, match="was cancelled"):
        run.raise_for_status()
    run.delete()
    with pytest.raises(NotFound):
        client.run(run.run_id)


def test_the_values_of_a_run_come_back(client, project):
    script = write(
        project,
        "values.py",
        "import cloudpickle\n"
        "cloudpickle.dump({'f': lambda x: x + 1}, open('outputs/result.pkl', 'wb'))\n",
    )
    assert client.submit(script).result(30)["f"](2) == 3


def test_run_again_exactly_and_with_changes(client, project):
    script = write(project, "say.py", "import sys\nprint(*sys.argv[1:])\n")
    first = client.submit(script, arguments=["one"], wait=True)
    script.unlink()
    assert first.rerun(wait=True).logs() == "one\n"
    changed = first.rerun(arguments=["two"], name="second", wait=True)
    assert (changed.logs(), changed.name) == ("two\n", "second")
    assert changed.json["snapshotId"] == first.json["snapshotId"]


def test_lists_targets_and_metrics(client, project):
    script = write(
        project,
        "log.py",
        "from jupyter_exec import current_run\n"
        "for step in range(3): current_run.log_metric('loss', 1 - step / 10, step=step)\n",
    )
    runs = [client.submit(script, experiment="lists", tags={"n": str(n)}) for n in range(3)]
    for run in runs:
        run.wait(30).raise_for_status()
    assert [run.run_id for run in client.runs(experiment="lists")] == [
        run.run_id for run in reversed(runs)
    ]
    assert [run.run_id for run in client.runs(tag="n=1")] == [runs[1].run_id]
    assert [point["value"] for point in runs[0].metrics()["loss"]] == [1, 0.9, 0.8]
    target, containers = client.targets()
    assert (target["name"], containers["name"]) == ("local", "docker")
    assert containers["sharesCapacityOf"] == "local"


def test_the_events_of_all_runs(client, project):
    seen = []
    first = client.submit(command="true", wait=True)
    last_event_id = max(event["id"] for event in first.events()) - 1
    stream = client.events(last_event_id)
    run = client.submit(command="true")
    for event in stream:
        seen.append(event)
        if event["runId"] == run.run_id and event.get("status") == "Completed":
            break
    stream.close()
    ids = [event["id"] for event in seen]
    assert ids == sorted(set(ids))
    assert {"created", "state"} <= {event["type"] for event in seen}


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_waiting_and_logs_survive_a_restart_of_the_server(home, project, signum):
    script = write(project, "waits.py", WAITS)
    flag = project / "flag"
    with new_client() as client:
        before = client.server
        run = client.submit(script, arguments=[flag])
        log = io.StringIO()
        texts = run.logs(follow=True)
        log.write(next(texts))
        reader = threading.Thread(target=lambda: [log.write(text) for text in texts])
        waiter = threading.Thread(target=run.wait)
        reader.start()
        waiter.start()
        end_servers(signum)
        with new_client() as second:
            assert second.server.url != before.url or second.server.token != before.token
            flag.touch()
            reader.join(30)
            waiter.join(30)
            assert run.status == "Completed"
            assert log.getvalue() == "up\ndone\n"


@pytest.mark.parametrize(
    "option", ["--IdentityProvider.token=", "--ServerApp.sock={}/s"], ids=["token", "sock"]
)
def test_servers_without_a_token_or_a_port_are_served_too(home, project, option):
    end_servers()
    short = tempfile.mkdtemp()  # the path of a socket may have about 100 characters
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser",
         option.format(short),
         f"--ServerApp.root_dir={project}",
         "--ServerApp.jpserver_extensions={'jupyter_exec': True}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=project,
    )  # fmt: skip
    try:
        until(lambda: any(answers(one) for one in living_servers()))
        with ExecClient(start=False) as client:
            assert client.server.pid == server.pid
            assert client.submit(command="true", wait=True).status == "Completed"
    finally:
        server.terminate()
        server.wait(15)
        shutil.rmtree(short)


def test_a_server_that_only_shows_runs_is_left_for_the_one_that_owns_them(
    home, client, project, monkeypatch
):
    (owner,) = living_servers()
    reader = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser",
         f"--ServerApp.root_dir={project}",
         "--ServerApp.jpserver_extensions={'jupyter_exec': True}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: len(list(living_servers())) == 2)
        monkeypatch.chdir(project)
        assert candidates()[0].pid == reader.pid
        with until(lambda: first_choice(reader.pid)) as second:
            assert second.submit(command="true", wait=True).status == "Completed"
            assert second.server.pid == owner.pid
    finally:
        reader.terminate()
        reader.wait(15)


def first_choice(pid: int) -> ExecClient | None:
    """Return a client that has found the server of this process, which may not answer yet."""
    client = ExecClient()
    if client.server.pid == pid:
        return client
    client.close()
    return None
