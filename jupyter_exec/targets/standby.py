"""Processes that wait for a run: a warm kernel of each interpreter used lately (floor: targets)."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.targets.link import ShimLink
from jupyter_exec.targets.salvage import end_orphans
from jupyter_exec.targets.shim import proctree

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

    from jupyter_exec.model.job import Standby
    from jupyter_exec.targets.watch import ProcessWatch

_KEYS = 4
_END_S = 5.0


@dataclass(eq=False)
class WarmShim:
    """A shim with a standby in it.

    Attributes:
        key: what it can serve (`Standby.key`).
        marker: in the environment of the standby already, so the run that takes it must use it.
        link: to the shim; None until it is started.
        timer: drops it when it has waited for too long.
    """

    key: str
    marker: str
    link: ShimLink | None = None
    timer: asyncio.TimerHandle | None = None


class StandbyPool:
    """Keeps up to `warm` standbys for each of the four keys used last; each serves one run.

    Args:
        python: interpreter for the shims.
        folder: where the standbys' logs and working folder are until they get a run's.
        environment: what the standbys are started with.
        watch: tells of shims that died.
        threads: where blocking calls go.
        warm: how many for a key; 0 = none.
        idle_s: how long one waits for a run.
    """

    def __init__(
        self,
        python: str,
        folder: Path,
        environment: Callable[[], dict[str, str]],
        watch: ProcessWatch,
        threads: Executor,
        *,
        warm: int,
        idle_s: float,
    ) -> None:
        self._python = python
        self._folder = folder
        self._environment = environment
        self._watch = watch
        self._threads = threads
        self._warm = warm
        self._idle_s = idle_s
        self._waiting: list[WarmShim] = []

    async def prepare(self, standby: Standby) -> None:
        """Start one more standby of this kind unless there are enough."""
        if sum(shim.key == standby.key for shim in self._waiting) >= self._warm:
            return
        shim = WarmShim(standby.key, secrets.token_hex(16))
        self._waiting.append(shim)
        while len(self._waiting) > self._warm * _KEYS:
            self._drop(self._waiting[0])
        loop = asyncio.get_running_loop()
        try:
            link = await loop.run_in_executor(self._threads, self._start, standby, shim)
        except BaseException:
            self._forget(shim)
            raise
        gone = self._watch.follow_child(link.pid)
        if shim not in self._waiting:  # dropped while it started
            link.close()
            return
        shim.link = link
        shim.timer = loop.call_later(self._idle_s, self._drop, shim)
        gone.add_done_callback(lambda _: self._died(shim))

    def take(self, key: str) -> tuple[ShimLink, str] | None:
        """Return link and marker of the oldest standby for a key; it is the caller's now."""
        for shim in self._waiting:
            if shim.key == key and shim.link is not None:
                self._forget(shim)
                return shim.link, shim.marker
        return None

    async def close(self) -> None:
        """End all standbys and wait until they have ended."""
        links = [shim.link for shim in self._waiting if shim.link is not None]
        gone = [self._watch.follow_child(link.pid) for link in links]
        for shim in list(self._waiting):
            self._drop(shim)
        if gone:
            await asyncio.wait(gone, timeout=_END_S)

    def _start(self, standby: Standby, shim: WarmShim) -> ShimLink:
        """Start a shim and its standby; blocks."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        env = {**self._environment(), proctree.MARKER_VARIABLE: shim.marker}
        link = ShimLink(self._python, env, self._folder)
        plan = {
            "command": standby.command,
            "env": env,
            "cwd": str(self._folder),
            "log": str(self._folder / f"{shim.marker}.txt"),
        }
        link.send({"standby": plan})
        return link

    def _drop(self, shim: WarmShim) -> None:
        """End a standby: its shim reads the end of its stdin."""
        self._forget(shim)
        if shim.link is not None:
            shim.link.close()

    def _died(self, shim: WarmShim) -> None:
        """Clean up after a shim that ended while it waited."""
        if shim in self._waiting:
            self._drop(shim)
            self._threads.submit(end_orphans, shim.marker)

    def _forget(self, shim: WarmShim) -> None:
        if shim in self._waiting:
            self._waiting.remove(shim)
        if shim.timer is not None:
            shim.timer.cancel()
