"""The real azureml-core 1.61, unmodified, pointed to our server by its environment variables."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure_requests import SCRIPT
from azureml_side import Side
from needs import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import RunningServer

VERSION = "1.61.0"
PYTHONS = ("python3.10", "python3.9", "python3.8")  # it has no wheels for later ones
DRIVER = Path(__file__).parents[1] / "azureml_driver.py"


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
    """The interpreter of an environment with azureml-core; made once per machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter_exec-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"azureml-core-{VERSION}"
    with (cache / "azureml-core.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            build(folder, find_python())
    return str(folder / "bin" / "python")


def build(folder: Path, python: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, f"azureml-core=={VERSION}", "setuptools<81"], check=True)
    (folder / "complete").touch()


@pytest.fixture
def side(azure: RunningServer) -> Iterator[Side]:
    running = Side(azure.url.rstrip("/"))
    yield running
    running.close()


def drive(
    python: str, server: RunningServer, side: Side, home: Path, *arguments: str, **env: str
) -> subprocess.Popen[str]:
    home.mkdir()
    return subprocess.Popen(
        [python, str(DRIVER), *arguments],
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(home),
            "AZ_BASE": server.url,
            "AZ_TOKEN": server.token,
            "AZ_SIDE": side.url,
            **env,
        },
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
@pytest.mark.parametrize("mode", ["startrun", "local"])
def test_submitted_script_is_followed_by_our_api(
    azure: RunningServer, side: Side, client_python: str, tmp_path: Path, project: Path, mode: str
) -> None:
    client = drive(client_python, azure, side, tmp_path / "home", mode, str(project))
    out, err = client.communicate(timeout=120)
    assert client.returncode == 0, err
    run_id = json.loads(out.splitlines()[-1])["runId"]
    run = azure.wait_for_end(run_id)
    assert (run["status"], run["experiment"], run["error"]) == ("Completed", "smoke", None)
    assert "arguments ['--n', '3']" in azure.log(run_id)
    outputs = azure.client.get(f"jupyter-exec/v1/runs/{run_id}/outputs/x.txt")
    assert outputs.text == "kept"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mode", ["startrun", "snapshotrun", "local"])
def test_cancel_of_the_client(
    azure: RunningServer, side: Side, client_python: str, tmp_path: Path, project: Path, mode: str
) -> None:
    (project / "train.py").write_text(
        "import time\nprint('from azureml-core', flush=True)\ntime.sleep(600)\n"
    )
    arguments = (mode, str(project), "cancel")
    client = drive(client_python, azure, side, tmp_path / "home", *arguments, AZ_SLEEP="600")
    assert client.stdin
    assert client.stdout
    said = client.stdout.readline()
    assert said, client.communicate()[1]
    run_id = json.loads(said)["runId"]
    azure.wait_for_status(run_id, "Running")
    _, err = client.communicate("now\n", timeout=60)
    assert client.returncode == 0, err
    run = azure.wait_for_status(run_id, "Canceled", 30)
    assert run["endedAt"]
