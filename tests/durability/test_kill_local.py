"""Whatever is killed, at any moment: local runs end in their true state, and nothing is left."""

# ruff: noqa: ASYNC220 - a server to kill; it is started, not waited for

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from needs import need

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Job, Role
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.targets.shim import proctree
from jupyter_exec.testing import HOLD, READY, is_held, make_placement, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BY_SOMEBODY = " (sent by somebody, or by a guard of the machine's memory)"
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs /proc; to get it: run the tests on Linux"
)


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[LocalTarget]:
    local = LocalTarget(standby_dir=tmp_path / "standby")
    yield local
    await local.close()


def script(text: str, **more) -> Job:
    return Job((Role("main", (sys.executable, "-c", textwrap.dedent(text))),), **more)


FAMILY = f"""
{HOLD.strip()}
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        {READY.strip().replace("; ", chr(10) + "        ")}
    signal.pause()
signal.pause()
"""


async def test_shim_killed(target: LocalTarget, tmp_path: Path) -> None:
    job = script(FAMILY)
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    await until((placement.work_dir / "ready").exists)
    os.kill(handle["pid"], signal.SIGKILL)
    outcome = await target.wait(handle)
    assert (outcome.exit_code, outcome.code) == (None, "ShimKilled")
    assert "killed" in outcome.message
    assert outcome.ended_at is not None
    assert not is_held(placement.work_dir)
    assert not proctree.marked(handle["marker"])
    assert await target.wait(handle) == outcome


async def test_shim_and_server_killed(target: LocalTarget, tmp_path: Path) -> None:
    """The next server finds the dead shim."""
    job = script(FAMILY)
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    await until((placement.work_dir / "ready").exists)
    await target.close()
    os.kill(handle["pid"], signal.SIGKILL)
    other = LocalTarget(standby_dir=tmp_path / "standby")
    assert await other.find(placement) == handle
    outcome = await other.wait(handle)
    assert outcome.code == "ShimKilled"
    assert not is_held(placement.work_dir)
    await other.close()


async def test_replica_killed(target: LocalTarget, tmp_path: Path) -> None:
    job = script(FAMILY)
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    await until((placement.work_dir / "ready").exists)
    started = json.loads((placement.attempt_dir / "started.json").read_text())
    os.kill(started["replicas"][0]["pid"], signal.SIGKILL)
    outcome = await target.wait(handle)
    assert (outcome.exit_code, outcome.code) == (-9, "Signal")
    assert outcome.message == f"ended by SIGKILL{BY_SOMEBODY}"
    assert not is_held(placement.work_dir)


async def test_everything_killed_at_random_moments(target: LocalTarget, tmp_path: Path) -> None:
    """The shim, from its first millisecond on: the run never hangs, and never claims a success."""
    job = script(HOLD + "import signal; signal.pause()")
    dice = random.Random(7)
    for number in range(15):
        placement = make_placement(tmp_path / str(number), job)
        submitting = asyncio.ensure_future(target.submit(job, placement))
        await asyncio.sleep(dice.uniform(0, 0.03))
        for pid in proctree.children(os.getpid()):
            if str(placement.run_folder) == _folder_of(pid):
                os.kill(pid, signal.SIGKILL)
        try:
            handle = await submitting
        except RunFailed as failure:
            assert failure.code == "ShimFailed"  # noqa: PT017 - one of two good ends
        else:
            if proctree.identity(handle["pid"]) == handle["started"]:
                os.kill(handle["pid"], signal.SIGKILL)
            outcome = await target.wait(handle)
            assert outcome.code == "ShimKilled"
        assert not is_held(placement.work_dir)


def _folder_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


SERVER = """
import asyncio, sys
from pathlib import Path
from jupyter_exec.model.job import Job, Role
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.testing import make_placement

async def main(folder, seconds):
    command = "sleep %s; echo whole; exit 3" % seconds
    job = Job((Role("main", ("/bin/sh", "-c", command)),))
    target = LocalTarget(standby_dir=folder / "standby")
    placement = make_placement(folder / "run", job)
    await target.capacity()
    print("submitting", flush=True)
    await target.submit(job, placement)
    print("submitted", flush=True)
    await asyncio.sleep(60)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize("delay_s", [*(number / 1000 for number in range(0, 20, 2)), None])
async def test_server_killed_while_it_submits(
    target: LocalTarget, tmp_path: Path, delay_s: float | None
) -> None:
    """The run goes on, or never started and can be submitted again: it runs once."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path), "0.3"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert server.stdout.readline() == b"submitting\n"
    if delay_s is None:
        assert server.stdout.readline() == b"submitted\n"
    else:
        await asyncio.sleep(delay_s)
    server.kill()
    server.communicate()
    job = Job((Role("main", ("/bin/sh", "-c", "sleep 0.1; echo whole; exit 3")),))
    placement = make_placement(tmp_path / "run", job)
    handle = await target.find(placement)
    assert handle is not None or delay_s is not None
    handle = handle or await target.submit(job, placement)
    outcome = await asyncio.wait_for(target.wait(handle), 20)
    assert (outcome.exit_code, outcome.message) == (3, "whole (exit code 3)")
    assert placement.logs["main", 0].read_text() == "whole\n"


async def test_outcome_is_there_when_no_server_was(target: LocalTarget, tmp_path: Path) -> None:
    """The run ends while there is no server at all."""
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path), "0.1"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    server.stdout.readline()
    assert server.stdout.readline() == b"submitted\n"
    server.kill()
    server.communicate()
    job = Job((Role("main", ("true",)),))
    placement = make_placement(tmp_path / "run", job)
    await until((placement.attempt_dir / "exit.json").exists)
    outcome = await target.wait(await target.find(placement))
    assert (outcome.exit_code, outcome.canceled) == (3, False)


# ------------------------------------------------------------------ a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("needs to mount a small tmpfs; to get it: run the tests as root")
    mount = need("mount", "apt-get install mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"needs a tmpfs ({done.stderr.decode().strip()}); to get it: CAP_SYS_ADMIN")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


FILL = """
import os, sys
with open("ballast", "wb", buffering=0) as file:
    try:
        while True:
            file.write(b"x" * 512)
    except OSError:
        sys.exit(9)
"""


async def test_disk_full_while_it_runs(target: LocalTarget, small_disk: Path) -> None:
    job = script(FILL)
    placement = make_placement(small_disk / "run", job)
    outcome = await target.wait(await target.submit(job, placement))
    assert (outcome.exit_code, outcome.code) == (9, "ExitCode")


async def test_disk_full_before_it_starts(target: LocalTarget, small_disk: Path) -> None:
    job = script("pass")
    placement = make_placement(small_disk / "run", job)
    subprocess.run(  # noqa: ASYNC221 - of no size
        [sys.executable, "-c", FILL], cwd=small_disk, check=False
    )
    with pytest.raises(RunFailed) as caught:
        await target.submit(job, placement)
    assert caught.value.code == "DiskFull"
    (small_disk / "ballast").unlink()
    outcome = await target.wait(await target.submit(job, placement))
    assert outcome.exit_code == 0
