"""Standbys of the local target: taken once, replaced when they die, gone when nobody needs them."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from typing import TYPE_CHECKING

import pytest
from local_runs import LINUX, script

from jupyter_exec.model.job import Job, Role, Standby
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.targets.shim import proctree
from jupyter_exec.testing import (
    HOLD,
    READY,
    finished,
    is_held,
    make_placement,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

WAITER = """
import json, os, sys
sys.stdout.write("warm\\n"); sys.stdout.flush()
line = sys.stdin.readline()
if line:
    work = json.loads(line)
    os.chdir(work["cwd"]); os.environ.update(work["env"])
    os.execv(work["argv"][0], work["argv"])
"""


def standby_role(text: str, **more) -> Role:
    waiter = Standby("py", (sys.executable, "-c", WAITER))
    return script(text, standby=waiter, **more)


def warm_log(folder: Path) -> Path | None:
    """The log of the one standby, once it waits."""
    logs = [log for log in folder.glob("*.txt") if log.read_text() == "warm\n"]
    return logs[0] if logs else None


async def prepared(target: LocalTarget, job: Job, folder: Path) -> str:
    """Prepare a standby and return its marker."""
    await target.prepare_next(job)
    await until(lambda: warm_log(folder) is not None)
    return warm_log(folder).stem


async def test_standby_takes_the_next_run(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((standby_role("import os; print(os.environ['WHO'], os.getcwd())"),), {"WHO": "me"})
    marker = await prepared(target, job, tmp_path / "standby")
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    assert handle["marker"] == marker
    outcome = await target.wait(handle)
    assert outcome.exit_code == 0
    assert placement.logs["main", 0].read_text() == f"warm\nme {placement.work_dir}\n"
    assert not list((tmp_path / "standby").iterdir())
    again = make_placement(tmp_path / "again", job)
    other = await target.submit(job, again)
    assert other["marker"] != marker
    await target.wait(other)


async def test_standby_with_other_replicas(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((standby_role("print('first')", replicas=2),))
    await prepared(target, job, tmp_path / "standby")
    outcome, placement = await finished(target, job, tmp_path)
    assert outcome.exit_code == 0
    assert placement.logs["main", 0].read_text() == "warm\nfirst\n"
    assert placement.logs["main", 1].read_text() == "first\n"


async def test_no_more_standbys_than_wanted(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((standby_role("pass"),))
    await asyncio.gather(*(target.prepare_next(job) for _ in range(5)))
    await until(lambda: warm_log(tmp_path / "standby") is not None)
    assert len(list((tmp_path / "standby").iterdir())) == 1
    for number in range(6):
        other = dataclasses.replace(job.roles[0].standby, key=str(number))
        await target.prepare_next(Job((dataclasses.replace(job.roles[0], standby=other),)))
    await until(lambda: len(list((tmp_path / "standby").iterdir())) == 4)


@LINUX
@pytest.mark.parametrize("victim", ["standby", "shim"])
async def test_dead_standby_is_not_used(target: LocalTarget, tmp_path: Path, victim: str) -> None:
    job = Job((standby_role("print('ran')"),))
    marker = await prepared(target, job, tmp_path / "standby")
    shim, waiter = sorted(proctree.marked(marker))
    os.kill(shim if victim == "shim" else waiter, 9)
    outcome, placement = await finished(target, job, tmp_path)
    assert outcome.exit_code == 0
    assert placement.logs["main", 0].read_text() == "ran\n"
    await until(lambda: not proctree.marked(marker))


@LINUX
async def test_standby_goes_after_a_while(tmp_path: Path) -> None:
    target = LocalTarget(standby_dir=tmp_path / "standby", warm_idle_s=0.5)
    marker = await prepared(target, Job((standby_role("pass"),)), tmp_path / "standby")
    await until(lambda: not proctree.marked(marker))
    await until(lambda: not list((tmp_path / "standby").iterdir()))
    await target.close()


@LINUX
async def test_close_ends_standbys_and_not_runs(target: LocalTarget, tmp_path: Path) -> None:
    text = HOLD + READY + "import signal; signal.pause()"
    job = Job((standby_role(text),))
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    await until((placement.work_dir / "ready").exists)
    marker = await prepared(target, job, tmp_path / "standby")
    await target.close()
    assert not proctree.marked(marker)
    assert is_held(placement.work_dir)
    other = LocalTarget(standby_dir=tmp_path / "standby")
    await other.cancel(handle)
    assert (await other.wait(handle)).canceled
    await other.close()


async def test_without_standbys(tmp_path: Path) -> None:
    target = LocalTarget(standby_dir=tmp_path / "standby", warm=0)
    await target.prepare_next(Job((standby_role("pass"),)))
    assert not (tmp_path / "standby").exists()
    await target.close()
