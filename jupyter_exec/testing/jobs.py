"""Jobs of tests, on a real target, in a real folder (floor: testing)."""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio
import fcntl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.store.paths import RunPaths
from jupyter_exec.targets.base import Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.model.job import Job, Outcome
    from jupyter_exec.targets.base import ComputeTarget

HOLD = "import fcntl; held = open('held', 'a'); fcntl.flock(held, fcntl.LOCK_EX)\n"
"""Start of a script: `is_held` is true while it, or anything that it forked, is alive."""

READY = "import os; open('ready.new', 'w').close(); os.rename('ready.new', 'ready')\n"
"""Part of a script: makes the file `ready` in the working folder."""

_PATIENCE_S = 30.0


def make_placement(folder: Path, job: Job, attempt: int = 1) -> Placement:
    """Return a place for a job below `folder`, with a working folder that exists."""
    paths = RunPaths(folder)
    paths.work.mkdir(parents=True, exist_ok=True)
    logs = {
        (role.name, index): paths.log(role.name, index, attempt)
        for role in job.roles
        for index in range(role.replicas)
    }
    return Placement(
        paths.root, paths.work, attempt, logs, paths.attempt(attempt), usage=paths.usage
    )


async def finished(target: ComputeTarget, job: Job, folder: Path) -> tuple[Outcome, Placement]:
    """Run a job to its end in `folder/run`, and return how it ended and where it was."""
    placement = make_placement(folder / "run", job)
    return await target.wait(await target.submit(job, placement)), placement


async def until(condition: Callable[[], bool]) -> None:
    """Return when a condition outside this process holds.

    Raises:
        AssertionError: it does not, after 30 seconds.
    """
    limit = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < limit, "the condition never held"
        await asyncio.sleep(0.005)


def is_held(work_dir: Path) -> bool:
    """Say whether a process that began with `HOLD` in this folder, or a child of it, is alive."""
    with (work_dir / "held").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def open_files() -> int:
    """Return how many descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))
