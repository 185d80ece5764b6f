"""TensorBoard, really started, shows what a run has written, and is never left behind."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from framework_environments import python_with
from framework_runs import API, finish, submit
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.timeout(240)
WRITES = """
    from torch.utils.tensorboard import SummaryWriter
    one, other = SummaryWriter("runs/train"), SummaryWriter("outputs/tb")
    one.add_scalar("loss", 0.5, 1)
    other.add_scalar("loss", 0.75, 1)
    one.close(); other.close()
"""
WAITS = """
    import os, time
    while not os.path.exists("outputs/go"):
        time.sleep(0.05)
"""

STANDS_IN = """#!/bin/sh
echo TensorBoard 2 at http://127.0.0.1:9/ >&2
while :; do sleep 0.1; done
"""
"""A program of that name, as far as the server looks at it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One that passes requests on to its machine's programs."""
    proxy = Path(python_with("proxy")).parents[1]
    (packages,) = proxy.glob("lib/python3*/site-packages")
    extensions = {"jupyter_exec": True, "jupyter_server_proxy": True}
    running = RunningServer(
        tmp_path_factory.mktemp("server"),
        base_url="/user/ann/",
        env={"PYTHONPATH": str(packages)},
        config={
            "ServerApp": {"jpserver_extensions": extensions},
            "ExecApp": {"tensorboard_most": 1},
        },
    )
    yield running
    running.close()


def ask(server: RunningServer, run_id: str) -> httpx.Response:
    return server.client.post(f"{API}runs/{run_id}/tensorboard", timeout=150)


def boards(server: RunningServer) -> dict[int, bytes]:
    """Return the command lines of the TensorBoards of a server, of their keepers and readers."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue  # it has just ended
        if b"--logdir" in line and bytes(server.data_dir) in line:
            found[int(path.parent.name)] = line
    return found


def until(holds: Callable[[], object], what: str, timeout_s: float = 30) -> None:
    """Wait for what nobody tells: another program's answer, or the end of a process."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def shown(server: RunningServer, address: str) -> list[str]:
    answer = server.client.get(httpx.URL(server.url).join(f"{address}data/runs"))
    assert answer.status_code == httpx.codes.OK, answer.text
    return sorted(answer.json())


def test_one_click(server: RunningServer, tracking_python: str) -> None:
    run = finish(server, WRITES, tracking_python)
    assert run["status"] == "Completed", server.log(run["runId"])
    answer = ask(server, run["runId"])
    assert answer.status_code == httpx.codes.OK, answer.text
    body = answer.json()
    assert body["proxied"] is True
    assert body["url"] == f"/user/ann/proxy/{body['port']}/"
    page = server.client.get(httpx.URL(server.url).join(body["url"]))
    assert "<title>TensorBoard</title>" in page.text
    # A page that nobody is logged in to is the server's, not TensorBoard's.
    outside = httpx.get(httpx.URL(server.url).join(body["url"]), trust_env=False)
    assert outside.status_code in {httpx.codes.FOUND, httpx.codes.FORBIDDEN}
    until(lambda: shown(server, body["url"]) == ["runs/train", "tb"], "the scalars are not shown")
    scalars = f"{body['url']}data/plugin/scalars/scalars?run=tb&tag=loss"
    ((_, step, value),) = server.client.get(httpx.URL(server.url).join(scalars)).json()
    assert (step, value) == (1, 0.75)
    assert ask(server, run["runId"]).json() == body  # the same one
    # With one at a time another run's takes its place.
    other = finish(server, WRITES, tracking_python)
    assert ask(server, other["runId"]).status_code == httpx.codes.OK
    folders = {line.partition(b"/runs/")[2][:36] for line in boards(server).values()}
    assert len(folders) == 1
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{body['port']}/", trust_env=False)
    # It ends with its run.
    assert server.client.delete(f"{API}runs/{other['runId']}").status_code == httpx.codes.NO_CONTENT
    assert boards(server) == {}


def test_of_a_run_that_goes_on(server: RunningServer, tracking_python: str) -> None:
    script = WAITS.replace("outputs/go", "start") + WRITES + WAITS
    run_id = submit(server, script, tracking_python)
    server.wait_for_status(run_id, "Running")
    address = ask(server, run_id).json()["url"]
    assert shown(server, address) == []
    works = {path.parent: path.read_text() for path in server.data_dir.glob("runs/*/work/train.py")}
    (work,) = [path for path, text in works.items() if '"start"' in text]
    (work / "start").touch()
    until(lambda: shown(server, address) == ["runs/train", "tb"], "they are not shown", 60)
    (work / "outputs" / "go").touch()
    assert server.wait_for_end(run_id)["status"] == "Completed"
    assert not (work / "runs").exists()
    assert ask(server, run_id).json()["url"] == address
    links = work.parent / "tensorboard"
    assert {path.name for path in links.iterdir()} == {"go", "tb", "runs"}
    assert list((links / "runs" / "train").glob("*tfevents*"))
    server.kill9()
    until(lambda: not boards(server), "a TensorBoard has outlived its server")
    server.start()


