"""Runs in azureml-core's own environment: submits one run, and waits for it or cancels it.

    driver.py startrun|snapshotrun|local|upload FOLDER wait|cancel, with JUPYTER_TOKEN set

Everything that points azureml-core to our server is in its own environment variables. Prints one
JSON object a line: {"runId": ...}, then what the client says of the run.
"""

import json
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
MODE, FOLDER, END = sys.argv[1:4]
tempfile.tempdir = os.environ["HOME"]  # local runs live in <tempdir>/azureml_runs/<run id>

from azureml.core import Experiment, Run, RunConfiguration, ScriptRunConfig, Workspace  # noqa: E402
from azureml.core.authentication import ArmTokenAuthentication  # noqa: E402


def say(**values):
    print(json.dumps(values), flush=True)


workspace = Workspace(
    "00000000-0000-0000-0000-000000000001",
    "rg",
    "ws",
    auth=ArmTokenAuthentication(os.environ["JUPYTER_TOKEN"], cloud="AzureCloud"),
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
experiment = Experiment(workspace, "smoke")
run = experiment.submit(ScriptRunConfig(FOLDER, run_config=config, **what))
say(runId=run.id)
if END == "cancel":
    sys.stdin.readline()  # the test says when
    run.cancel()
    say(cancelled=run.id, status=run.get_status())
else:
    Run._WAIT_COMPLETION_POLLING_INTERVAL_MIN = 0.2  # 2 s by itself
    details = run.wait_for_completion(raise_on_error=False)
    run.tag("kind", "smoke")
    again = Run(experiment, run.id)
    say(status=again.get_status(), tags=again.get_tags(), number=again.number, details=details)
