"""Sweeps on a real server, with real trials."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from sweeping import (
    API,
    CPUS,
    faults_of,
    make_template,
    post_sweep,
    trials_of,
    wait_for_trial,
)

from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

QUICK = "report((x - 3) ** 2)"


@pytest.fixture(scope="module")
def quick(server: RunningServer) -> RunningServer:
    make_template(server, "quick", QUICK)
    return server


def statuses(table: dict[str, Any]) -> list[str]:
    return [trial["status"] for trial in table["trials"]]


def test_a_grid_runs_and_is_summed_up(quick):
    sweep = post_sweep(
        quick, "quick", space={"x": {"range": [1, 5]}}, metric="loss", tags={"by": "me"}
    )
    assert sweep["definition"]["sweep"]["count"] == 4
    assert (sweep["experiment"], sweep["displayName"]) == ("quick", "quick sweep")
    assert sweep["template"] == {"name": "quick", "version": 1, "parameters": {}}
    run = quick.wait_for_end(sweep["runId"])
    assert (run["status"], run["error"], run["tags"]) == ("Completed", None, {"by": "me"})
    assert run["progress"] == {"done": 4, "total": 4, "label": "4 of 4 trials"}
    assert run["startedAt"]
    assert run["endedAt"]
    table = trials_of(quick, sweep["runId"])
    ANSWERS["SweepTrials"].model_validate(table)
    assert [trial["runId"] for trial in table["trials"]] == [
        f"{sweep['runId']}_{number}" for number in range(1, 5)
    ]
    assert [trial["parameters"] for trial in table["trials"]] == [{"x": x} for x in range(1, 5)]
    assert [trial["metric"] for trial in table["trials"]] == [4, 1, 0, 1]
    assert table["best"] == f"{sweep['runId']}_3"
    assert table["sweep"]["template"] == "quick"
    children = quick.client.get(API + "runs", params={"parent": sweep["runId"]}).json()["runs"]
    assert len(children) == 4
    for child in children:
        assert child["parentRunId"] == sweep["runId"]
        assert child["experiment"] == "quick"
        assert child["template"]["version"] == 1
    assert children[0]["displayName"] == "4: x=4"
    states = [e["status"] for e in quick.events(sweep["runId"], 10) if e["type"] == "state"]
    assert states == ["Preparing", "Starting", "Running", "Finalizing", "Completed"]


@pytest.mark.parametrize("sampling", ["grid", "manual"])
def test_a_sweep_belongs_where_its_template_says(server, sampling):
    name = f"placed-{sampling}"
    make_template(server, name, QUICK, experiment="tuning")
    space = {} if sampling == "manual" else {"x": {"choice": [3]}}
    sweep = post_sweep(server, name, sampling=sampling, space=space)
    assert sweep["experiment"] == "tuning"
    if sampling == "grid":
        server.wait_for_end(sweep["runId"])
        children = server.client.get(API + "runs", params={"parent": sweep["runId"]}).json()
        assert [child["experiment"] for child in children["runs"]] == ["tuning"]
    else:
        finish = server.client.post(f"{API}runs/{sweep['runId']}/finish")
        assert finish.status_code == 200, finish.text
    asked = post_sweep(server, name, sampling=sampling, space=space, experiment="mine")
    assert asked["experiment"] == "mine"


def test_maximize_and_the_last_value(server):
    make_template(server, "curve", "report(10 * x); report(-x); report(float('nan'))")
    sweep = post_sweep(
        server, "curve", space={"x": {"choice": [1, 2, 3]}}, metric="loss", goal="maximize"
    )
    server.wait_for_end(sweep["runId"])
    table = trials_of(server, sweep["runId"])
    assert [trial["metric"] for trial in table["trials"]] == [-1, -2, -3]
    assert table["best"] == f"{sweep['runId']}_1"


def test_failing_trials(server):
    make_template(server, "failing", "report(x); sys.exit(x > 2 and f'{x:g} is too much')")
    sweep = post_sweep(server, "failing", space={"x": {"choice": [1, 2, 3, 4]}}, metric="loss")
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Failed"
    assert run["error"]["code"] == "TrialsFailed"
    message = run["error"]["message"]
    assert message.startswith("2 of 4 trials failed; the first is trial 3 (x=3): 3 is too much")
    table = trials_of(server, sweep["runId"])
    assert statuses(table) == ["Completed", "Completed", "Failed", "Failed"]
    assert table["best"] == f"{sweep['runId']}_1"
    assert table["trials"][2]["error"]["code"] == "ExitCode"


def test_a_failing_trial_of_a_manual_sweep(server):
    code = "sys.exit(f'{x:g} is too much')"
    make_template(server, "unlucky", code, [{"name": "y", "value": "1"}], ["{{y}}"])
    sweep_id = post_sweep(server, "unlucky", sampling="manual", params={"y": "2"})["runId"]
    trials = f"{API}runs/{sweep_id}/trials"
    added = server.client.post(trials, json={"params": {"x": 3}})
    assert added.status_code == 201, added.text
    server.client.post(f"{API}runs/{sweep_id}/finish")
    message = server.wait_for_end(sweep_id)["error"]["message"]
    assert message.startswith("1 of 1 trials failed; trial 1 (x=3): 3 is too much")


def test_a_trial_that_cannot_even_start_counts_as_failed(quick):
    name = "taken"
    body = {"runId": f"{name}_2", "definition": {"configuration": {"command": "true"}}}
    assert quick.client.post(API + "runs", json=body).status_code == 201
    post_sweep(quick, "quick", space={"x": {"choice": [1, 2, 3]}}, runId=name)
    run = quick.wait_for_end(name)
    assert (run["status"], run["error"]["code"]) == ("Failed", "TrialsFailed")
    assert f"1 of 3 trials failed; trial 2 (x=2): run {name}_2 exists" in run["error"]["message"]
    assert statuses(trials_of(quick, name)) == ["Completed", "Completed"]


def test_max_parallel_is_kept(make_server):
    server = make_server(config=CPUS)
    make_template(server, "slow", "time.sleep(0.15); report(x)")
    sweep = post_sweep(server, "slow", space={"x": {"range": [8]}}, maxParallel=2)
    server.wait_for_end(sweep["runId"], 120)
    most, open_trials = 0, set()
    for event in all_events(server):
        if event["type"] == "created" and event["parentRunId"] == sweep["runId"]:
            open_trials.add(event["runId"])
        elif event.get("status") in {"Completed", "Failed", "Canceled"}:
            open_trials.discard(event["runId"])
        most = max(most, len(open_trials))
    assert most == 2


def all_events(server) -> list[dict[str, Any]]:
    """Every event of every run so far, in order."""
    found = []
    for run in server.runs():
        found += server.client.get(f"{API}runs/{run['runId']}/events").json()["events"]
    return sorted(found, key=lambda event: event["id"])


def test_the_queue_is_not_flooded(make_server):
    server = make_server(config=CPUS)
    make_template(server, "long", "time.sleep(600)")
    sweep = post_sweep(server, "long", space={"x": {"range": [500]}})
    for number in range(1, 9):  # 4 processors, half of one each
        wait_for_trial(server, sweep["runId"], number, "Running")
    table = trials_of(server, sweep["runId"])
    assert len(table["trials"]) <= 8 + 8
    answer = server.client.post(f"{API}runs/{sweep['runId']}/cancel")
    assert answer.status_code == 200
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Canceled"
    table = trials_of(server, sweep["runId"])
    assert set(statuses(table)) == {"Canceled"}
    assert not any(trial["stoppedEarly"] for trial in table["trials"])
    assert len(table["trials"]) <= 16


def test_cancelled_at_once(quick):
    sweep = post_sweep(quick, "quick", space={"x": {"range": [1000]}})
    quick.client.post(f"{API}runs/{sweep['runId']}/cancel")
    assert quick.wait_for_end(sweep["runId"])["status"] == "Canceled"
    for trial in trials_of(quick, sweep["runId"])["trials"]:
        assert trial["status"] in {"Canceled", "Completed"}


def test_a_sweep_of_an_experiment(server):
    program = "print(6 * {{factor}})"
    body = {
        "name": "roles",
        "parameters": [{"name": "factor", "value": "7"}],
        "experimentSpec": {
            "meta": {"name": "roles", "framework": "PyTorch", "cmd": f'python3 -c "{program}"'},
            "spec": {"Master": {"replicas": 1, "resources": "cpu=1,memory=512M"}},
        },
    }
    answer = server.client.post(API + "templates", json=body)
    assert answer.status_code == 201, answer.text
    space = {"factor": {"choice": [7, 8]}, "spec.Master.resourceMap.cpu": {"choice": [1]}}
    sweep = post_sweep(server, "roles", space=space)
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Completed", run
    logs = [server.log(f"{sweep['runId']}_{number}", "master-0.txt").strip() for number in (1, 2)]
    assert logs == ["42", "48"]
    listed = server.client.get("api/v1/experiment").json()["result"]
    assert listed == [], "a trial is shown by its sweep"


def test_one_trial_cancelled_by_its_user_does_not_fail_the_sweep(server, tmp_path: Path):
    make_template(
        server, "gated", "while x > 1 and not os.path.exists(sys.argv[2]): time.sleep(0.02)",
        [{"name": "gate"}], ["{{gate}}"],
    )  # fmt: skip
    gate = tmp_path / "gate"
    sweep = post_sweep(
        server, "gated", space={"x": {"choice": [1, 2, 3]}}, params={"gate": str(gate)},
        maxParallel=3,
    )  # fmt: skip
    second = f"{sweep['runId']}_2"
    for event in server.events(sweep["runId"], 30):
        if event["type"] == "progress" and event["progress"]["done"] == 1:
            break
    wait_for_trial(server, sweep["runId"], 2, "Running")
    server.client.post(f"{API}runs/{second}/cancel")
    server.wait_for_end(second)
    gate.touch()
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Completed"
    table = trials_of(server, sweep["runId"])
    assert statuses(table) == ["Completed", "Canceled", "Completed"]
    assert not table["trials"][1]["stoppedEarly"]


MEDIAN = """
for step in range(1, 6): report(x, step)
while x > 50: report(x, step); time.sleep(0.05); step += 1
"""


def test_median_stopping_for_real(make_server):
    server = make_server(config=CPUS)
    make_template(server, "curves", MEDIAN)
    sweep = post_sweep(
        server,
        "curves",
        space={"x": {"choice": [1, 2, 3, 99]}},
        metric="loss",
        earlyStopping="median",
        maxParallel=2,
    )
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Completed", run
    table = trials_of(server, sweep["runId"])
    assert statuses(table) == ["Completed", "Completed", "Completed", "Canceled"]
    assert [trial["stoppedEarly"] for trial in table["trials"]] == [False, False, False, True]
    assert table["trials"][3]["metric"] == 99
    assert server.run(f"{sweep['runId']}_4")["tags"] == {"stopped": "median"}
    tagged = server.client.get(API + "runs", params={"tag": "stopped=median"}).json()
    assert [found["runId"] for found in tagged["runs"]] == [f"{sweep['runId']}_4"]
    assert table["best"] == f"{sweep['runId']}_1"


def test_a_manual_sweep(quick):
    sweep = post_sweep(quick, "quick", sampling="manual", metric="loss", maxParallel=2)
    sweep_id = sweep["runId"]
    value, found = 0.0, []
    for _ in range(4):
        answer = quick.client.post(f"{API}runs/{sweep_id}/trials", json={"params": {"x": value}})
        assert answer.status_code == 201, answer.text
        trial = quick.wait_for_end(answer.json()["runId"])
        found.append(trials_of(quick, sweep_id)["trials"][-1]["metric"])
        value += 1.0
    assert found == [9, 4, 1, 0]
    assert trial["runId"] == f"{sweep_id}_4"
    assert quick.run(sweep_id)["status"] == "Running"
    bad = quick.client.post(f"{API}runs/{sweep_id}/trials", json={"params": {"x": "many"}})
    assert (bad.status_code, list(faults_of(bad))) == (400, ["params.x"])
    none = quick.client.post(f"{API}runs/{sweep_id}/trials", json={})
    assert none.status_code == 400
    answer = quick.client.post(f"{API}runs/{sweep_id}/finish")
    assert answer.status_code == 200
    run = quick.wait_for_end(sweep_id)
    assert (run["status"], run["progress"]["total"]) == ("Completed", 4)
    table = trials_of(quick, sweep_id)
    assert [trial["parameters"] for trial in table["trials"]] == [{"x": x} for x in (0, 1, 2, 3)]
    assert table["best"] == f"{sweep_id}_4"
    late = quick.client.post(f"{API}runs/{sweep_id}/trials", json={"params": {"x": 1}})
    assert late.status_code == 409
    assert "has ended (Completed)" in late.text
    assert quick.client.post(f"{API}runs/{sweep_id}/finish").json()["status"] == "Completed"


def test_a_manual_sweep_waits_for_its_trials_and_keeps_its_limit(server):
    make_template(server, "held", "while True: time.sleep(0.05)")
    sweep_id = post_sweep(server, "held", sampling="manual", maxParallel=1)["runId"]
    address = f"{API}runs/{sweep_id}/"
    assert server.client.post(address + "trials", json={"params": {"x": 1}}).status_code == 201
    full = server.client.post(address + "trials", json={"params": {"x": 2}})
    assert full.status_code == 409
    assert "maxParallel is 1" in full.text
    assert server.client.post(address + "finish").json()["status"] == "Finalizing"
    more = server.client.post(address + "trials", json={"params": {"x": 2}})
    assert (more.status_code, "takes no more trials" in more.text) == (409, True)
    assert server.client.post(address + "finish").json()["status"] == "Finalizing"
    server.client.post(address + "cancel")
    assert server.wait_for_end(sweep_id)["status"] == "Canceled"
    assert statuses(trials_of(server, sweep_id)) == ["Canceled"]


def test_verbs_on_the_wrong_run(quick):
    planned = post_sweep(quick, "quick", space={"x": {"choice": [1]}})["runId"]
    quick.wait_for_end(planned)
    for verb in ("trials", "finish"):
        answer = quick.client.post(f"{API}runs/{planned}/{verb}", json={"params": {}})
        assert (answer.status_code, "not 'manual'" in answer.text) == (409, True)
        answer = quick.client.post(f"{API}runs/{planned}_1/{verb}", json={"params": {}})
        assert (answer.status_code, "is no sweep" in answer.text) == (409, True)
        assert quick.client.post(f"{API}runs/nobody/{verb}", json={}).status_code == 404
    assert quick.client.get(f"{API}runs/{planned}_1/trials").status_code == 404
    assert quick.client.get(f"{API}runs/nobody/trials").status_code == 404
    assert quick.client.post(f"{API}templates/nobody/sweeps", json={
        "space": {"x": {"choice": [1]}}
    }).status_code == 404  # fmt: skip


def test_all_faults_at_once_and_nothing_is_stored(server):
    parameters = [
        {"name": "n", "type": "integer", "minimum": 1, "maximum": 9},
        {"name": "opt", "enum": ["sgd", "adam"]},
        {"name": "folder"},
        {"name": "key", "secret": True},
    ]
    (server.root_dir / "project").mkdir()
    name = "typed"
    make_template(
        server, name, QUICK, parameters, ["{{n}}", "{{opt}}", "{{folder}}"],
        source={"path": "{{folder}}"}, secrets={"KEY": "{{key}}"},
    )  # fmt: skip
    before = len(server.runs())
    space = {
        "n": {"range": [0, 11]},
        "opt": {"choice": ["sgd", "lbfgs"]},
        "folder": {"choice": ["project", "other"]},
        "key": {"choice": ["a", "b"]},
        "nobody": {"choice": [1]},
    }
    body = {"space": space, "params": {"some": 1}, "runId": "a b", "experiment": "/"}
    answer = server.client.post(f"{API}templates/{name}/sweeps", json=body)
    assert answer.status_code == 400
    faults = faults_of(answer)
    assert set(faults) == {
        "space.n.range", "space.opt.choice[1]", "space.folder", "space.key", "space.nobody",
        "params", "params.x", "runId", "experiment",
    }  # fmt: skip
    assert "sgd, " in faults["space.opt.choice[1]"].replace('"', "")
    assert "share one source" in faults["space.folder"]
    for space, field in [
        ({"x": {"choice": [1]}, "n": {"uniform": [1, 2]}}, "space.n.uniform"),
        ({"x": {"choice": [1]}, "opt": {"uniform": [1, 2]}}, "space.opt.uniform"),
        ({"x": {"uniform": [1, 2]}, "n": {"range": [1, 9]}}, "space"),
    ]:
        sampling = {"sampling": "grid"} if field == "space" else {}
        body = {"space": space, "params": {"folder": "project"}, **sampling}
        answer = server.client.post(f"{API}templates/{name}/sweeps", json=body)
        assert (answer.status_code, list(faults_of(answer))) == (400, [field]), answer.text
    answer = server.client.post(
        f"{API}templates/{name}/sweeps",
        json={"space": {"x": {"choice": [1]}}, "runId": "x" * 252, "params": {"folder": "project"}},
    )
    assert "256 characters" in faults_of(answer)["runId"]
    assert len(server.runs()) == before


def test_what_cannot_run_is_refused_before_anything_is_stored(server):
    body = {
        "name": "too-big",
        "parameters": [{"name": "n", "type": "integer", "value": "1"}],
        "run": {
            "definition": {"configuration": {"command": ["true"], "resources": {"cpus": "{{n}}"}}}
        },
    }
    assert server.client.post(API + "templates", json=body).status_code == 201
    before = len(server.runs())
    answer = server.client.post(
        f"{API}templates/too-big/sweeps", json={"space": {"n": {"choice": [9999, 1]}}}
    )
    assert answer.status_code == 400
    assert list(faults_of(answer)) == ["run.definition.configuration.resources"]
    assert len(server.runs()) == before


def test_one_source_for_all_trials(server, tmp_path: Path):
    folder = server.root_dir / "counted"
    folder.mkdir()
    (folder / "value.txt").write_text("before")
    gate = tmp_path / "gate"
    make_template(
        server, "sourced",
        "while x == 1 and not os.path.exists(sys.argv[2]): time.sleep(0.02)\n"
        "print(open('value.txt').read())",
        [{"name": "gate"}], ["{{gate}}"], source={"path": "counted"},
    )  # fmt: skip
    sweep = post_sweep(
        server, "sourced", space={"x": {"choice": [1, 2, 3]}}, params={"gate": str(gate)},
        maxParallel=1,
    )  # fmt: skip
    wait_for_trial(server, sweep["runId"], 1, "Running")
    (folder / "value.txt").unlink()
    folder.rmdir()
    assert server.client.delete(f"{API}templates/sourced").status_code in {200, 204}
    gate.touch()
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Completed", run
    for number in (1, 2, 3):
        assert server.log(f"{sweep['runId']}_{number}") == "before\n"
        trial = server.run(f"{sweep['runId']}_{number}")
        assert trial["snapshotId"] == sweep["snapshotId"] == run["snapshotId"]


def test_a_manual_sweep_takes_its_source_once(server):
    folder = server.root_dir / "manual"
    folder.mkdir()
    (folder / "value.txt").write_text("before")
    make_template(
        server, "manual", "print(open('value.txt').read())",
        [{"name": "folder"}], ["{{folder}}"], source={"path": "{{folder}}"},
    )  # fmt: skip
    answer = server.client.post(f"{API}templates/manual/sweeps", json={"sampling": "manual"})
    assert list(faults_of(answer)) == ["params.folder"]
    sweep_id = post_sweep(server, "manual", sampling="manual", params={"folder": "manual"})["runId"]
    (folder / "value.txt").write_text("after")
    address = f"{API}runs/{sweep_id}/"
    other = server.client.post(address + "trials", json={"params": {"x": 1, "folder": "/"}})
    assert list(faults_of(other)) == ["params.folder"]
    trial = server.client.post(address + "trials", json={"params": {"x": 1}}).json()["runId"]
    server.client.post(address + "finish")
    assert server.wait_for_end(sweep_id)["status"] == "Completed"
    assert server.log(trial) == "before\n"


def test_the_same_request_again_is_answered_again(quick):
    body = {"space": {"x": {"choice": [1, 2]}}, "runId": "sent-twice"}
    first = post_sweep(quick, "quick", **body)
    again = post_sweep(quick, "quick", **body)
    assert first["createdAt"] == again["createdAt"]
    other = quick.client.post(
        f"{API}templates/quick/sweeps", json={**body, "space": {"x": {"choice": [1]}}}
    )
    assert other.status_code == 409
    quick.wait_for_end("sent-twice")
    assert len(trials_of(quick, "sent-twice")["trials"]) == 2


def test_run_a_sweep_again(quick):
    first = post_sweep(
        quick, "quick", space={"x": {"uniform": [0, 9]}}, trials=3, seed=5, metric="loss"
    )
    quick.wait_for_end(first["runId"])
    refused = quick.client.post(
        f"{API}runs/{first['runId']}/rerun", json={"definition": {"sweep": {"count": 9}}}
    )
    assert (refused.status_code, list(faults_of(refused))) == (400, ["definition"])
    again = quick.client.post(f"{API}runs/{first['runId']}/rerun", json={})
    assert again.status_code == 201, again.text
    quick.wait_for_end(again.json()["runId"])
    one, other = (trials_of(quick, run_id) for run_id in (first["runId"], again.json()["runId"]))
    assert one["sweep"] == other["sweep"]
    for key in ("parameters", "metric", "status"):
        assert [trial[key] for trial in one["trials"]] == [trial[key] for trial in other["trials"]]
    assert one["best"] != other["best"]


def test_a_plan_cannot_be_smuggled_into_a_run(quick):
    plan = {"template": "quick", "version": 1, "sampling": "grid", "count": 10**9}
    definition = {"configuration": {"command": "true"}, "sweep": plan}
    answer = quick.client.post(API + "runs", json={"definition": definition})
    assert (answer.status_code, list(faults_of(answer))) == (400, ["definition.sweep"])
    run = quick.client.post(
        API + "runs", json={"definition": {"configuration": {"command": "true"}}}
    ).json()
    quick.wait_for_end(run["runId"])
    answer = quick.client.post(
        f"{API}runs/{run['runId']}/rerun", json={"definition": {"sweep": plan}}
    )
    assert (answer.status_code, list(faults_of(answer))) == (400, ["definition.sweep"])


def test_deleting(server, tmp_path: Path):
    make_template(server, "kept", "while x > 1: time.sleep(0.02)")
    sweep_id = post_sweep(server, "kept", space={"x": {"choice": [1, 2]}})["runId"]
    wait_for_trial(server, sweep_id, 1, "Completed")
    for run_id in (f"{sweep_id}_1", sweep_id):
        answer = server.client.delete(f"{API}runs/{run_id}")
        assert answer.status_code == 409, answer.text
    server.client.post(f"{API}runs/{sweep_id}/cancel")
    server.wait_for_end(sweep_id)
    again = server.client.post(f"{API}runs/{sweep_id}_2/rerun", json={}).json()
    assert again["parentRunId"] == sweep_id
    server.wait_for_status(again["runId"], "Running")
    answer = server.client.delete(f"{API}runs/{sweep_id}")
    assert (answer.status_code, again["runId"] in answer.text) == (409, True)
    assert server.run(f"{sweep_id}_1")["status"] == "Completed", "all or none"
    assert len(trials_of(server, sweep_id)["trials"]) == 2, "a trial run again is none"
    server.client.post(f"{API}runs/{again['runId']}/cancel")
    server.wait_for_end(again["runId"])
    folders = set(server.data_dir.glob("runs/*"))
    assert server.client.delete(f"{API}runs/{sweep_id}").status_code == 204
    assert len(folders - set(server.data_dir.glob("runs/*"))) == 3
    for run_id in (sweep_id, f"{sweep_id}_1", f"{sweep_id}_2", again["runId"]):
        assert server.client.get(f"{API}runs/{run_id}").status_code == 404


def test_a_sweep_looks_like_a_run(quick):
    sweep_id = post_sweep(quick, "quick", space={"x": {"choice": [1]}})["runId"]
    quick.wait_for_end(sweep_id)
    address = f"{API}runs/{sweep_id}"
    assert quick.client.get(address + "/logs").json()["logs"] == []
    assert quick.client.get(address + "/outputs").json()["outputs"] == []
    assert quick.client.get(address + "/metrics").json()["metrics"] == {}
    ANSWERS["Run"].model_validate(quick.run(sweep_id))


def test_secrets(server):
    make_template(
        server, "secret", "print(len(os.environ['KEY'])); report(len(os.environ['KEY']))",
        [{"name": "key", "secret": True, "required": "true"}], secrets={"KEY": "{{key}}"},
    )  # fmt: skip
    key = "do-not-tell"
    sweep = post_sweep(
        server, "secret", space={"x": {"choice": [1, 2]}}, params={"key": key}, metric="loss"
    )
    run = server.wait_for_end(sweep["runId"])
    assert run["status"] == "Completed", run
    table = trials_of(server, sweep["runId"])
    assert [trial["metric"] for trial in table["trials"]] == [len(key)] * 2
    assert key not in json.dumps([run, table, server.runs(), all_events(server)])
    stored = b"".join(path.read_bytes() for path in server.data_dir.glob("exec.db*"))
    assert key.encode() not in stored
    refused = server.client.post(f"{API}runs/{sweep['runId']}/rerun", json={})
    assert (refused.status_code, list(faults_of(refused))) == (400, ["secrets"])
    again = server.client.post(
        f"{API}runs/{sweep['runId']}/rerun", json={"secrets": {"key": "other"}}
    ).json()
    assert server.wait_for_end(again["runId"])["status"] == "Completed"
    assert trials_of(server, again["runId"])["trials"][0]["metric"] == len("other")


def test_the_version_named_is_run(server):
    make_template(server, "versioned", "report(1)")
    spec = server.client.get(f"{API}templates/versioned").json()["spec"]
    command = spec["run"]["definition"]["configuration"]["command"]
    command[2] = command[2].replace("report(1)", "report(2)")
    assert server.client.put(f"{API}templates/versioned", json=spec).status_code == 200
    for version, value in ((1, 1), (None, 2)):
        body = {"version": version} if version else {}
        sweep = post_sweep(server, "versioned", space={"x": {"choice": [1]}}, metric="loss", **body)
        server.wait_for_end(sweep["runId"])
        assert trials_of(server, sweep["runId"])["trials"][0]["metric"] == value


def test_yaml(quick):
    answer = quick.client.post(
        f"{API}templates/quick/sweeps",
        content="space:\n  x: {range: [2]}\nmetric: loss\n",
        headers={"Content-Type": "application/yaml"},
    )
    assert answer.status_code == 201, answer.text
    quick.wait_for_end(answer.json()["runId"])
    assert [t["metric"] for t in trials_of(quick, answer.json()["runId"])["trials"]] == [9, 4]


@pytest.mark.timeout(300)
def test_200_quick_trials(make_server):
    server = make_server(config=CPUS)
    make_template(server, "true", "")
    spec = server.client.get(f"{API}templates/true").json()["spec"]
    spec["run"]["definition"]["configuration"]["command"] = ["true", "{{x}}"]
    assert server.client.put(f"{API}templates/true", json=spec).status_code == 200
    began = time.monotonic()
    sweep = post_sweep(server, "true", space={"x": {"range": [200]}})
    run = server.wait_for_end(sweep["runId"], 240)
    took = time.monotonic() - began
    assert run["status"] == "Completed", run
    table = trials_of(server, sweep["runId"])
    assert [trial["number"] for trial in table["trials"]] == list(range(1, 201))
    assert set(statuses(table)) == {"Completed"}
    print(f"200 trials in {took:.1f} s, {took * 5:.0f} ms each", file=sys.stderr)
