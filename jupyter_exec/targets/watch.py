"""Noticing that a process has ended: without a thread, whoever its parent is (floor: targets)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from jupyter_exec.targets.shim import proctree

if TYPE_CHECKING:
    from collections.abc import Callable

_POLL_S = 0.05


class ProcessWatch:
    """Follows processes: by pidfd on Linux (pidfd_open(2)), elsewhere by a look every 50 ms."""

    def __init__(self) -> None:
        self._futures: dict[int, asyncio.Future[None]] = {}
        self._pidfds: dict[int, int] = {}
        self._polls: dict[int, asyncio.TimerHandle] = {}

    def follow_child(self, pid: int) -> asyncio.Future[None]:
        """Return a future that is done when our own child has ended; it is reaped then."""
        if pid in self._futures:
            return self._futures[pid]
        future = self._futures[pid] = asyncio.get_running_loop().create_future()
        self._start(pid, lambda: _reaped(pid))
        return future

    def follow(self, pid: int, identity: str, is_over: Callable[[], bool]) -> asyncio.Future[None]:
        """Return a future that is done when this very process has ended.

        Args:
            pid: its pid.
            identity: `proctree.identity` of it; it has ended where another process has its pid.
            is_over: asked every 50 ms where there are no pidfds.
        """
        if pid in self._futures and proctree.identity(pid) == identity:
            return self._futures[pid]
        future = asyncio.get_running_loop().create_future()
        if pid in self._futures:
            future.set_result(None)
            return future
        self._futures[pid] = future
        self._start(pid, lambda: _reaped(pid) or is_over())
        # The pidfd holds on to the process that is asked about here.
        if not future.done() and proctree.identity(pid) != identity:
            self._ended(pid)
        return future

    def close(self) -> None:
        """Stop following; the processes go on, and who waits for them is cancelled."""
        for pid in list(self._futures):
            self._drop(pid)
            self._futures.pop(pid).cancel()

    def _start(self, pid: int, is_over: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._ended(pid)
        except (AttributeError, OSError):  # macOS; a sandbox that forbids it
            self._poll(pid, is_over)
        else:
            self._pidfds[pid] = pidfd
            loop.add_reader(pidfd, self._ended, pid)

    def _poll(self, pid: int, is_over: Callable[[], bool]) -> None:
        if is_over():
            self._ended(pid)
        else:
            loop = asyncio.get_running_loop()
            self._polls[pid] = loop.call_later(_POLL_S, self._poll, pid, is_over)

    def _ended(self, pid: int) -> None:
        self._drop(pid)
        _reaped(pid)
        future = self._futures.pop(pid)
        if not future.done():
            future.set_result(None)

    def _drop(self, pid: int) -> None:
        if pid in self._pidfds:
            pidfd = self._pidfds.pop(pid)
            asyncio.get_running_loop().remove_reader(pidfd)
            os.close(pidfd)
        if pid in self._polls:
            self._polls.pop(pid).cancel()


def _reaped(pid: int) -> bool:
    """Take the status of an ended child, so that it is no zombie; False if there is none."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False


def signal_exactly(pid: int, identity: str, number: signal.Signals) -> bool:
    """Signal this very process and no later one with its pid; return whether it was there."""
    with contextlib.suppress(AttributeError, OSError):
        pidfd = os.pidfd_open(pid)
        try:
            if proctree.identity(pid) != identity:
                return False
            signal.pidfd_send_signal(pidfd, number)
        finally:
            os.close(pidfd)
        return True
    if proctree.identity(pid) != identity:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False
