"""A user's world of its own: home, Jupyter folders, and the server that the client starts in it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from jupyter_exec import ExecClient
from jupyter_exec.client.discovery import living_servers

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[1]


@contextmanager
def own_world(folder: Path) -> Iterator[Path]:
    """Make this process and its children live in `folder`; ends the servers started there."""
    home = folder / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("JUPYTER", "JPY_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("PYTHONPATH", str(REPOSITORY))
        for name in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
        patch.chdir(home)
        try:
            yield home
        finally:
            end_servers()


def end_servers(signum: int = signal.SIGTERM) -> None:
    """End all servers of this world and wait until they are gone."""
    for server in list(living_servers()):
        process = psutil.Process(server.pid)
        process.send_signal(signum)
        try:
            process.wait(15)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(15)


def until(condition, timeout_s: float = 20.0):
    """Return what a condition gives as soon as it is true."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
    return found


def new_client() -> ExecClient:
    """Return a client of this world's server, which is started where there is none."""
    return ExecClient()
