"""Kill -9 of what a run depends on: the server, the shim, the kernel; and a full disk."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from needs import need
from servers import TERMINAL, RunningServer

if TYPE_CHECKING:
    from pathlib import Path

API = "jupyter-exec/v1/"
ONE_CPU = {"ExecApp": {"compute_targets": {"local": {"type": "local", "cpus": 1}}}}


def submit(server: RunningServer, code: str, **configuration: Any) -> str:
    body = {
        "source": {},
        "overlay": {"run.py": {"text": code}},
        "definition": {"configuration": {"script": "run.py", **configuration}},
    }
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def counting(marks: Path, steps: int = 30) -> str:
    """A script that leaves one mark for each time it is started."""
    return (
        f"import os, time\nopen({str(marks)!r}, 'a').write('started\\n')\n"
        f"for i in range({steps}):\n    print(i, flush=True)\n    time.sleep(0.02)\n"
    )


def processes_of(server: RunningServer) -> list[psutil.Process]:
    """Every living process of this server's runs, shims among them."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(server.data_dir) in " ".join(process.environ().values()):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize(
    "state", ["Queued", "Preparing", "Starting", "Running", "Finalizing", "Completed"]
)
def test_the_server_is_killed_in_each_state(make_server, tmp_path: Path, state: str):
    server = make_server()
    run_id = submit(server, counting(tmp_path / "marks"))
    server.wait_for_status(run_id, state)
    server.kill9()
    began = time.monotonic()
    server.start()
    up = time.monotonic()
    assert server.run(run_id)["status"] != "NotResponding"
    assert time.monotonic() - up < 5, f"started in {up - began:.1f} s"
    run = server.wait_for_end(run_id)
    assert (run["status"], run["exitCode"], run["error"]) == ("Completed", 0, None)
    assert run["endedAt"]
    assert server.log(run_id) == "".join(f"{i}\n" for i in range(30))
    assert (tmp_path / "marks").read_text() == "started\n", "the work ran twice"


@pytest.mark.timeout(300)  # eight starts of a server
def test_the_server_is_killed_at_random_moments(make_server, tmp_path: Path):
    server = make_server()
    chance = random.Random(20261123)
    ids = []
    for turn in range(8):
        ids.append(submit(server, counting(tmp_path / f"marks-{turn}", steps=3)))
        time.sleep(chance.uniform(0, 0.06))  # the moment is what is tested
        server.kill9()
        server.start()
    for turn, run_id in enumerate(ids):
        run = server.wait_for_end(run_id)
        assert run["status"] == "Completed", run
        assert server.log(run_id) == "0\n1\n2\n"
        assert (tmp_path / f"marks-{turn}").read_text() == "started\n"


def test_killed_while_a_large_folder_is_cleared(make_server):
    server = make_server()
    code = (
        "import os\nos.mkdir('many')\n"
        "for i in range(20_000): open(f'many/{i}', 'w').close()\nraise SystemExit(4)"
    )
    run_id = submit(server, code)
    server.wait_for_status(run_id, "Finalizing")
    server.kill9()
    server.start()
    run = server.wait_for_end(run_id)
    assert (run["status"], run["exitCode"]) == ("Failed", 4)


def test_reports_and_the_end_while_no_server_is_there(make_server):
    server = make_server()
    code = (
        "import os, time\nfrom jupyter_exec import current_run\n"
        "current_run.progress(1, 10)\ncurrent_run.log_metric('a', 1, step=1)\n"
        "while not os.path.exists('../go'): time.sleep(0.02)\n"
        "current_run.log_metric('a', float('nan'), step=2)\ncurrent_run.progress(10, 10)\n"
    )
    run_id = submit(server, code + "raise SystemExit(3)")
    for event in server.events(run_id, 30):
        if event["type"] == "metrics":
            break
    server.kill9()
    (work,) = server.data_dir.glob("runs/*/work")
    (work.parent / "go").touch()
    while processes_of(server):
        time.sleep(0.05)
    ended = time.time()
    time.sleep(2)  # the end must be told as of then, not as of the restart
    server.start()
    run = server.wait_for_end(run_id)
    assert run["progress"]["done"] == 10
    assert datetime.fromisoformat(run["endedAt"].replace("Z", "+00:00")).timestamp() < ended + 0.5
    events = server.client.get(f"{API}runs/{run_id}/events").json()["events"]
    points = [point["value"] for event in events for point in event.get("metrics", [])]
    assert points == [1.0, "NaN"]


def test_the_queue_is_intact_after_a_restart(make_server, tmp_path: Path):
    server = make_server(config=ONE_CPU)
    marks = tmp_path / "order"
    holder = submit(server, "import time; time.sleep(600)")
    server.wait_for_status(holder, "Running")
    ids = [submit(server, f"open({str(marks)!r}, 'a').write('{number}')") for number in range(5)]
    server.restart(kill=True)
    assert server.run(holder)["status"] == "Running"
    assert [server.run(run_id)["queuePosition"] for run_id in ids] == [1, 2, 3, 4, 5]
    server.client.post(f"{API}runs/{holder}/cancel")
    for run_id in ids:
        assert server.wait_for_end(run_id)["status"] == "Completed"
    assert marks.read_text() == "01234"


@pytest.mark.parametrize("kill", [False, True], ids=["politely", "killed"])
def test_a_stop_starts_nothing_and_cancels_nothing(make_server, tmp_path: Path, kill: bool):
    server = make_server(config=ONE_CPU)
    marks = tmp_path / "marks"
    holder = submit(server, "import time; time.sleep(600)")
    server.wait_for_status(holder, "Running")
    waiting = [submit(server, counting(marks)) for _ in range(20)]
    server.restart(kill=kill)
    assert server.run(holder)["status"] == "Running"
    assert {server.run(run_id)["status"] for run_id in waiting} == {"Queued"}
    assert not marks.exists()
    for run_id in waiting:
        server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert {server.wait_for_end(run_id)["status"] for run_id in waiting} == {"Canceled"}
    assert not marks.exists()


