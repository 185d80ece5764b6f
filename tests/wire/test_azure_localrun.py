"""`startlocalrun` and `localrun`: the zip is extracted and started as azureml-core does it."""

from __future__ import annotations

import ast
import io
import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure_requests import SCRIPT, address, disposition, golden, multipart, targets_of, zipped

if TYPE_CHECKING:
    from servers import RunningServer

SETUP = ("Invocation.sh", "Invocation.bat", "runner.py", "link.py", "run.json")
WAIT = "import time\nprint('waiting', flush=True)\ntime.sleep(600)\n"


@dataclass
class LocalRun:
    """A zip that was extracted over a project, as azureml-core does it."""

    run_id: str
    folder: Path

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def change(self, **values: Any) -> None:
        path = self.folder / "azureml-setup" / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    def invoke(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Start it in azureml-core's words; returns at once unless `--wait` is an argument."""
        script = self.folder / "azureml-setup" / "Invocation.sh"
        script.chmod(0o755)
        return subprocess.run(
            ["/bin/bash", "-c", " ".join([str(script), *arguments])],
            cwd=self.folder,
            env={**os.environ, "JUPYTER_TOKEN": "server's", "JPY_API_TOKEN": "hub's", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self) -> str:
        path = self.folder / "azureml-logs" / "70_driver_log.txt"
        return path.read_text() if path.exists() else ""

    def wait_for_file(self, name: str, text: str = "") -> str:
        """Return the content of a file when it holds a text (no server tells of it)."""
        path = self.folder / name
        for _ in range(600):
            if path.exists() and text in path.read_text():
                return path.read_text()
            time.sleep(0.05)
        message = f"{name} did not come, or not with {text!r}; the log: {self.log()}"
        raise AssertionError(message)


def definition(**configuration: Any) -> dict[str, Any]:
    said = golden("azureml-core-1.61-localrun")
    said["Configuration"] |= configuration
    return said


def start(
    server: RunningServer,
    folder: Path,
    asked: dict[str, Any],
    project: dict[str, str] | None = None,
) -> LocalRun:
    answer = server.client.post(address("startlocalrun"), json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/octet-stream"
    run = LocalRun(answer.headers["X-Run-Id"], folder)
    for name, text in (project or {}).items():
        run.write(name, text)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {f"azureml-setup/{name}" for name in SETUP} <= set(archive.namelist())
        mode = archive.getinfo("azureml-setup/run.json").external_attr >> 16
        assert stat.S_IMODE(mode) == 0o600
        archive.extractall(folder)
    return run


def test_whole_life(azure: RunningServer, tmp_path: Path) -> None:
    script = SCRIPT + (
        "import json, time\n"
        "with open(os.environ['JUPYTER_EXEC_METRICS'], 'a') as f:\n"
        "    print(json.dumps({'metric': 'loss', 'value': 0.5, 'step': 1}), file=f)\n"
        "    print(json.dumps({'progress': {'done': 1, 'total': 2, 'label': 'half'}}), file=f)\n"
        "print('secrets', [n for n in os.environ if 'JPY' in n or n == 'JUPYTER_TOKEN'])\n"
        "open('logs/more.txt', 'w').write('watched')\n"
        "os.makedirs('outputs/sub dir')\nopen('outputs/sub dir/empty é', 'w')\n"
    )
    run = start(azure, tmp_path, definition(), {"train.py": script, "pkg/a.txt": "kept"})
    before = azure.run(run.run_id)
    assert (before["status"], before["snapshotId"]) == ("NotStarted", None)
    done = run.invoke()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    ended = azure.wait_for_end(run.run_id)
    assert (ended["status"], ended["exitCode"], ended["error"]) == ("Completed", 0, None)
    assert ended["startedAt"]
    assert ended["progress"] == {"done": 1.0, "total": 2.0, "label": "half"}
    assert azure.log(run.run_id) == run.log()
    assert "arguments ['--n', '3']\nvariable EXAMPLE_VALUE exp1" in run.log()
    assert "secrets []" in run.log()
    folder = f"jupyter-exec/v1/runs/{run.run_id}"
    outputs = azure.client.get(f"{folder}/outputs").json()["outputs"]
    assert [entry["path"] for entry in outputs] == ["logs/more.txt", "sub dir/empty é", "x.txt"]
    assert azure.client.get(f"{folder}/outputs/x.txt").text == "kept"
    metrics = azure.client.get(f"{folder}/metrics").json()["metrics"]
    assert [(point["value"], point["step"]) for point in metrics["loss"]] == [(0.5, 1.0)]
    seen = [event["status"] for event in azure.events(run.run_id, 5) if "status" in event]
    assert seen == ["NotStarted", "Running", "Finalizing", "Completed"]
    assert stat.S_IMODE((tmp_path / "azureml-setup" / "run.json").stat().st_mode) == 0o600


def test_project_of_a_snapshot_comes_along(azure: RunningServer, tmp_path: Path) -> None:
    posted = azure.client.post("jupyter-exec/v1/snapshots", content=zipped())
    asked = definition() | {"SnapshotId": posted.json()["snapshotId"]}
    run = start(azure, tmp_path, asked)
    assert run.invoke("--wait").returncode == 0
    assert azure.run(run.run_id)["status"] == "Completed"
    assert (tmp_path / "outputs" / "x.txt").read_text() == "kept"


def test_azureml_core_sends_two_parts(azure: RunningServer, tmp_path: Path) -> None:
    asked = json.dumps(definition(command="echo two parts", script=None, arguments=[])).encode()
    parts = [
        (disposition("files", "definition.json"), asked),
        (disposition("files", "aml_config.zip"), zipped({".azureml/": None})),
    ]
    for sent in (parts, [*parts[:1], (parts[1][0], b"")]):  # the retry's second part is empty
        content, headers = multipart(sent)
        answer = azure.client.post(
            address("localrun"), params={"runId": "two_parts"}, content=content, headers=headers
        )
        assert answer.status_code == 200, answer.text
    zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
    run = LocalRun("two_parts", tmp_path)
    assert run.invoke("--wait").returncode == 0
    assert azure.log("two_parts") == "two parts\n"
    content, headers = multipart(parts)
    again = azure.client.post(
        address("localrun"), params={"runId": "two_parts"}, content=content, headers=headers
    )
    assert (again.status_code, targets_of(again)) == (409, ["runId"])


FAILURES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "exit code": (
        {},
        "import no_such_module\n",
        "ExitCode",
        "ModuleNotFoundError: No module named 'no_such_module' (exit code 1)",
    ),
    "signal": ({}, "import os\nos.kill(os.getpid(), 9)\n", "Signal", "SIGKILL"),
    "time limit": ({"maxRunDurationSeconds": 1}, WAIT, "TimeLimit", "maxRunDurationSeconds = 1"),
    "no script": ({"script": "other.py"}, "", "ScriptMissing", "other.py is not in"),
}


@pytest.mark.parametrize("case", sorted(FAILURES))
def test_failures_name_their_cause(azure: RunningServer, tmp_path: Path, case: str) -> None:
    configuration, script, code, words = FAILURES[case]
    run = start(azure, tmp_path, definition(**configuration), {"train.py": script})
    assert run.invoke("--wait").returncode == 1
    ended = azure.run(run.run_id)
    assert (ended["status"], ended["error"]["code"]) == ("Failed", code)
    assert words in ended["error"]["message"]
    assert ended["endedAt"]


def test_interpreter_that_is_not_there(azure: RunningServer, tmp_path: Path) -> None:
    asked = definition()
    asked["Configuration"]["environment"]["python"]["interpreterPath"] = "/no such/it's $(python)"
    run = start(azure, tmp_path, asked, {"train.py": ""})
    run.invoke("--wait")
    error = azure.run(run.run_id)["error"]
    assert error["code"] == "InterpreterMissing"
    assert "interpreterPath: /no such/it's $(python)" in error["message"]


def test_no_python_at_all_is_said_in_the_log(azure: RunningServer, tmp_path: Path) -> None:
    run = start(azure, tmp_path / "run", definition(), {"train.py": ""})
    for name in ("dirname", "mkdir", "chmod", "tee"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    assert run.invoke("--wait", PATH=str(tmp_path)).returncode == 127
    assert "there is no Python 3.6 or later here" in run.log()


def test_cancel_ends_all_that_was_started(azure: RunningServer, tmp_path: Path) -> None:
    script = (
        "import subprocess, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\nprint('child', child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    run = start(azure, tmp_path, definition(), {"train.py": script})
    run.change(graceS=0.5)
    run.invoke()
    child = int(run.wait_for_file("azureml-logs/70_driver_log.txt", "\n").split()[1])
    azure.wait_for_status(run.run_id, "Running")
    answer = azure.client.post(address(f"runId/{run.run_id}/cancel"))
    assert answer.json() == {"runId": run.run_id}
    ended = azure.wait_for_status(run.run_id, "Canceled", 15)
    assert ended["endedAt"]
    assert not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text()


def test_cancelled_before_it_started_never_runs(azure: RunningServer, tmp_path: Path) -> None:
    run = start(azure, tmp_path, definition(), {"train.py": "open('ran', 'w')"})
    azure.client.post(address(f"runId/{run.run_id}/cancel"))
    assert azure.run(run.run_id)["status"] == "Canceled"
    assert run.invoke("--wait").returncode == 1
    assert not (tmp_path / "ran").exists()


def test_killfile(azure: RunningServer, tmp_path: Path) -> None:
    run = start(azure, tmp_path, definition(), {"train.py": WAIT})
    run.invoke()
    run.wait_for_file("azureml-logs/70_driver_log.txt", "waiting")
    run.write("azureml-setup/killfile", run.run_id)
    azure.wait_for_status(run.run_id, "Canceled", 15)
    assert json.loads(run.wait_for_file("azureml-setup/status.json", "}"))["status"] == "Canceled"


def test_runs_all_the_same_without_the_server(azure: RunningServer, tmp_path: Path) -> None:
    run = start(azure, tmp_path, definition(), {"train.py": SCRIPT, "pkg/a.txt": "kept"})
    run.change(reportUrl="http://127.0.0.1:9/nobody", patienceS=1)
    assert run.invoke("--wait").returncode == 0
    assert (tmp_path / "outputs" / "x.txt").read_text() == "kept"
    assert json.loads((tmp_path / "azureml-setup" / "status.json").read_text())["exitCode"] == 0
    assert "arguments ['--n', '3']" in run.log()


@pytest.mark.parametrize("name", ["runner.py", "link.py"])
def test_what_travels_is_python_3_6(name: str) -> None:
    text = (resources.files("jupyter_exec.services.localrun") / name).read_text()
    tree = ast.parse(text, feature_version=(3, 6))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imported <= sys.stdlib_module_names


def test_second_start_is_refused(azure: RunningServer, tmp_path: Path) -> None:
    run = start(azure, tmp_path, definition(), {"train.py": "print('once')"})
    assert run.invoke("--wait").returncode == 0
    again = run.invoke("--wait")
    assert (again.returncode, "was started here already" in again.stderr) == (1, True)
    assert run.log() == "once\n"


def test_a_local_run_has_no_datastores(azure: RunningServer) -> None:
    reference = {"dataStoreName": "workspaceblobstore", "mode": "Download"}
    asked = definition(dataReferences={"x": reference})
    answer = azure.client.post(address("startlocalrun"), json=asked)
    assert (answer.status_code, targets_of(answer)) == (400, ["configuration.dataReferences"])
    assert "put the files beside the script" in answer.text
