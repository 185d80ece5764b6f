"""What travels with runs: it starts with Python 3.6 and needs nothing but what is beside it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import jupyter_exec

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(jupyter_exec.__file__).parent
SHIM = sorted(ROOT.glob("targets/shim/*.py"))
LOCAL_RUNNER = [ROOT / "services/localrun/link.py", ROOT / "services/localrun/runner.py"]
NOTEBOOK_RUNNER = sorted(ROOT.glob("launchers/notebook_runner/*.py"))
TORCH_AGENT = sorted(ROOT.glob("launchers/torch_agent/*.py"))
XGBOOST_TRACKER = sorted(ROOT.glob("launchers/xgboost_tracker/*.py"))
SPARK_RUNNER = sorted(ROOT.glob("launchers/spark_runner/*.py"))
OLD_PYTHON = [
    ROOT / "current_run.py",
    *SHIM,
    *SPARK_RUNNER,
    *LOCAL_RUNNER,
    ROOT / "launchers/notebook_runner/boot.py",
]

NEWER_THAN_36 = {"contextvars", "dataclasses", "graphlib", "tomllib", "zoneinfo"}
NEEDS = {
    "boot.py": {"ipykernel"},
    "runner.py": {"link"},  # beside it in the zip
}
NOTEBOOK_NEEDS = {
    "ipykernel",
    "jupyter_client",
    "jupyter_core",
    "nbclient",
    "nbformat",
    "papermill",
    "zmq",
}
FOLDERS = {"jupyter_exec.launchers.notebook_runner", "jupyter_exec.targets.shim"}


def path_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    """Names of all imported modules; those that only a type checker imports are among them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module or ""


def strangers(file: Path) -> set[str]:
    """What a file imports that is neither of the standard library nor in its own folder."""
    own = FOLDERS & {".".join(("jupyter_exec", *file.relative_to(ROOT).parent.parts))}
    return {
        name.split(".")[0]
        for name in imported(ast.parse(file.read_bytes()))
        if not own & {name, name.rpartition(".")[0]}
        and name.split(".")[0] not in sys.stdlib_module_names
    }


def test_there_is_something_to_look_at() -> None:
    assert {"main.py", "protocol.py", "proctree.py"} <= {file.name for file in SHIM}
    assert {"main.py", "nothing.py"} <= {file.name for file in SPARK_RUNNER}
    assert {"main.py", "session.py", "boot.py"} <= {file.name for file in NOTEBOOK_RUNNER}
    assert "main.py" in {file.name for file in TORCH_AGENT}
    assert "main.py" in {file.name for file in XGBOOST_TRACKER}


@pytest.mark.parametrize("file", OLD_PYTHON, ids=path_of)
def test_python_36_understands_it(file: Path) -> None:
    tree = ast.parse(file.read_bytes(), feature_version=(3, 6))
    names = {name.split(".")[0] for name in imported(tree)}
    assert not names & NEWER_THAN_36
    assert "__future__" not in names  # `annotations` came with 3.7


@pytest.mark.parametrize("file", OLD_PYTHON, ids=path_of)
def test_it_needs_the_standard_library_only(file: Path) -> None:
    assert strangers(file) == NEEDS.get(file.name, set())


@pytest.mark.parametrize("file", NOTEBOOK_RUNNER, ids=path_of)
def test_the_notebook_runner_needs_the_notebook_libraries_only(file: Path) -> None:
    assert strangers(file) <= NOTEBOOK_NEEDS


@pytest.mark.parametrize("file", TORCH_AGENT, ids=path_of)
def test_the_torch_agent_needs_torch_only(file: Path) -> None:
    ast.parse(file.read_bytes(), feature_version=(3, 8))
    assert strangers(file) <= {"torch"}


@pytest.mark.parametrize("file", XGBOOST_TRACKER, ids=path_of)
def test_the_tracker_needs_xgboost_only(file: Path) -> None:
    ast.parse(file.read_bytes(), feature_version=(3, 8))
    assert strangers(file) <= {"xgboost"}
