"""Limits of local runs, many of them, and what must not disturb them."""

# ruff: noqa: ASYNC220, ASYNC221 - small programs beside the runs

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING

from local_runs import LINUX, script
from needs import need

from jupyter_exec.model.job import Job, Resources, Role
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.targets.shim import proctree
from jupyter_exec.testing import (
    HOLD,
    finished,
    is_held,
    make_placement,
    open_files,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

# ------------------------------------------------------------------ memory


@LINUX
async def test_memory_limit(target: LocalTarget, tmp_path: Path) -> None:
    text = HOLD + "import os; os.fork(); x = b'x' * 120_000_000\nwhile True: pass"
    job = Job((script(text, resources=Resources(memory_bytes=200 * 2**20)),))
    outcome, placement = await finished(target, job, tmp_path)
    assert (outcome.code, outcome.message) == ("MemoryLimit", "used more than its 200 MiB")
    assert not is_held(placement.work_dir)


@LINUX
async def test_shared_memory_counts_once(target: LocalTarget, tmp_path: Path) -> None:
    text = """
        import os, time
        block = b"x" * 120_000_000
        children = [os.fork() for _ in range(1)]
        if 0 not in children:
            children.append(os.fork())
        if 0 in children:
            time.sleep(1.2)  # several looks at the memory
            os._exit(0)
        for child in children:
            os.waitpid(child, 0)
    """
    job = Job((script(text, resources=Resources(memory_bytes=200 * 2**20)),))
    outcome, placement = await finished(target, job, tmp_path)
    assert (outcome.exit_code, outcome.message) == (0, None)
    record = json.loads((placement.attempt_dir / "exit.json").read_text())
    assert record["max_rss_bytes"] > 200 * 2**20


async def test_the_longest_time_limit(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((script("pass"),), time_limit_s=2**63 - 1)
    outcome, _ = await finished(target, job, tmp_path)
    assert (outcome.exit_code, outcome.message) == (0, None)


@LINUX
async def test_memory_of_daemons_counts(target: LocalTarget, tmp_path: Path) -> None:
    text = """
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                block = b"x" * 150_000_000
                signal.pause()
            os._exit(0)
        signal.pause()
    """
    job = Job((script(text, resources=Resources(memory_bytes=100 * 2**20)),), grace_s=0.2)
    outcome, _ = await finished(target, job, tmp_path)
    assert outcome.code == "MemoryLimit"


# ------------------------------------------------------------------ many, and odd clocks


async def test_two_hundred_runs_leave_nothing_open(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((Role("main", ("/bin/sh", "-c", "exit 5")),))

    async def one(number: int) -> int | None:
        placement = make_placement(tmp_path / str(number), job)
        return (await target.wait(await target.submit(job, placement))).exit_code

    await one(-1)
    files, threads = open_files(), threading.active_count()
    children = set(proctree.children(os.getpid()))
    for start in range(0, 200, 20):
        codes = await asyncio.gather(*(one(start + number) for number in range(20)))
        assert codes == [5] * 20
    assert open_files() == files
    assert threading.active_count() <= threads + 4
    assert set(proctree.children(os.getpid())) <= children


async def test_waiting_takes_no_thread(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((Role("main", ("/bin/sleep", "60")),), grace_s=0.1)
    places = [make_placement(tmp_path / str(number), job) for number in range(12)]
    handles = await asyncio.gather(*(target.submit(job, place) for place in places))
    waits = [asyncio.ensure_future(target.wait(handle)) for handle in handles]
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("target-")]
    assert len(threads) <= 4
    for handle in handles:
        await target.cancel(handle)
    assert all(outcome.canceled for outcome in await asyncio.gather(*waits))


@LINUX
async def test_another_process_with_the_same_pid_is_left_alone(
    target: LocalTarget, tmp_path: Path
) -> None:
    job = Job((script("pass"),))
    placement = make_placement(tmp_path / "run", job)
    handle = dict(await target.submit(job, placement))
    outcome = await target.wait(handle)
    sleeper = subprocess.Popen(["/bin/sleep", "60"])
    handle["pid"] = sleeper.pid
    await target.cancel(handle)
    assert await target.wait(handle) == outcome
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


@LINUX
async def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shim sees a wall clock that goes a day forward with every look."""
    compiler = need("cc", "apt-get install gcc")
    source = tmp_path / "clock.c"
    source.write_text(
        """
        #define _GNU_SOURCE
        #include <time.h>
        #include <unistd.h>
        #include <sys/syscall.h>
        static long days;
        int clock_gettime(clockid_t id, struct timespec *now) {
            int result = syscall(SYS_clock_gettime, id, now);
            if (id == CLOCK_REALTIME) now->tv_sec += 86400 * ++days;
            return result;
        }
        """
    )
    library = tmp_path / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    monkeypatch.setenv("LD_PRELOAD", str(library))
    target = LocalTarget(standby_dir=tmp_path / "standby")
    job = Job((Role("main", ("/bin/sleep", "0.3")),), time_limit_s=60)
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    monkeypatch.delenv("LD_PRELOAD")
    outcome = await target.wait(handle)
    assert outcome.code is None
    assert 0.2 < outcome.ended_at - outcome.started_at < 30
    await target.close()


async def test_a_stopped_run_hears_cancel(target: LocalTarget, tmp_path: Path) -> None:
    text = """
        import os, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print("stopping", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
        signal.pause()
    """
    job = Job((script(text),), grace_s=60)
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    await until(lambda: placement.logs["main", 0].read_text() == "stopping\n")
    await target.cancel(handle)
    assert (await asyncio.wait_for(target.wait(handle), 20)).canceled
