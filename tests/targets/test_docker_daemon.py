"""Runs in a daemon that is killed, restarted, and gone; it is one of the test's own."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker_engine import own_daemon

from jupyter_exec.model.container import Container
from jupyter_exec.model.job import Job, Role
from jupyter_exec.targets.container_plan import HOME
from jupyter_exec.targets.docker import DockerTarget
from jupyter_exec.testing import READY, make_placement, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from docker_engine import Daemon, DockerEngine

    from jupyter_exec.targets.base import Placement

# The SDK drops a socket that could not connect, and leaves it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FOREVER = READY + "import signal; signal.pause()"
UNTIL_GO = READY + "import time\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('went')"


@pytest.fixture(scope="module")
def daemon(docker_engine: DockerEngine) -> Iterator[Daemon]:
    """A daemon whose containers outlive it."""
    with own_daemon("--live-restore") as daemon:
        yield daemon


@pytest.fixture
async def target(tmp_path: Path, daemon: Daemon) -> AsyncIterator[DockerTarget]:
    daemon.start()
    standby_dir = tmp_path / "standby"
    target = DockerTarget(
        standby_dir=standby_dir, engine_url=daemon.url, network="none", patience_s=30.0
    )
    yield target
    await target.close()
    gc.collect()


async def started(
    target: DockerTarget, image: str, folder: Path, script: str
) -> tuple[asyncio.Future[Any], Placement]:
    """Return what waits for a run that has begun, and its place."""
    role = Role("main", ("/usr/bin/python3", "-c", script))
    job = Job((role,), container=Container(image), grace_s=0.5)
    placement = make_placement(folder / "run", job)
    waiting = asyncio.ensure_future(target.wait(await target.submit(job, placement)))
    await until((placement.work_dir / "ready").exists)
    await asyncio.to_thread(target._events.connected.wait, 10.0)
    return waiting, placement


async def test_killed_and_restarted(
    target: DockerTarget, docker_engine: DockerEngine, daemon: Daemon, tmp_path: Path
) -> None:
    """The container goes on, and so does the run."""
    waiting, placement = await started(target, docker_engine.image, tmp_path, UNTIL_GO)
    await asyncio.to_thread(daemon.stop, signal.SIGKILL)
    (placement.work_dir / "go").touch()
    log = placement.logs["main", 0]
    await until(lambda: log.read_text() == "went\n")
    await asyncio.to_thread(daemon.start)
    outcome = await waiting
    assert (outcome.exit_code, outcome.message) == (0, None)


async def test_an_end_long_after_a_restart_is_the_containers_own(
    target: DockerTarget, docker_engine: DockerEngine, daemon: Daemon, tmp_path: Path
) -> None:
    """What has outlived the engine's absence fails for its own reason."""
    script = UNTIL_GO + "\nraise SystemExit('my own error')"
    waiting, placement = await started(target, docker_engine.image, tmp_path, script)
    ((attempt, _),) = target._attempts.values()
    await asyncio.to_thread(daemon.stop, signal.SIGKILL)
    await until(lambda: attempt._was_away)
    await asyncio.to_thread(daemon.start)
    await until(lambda: not attempt._was_away)
    (placement.work_dir / "go").touch()
    outcome = await waiting
    assert (outcome.exit_code, outcome.code) == (1, "ExitCode")
    assert outcome.message == "my own error (exit code 1)"


async def test_gone_for_good(
    target: DockerTarget, docker_engine: DockerEngine, daemon: Daemon, tmp_path: Path
) -> None:
    """The run fails when patience is over, and says so; the container goes when it is back."""
    target._patience_s = 0.5
    waiting, _ = await started(target, docker_engine.image, tmp_path, FOREVER)
    await asyncio.to_thread(daemon.stop, signal.SIGKILL)
    outcome = await waiting
    assert outcome.code == "NoContainerEngine"
    assert f"{daemon.url} was away for 0.5 s" in str(outcome.message)
    await asyncio.to_thread(daemon.start)
    with closing(docker.APIClient(base_url=daemon.url, version="auto")) as api:
        wanted = {"label": f"{HOME}={tmp_path}"}
        await until(lambda: not api.containers(all=True, filters=wanted))


async def test_a_cancel_while_it_is_gone(
    target: DockerTarget, docker_engine: DockerEngine, daemon: Daemon, tmp_path: Path
) -> None:
    """The run is cancelled all the same; the container goes when the engine is back."""
    target._patience_s = 1.0
    waiting, placement = await started(target, docker_engine.image, tmp_path, FOREVER)
    await asyncio.to_thread(daemon.stop, signal.SIGKILL)
    await target.cancel({"attempt_dir": str(placement.attempt_dir)})
    outcome = await waiting
    assert (outcome.canceled, outcome.code, outcome.message) == (True, None, None)
    await asyncio.to_thread(daemon.start)
    with closing(docker.APIClient(base_url=daemon.url, version="auto")) as api:
        wanted = {"label": f"{HOME}={tmp_path}"}
        await until(lambda: not api.containers(all=True, filters=wanted))


async def test_hangs(
    target: DockerTarget, docker_engine: DockerEngine, daemon: Daemon, tmp_path: Path
) -> None:
    """A daemon that is stopped answers nobody; when it goes on so does the run."""
    waiting, placement = await started(target, docker_engine.image, tmp_path, UNTIL_GO)
    pid = daemon.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        (placement.work_dir / "go").touch()
        await until(lambda: placement.logs["main", 0].read_text() == "went\n")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (await waiting).exit_code == 0


async def test_restarted_with_its_containers(docker_engine: DockerEngine, tmp_path: Path) -> None:
    """Without --live-restore they end with it; the run says what happened."""
    with own_daemon() as daemon:
        target = DockerTarget(
            standby_dir=tmp_path / "standby", engine_url=daemon.url, network="none"
        )
        waiting, _ = await started(target, docker_engine.image, tmp_path, FOREVER)
        await asyncio.to_thread(daemon.stop)
        await asyncio.to_thread(daemon.start)
        outcome = await waiting
        await target.close()
    gc.collect()
    # Which of the two depends on whether the engine could still tell of the container's end.
    assert outcome.code in {"EngineRestarted", "Signal"}
    assert "engine" in str(outcome.message)
