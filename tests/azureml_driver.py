"""Runs in azureml-core's own environment: submits one run, and cancels it where asked.

    driver.py startrun|snapshotrun|local FOLDER [cancel], with AZ_BASE, AZ_TOKEN, AZ_SIDE set

Everything that points azureml-core to our server is in its own environment variables.
Prints {"runId": ...}.
"""

import json
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
BASE, TOKEN, SIDE = (os.environ[name] for name in ("AZ_BASE", "AZ_TOKEN", "AZ_SIDE"))
MODE, FOLDER = sys.argv[1:3]
tempfile.tempdir = os.environ["HOME"]  # local runs live in <tempdir>/azureml_runs/<run id>
os.environ["AZUREML_DEV_URL_EXECUTION"] = BASE.rstrip("/")
os.environ["AZUREML_SERVICE_ENDPOINT"] = SIDE
os.environ["AZUREML_DISCOVERY_SERVICE_ENDPOINT"] = SIDE + "/discovery"
if MODE == "startrun":
    os.environ["AML_FORCE_EXECUTE_WITH_ZIP"] = "1"

from azureml.core import Experiment, RunConfiguration, ScriptRunConfig, Workspace  # noqa: E402
from azureml.core.authentication import ArmTokenAuthentication  # noqa: E402

workspace = Workspace(
    "00000000-0000-0000-0000-000000000001",
    "rg",
    "ws",
    auth=ArmTokenAuthentication(TOKEN, cloud="AzureCloud"),
    _disable_service_check=True,
    _workspace_id="any",
)
config = RunConfiguration()
config.target = "local" if MODE == "local" else "cpu-cluster"
config.environment.python.user_managed_dependencies = True
config.environment.python.interpreter_path = "python3"
config.history.snapshot_project = MODE != "snapshotrun"
what = {"script": "train.py", "arguments": ["--n", 3]}
if MODE == "snapshotrun":  # without a snapshot only a command makes sense
    what = {"command": ["echo", "from azureml-core;", "sleep", os.environ.get("AZ_SLEEP", "0")]}
run = Experiment(workspace, "smoke").submit(ScriptRunConfig(FOLDER, run_config=config, **what))
print(json.dumps({"runId": run.id}), flush=True)
if sys.argv[3:] == ["cancel"]:
    sys.stdin.readline()  # the test says when
    run.cancel()
    print(json.dumps({"cancelled": run.id}), flush=True)
