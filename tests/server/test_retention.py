"""Old runs go where the operator wants it; pinned and going ones stay, and so do families."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.services.retention import DAY_S, Limits, excess
from jupyter_exec.store.retention import Family

if TYPE_CHECKING:
    from servers import RunningServer

API = "jupyter-exec/v1/"
NOW = 1e9


def family(name: str, days: float, *, free: bool = True, children: int = 0) -> Family:
    runs = tuple((f"{name}{i or ''}", "folder") for i in range(children + 1))
    return Family(runs, NOW - days * DAY_S, free)


def gone(limits: Limits, *families: Family, sizes: tuple[int, ...] = ()) -> list[str]:
    chosen = excess(families, sizes or (10,) * len(families), limits, NOW)
    return [each.runs[0][0] for each in chosen]


def test_each_limit():
    three = family("a", 0.5), family("b", 2, children=2), family("c", 4)
    assert gone(Limits(), *three) == []
    assert gone(Limits(days=1), *three) == ["b", "c"]
    assert gone(Limits(days=3), *three) == ["c"]
    assert gone(Limits(count=4), *three) == ["c"]
    assert gone(Limits(count=2), *three) == ["c"]  # b, with its children, reaches it
    assert gone(Limits(count=1), *three) == ["b", "c"]
    assert gone(Limits(size_bytes=20), *three) == ["c"]
    assert gone(Limits(size_bytes=1), *three) == ["b", "c"]
    held = family("a", 9, free=False), family("b", 10)
    assert gone(Limits(days=1, count=1, size_bytes=1), *held) == ["b"]


def submit(server: RunningServer, command: str = "true", **more: Any) -> str:
    body = {"source": {}, "definition": {"configuration": {"command": command}}, **more}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def test_a_restart_tidies(make_server):
    server = make_server(config={"ExecApp": {"keep_runs_count": 1, "keep_runs_days": 1e-9}})
    old, pinned, parent = (submit(server) for _ in range(3))
    going = submit(server, "sleep 600")
    child = submit(server, parentRunId=parent)
    for run_id in (old, pinned, parent, child):
        assert server.wait_for_end(run_id)["status"] == "Completed"
    server.wait_for_status(going, "Running")
    for kept in (pinned, child):
        answer = server.client.patch(f"{API}runs/{kept}", json={"pinned": True})
        assert answer.json()["pinned"] is True
    server.restart()
    deadline = time.monotonic() + 30
    while old in (left := {run["runId"] for run in server.runs()}):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert left == {pinned, parent, going, child}
    assert len(list(server.data_dir.glob("runs/*"))) == 4
    assert server.run(child)["parentRunId"] == parent
    server.client.patch(f"{API}runs/{child}", json={"pinned": False}).raise_for_status()
    server.restart()
    while {parent, child} & {run["runId"] for run in server.runs()}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert {run["runId"] for run in server.runs()} == {pinned, going}
