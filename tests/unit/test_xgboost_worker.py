"""What a worker of XGBoost starts with: it waits for the tracker, and leaves no trace of that."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import threading
from typing import TYPE_CHECKING

import pytest
from local_runs import LINUX

from jupyter_exec.launchers.xgboost import TRACKER, WAITING

if TYPE_CHECKING:
    from pathlib import Path

WORKER = str(TRACKER.parent / "worker")
TRACES = """
import json, os, sys
print(json.dumps({
    "path": sys.path, "PYTHONPATH": os.environ.get("PYTHONPATH"),
    "told": os.environ.get("JUPYTER_EXEC_TRACKER"), "argv": sys.argv,
    "finders": [type(one).__module__ for one in sys.meta_path],
    "custom": getattr(sys.modules.get("sitecustomize"), "MARK", None),
}))
"""
MEET = "from xgboost.collective import init; print(init(port=1), init.__name__)"


def start(
    limit_s: float, *words: str, path: Path | None = None, port: int = 1, host: str = "127.0.0.1"
) -> subprocess.CompletedProcess[str]:
    """Run a command as the launcher starts a worker's."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    env |= {"DMLC_TRACKER_URI": host, "DMLC_TRACKER_PORT": str(port)}
    env |= {"PYTHONPATH": str(path)} if path else {}
    command = ["/bin/sh", "-c", WAITING, "/bin/sh", str(limit_s), WORKER, *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a folder with a package xgboost."""
    (tmp_path / "xgboost").mkdir()
    (tmp_path / "xgboost" / "__init__.py").touch()
    text = "def init(**words):\n    return words\n"
    (tmp_path / "xgboost" / "collective.py").write_text(text)
    return tmp_path


def test_no_trace_is_left(tmp_path: Path) -> None:
    bare = json.loads(subprocess.run(
        [sys.executable, "-c", TRACES], capture_output=True, text=True, check=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    ).stdout)  # fmt: skip
    seen = json.loads(start(5, sys.executable, "-c", TRACES, "it's").stdout)
    assert seen["PYTHONPATH"] is seen["told"] is None
    assert seen["argv"] == ["-c", "it's"]
    assert seen["path"] == bare["path"]
    assert seen["finders"] == ["sitecustomize", *bare["finders"]]

    (tmp_path / "sitecustomize.py").write_text("MARK = 'theirs'\n")
    seen = json.loads(
        start(5, sys.executable, "-c", TRACES, path=tmp_path, host="tracker-0").stdout
    )
    assert seen["PYTHONPATH"] == str(tmp_path)
    assert (seen["custom"], WORKER in seen["path"]) == ("theirs", False)
    assert seen["finders"] == bare["finders"]  # in containers it does not wait


def test_an_error_of_the_environments_own_is_told(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise ValueError('theirs')\n")
    ended = start(5, sys.executable, "-c", "print('goes on')", path=tmp_path)
    assert (ended.stdout, "ValueError: theirs" in ended.stderr) == ("goes on\n", True)


@LINUX
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_it_waits_for_the_tracker(package: Path, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tracker:
        tracker.bind((host, 0))
        later = threading.Timer(1.0, tracker.listen)
        later.start()
        port = tracker.getsockname()[1]
        ended = start(30, sys.executable, "-c", MEET, path=package, port=port)
        assert (later.finished.is_set(), ended.stdout) == (True, "{'port': 1} init\n"), ended.stderr


@LINUX
def test_a_tracker_that_does_not_come_is_named(package: Path) -> None:
    script = package / "train.py"
    script.write_text(textwrap.dedent(MEET))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        line = f"echo shell; {sys.executable} {script}"  # a shell starts it
        ended = start(0.2, "/bin/sh", "-c", line, path=package, port=port)
    assert ended.stdout == "shell\n"
    assert ended.stderr.splitlines()[-1] == (
        "TimeoutError: tracker-0 does not listen after 0.2 s; its log tells more; "
        "startTimeoutSeconds says how long to wait"
    )
