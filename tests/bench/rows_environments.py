"""Environments: a new one against uv itself, and what one costs that is there already."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from local_packages import index_variables, make_wheel
from uv import find_uv_bin

from bench.harness import Plan, Row, alternate, timed
from jupyter_exec.environments.base import EnvironmentRequest
from jupyter_exec.environments.venv import VenvEnvironment
from jupyter_exec.model.environment import EnvironmentDefinition

if TYPE_CHECKING:
    from pathlib import Path

_PACKAGES = tuple(f"package{number}" for number in range(5))


def environments(plan: Plan) -> list[Row]:
    """Measure five pure packages of a folder, with uv's cache warm."""
    os.environ.update(index_variables(plan.folder))
    for name in _PACKAGES:
        make_wheel(plan.folder / "wheels", name)
    number = iter(range(10_000))
    loop = asyncio.new_event_loop()  # the server's is there already, too

    def prepare(root: Path) -> None:
        loop.run_until_complete(_prepare(root))

    def ours() -> float:
        root = plan.folder / f"ours-{next(number)}"
        seconds = timed(lambda: prepare(root))
        _wait_for_disk()
        return seconds

    def theirs() -> float:
        return timed(lambda: _with_uv(plan.folder / f"theirs-{next(number)}"))

    ours()
    theirs()
    measured = alternate(plan.rounds, ours=ours, theirs=theirs)
    root = plan.folder / "ours-0"
    cached = [timed(lambda: prepare(root)) for _ in range(plan.rounds)]
    loop.close()
    return [
        Row(
            "a new environment of 5 pure packages",
            measured["ours"],
            peer="`uv venv && uv pip install`",
            theirs=measured["theirs"],
            limit=1.2,
        ),
        Row("an environment that is there already", cached, by="value", limit=0.01),
    ]


async def _prepare(root: Path) -> None:
    conda = {"dependencies": [{"pip": list(_PACKAGES)}]}
    section = {"userManagedDependencies": False, "condaDependencies": conda}
    wanted = EnvironmentDefinition.model_validate({"python": section})
    request = EnvironmentRequest(wanted, root / "log.txt")
    await VenvEnvironment(root).prepare(request)


def _wait_for_disk() -> None:
    """Let what we do in the background end, so that it is not measured in the peer's turn."""
    for thread in threading.enumerate():
        if thread.name.startswith("sync-"):
            thread.join()


def _with_uv(folder: Path) -> None:
    uv = find_uv_bin()
    new = [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)]
    subprocess.run(new, check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *_PACKAGES], check=True)
