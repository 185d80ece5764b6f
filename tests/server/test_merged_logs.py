"""The logs of several replicas as one, on a real server: by time, followed, over restarts."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec import ExecClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers import RunningServer

API = "jupyter-exec/v1/"


@pytest.fixture
def client(server: RunningServer) -> Iterator[ExecClient]:
    with ExecClient(server.url, server.token) as made:
        yield made


def submit(server: RunningServer, replicas: dict[str, str], **more: Any) -> str:
    """Submit an experiment whose roles run these lines."""
    spec = {
        role: {"replicas": 1, "resources": "cpu=100m", "cmd": cmd} for role, cmd in replicas.items()
    }
    experiment = {"meta": {"framework": "TensorFlow", "cmd": "true"}, "spec": spec}
    body = {"definition": {"configuration": {"experiment": experiment, **more}}}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def merged(server: RunningServer, run_id: str, **query: int) -> str:
    answer = server.client.get(f"{API}runs/{run_id}/logs/merged", params=query)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    return answer.raise_for_status().text


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if (found := condition()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def wait_for(path: str) -> str:
    return f"until [ -e {path} ]; do sleep 0.01; done"


def talk(server: RunningServer, run_id: str, words: dict[str, int]) -> list[str]:
    """Let the replicas say numbers in turn, each when the one before is in the merged view."""
    work = until(lambda: next(iter(server.data_dir.glob("runs/*/work")), None))
    said: list[str] = []
    for number in range(words["from"], words["to"]):
        (work / f"go-{number}").touch()
        line = f"{'chief-0' if number % 2 else 'worker-0'} | {number}"
        until(lambda line=line: line in merged(server, run_id).splitlines() or None)
        said.append(line)
    return said


def conversation(count: int) -> dict[str, str]:
    """Return what a chief and a worker do: odd and even numbers."""
    lines = {
        name: "; ".join(
            f"{wait_for(f'go-{number}')}; echo {number}" for number in range(first, count, 2)
        )
        for name, first in (("Chief", 1), ("Worker", 0))
    }
    return {**lines, "Worker": f"{lines['Worker']}; {wait_for('end')}"}


def test_by_time_over_a_restart(make_server: Callable[..., RunningServer]) -> None:
    server = make_server()
    roles = conversation(8)
    roles["Chief"] += f"; {wait_for('end')}"
    run_id = submit(server, roles)
    said = talk(server, run_id, {"from": 0, "to": 4})
    server.kill9()
    work = next(iter(server.data_dir.glob("runs/*/work")))
    for number in (4, 5):
        (work / f"go-{number}").touch()
    logs = work.parent / "logs"
    until(lambda: (logs / "chief-0.txt").read_text().endswith("5\n") or None)
    until(lambda: (logs / "worker-0.txt").read_text().endswith("4\n") or None)
    server.start()
    away = ["chief-0 | 5", "worker-0 | 4"]  # one step: by replica
    until(lambda: merged(server, run_id).splitlines() == said + away or None)
    said += away + talk(server, run_id, {"from": 6, "to": 8})
    (work / "end").touch()
    assert server.wait_for_end(run_id)["status"] == "Completed"
    assert merged(server, run_id).splitlines() == said
    text = merged(server, run_id)
    assert merged(server, run_id, offset=5, limit=20) == text[5:25]
    assert merged(server, run_id, offset=-7) == text[-7:]
    answer = server.client.get(f"{API}runs/{run_id}/logs").json()
    assert answer["mergedBytes"] == len(text)
    assert {entry["name"] for entry in answer["logs"]} == {"chief-0.txt", "worker-0.txt"}


def test_the_client_follows_all_from_before_they_are_there(
    server: RunningServer, client: ExecClient
) -> None:
    line = f"{wait_for('go')}; echo one; printf two; {wait_for('end')}; echo; printf three"
    # The chief's end would end the worker.
    chief = f"{line}; until grep -q three ../logs/worker-0.txt; do sleep 0.01; done"
    run_id = submit(server, {"Chief": chief, "Worker": line})
    run = client.run(run_id)
    blocks: list[str] = []
    thread = threading.Thread(target=lambda: blocks.extend(run.logs(follow=True)))
    thread.start()
    folder = until(lambda: next(iter(_folders(server, run_id)), None))
    (folder / "go").touch()
    until(lambda: "worker-0 | one" in "".join(blocks) or None)
    assert "two" not in "".join(blocks)
    (folder / "end").touch()
    thread.join(30)
    said = ["one", "two", "three"]
    text = "".join(blocks)
    assert text == run.refresh().logs() == merged(server, run_id)
    for name in ("chief-0", "worker-0"):
        lines = [line for line in text.splitlines() if line.startswith(name)]
        assert lines == [f"{name} | {word}" for word in said]
        assert run.logs(replica=name) == "\n".join(said)


def _folders(server: RunningServer, run_id: str) -> list[Any]:
    if server.run(run_id)["status"] != "Running":
        return []
    newest = sorted(server.data_dir.glob("runs/*/work"), key=lambda path: path.stat().st_mtime)
    return newest[-1:]


def test_a_run_with_one_log_has_no_notes(server: RunningServer, client: ExecClient) -> None:
    before = set(server.data_dir.glob("runs/*/clock.jsonl"))
    configuration = {"command": "echo one; exit 3", "retries": 1}
    body = {"definition": {"configuration": configuration}}
    run_id = server.client.post(API + "runs", json=body).json()["runId"]
    assert "".join(client.run(run_id).logs(follow=True)) == "one\none\n"
    assert server.wait_for_end(run_id)["attempt"] == 2
    assert merged(server, run_id) == "one\none\n"
    assert client.run(run_id).logs() == "one\n"
    assert server.client.get(f"{API}runs/{run_id}/logs").json()["mergedBytes"] is None
    assert set(server.data_dir.glob("runs/*/clock.jsonl")) == before


def test_a_run_from_before_there_were_notes(server: RunningServer) -> None:
    chief = "echo c; until [ -s ../logs/worker-0.txt ]; do sleep 0.01; done"
    run_id = submit(server, {"Chief": chief, "Worker": "echo w"})
    server.wait_for_end(run_id)
    newest = max(server.data_dir.glob("runs/*/clock.jsonl"), key=lambda path: path.stat().st_mtime)
    newest.unlink()
    assert merged(server, run_id) == "chief-0 | c\nworker-0 | w\n"
    assert server.client.get(f"{API}runs/{run_id}/logs").json()["mergedBytes"] == 25


def test_no_such_run(server: RunningServer) -> None:
    assert server.client.get(f"{API}runs/none/logs/merged").status_code == 404
    assert server.client.get(f"{API}runs/none/logs/merged?offset=x").status_code == 400