def test_a_run_ends_while_no_server_is_there(make_server, tmp_path: Path):
    server = make_server()
    run_id = submit(server, counting(tmp_path / "marks") + "raise SystemExit(9)")
    server.wait_for_status(run_id, "Running")
    server.kill9()
    while processes_of(server):
        time.sleep(0.05)
    server.start()
    run = server.wait_for_end(run_id)
    assert (run["status"], run["exitCode"]) == ("Failed", 9)
    assert server.log(run_id).startswith("0\n1\n")


def test_cancel_after_a_restart_leaves_nothing(make_server):
    server = make_server()
    code = "import subprocess, time\nsubprocess.Popen(['setsid', 'sleep', '600'])\ntime.sleep(600)"
    run_id = submit(server, code)
    server.wait_for_status(run_id, "Running")
    server.restart(kill=True)
    server.client.post(f"{API}runs/{run_id}/cancel")
    assert server.wait_for_end(run_id)["status"] == "Canceled"
    assert not processes_of(server)


def test_killed_between_cancel_and_end(make_server):
    server = make_server()
    code = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('up', flush=True)\ntime.sleep(600)"
    )
    run_id = submit(server, code)
    with server.client.stream(
        "GET", f"{API}runs/{run_id}/logs/main-0.txt", params={"follow": 1}
    ) as log:
        next(log.iter_text())
    server.client.post(f"{API}runs/{run_id}/cancel")
    server.restart(kill=True)
    assert server.wait_for_end(run_id)["status"] == "Canceled"
    assert not processes_of(server)


def test_the_shim_is_killed(make_server):
    server = make_server()
    code = (
        "import subprocess, time\nsubprocess.Popen(['sleep', '600'])\n"
        "print('up', flush=True)\ntime.sleep(600)"
    )
    run_id = submit(server, code)
    with server.client.stream(
        "GET", f"{API}runs/{run_id}/logs/main-0.txt", params={"follow": 1}
    ) as log:
        next(log.iter_text())
    shims = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.endswith("shim/main.py") for word in process.info["cmdline"] or [])
        and str(server.data_dir) in " ".join(path.path for path in process.open_files())
    ]
    assert len(shims) == 1
    shims[0].send_signal(signal.SIGKILL)
    run = server.wait_for_end(run_id)
    assert run["status"] == "Failed"
    assert run["error"]["code"] == "ShimKilled"
    assert run["endedAt"]
    assert not processes_of(server)


def test_the_kernel_is_killed(make_server):
    import nbformat

    server = make_server()
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_code_cell("x = 1"),
        nbformat.v4.new_code_cell("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
    ]
    answer = server.client.post(API + "runs", json={"source": {"notebook": notebook}})
    run = server.wait_for_end(answer.json()["runId"])
    assert run["status"] == "Failed"
    assert "kernel died in cell 2" in run["error"]["message"]


def test_two_servers_on_one_folder(make_server):
    first = make_server()
    run_id = submit(first, "import time; time.sleep(600)")
    first.wait_for_status(run_id, "Running")
    second = make_server(data_dir=first.data_dir)
    assert "in use by another server" in second.log_text()
    short = submit(first, "print(1)")
    assert second.wait_for_end(short, 10)["status"] == "Completed", "no live events on a reader"
    assert second.run(run_id)["status"] == "Running"
    refused = second.client.post(
        API + "runs", json={"definition": {"configuration": {"command": "true"}}}
    )
    assert refused.status_code == 503
    assert "another server" in refused.json()["error"]["message"]
    refused = second.client.post(f"{API}runs/{run_id}/cancel")
    assert refused.status_code == 503
    first.kill9()
    deadline = time.monotonic() + 20
    while (answer := second.client.post(f"{API}runs/{run_id}/cancel")).status_code == 503:
        assert time.monotonic() < deadline, "the second server did not take over"
        time.sleep(0.1)
    assert answer.status_code == 200
    assert second.wait_for_end(run_id)["status"] == "Canceled"


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 24 MB."""
    need("mount", "run the tests as root on Linux")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("mounting a small tmpfs needs root: run the tests as root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk(make_server, small_disk: Path):
    server = make_server(data_dir=small_disk)
    good = submit(server, "print('before')")
    assert server.wait_for_end(good)["status"] == "Completed"
    fill = (
        "with open('outputs/big', 'wb') as f:\n    while True: f.write(bytes(1 << 20)); f.flush()"
    )
    full = submit(server, fill)
    deadline = time.monotonic() + 30
    while "not written yet" not in server.log_text() and server.run(full)["status"] not in TERMINAL:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert server.client.get(API + "runs").status_code == 200
    more = {"text": "x" * 2_000_000}
    refused = server.client.post(
        API + "runs",
        json={"overlay": {"run.py": more}, "definition": {"configuration": {"script": "run.py"}}},
    )
    assert refused.status_code == 507
    assert "disk that holds the runs is full" in refused.json()["error"]["message"]
    # Room again: what could not be written is written now.
    for path in small_disk.glob("runs/*/work/outputs/big"):
        path.unlink()
    run = server.wait_for_end(full, 30)
    assert run["status"] == "Failed"
    assert run["exitCode"] == 1
    assert run["endedAt"]
    again = submit(server, "print('after')")
    assert server.wait_for_end(again)["status"] == "Completed"
