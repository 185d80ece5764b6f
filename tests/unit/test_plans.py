"""Plans of frameworks as values: one JSON file below `plans/` for each row of the table.

Each holds {"configuration", "addresses", "job", "replicaEnv"}: what is asked, where a target has
put the replicas that listen (`{"worker-0": "127.0.0.1:5000"}`), and what must come of it. The text
of programs that many plans have is written `{name}`. After a change that is meant,
`python tests/unit/test_plans.py` writes `job` and `replicaEnv` anew; read the difference.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_exec.launchers import mpi, ranks, spark_submit
from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.counts import count_faults
from jupyter_exec.launchers.elastic import AGENT
from jupyter_exec.launchers.xgboost import TRACKER
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address
from jupyter_exec.services.ways import Ways
from jupyter_exec.store.paths import DataPaths

PLANS = sorted((Path(__file__).parent / "plans").glob("*.json"))
PROGRAMS = {
    ranks.RANK: "{rank}",
    ranks.STARTER: "{starter}",
    mpi.MPIRUN: "{mpirun}",
    str(AGENT): "{torch_agent}/main.py",
    str(AGENT.parent): "{torch_agent}",
    str(TRACKER): "{xgboost_tracker}/main.py",
    str(TRACKER.parent): "{xgboost_tracker}",
    str(spark_submit.RUNNER): "{spark}",
    str(spark_submit.RUNNER.parent): "{spark folder}",
}
CONTEXT = LaunchContext(
    run_id="exp_1",
    work_dir="/runs/1/work",
    python="/env/bin/python",
    server_python="/server/bin/python",
    kernel=None,
    env={"AZUREML_RUN_ID": "exp_1", "JUPYTER_EXEC_TOKEN": "token"},
    log="/runs/1/logs/{}.txt",
    failed="/runs/1/attempts/1/failed.txt",
)

WAYS = Ways(DataPaths(Path("/data")), {})


def named(value: Any) -> Any:
    """Put the names of programs in the place of their text."""
    if isinstance(value, dict):
        return {name: named(member) for name, member in value.items()}
    if isinstance(value, list):
        return [named(member) for member in value]
    return PROGRAMS.get(value, value) if isinstance(value, str) else value


def planned(golden: dict[str, Any]) -> dict[str, Any]:
    """Return `job` and `replicaEnv` as they are now."""
    configuration = RunConfiguration.model_validate(golden["configuration"])
    launcher = WAYS.launcher(configuration)
    assert launcher.faults(configuration) + count_faults(configuration, launcher) == []
    job = launcher.plan(configuration, CONTEXT)
    assert job == launcher.plan(configuration, CONTEXT)
    assert launcher.need(configuration) == job.need()
    replicas = [(role.name, index) for role in job.roles for index in range(role.replicas)]
    addresses = {}
    for name, address in golden.get("addresses", {}).items():
        role, _, index = name.rpartition("-")
        host, _, port = address.rpartition(":")
        addresses[role, int(index)] = Address(host, int(port))
    listening = {role.name for role in job.roles if role.listens}
    assert addresses.keys() == {replica for replica in replicas if replica[0] in listening}
    told = {
        f"{role}-{index}": dict(launcher.replica_env(configuration, addresses, (role, index)))
        for role, index in replicas
    }
    result = {"job": job.as_json(), "replicaEnv": told}
    return dict(named(json.loads(json.dumps(result))))


@pytest.mark.parametrize("file", PLANS, ids=[file.stem for file in PLANS])
def test_plan(file: Path) -> None:
    golden = json.loads(file.read_text())
    assert planned(golden) == {name: golden[name] for name in ("job", "replicaEnv")}


def test_planning_is_quick() -> None:
    for file in PLANS:
        golden = json.loads(file.read_text())
        configuration = RunConfiguration.model_validate(golden["configuration"])
        launcher = WAYS.launcher(configuration)
        took_s = []
        for _ in range(5):
            began = time.perf_counter()
            launcher.plan(configuration, CONTEXT)
            took_s.append(time.perf_counter() - began)
        assert min(took_s) < 0.005, file.stem


def write() -> None:
    """Write what the launchers make of each configuration now."""
    for file in PLANS:
        golden = json.loads(file.read_text())
        file.write_text(json.dumps({**golden, **planned(golden)}, indent=2) + "\n")


if __name__ == "__main__":
    write()
