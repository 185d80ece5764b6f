"""Which commit a folder is at, for the record of a run (floor: sources; blocking, seconds at most).

Git is asked, never told: no lock is taken, nothing is fetched, and of the programs that a
repository may name only content filters are started, without which git cannot see what changed.
Remotes are not recorded: their addresses may hold passwords.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 5.0
MAX_DIFF_BYTES = 10 * 2**20
_MAX_STATUS_BYTES = 64 * 2**20

_SETTINGS = (
    "core.fsmonitor=false",
    "core.preloadIndex=false",  # its twenty threads would starve the snapshot, taken meanwhile
    "core.quotePath=false",
)
_GIT = ("git", "--no-pager", *(word for setting in _SETTINGS for word in ("-c", setting)))
_STATUS = ("status", "--porcelain=v2", "--branch", "--untracked-files=no", "--", ".")
_DIFF = ("diff", "--binary", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD", "--", ".")


@dataclass(frozen=True)
class GitState:
    """The state of a folder's repository.

    Attributes:
        commit: hex id of HEAD; None before the first commit.
        branch: None if HEAD is detached.
        dirty: whether tracked files of the folder differ from the commit.
        diff: the patch from the commit to the folder, for `git apply`; None if there is none, it is
            longer than `MAX_DIFF_BYTES`, or git took too long.
    """

    commit: str | None
    branch: str | None
    dirty: bool
    diff: str | None = None


def git_state(folder: Path) -> GitState | None:
    """Ask git about a folder: one call, and one more if something is not committed.

    Returns:
        None if the folder is in no repository, there is no git, or it does not answer within
        `TIMEOUT_S` seconds.
    """
    if not _may_be_in_repository(folder) or shutil.which("git") is None:
        return None
    deadline = time.monotonic() + TIMEOUT_S
    status = _git(folder, _STATUS, deadline, _MAX_STATUS_BYTES)
    if status is None:
        return None
    heads: dict[str, str] = {}
    dirty = False
    for line in status.splitlines():
        if line.startswith("# branch."):
            key, _, value = line.removeprefix("# branch.").partition(" ")
            heads[key] = value
        elif line:
            dirty = True
    commit = heads.get("oid")
    branch = heads.get("head")
    known = commit is not None and commit != "(initial)"
    return GitState(
        commit=commit if known else None,
        branch=None if branch == "(detached)" else branch,
        dirty=dirty,
        diff=_git(folder, _DIFF, deadline, MAX_DIFF_BYTES) if dirty and known else None,
    )


def _may_be_in_repository(folder: Path) -> bool:
    """Look for `.git`, as git would: where there is none, starting git costs for nothing."""
    real = folder.resolve()
    return any(os.path.lexists(f"{place}/.git") for place in (real, *real.parents))


def _git(folder: Path, arguments: tuple[str, ...], deadline: float, limit: int) -> str | None:
    """Return what git prints; None if it fails, prints more than `limit` bytes, or is too slow."""
    try:
        process = subprocess.Popen(
            [*_GIT, *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), process.kill)
    timer.start()
    try:
        with process:
            output = process.stdout.read(limit + 1) if process.stdout else b""
            if len(output) > limit:
                process.kill()
    finally:
        timer.cancel()
    if process.returncode != 0 or len(output) > limit:
        return None
    return output.decode("utf-8", "replace")


def _environment() -> dict[str, str]:
    """Return the environment for git: it may not ask, lock, or be led to another repository."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
