"""The state of real repositories, asked of the real git."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.sources import git
from jupyter_exec.sources.git import GitState, git_state

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *arguments: str, data: bytes | None = None) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, input=data
    )
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "sub").mkdir(parents=True)
    run(root, "init", "-q", "-b", "trunk")
    (root / "a.py").write_text("one\n")
    (root / "sub" / "é b.py").write_text("one\n")
    run(root, "add", "-A")
    run(root, "commit", "-q", "-m", "first")
    run(root, "remote", "add", "origin", "https://user:password@example.org/x.git")
    return root


def test_clean(repository: Path) -> None:
    commit = run(repository, "rev-parse", "HEAD")
    assert git_state(repository) == GitState(commit, "trunk", dirty=False, diff=None)
    (repository / "untracked").touch()
    assert git_state(repository / "sub") == GitState(commit, "trunk", dirty=False, diff=None)


def test_the_diff_restores_what_was_not_committed(repository: Path, tmp_path: Path) -> None:
    (repository / "a.py").write_text("two\n")
    (repository / "sub" / "é b.py").write_text("staged\n")
    run(repository, "add", "sub")
    (repository / "sub" / "é b.py").write_text("and more\n")
    state = git_state(repository)
    assert state is not None
    assert state.dirty
    assert state.diff is not None
    run(tmp_path, "clone", "-q", str(repository), "clone")
    run(tmp_path / "clone", "apply", data=state.diff.encode())
    assert (tmp_path / "clone" / "a.py").read_text() == "two\n"
    assert (tmp_path / "clone" / "sub" / "é b.py").read_text() == "and more\n"


def test_only_the_folder_is_looked_at(repository: Path) -> None:
    (repository / "a.py").write_text("two\n")
    state = git_state(repository / "sub")
    assert state is not None
    assert not state.dirty


def test_before_the_first_commit_and_detached(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    run(tmp_path / "new", "init", "-q", "-b", "trunk")
    (tmp_path / "new" / "x").touch()
    run(tmp_path / "new", "add", "x")
    assert git_state(tmp_path / "new") == GitState(None, "trunk", dirty=True, diff=None)
    run(repository, "checkout", "-q", "--detach")
    state = git_state(repository)
    assert state is not None
    assert state.branch is None
    assert state.commit == run(repository, "rev-parse", "HEAD")


def test_no_repository_no_folder_no_git(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_state(tmp_path) is None
    assert git_state(tmp_path / "nowhere") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(repository) is None


def test_another_repository_in_the_environment_misleads_nobody(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert git_state(tmp_path) is None


def test_a_long_diff_is_left_out(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "a.py").write_text("line\n" * 1000)
    monkeypatch.setattr(git, "MAX_DIFF_BYTES", 1000)
    state = git_state(repository)
    assert state is not None
    assert (state.dirty, state.diff) == (True, None)


def test_no_viewer_that_a_repository_names_is_started(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.x.textconv", "diff.x.command"):
        run(repository, "config", key, str(trap))
    (repository / ".git" / "info" / "attributes").write_text("*.py diff=x\n")
    (repository / "a.py").write_text("two\n")
    state = git_state(repository)
    assert state is not None
    assert "+two" in (state.diff or "")
    assert not (tmp_path / "sprung").exists()


def test_git_that_hangs_is_given_up(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    slow = tmp_path / "bin" / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT_S", 0.3)
    began = time.monotonic()
    assert git_state(repository) is None
    assert time.monotonic() - began < 5
