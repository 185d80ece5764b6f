"""XGBoost: workers that train one model, as a framework and as an experiment of Submarine."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from framework_runs import finish, left_of, logs
from submarine_requests import create, spec

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

PATIENCE_S = 200
TRAIN = """
import hashlib, os, sys, time
import numpy as np
import xgboost
from xgboost import collective

meeting = {
    "dmlc_tracker_uri": os.environ["DMLC_TRACKER_URI"],
    "dmlc_tracker_port": int(os.environ["DMLC_TRACKER_PORT"]),
    "dmlc_task_id": os.environ["DMLC_TASK_ID"],
}
if os.environ["RANK"] == "1" and "missing" in sys.argv:
    time.sleep(300)
with collective.CommunicatorContext(**meeting):
    rank = collective.get_rank()
    if rank == 1 and "bad" in sys.argv:
        raise ValueError("a bad batch")
    assert rank == int(os.environ["RANK"])
    assert collective.get_world_size() == int(os.environ["WORLD_SIZE"])
    x = np.random.default_rng(rank).normal(size=(200, 3))
    data = xgboost.DMatrix(x, label=2 * x[:, 0] - x[:, 1])
    errors = {}
    watched = {"evals": [(data, "all")], "evals_result": errors, "verbose_eval": False}
    model = xgboost.train({"max_depth": 3}, data, 10, **watched)
    if rank == 1 and "long" in sys.argv:
        time.sleep(14)  # longer than startTimeoutSeconds
print("error %.6f" % errors["all"]["rmse"][-1], hashlib.sha256(model.save_raw()).hexdigest())
"""
# As a script for Kubeflow's operator has it: rank 0 starts the tracker, and trains too.
MASTER = """
import os
if os.environ["RANK"] == "0":
    from xgboost.tracker import RabitTracker
    tracker = RabitTracker(
        n_workers=int(os.environ["WORLD_SIZE"]),
        host_ip=os.environ["MASTER_ADDR"],
        port=int(os.environ["MASTER_PORT"]),
        sortby="task",
    )
    tracker.start()
"""
WORKERS = {"framework": "XGBoost", "nodeCount": 2}


def test_two_workers_train_one_model(server: RunningServer, learning_python: str) -> None:
    run = finish(server, TRAIN, learning_python, PATIENCE_S, **WORKERS)
    told = logs(server, run)
    assert (run["status"], run["error"]) == ("Completed", None), told
    last = {name: text.strip().rpartition("\n")[2] for name, text in told.items()}
    assert last.keys() == {"worker-0", "worker-1", "tracker-0"}
    assert last["worker-0"] == last["worker-1"]
    assert last["worker-0"].startswith("error 0.30")
    assert left_of(run["runId"]) == []


def test_a_worker_that_raises_is_the_cause(server: RunningServer, learning_python: str) -> None:
    run = finish(server, TRAIN, learning_python, PATIENCE_S, arguments=["bad"], **WORKERS)
    told = logs(server, run)
    assert run["error"]["message"] == "worker-1: ValueError: a bad batch (exit code 1)", told
    assert left_of(run["runId"]) == []


def test_a_worker_that_does_not_come(server: RunningServer, learning_python: str) -> None:
    fields = {**WORKERS, "startTimeoutSeconds": 12}
    run = finish(server, TRAIN, learning_python, PATIENCE_S, arguments=["missing"], **fields)
    assert run["error"]["message"] == (
        "tracker-0: worker-1 did not come within 12 s after the first; the others wait; "
        "startTimeoutSeconds says how long to wait (exit code 1)"
    ), logs(server, run)
    assert left_of(run["runId"]) == []


def test_nobody_comes(server: RunningServer, learning_python: str) -> None:
    fields = {**WORKERS, "nodeCount": 3, "startTimeoutSeconds": 12}
    script = "import signal; signal.pause()"
    run = finish(server, script, learning_python, PATIENCE_S, **fields)
    assert run["error"]["message"] == (
        "tracker-0: worker-0, worker-1, worker-2 did not come within 12 s: the script has to open "
        "an xgboost.collective.CommunicatorContext in each worker; "
        "startTimeoutSeconds says how long to wait (exit code 1)"
    ), logs(server, run)
    assert left_of(run["runId"]) == []


def test_a_group_that_stands_may_take_long(server: RunningServer, learning_python: str) -> None:
    fields = {**WORKERS, "startTimeoutSeconds": 12}
    run = finish(server, TRAIN, learning_python, PATIENCE_S, arguments=["long"], **fields)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)


def test_one_worker_needs_no_tracker(server: RunningServer, learning_python: str) -> None:
    script = "import os, xgboost; print('DMLC_TRACKER_URI' in os.environ)"
    run = finish(server, script, learning_python, framework="XGBoost")
    assert logs(server, run) == {"main-0": "False\n"}


def test_master_and_worker_of_submarine(
    server: RunningServer, learning_python: str, tmp_path: Path
) -> None:
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(MASTER + TRAIN))
    roles: dict[str, Any] = {"Master": {}, "Worker": {}}
    run_id = create(server, spec(f"{learning_python} {script}", roles, "XGBoost"))
    run = server.wait_for_end(run_id, PATIENCE_S)
    told = logs(server, run)
    assert (run["status"], run["error"]) == ("Completed", None), told
    last = {text.strip().rpartition("\n")[2] for text in told.values()}
    assert told.keys() == {"master-0", "worker-0"}
    assert len(last) == 1
    assert last.pop().startswith("error 0.30")
