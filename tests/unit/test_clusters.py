"""Clusters of TensorFlow, workers of XGBoost: what is refused, and who decides."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.tensorflow import TensorFlowLauncher
from jupyter_exec.launchers.xgboost import XGBoostLauncher
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address

CONTEXT = LaunchContext("exp_1", "/runs/1/work", "/env/python", "/server/python", None, {})
TENSORFLOW, XGBOOST = TensorFlowLauncher(), XGBoostLauncher()


def configuration(**fields):
    return RunConfiguration.model_validate({"script": "train.py", **fields})


def cluster(workers=2, servers=1, **more):
    asked = {"workerCount": workers, "parameterServerCount": servers, **more}
    return configuration(communicator="ParameterServer", framework="TensorFlow", tensorflow=asked)


@pytest.mark.parametrize(
    ("launcher", "framework", "communicator", "allowed"),
    [
        (TENSORFLOW, "TensorFlow", "Nccl", "Mpi, None, ParameterServer"),
        (TENSORFLOW, "TensorFlow", "Gloo", "Mpi, None, ParameterServer"),
        (XGBOOST, "XGBoost", "Mpi", "None"),
        (XGBOOST, "XGBoost", "ParameterServer", "None"),
        (XGBOOST, "XGBoost", "Nope", "None"),
        (TENSORFLOW, "TensorFlow", "Nope", "Mpi, None, ParameterServer"),
    ],
)
def test_what_does_not_go_together(launcher, framework, communicator, allowed):
    (fault,) = launcher.faults(configuration(framework=framework, communicator=communicator))
    assert fault.target == "configuration.communicator"
    assert fault.message.endswith(f"allowed: {allowed}")


@pytest.mark.parametrize(
    ("launcher", "asked", "field"),
    [
        (TENSORFLOW, cluster(498, 1), None),
        (TENSORFLOW, cluster(499, 1), "configuration.tensorflow.workerCount"),
        (
            TENSORFLOW,
            cluster(1, 100_000, chief=False),
            "configuration.tensorflow.parameterServerCount",
        ),
        (XGBOOST, configuration(nodeCount=501), "configuration.nodeCount"),
        (
            XGBOOST,
            configuration(nodeCount=2, mpi={"processCountPerNode": 251}),
            "configuration.mpi.processCountPerNode",
        ),
    ],
)
def test_at_most_500_processes(launcher, asked, field):
    assert [fault.target for fault in launcher.faults(asked)] == ([field] if field else [])


def test_a_cluster_needs_a_script():
    asked = cluster().model_copy(update={"script": None})
    assert [fault.target for fault in TENSORFLOW.faults(asked)] == ["configuration.script"]


@pytest.mark.parametrize(
    ("servers", "chief", "roles", "deciders"),
    [
        (1, None, ["chief", "worker", "ps"], {("chief", 0)}),
        (1, False, ["worker", "ps"], {("worker", 0), ("worker", 1)}),
        (0, None, ["worker"], {("worker", 0), ("worker", 1)}),
        (0, True, ["chief", "worker"], {("chief", 0), ("worker", 0), ("worker", 1)}),
    ],
)
def test_who_decides(servers, chief, roles, deciders):
    job = TENSORFLOW.plan(cluster(2, servers, chief=chief), CONTEXT)
    assert [role.name for role in job.roles] == roles
    assert job.deciders == deciders
    # The chief of servers is the one who waits, not one who is waited for.
    assert [role.serves for role in job.roles] == [
        role != "chief" or servers == 0 for role in roles
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"arguments": ["--index=$AZ_BATCHAI_TASK_INDEX", "it's $HOME", ""]},
            ["-u", "train.py", "--index=7", "it's $HOME", ""],
        ),
        (
            {"arguments": ["${AZ_BATCHAI_PS_HOSTS}/$AZ_BATCHAI_TASK_INDEX$AZ_BATCHAI_OTHER"]},
            ["-u", "train.py", "a b/7$AZ_BATCHAI_OTHER"],
        ),
        ({"arguments": ["$AZ_BATCHAI_OTHER"]}, ["-u", "train.py", "$AZ_BATCHAI_OTHER"]),
    ],
)
def test_arguments_that_each_replica_fills_in(fields, expected):
    asked = cluster().model_copy(update=fields)
    context = replace(CONTEXT, python="/bin/echo")
    command = TENSORFLOW.plan(asked, context).roles[0].command
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    python = shlex.join([sys.executable, "-c", show])
    env = {"AZ_BATCHAI_TASK_INDEX": "7", "AZ_BATCHAI_PS_HOSTS": "a b"}
    if command[0] == "/bin/sh":
        command = (*command[:2], command[2].replace("/bin/echo", python))
    else:
        command = (sys.executable, "-c", show, *command[1:])
    shown = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    assert json.loads(shown) == expected


def test_a_line_for_the_shell_is_left_alone():
    asked = cluster().model_copy(update={"command": "echo $AZ_BATCHAI_TASK_INDEX"})
    command = TENSORFLOW.plan(asked, CONTEXT).roles[0].command
    assert command == ("/bin/bash", "-c", "echo $AZ_BATCHAI_TASK_INDEX")


def test_a_tracker_sorts_the_names_of_tasks_as_text():
    asked = configuration(framework="XGBoost", nodeCount=11)
    addresses = {("tracker", 0): Address("h", 7)}
    told = [XGBOOST.replica_env(asked, addresses, ("worker", rank)) for rank in range(11)]
    tasks = [one["DMLC_TASK_ID"] for one in told]
    assert tasks == sorted(tasks)
    assert [int(task) for task in tasks] == [int(one["RANK"]) for one in told] == list(range(11))


def test_tf_config_of_a_worker():
    addresses = {(role, 0): Address("h", port) for port, role in enumerate(("chief", "worker"))}
    asked = cluster(1, 0, chief=True)
    told = TENSORFLOW.replica_env(asked, addresses, ("worker", 0))
    assert json.loads(told["TF_CONFIG"]) == {
        "cluster": {"chief": ["h:0"], "worker": ["h:1"]},
        "task": {"type": "worker", "index": 0},
        "environment": "cloud",
    }
    assert told["AZ_BATCHAI_PS_HOSTS"] == ""
