from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

FUNCTION = """
import pytest
from needs import need

def test_needs():
    need("no-such-program", "apt-get install no-such-package")

@pytest.mark.xfail
def test_expected_failure():
    assert False
"""
MODULE = "import pytest; pytest.importorskip('no_such_module')"


def run_pytest(folder: Path, source: str, require_all: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((TESTS / "conftest.py").read_text())
    (folder / "test_it.py").write_text(source)
    env = {
        **os.environ,
        "JUPYTER_EXEC_REQUIRE_ALL": require_all,
        "PYTEST_ADDOPTS": "",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(TESTS),
    }
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--rootdir", "."]
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("source", [FUNCTION, MODULE])
def test_a_skip_is_a_skip(tmp_path, source):
    result = run_pytest(tmp_path, source, "0")
    assert result.returncode in {0, 5}, result.stdout
    assert "1 skipped" in result.stdout


def test_a_skip_in_a_test_is_a_failure_where_all_is_required(tmp_path):
    result = run_pytest(tmp_path, FUNCTION, "1")
    assert result.returncode == 1
    assert "1 failed, 1 xfailed" in result.stdout
    assert "to get it: apt-get install no-such-package" in result.stdout


def test_a_skip_of_a_module_is_a_failure_where_all_is_required(tmp_path):
    result = run_pytest(tmp_path, MODULE, "1")
    assert result.returncode == 2
    assert "no_such_module" in result.stdout
    assert "1 error" in result.stdout
