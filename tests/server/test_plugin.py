"""The documentation's example plug-in: built, installed, tested by its own tests, and used."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uv
from servers import RunningServer

from jupyter_exec.client.frameworks import framework_section
from jupyter_exec.errors import Fault, InvalidRequest
from jupyter_exec.magics.submit import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "notebooks" / "plugins.md"
NAMES = ("pyproject.toml", "jupyter_exec_shards.py", "test_shards.py")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as the page has it."""
    folder = tmp_path_factory.mktemp("package")
    blocks = re.findall(r"```(?:toml|python)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for name, text in zip(NAMES, blocks, strict=True):
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH with the package that was built from it."""
    folder = tmp_path_factory.mktemp("installed")
    install = [uv.find_uv_bin(), "pip", "install", "-q", "--no-deps", "--target", str(folder)]
    subprocess.run([*install, str(package)], check=True)
    broken = folder / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[jupyter_exec.launchers]\nbroken = no_such:Broken\n")
    return folder


@pytest.fixture(scope="module")
def server(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("server"), env={"PYTHONPATH": str(installed)})
    yield running
    running.close()


def test_it_keeps_the_contract(package: Path, installed: Path) -> None:
    command = [sys.executable, "-m", "pytest", "test_shards.py"]
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        command, cwd=package, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_run(server: RunningServer) -> None:
    (server.root_dir / "train.py").write_text(
        "import os\nprint(os.environ['SHARD'], 'of', os.environ['SHARDS'])\n"
    )
    configuration = {"framework": "Shards", "script": "train.py", "nodeCount": 3}
    body = {"definition": {"configuration": configuration}, "source": {"path": "train.py"}}
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run = server.wait_for_end(answer.json()["runId"])
    assert (run["status"], run["error"]) == ("Completed", None)
    said = [server.log(run["runId"], f"shard-{index}.txt") for index in range(3)]
    assert said == [f"{index} of 3\n" for index in range(3)]


def test_it_is_among_the_frameworks(server: RunningServer) -> None:
    frameworks = server.client.get("jupyter-exec/v1/targets").json()["frameworks"]
    *ours, last = frameworks
    # The one that cannot be loaded is not there, and hides no other.
    assert last == {"name": "shards", "communicators": [{"name": "None", "counts": ["nodeCount"]}]}
    table = {
        framework["name"]: {each["name"]: each["counts"] for each in framework["communicators"]}
        for framework in ours
    }
    assert sorted(table) == ["Cntk", "PySpark", "PyTorch", "Python", "TensorFlow", "XGBoost"]
    ranks = ["nodeCount", "mpi.processCountPerNode"]
    assert table["Python"] == {"None": [], "Mpi": ranks}
    assert table["XGBoost"] == {"None": ranks}
    assert list(table["PyTorch"]) == ["None", "Gloo", "Nccl", "Mpi"]
    assert table["PyTorch"]["Gloo"] == ["nodeCount", "pyTorch.processCount"]
    assert table["TensorFlow"]["ParameterServer"][0] == "tensorflow.workerCount"


def test_its_faults_are_answered(server: RunningServer) -> None:
    configuration = {"framework": "shards", "command": "true", "communicator": "Gloo"}
    answer = server.client.post(
        "jupyter-exec/v1/runs", json={"definition": {"configuration": configuration}}
    )
    assert answer.status_code == 400
    assert "allowed: None" in answer.json()["error"]["message"]
    unknown = {"definition": {"configuration": {"framework": "Fortran", "command": "true"}}}
    answer = server.client.post("jupyter-exec/v1/runs", json=unknown)
    assert answer.status_code == 400
    assert "shards" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("counts", "field", "said"),
    [
        (
            framework_section("shards", processes=3),
            "mpi.processCountPerNode",
            (
                "--processes: it says 3, and framework shards does not read it: set nodeCount "
                "(--nodes) instead, and leave this out"
            ),
        ),
        (
            {"framework": "shards", "nodeCount": 100_000},
            "nodeCount",
            "--nodes: 100000 processes are too many: a run has at most 500 together",
        ),
        (
            {"framework": "shards", "nodeCount": True},
            "nodeCount",
            "--nodes: true is not a number",
        ),
    ],
)
def test_counts_that_it_cannot_read_are_refused(
    server: RunningServer, counts: dict[str, Any], field: str, said: str
) -> None:
    configuration = {**counts, "command": "true"}
    body = {"definition": {"configuration": configuration}}
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    (fault,) = error.get("details") or [error]
    assert fault["target"] == f"definition.configuration.{field}"
    told = InvalidRequest.of([Fault(fault["target"], fault["message"])])
    assert explain(told) == said  # as the magics and the command line say it