def test_of_a_sweep(server: RunningServer, tracking_python: str) -> None:
    """One over all trials, each with its name, also while some go on."""
    python = {"interpreterPath": tracking_python, "userManagedDependencies": True}
    script = """
        import sys
        from torch.utils.tensorboard import SummaryWriter
        rate = float(sys.argv[1])
        with SummaryWriter("runs") as writer:
            writer.add_scalar("loss", rate, 1)
        print("written", flush=True)
    """
    configuration = {
        "script": "train.py",
        "arguments": ["{{rate}}"],
        "resources": {"cpus": 0.1},
        "environment": {"python": python},
    }
    template = {
        "name": "boards",
        "parameters": [{"name": "rate", "type": "number", "value": 1}],
        "run": {
            "definition": {"configuration": configuration},
            "overlay": {"train.py": {"text": textwrap.dedent(script) + textwrap.dedent(WAITS)}},
        },
    }
    answer = server.client.post(f"{API}templates", json=template)
    assert answer.is_success, answer.text
    body = {"space": {"rate": {"choice": [0.25, 0.5]}}, "maxParallel": 1}
    sweep = server.client.post(f"{API}templates/boards/sweeps", json=body).json()["runId"]
    first = f"{sweep}_1"
    until(lambda: event_files(server, first), "the first trial writes nothing", 60)
    assert event_files(server, sweep)
    # They are not among the outputs before the trial has ended.
    assert server.client.get(f"{API}runs/{first}/outputs").json()["outputs"] == []
    address = ask(server, sweep).json()["url"]
    until(lambda: shown(server, address) == ["1: rate=0.25/runs"], "it is not shown", 60)
    go(server, 1)
    both = ["1: rate=0.25/runs", "2: rate=0.5/runs"]
    until(lambda: shown(server, address) == both, "the second one is not shown", 60)
    go(server, 2)
    run = server.wait_for_end(sweep)
    assert run["status"] == "Completed"
    assert ask(server, sweep).json()["url"] == address
    (links,) = {path.parent for path in server.data_dir.glob("runs/*/tensorboard/2:*")}
    assert all(list(path.glob("runs/*tfevents*")) for path in links.iterdir())
    until(lambda: shown(server, address) == both, "what has ended is shown no more")
    assert server.client.delete(f"{API}runs/{sweep}").status_code == httpx.codes.NO_CONTENT
    assert boards(server) == {}


def event_files(server: RunningServer, run_id: str) -> bool:
    answer = server.client.get(f"{API}runs/{run_id}/outputs")
    return answer.is_success and bool(answer.json()["eventFiles"])


def go(server: RunningServer, number: int) -> None:
    """Let a trial end that waits, and that TensorBoard shows."""
    (link,) = server.data_dir.glob(f"runs/*/tensorboard/{number}:*")
    (link.readlink().parent / "work" / "outputs" / "go").touch()


def test_nothing_to_show(server: RunningServer, tracking_python: str) -> None:
    run = finish(server, "print(1)", tracking_python)
    answer = ask(server, run["runId"])
    assert answer.status_code == httpx.codes.CONFLICT
    assert "has left no event files" in answer.json()["error"]["message"]
    assert ask(server, "none").status_code == httpx.codes.NOT_FOUND


def test_no_tensorboard(make_server: Any, tmp_path: Path) -> None:
    """Of a server without jupyter-server-proxy; a program that is broken is told by its words."""
    programs = tmp_path / "bin"
    programs.mkdir()
    server = make_server(env={"PATH": f"{programs}:/usr/bin:/bin"})
    script = "open('outputs/events.out.tfevents.1', 'wb').close()"
    body = {
        "definition": {"configuration": {"script": "main.py"}},
        "overlay": {"main.py": {"text": script}},
    }
    run_id = server.client.post(f"{API}runs", json=body).json()["runId"]
    assert server.wait_for_end(run_id)["status"] == "Completed", server.log(run_id)
    answer = ask(server, run_id)
    assert answer.status_code == httpx.codes.CONFLICT
    assert "-m pip install tensorboard" in answer.json()["error"]["message"]
    program = programs / "tensorboard"
    program.write_text("#!/bin/sh\necho No module named pkg_resources >&2\nexit 1\n")
    program.chmod(0o755)
    answer = ask(server, run_id)
    assert answer.status_code == httpx.codes.CONFLICT
    assert "has ended: No module named pkg_resources" in answer.json()["error"]["message"]
    program.write_text(STANDS_IN)
    answer = ask(server, run_id)
    assert answer.json()["url"] == "http://127.0.0.1:9/"
    assert answer.json()["proxied"] is False
    # Whose keeper is killed, it ends, and the next one who asks gets another.
    (keeper,) = [pid for pid, line in boards(server).items() if b"tensorboard.keeper" in line]
    os.kill(keeper, signal.SIGKILL)
    until(lambda: not boards(server), "it has outlived its keeper")
    until(lambda: ask(server, run_id).is_success and boards(server), "there is no other")
    server.stop()
    assert boards(server) == {}


def test_nobody_asks_for_it_any_more(make_server: Any, tmp_path: Path) -> None:
    program = tmp_path / "tensorboard"
    program.write_text(STANDS_IN)
    program.chmod(0o755)
    server = make_server(
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, config={"ExecApp": {"tensorboard_age_s": 1.0}}
    )
    body = {
        "definition": {"configuration": {"command": "touch outputs/events.out.tfevents.1"}},
    }
    run_id = server.client.post(f"{API}runs", json=body).json()["runId"]
    assert server.wait_for_end(run_id)["status"] == "Completed", server.log(run_id)
    assert ask(server, run_id).is_success
    until(lambda: not boards(server), "it is still there")
    assert ask(server, run_id).is_success
