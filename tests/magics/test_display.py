"""What the kernel itself tells of a run, for front ends that cannot ask the server."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_exec.widgets import summary


def states(messages):
    """Return the states of the widget in comm messages."""
    for content in messages:
        state = content["data"].get("state", {}).get("state")
        if state:
            yield state


def test_a_busy_kernel_pushes_state_log_and_end(kernel, tmp_path):
    begin, gate = tmp_path / "begin", tmp_path / "gate"
    kernel.execute(
        "%%submit --name pushed --script\nimport os, time\n"
        f"while not os.path.exists({str(begin)!r}): time.sleep(0.02)\n"
        "print('first words', flush=True)\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.02)\nprint('last words')"
    )
    begin.touch()  # what is pushed while the cell above goes on is not seen here
    kernel.client.execute("import time\nfor _ in range(500): time.sleep(0.02)")
    seen = states(iter(lambda: kernel.next_message("comm_msg")["content"], None))
    running = next(state for state in seen if "first words" in state["log"])
    assert running["run"]["status"] == "Running"
    gate.touch()
    final = next(state for state in seen if state["run"]["status"] == "Completed")
    assert "last words" in final["log"]
    kernel.manager.interrupt_kernel()


def test_no_secret_and_little_is_kept(kernel, server):
    cell = kernel.execute("%%submit --script --wait\npass")
    kept = json.dumps(
        kernel.value("__import__('jupyter_exec').widgets.display._widgets[run.run_id].state")
    )
    assert server.token not in kept
    assert server.url not in kept
    assert "definition" not in kept
    assert len(kept) < 2000
    assert server.token not in json.dumps(cell.messages, default=str)


def test_the_module_needs_no_comments_and_says_nothing_of_paths(kernel):
    from jupyter_exec.widgets.run_status import RunStatus

    assert "\n//" not in RunStatus._esm
    assert "https://" not in RunStatus._esm.replace("http://www.w3.org", "")
    assert str(Path.home()) not in RunStatus._esm + RunStatus._css


RUN = {
    "runId": "a_1",
    "experiment": "a",
    "displayName": "train",
    "target": "local",
    "createdAt": "2026-01-31T12:00:00.000Z",
    "startedAt": "2026-01-31T12:00:10.000Z",
    "endedAt": "2026-01-31T13:02:15.500Z",
}


def test_the_plain_text_of_a_failure():
    error = {"code": "ScriptFailed", "message": "ValueError: no luck"}
    run = {**RUN, "status": "Failed", "exitCode": 1, "error": error}
    run["progress"] = {"done": 1, "total": 4, "label": "epochs"}
    log = "\x1b[31mred\x1b[0m\r\n 10%\r 20%\nbell\x07\n"
    text = summary.plain_text({"run": run, "metrics": {"loss": [2, 1.23456]}, "log": log})
    assert text == (
        "✗ Failed  train  1:02:05\n"
        "  a_1 · on local\n"
        "  ValueError: no luck (exit code 1)\n"
        "  ██████░░░░░░░░░░░░░░░░░░ 1/4 epochs\n"
        "  loss 1.235\n"
        "  │ red\n"
        "  │  20%\n"
        "  │ bell"
    )


def test_one_of_one_is_no_progress():
    progress = {"done": 0, "total": 1, "label": "cell 1/1"}
    assert summary.bar({"status": "Running", "progress": progress}) == ""
    assert summary.bar({"status": "Running", "progress": {**progress, "done": 0.5}}) != ""
