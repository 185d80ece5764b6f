"""The same request gives the same lock, and a lock the same environment; what is unused goes."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from local_packages import index_variables, make_wheel, sha256_of

from jupyter_exec.environments.base import EnvironmentRequest, PreparedEnvironment
from jupyter_exec.environments.build import locked, unless_locked
from jupyter_exec.environments.built import lock_of
from jupyter_exec.environments.collection import CACHE, built, collect
from jupyter_exec.environments.venv import VenvEnvironment
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import EnvironmentDefinition

DAY_S = 86_400.0
PLENTY = 2**40


@pytest.fixture(autouse=True)
def wheels(tmp_path, monkeypatch) -> Path:
    """Folder that takes the place of the package index."""
    for name, value in index_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path / "wheels"


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "environments"


def packages(*requirements: str) -> EnvironmentDefinition:
    conda = {"dependencies": [{"pip": list(requirements)}]}
    section = {"userManagedDependencies": False, "condaDependencies": conda}
    return EnvironmentDefinition.model_validate({"python": section})


async def prepare(root: Path, *requirements: str, recorded: Any = None) -> PreparedEnvironment:
    request = EnvironmentRequest(packages(*requirements), root.parent / "log", recorded)
    return await VenvEnvironment(root).prepare(request)


def installed(environment: PreparedEnvironment) -> list[Path]:
    return list(Path(environment.python).parents[1].glob("lib/*/site-packages/*.dist-info"))


def grow_old(root: Path, name: str, age_s: float) -> None:
    then = time.time() - age_s
    os.utime(root / name / "complete.json", (then, then))


async def test_a_request_keeps_its_lock_until_its_environment_is_collected(root, wheels):
    make_wheel(wheels, "demo", "1.0")
    first = await prepare(root, "demo")
    digest = sha256_of(wheels / "demo-1.0-py3-none-any.whl")
    assert first.record["lock"] == f"demo==1.0 \\\n    --hash=sha256:{digest}\n"

    make_wheel(wheels, "demo", "2.0")
    assert await prepare(root, "demo") == first
    assert [one.hash for one in collect(root, (), 0, PLENTY)] == [first.record["hash"]]
    assert built(root) == []

    fresh = await prepare(root, "demo")
    assert "demo==2.0" in fresh.record["lock"]
    again = await prepare(root, "demo", recorded=first.record)
    assert again == first
    assert [path.name for path in installed(again)] == ["demo-1.0.dist-info"]
    assert {one.hash for one in built(root)} == {first.record["hash"], fresh.record["hash"]}


async def test_a_lock_is_held_against_what_came_in_its_place(root, wheels):
    make_wheel(wheels, "demo", "1.0")
    first = await prepare(root, "demo")
    collect(root, (), 0, PLENTY)
    make_wheel(wheels, "demo", "1.0", "other")  # the same version with other content
    os.environ["UV_CACHE_DIR"] += "-new"
    with pytest.raises(RunFailed, match="demo") as failure:
        await prepare(root, "demo", recorded=first.record)
    assert "hash" in failure.value.message.lower()


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (["demo", "no-such-thing==3"], "no-such-thing==3: "),
        (["demo==9"], "demo==9: "),
        (["new", "old"], "new, old: "),
    ],
)
async def test_what_cannot_be_resolved_is_named_in_one_line(root, wheels, asked, named):
    make_wheel(wheels, "demo")
    make_wheel(wheels, "demo", "2.0")
    make_wheel(wheels, "new", "1.0", "demo>=2")
    make_wheel(wheels, "old", "1.0", "demo<2")
    with pytest.raises(RunFailed) as failure:
        await prepare(root, *asked)
    assert failure.value.code == "EnvironmentFailed"
    assert f"cannot be built: {named}" in failure.value.message
    assert "\n" not in failure.value.message
    assert built(root) == []


async def test_fifty_runs_share_one_build(root, wheels):
    make_wheel(wheels, "demo")
    made = await asyncio.gather(*(prepare(root, "demo") for _ in range(50)))
    assert len({one.python for one in made}) == 1
    log = (root.parent / "log").read_text()
    assert log.count(" venv ") == log.count(" pip compile ") == log.count(" pip install ") == 1


async def test_what_is_used_stays(root, wheels):
    make_wheel(wheels, "demo")
    make_wheel(wheels, "other")
    old = (await prepare(root, "demo")).record["hash"]
    new = (await prepare(root, "other")).record["hash"]
    grow_old(root, old, 3 * DAY_S)
    assert collect(root, {old}, DAY_S, PLENTY) == []
    assert [one.hash for one in collect(root, (), DAY_S, PLENTY, dry_run=True)] == [old]
    assert [one.hash for one in built(root)] == [new, old]
    await prepare(root, "demo")  # which is a use
    assert collect(root, (), DAY_S, PLENTY) == []

    grow_old(root, old, 2 * 3600)
    assert [one.hash for one in collect(root, (), DAY_S, 0)] == [old]  # the other: just used
    assert [one.hash for one in built(root)] == [new]


async def test_what_is_being_built_or_was_left_by_a_killed_build(root, wheels):
    make_wheel(wheels, "demo")
    name = (await prepare(root, "demo")).record["hash"]
    (root / name / "complete.json").unlink()  # as if its build had been killed
    async with locked(lock_of(root, name), lambda: None):
        collect(root, (), 0, 0)
        assert (root / name / "env").exists()
    collect(root, (), 0, 0)
    assert not (root / name).exists()


async def test_an_environment_that_the_disk_may_have_lost_is_built_again(root, wheels):
    make_wheel(wheels, "demo")
    made = await prepare(root, "demo")
    marker = root / made.record["hash"] / "complete.json"
    durable = root / f"{made.record['hash']}.durable"
    for thread in threading.enumerate():
        if thread.name == f"sync-{made.record['hash']}":
            thread.join()
    text = marker.read_text()
    boot = json.loads(text)["boot"]
    marker.write_text(text.replace(boot, "before"))
    assert await prepare(root, "demo") == made
    assert "before" in marker.read_text()  # all of it was on the disk
    durable.write_text("another build")
    assert await prepare(root, "demo") == made
    assert boot in marker.read_text()


async def test_a_lock_that_its_holder_removes_is_none_any_more(tmp_path):
    """Who waited for it makes a new one, and shares that with those that come later."""
    path, waits = tmp_path / "a.lock", asyncio.Event()
    async with locked(path, waits.set):

        async def later() -> None:
            async with locked(path, waits.set):
                with unless_locked(path) as free:
                    assert not free

        waiting = asyncio.create_task(later())
        await waits.wait()
        path.unlink()
        with unless_locked(path) as free:  # of the new file
            assert free
    await asyncio.wait_for(waiting, 10)
    assert path.exists()


def test_downloads_for_images_go_when_they_are_old(root):
    cache = root / CACHE
    cache.mkdir(parents=True)
    collect(root, (), DAY_S, PLENTY)
    assert cache.exists()
    collect(root, (), 0.0, PLENTY, spare_after=time.time() - DAY_S)  # somebody may be using it
    assert cache.exists()
    os.utime(cache, (0, 0))
    collect(root, (), DAY_S, PLENTY)
    assert not cache.exists()
