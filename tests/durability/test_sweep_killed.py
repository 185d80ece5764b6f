"""The server is killed in the middle of sweeps: no trial runs twice, none is missing."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from sweeping import API, CPUS, make_template, post_sweep, trials_of, wait_for_trial

if TYPE_CHECKING:
    from pathlib import Path

MARK = """
open(sys.argv[2] + "/" + os.environ["JUPYTER_EXEC_RUN_ID"], "a").write("started\\n")
for step in range(4):
    report(x, step)
    time.sleep(0.05)
"""
HELD = "while x > 1 and not os.path.exists(sys.argv[2]): time.sleep(0.02)"
GATE = [{"name": "gate"}]


@pytest.mark.timeout(300)  # eight starts of a server
def test_killed_at_random_moments(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    make_template(server, "marking", MARK, [{"name": "marks"}], ["{{marks}}"])
    chance = random.Random(20261124)
    wanted = {"params": {"marks": str(tmp_path)}, "space": {"x": {"range": [15]}}}
    ids = [
        post_sweep(server, "marking", **wanted, metric="loss", maxParallel=3)["runId"],
        post_sweep(server, "marking", **wanted, metric="loss")["runId"],
    ]
    for _ in range(7):
        time.sleep(chance.uniform(0, 0.5))  # the moment is what is tested
        server.kill9()
        server.start()
    for sweep_id in ids:
        run = server.wait_for_end(sweep_id, 120)
        assert (run["status"], run["error"]) == ("Completed", None)
        assert run["progress"]["done"] == 15
        table = trials_of(server, sweep_id)
        assert [trial["number"] for trial in table["trials"]] == list(range(1, 16))
        assert [trial["metric"] for trial in table["trials"]] == list(range(15))
        for number in range(1, 16):
            mark = tmp_path / f"{sweep_id}_{number}"
            assert mark.read_text() == "started\n", f"trial {number} ran twice"
        children = server.client.get(API + "runs", params={"parent": sweep_id}).json()
        assert children["total"] == 15
        states = [e["status"] for e in server.events(sweep_id, 10) if e["type"] == "state"]
        assert states == ["Preparing", "Starting", "Running", "Finalizing", "Completed"]


def test_max_parallel_is_kept_over_a_restart(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    make_template(server, "held", HELD, GATE, ["{{gate}}"])
    gate = tmp_path / "gate"
    space = {"x": {"choice": [2, 3, 4, 5, 6]}}
    sweep_id = post_sweep(server, "held", space=space, params={"gate": str(gate)}, maxParallel=2)[
        "runId"
    ]
    for number in (1, 2):
        wait_for_trial(server, sweep_id, number, "Running")
    server.restart(kill=True)
    other = post_sweep(server, "held", space={"x": {"choice": [0]}}, params={"gate": "-"})["runId"]
    server.wait_for_end(other)
    assert len(trials_of(server, sweep_id)["trials"]) == 2
    gate.touch()
    assert server.wait_for_end(sweep_id)["status"] == "Completed"
    assert len(trials_of(server, sweep_id)["trials"]) == 5


@pytest.mark.parametrize("when", ["before", "after"])
def test_cancelled_around_a_kill(make_server, tmp_path: Path, when: str):
    server = make_server(config=CPUS)
    make_template(server, "held", HELD, GATE, ["{{gate}}"])
    params = {"gate": str(tmp_path / "gate")}
    sweep_id = post_sweep(server, "held", space={"x": {"range": [2, 40]}}, params=params)["runId"]
    wait_for_trial(server, sweep_id, 3, "Running")
    if when == "before":
        server.client.post(f"{API}runs/{sweep_id}/cancel")
    server.restart(kill=True)
    if when == "after":
        server.client.post(f"{API}runs/{sweep_id}/cancel")
    assert server.wait_for_end(sweep_id)["status"] == "Canceled"
    trials = trials_of(server, sweep_id)["trials"]
    assert {trial["status"] for trial in trials} == {"Canceled"}
    assert len(trials) <= 16


CURVES = """
for step in range(1, 6): report(x, step)
while x > 50:
    if os.path.exists(sys.argv[2]):
        report(x, step)
        step += 1
    time.sleep(0.05)
