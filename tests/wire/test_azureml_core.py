"""The real azureml-core 1.61, unmodified, pointed to our server by its environment variables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure_requests import SCRIPT
from client_environments import make_client
from needs import need

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import RunningServer

VERSION = "1.61.0"
PYTHONS = ("python3.10", "python3.9", "python3.8")  # it has no wheels for later ones
DRIVER = Path(__file__).parents[1] / "azureml_driver.py"
PAGE = Path(__file__).parents[2] / "notebooks" / "rest-clients.md"


def find_python() -> str:
    """Return a Python that azureml-core works with, or skip the test."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [shutil.which(name) for name in PYTHONS]
    candidates += [str(path) for name in PYTHONS for path in pyenv.glob(f"*/bin/{name}")]
    for path in filter(None, candidates):  # one on PATH may be a shim that does not start
        check = [path, "-c", "import ensurepip, venv"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return path
    return need("a Python 3.8 to 3.10 with venv", "pyenv install 3.10, or uv python install 3.10")


@pytest.fixture(scope="session")
def client_python() -> str:
    """The interpreter of an environment with azureml-core."""
    packages = [f"azureml-core=={VERSION}", "setuptools<81"]
    return make_client(f"azureml-core-{VERSION}", find_python(), [packages])


def environment(server: RunningServer, home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a client, whose home is a new folder: it keeps what it is told."""
    home.mkdir()
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "JUPYTER_URL": server.url.rstrip("/"),
        "JUPYTER_TOKEN": server.token,
        **more,
    }


def drive(
    python: str, server: RunningServer, home: Path, mode: str, *arguments: str, **more: str
) -> subprocess.Popen[str]:
    discovery = f"{server.url}jupyter-exec/v1/azureml/discovery?token={server.token}"
    pointing = {"AZUREML_DISCOVERY_SERVICE_ENDPOINT": discovery}
    if mode == "startrun":
        pointing["AML_FORCE_EXECUTE_WITH_ZIP"] = "1"
    return subprocess.Popen(
        [python, str(DRIVER), mode, *arguments],
        env=environment(server, home, **pointing, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "pkg").mkdir(parents=True)
    (folder / "pkg" / "a.txt").write_text("kept")
    (folder / "train.py").write_text(SCRIPT)
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["startrun", "snapshotrun", "local"])
def test_client_and_our_api_tell_the_same(
    azure: RunningServer, client_python: str, tmp_path: Path, project: Path, mode: str
) -> None:
    client = drive(client_python, azure, tmp_path / "home", mode, str(project), "wait")
    out, err = client.communicate(timeout=120)
    assert client.returncode == 0, err
    submitted, told = (json.loads(line) for line in out.splitlines()[-2:])
    run = azure.run(submitted["runId"])
    assert (run["status"], run["experiment"], run["error"]) == ("Completed", "smoke", None)
    assert run["tags"] == told["tags"] == {"kind": "smoke"}
    assert told["status"] == "Completed"
    assert told["number"] >= 1
    details = told["details"]
    assert (details["runId"], details["target"]) == (run["runId"], run["target"])
    assert details["properties"].get("ContentSnapshotId") == run["snapshotId"]
    assert details["runDefinition"] == run["definition"]
    for ours, theirs in (("startedAt", "startTimeUtc"), ("endedAt", "endTimeUtc")):
        assert details[theirs].rstrip("Z")[:23] == run[ours].rstrip("Z")
    if mode != "snapshotrun":
        assert "arguments ['--n', '3']" in azure.log(run["runId"])
        outputs = azure.client.get(f"jupyter-exec/v1/runs/{run['runId']}/outputs/x.txt")
        assert outputs.text == "kept"


@pytest.mark.timeout(600)
def test_failure_reaches_the_client(
    azure: RunningServer, client_python: str, tmp_path: Path, project: Path
) -> None:
    (project / "train.py").write_text("import sys\nsys.exit('no data')\n")
    client = drive(client_python, azure, tmp_path / "home", "startrun", str(project), "wait")
    out, err = client.communicate(timeout=120)
    assert client.returncode == 0, err
    submitted, told = (json.loads(line) for line in out.splitlines()[-2:])
    run = azure.run(submitted["runId"])
    assert told["status"] == run["status"] == "Failed"
    error = told["details"]["error"]["error"]
    assert {name: error[name] for name in ("code", "message")} == run["error"]


@pytest.mark.timeout(600)
def test_project_without_zip_is_refused_with_the_remedy(
    azure: RunningServer, client_python: str, tmp_path: Path, project: Path
) -> None:
    """A snapshot would have to go to a blob store; the client is told what to set instead."""
    client = drive(client_python, azure, tmp_path / "home", "upload", str(project), "wait")
    _, err = client.communicate(timeout=120)
    assert client.returncode != 0
    assert "AML_FORCE_EXECUTE_WITH_ZIP=1" in err


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["startrun", "snapshotrun", "local"])
def test_cancel_of_the_client(
    azure: RunningServer, client_python: str, tmp_path: Path, project: Path, mode: str
) -> None:
    (project / "train.py").write_text(
        "import time\nprint('from azureml-core', flush=True)\ntime.sleep(600)\n"
    )
    arguments = (mode, str(project), "cancel")
    client = drive(client_python, azure, tmp_path / "home", *arguments, AZ_SLEEP="600")
    assert client.stdin
    assert client.stdout
    said = client.stdout.readline()
    assert said, client.communicate()[1]
    run_id = json.loads(said)["runId"]
    azure.wait_for_status(run_id, "Running")
    out, err = client.communicate("now\n", timeout=60)
    assert client.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["status"] in {
        "CancelRequested",
        "Finalizing",
        "Canceled",
    }
    run = azure.wait_for_status(run_id, "Canceled", 30)
    assert run["endedAt"]


@pytest.mark.timeout(600)
def test_the_page(
    make_server: Callable[..., RunningServer], client_python: str, tmp_path: Path, project: Path
) -> None:
    """The section of notebooks/rest-clients.md, as it stands there, on a server below a path."""
    section = PAGE.read_text().partition("\n## azureml-core\n")[2].partition("\n## ")[0]
    (pointing,) = re.findall(r"((?:^    export A.*\n)+)", section, re.MULTILINE)
    settings, script = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    targets = re.search(r"= (\{.*\})", settings)
    assert targets
    config = {"ExecApp": {"compute_targets": json.loads(targets[1])}}
    server = make_server(base_url="/user/somebody/", config=config)
    (project / "train.py").write_text("print('on the server')\n")
    done = subprocess.run(
        ["bash", "-euc", f'{pointing}\n"$0" -c "$1"', client_python, script],
        env=environment(server, tmp_path / "home"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (run,) = server.runs()
    assert "Completed" in done.stdout
    assert "on the server" in server.log(run["runId"])
