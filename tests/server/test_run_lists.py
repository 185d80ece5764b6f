"""Lists of runs and of experiments, over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from servers import RunningServer

API = "jupyter-exec/v1/"


def start(server: RunningServer, command: str, **more: Any) -> str:
    body = {"definition": {"configuration": {"command": command}}, **more}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def ask(server: RunningServer, path: str, name: str, **query: Any) -> Any:
    answer = server.client.get(API + path, params=query)
    assert answer.status_code == 200, answer.text
    ANSWERS[name].model_validate_json(answer.content, extra="forbid")
    return answer.json()


def test_runs_without_a_parent(server):
    parent = start(server, "true", experiment="family")
    child = start(server, "true", experiment="family", parentRunId=parent)
    for run_id in (parent, child):
        server.wait_for_end(run_id)
    for top, found in ((True, [parent]), (False, [child, parent])):
        page = ask(server, "runs", "RunList", experiment="family", top=str(top).lower())
        assert [run["runId"] for run in page["runs"]] == found
        assert page["total"] == len(found)
    assert server.client.get(API + "runs", params={"top": "maybe"}).status_code == 400


def test_experiments_by_their_newest_run(server):
    parent = start(server, "exit 3", experiment="Older one")
    server.wait_for_end(parent)
    server.wait_for_end(start(server, "true", experiment="newer one"))
    server.wait_for_end(start(server, "true", experiment="Older one", parentRunId=parent))
    going = start(server, "sleep 600", experiment="newer one")
    found = ask(server, "experiments", "ExperimentList", q="ER ONE")
    newer, older = found["experiments"]
    assert (found["total"], found["next"]) == (2, None)
    assert [newer[key] for key in ("name", "runs", "active", "failed")] == ["newer one", 2, 1, 0]
    assert [older[key] for key in ("name", "runs", "active", "failed")] == ["Older one", 1, 0, 1]
    assert newer["lastCreatedAt"] == server.run(going)["createdAt"]
    server.client.post(API + f"runs/{going}/cancel")
    server.wait_for_end(going)
    first = ask(server, "experiments", "ExperimentList", q="er one", limit=1)
    assert first["experiments"] == [{**newer, "active": 0}]
    rest = ask(server, "experiments", "ExperimentList", q="er one", cursor=first["next"])
    assert rest == {"experiments": [older], "next": None, "total": 2}
    assert server.client.get(API + "experiments", params={"limit": 0}).status_code == 400