"""


def test_the_median_is_known_after_a_restart(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    make_template(server, "curves", CURVES, GATE, ["{{gate}}"])
    gate = tmp_path / "gate"
    sweep_id = post_sweep(
        server, "curves", space={"x": {"choice": [99, 1, 2, 3]}}, params={"gate": str(gate)},
        metric="loss", earlyStopping="median", minSteps=6,
    )["runId"]  # fmt: skip
    for event in server.events(sweep_id, 60):
        if event["type"] == "progress" and event["progress"]["done"] == 3:
            break
    server.kill9()
    gate.touch()
    server.start()
    assert server.wait_for_end(sweep_id)["status"] == "Completed"
    trials = trials_of(server, sweep_id)["trials"]
    assert [trial["stoppedEarly"] for trial in trials] == [True, False, False, False]


def test_what_was_given_up_before_a_kill_is_cancelled_after_it(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    make_template(server, "curves", CURVES, GATE, ["{{gate}}"])
    gate = str(tmp_path / "gate")
    sweep_id = post_sweep(
        server, "curves", space={"x": {"choice": [99]}}, params={"gate": gate},
        metric="loss", earlyStopping="median",
    )["runId"]  # fmt: skip
    wait_for_trial(server, sweep_id, 1, "Running")
    server.kill9()
    tag_in_database(server.data_dir / "exec.db", f"{sweep_id}_1")
    server.start()
    assert server.wait_for_end(sweep_id)["status"] == "Completed"
    assert trials_of(server, sweep_id)["trials"][0]["stoppedEarly"]


def tag_in_database(path: Path, run_id: str) -> None:
    """Leave behind what a server leaves that is killed between the tag and the cancel."""
    from jupyter_exec.store import runs
    from jupyter_exec.store.database import connect

    connection = connect(path, writable=True)
    try:
        runs.change(connection, run_id, tags={"stopped": "median"})
    finally:
        connection.close()


def test_a_manual_sweep_goes_on(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    make_template(server, "held", HELD, GATE, ["{{gate}}"])
    gate = tmp_path / "gate"
    sweep_id = post_sweep(server, "held", sampling="manual", params={"gate": str(gate)})["runId"]
    address = f"{API}runs/{sweep_id}/"
    server.client.post(address + "trials", json={"params": {"x": 2}}).raise_for_status()
    server.restart(kill=True)
    second = server.client.post(address + "trials", json={"params": {"x": 3}}).raise_for_status()
    assert second.json()["runId"] == f"{sweep_id}_2"
    server.client.post(address + "finish").raise_for_status()
    server.restart(kill=True)
    assert server.run(sweep_id)["status"] == "Finalizing"
    refused = server.client.post(address + "trials", json={"params": {"x": 4}})
    assert refused.status_code == 409
    gate.touch()
    assert server.wait_for_end(sweep_id)["status"] == "Completed"
    assert len(trials_of(server, sweep_id)["trials"]) == 2


def test_the_template_is_deleted_and_the_server_killed(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    make_template(server, "held", HELD + "\nreport(x)", GATE, ["{{gate}}"])
    gate = tmp_path / "gate"
    sweep_id = post_sweep(
        server, "held", space={"x": {"choice": [2, 3, 4]}}, params={"gate": str(gate)},
        maxParallel=1, metric="loss",
    )["runId"]  # fmt: skip
    wait_for_trial(server, sweep_id, 1, "Running")
    server.client.delete(f"{API}templates/held").raise_for_status()
    make_template(server, "held", "raise SystemExit(7)", GATE, ["{{gate}}"])
    server.restart(kill=True)
    gate.touch()
    assert server.wait_for_end(sweep_id)["status"] == "Completed"
    assert [trial["metric"] for trial in trials_of(server, sweep_id)["trials"]] == [2, 3, 4]


def test_secrets_are_lost(make_server, tmp_path: Path):
    server = make_server(config=CPUS)
    secret = {"name": "key", "secret": True, "required": "true"}
    make_template(server, "secret", HELD, [*GATE, secret], ["{{gate}}"], secrets={"KEY": "{{key}}"})
    gate = tmp_path / "gate"
    sweep_id = post_sweep(
        server, "secret", space={"x": {"choice": [2, 3, 4]}}, maxParallel=1,
        params={"gate": str(gate), "key": "do-not-tell"},
    )["runId"]  # fmt: skip
    wait_for_trial(server, sweep_id, 1, "Running")
    server.restart(kill=True)
    gate.touch()
    run = server.wait_for_end(sweep_id)
    assert (run["status"], run["error"]["code"]) == ("Failed", "SecretsLost")
    assert "(key)" in run["error"]["message"]
    assert "1 of 3 trials had been started" in run["error"]["message"]
    (trial,) = trials_of(server, sweep_id)["trials"]
    assert trial["status"] == "Completed", "what had begun goes on"
