"""Noticing that containers have ended: one thread for all of a target's (floor: targets)."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_exec.docker_engine import connect, explained
from jupyter_exec.errors import RunFailed
from jupyter_exec.targets.container_plan import ATTEMPT, HOME

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker.types import CancellableStream

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


class Wake:
    """Tells who waits for an attempt that something may have happened.

    Attributes:
        event: set whenever there is something to look at.
        died: names of the containers that have ended since they were last asked for.
    """

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.died: set[str] = set()


class ContainerEvents:
    """Listens to an engine, and wakes who waits for the containers of an attempt.

    When the connection is made, and made again, everybody is woken: what happened in between is
    only in the containers themselves.

    Args:
        url: of the engine.
        home: label of the server's containers.
        on_connect: called in the thread, each time that the engine is there.

    Attributes:
        connected: set while it listens.
    """

    def __init__(self, url: str, home: str, on_connect: Callable[[], None]) -> None:
        self._url = url
        self._home = home
        self._on_connect = on_connect
        self._waiting: dict[str, Wake] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self.connected = threading.Event()
        self._stream: CancellableStream[Any] | None = None

    def follow(self, attempt_dir: str) -> Wake:
        """Return what is set whenever a container of an attempt may have ended."""
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            name = f"containers at {self._url}"
            self._thread = threading.Thread(target=self._listen, name=name, daemon=True)
            self._thread.start()
        return self._waiting.setdefault(attempt_dir, Wake())

    def forget(self, attempt_dir: str) -> None:
        """Stop waking for an attempt."""
        self._waiting.pop(attempt_dir, None)

    async def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        if self._stream is not None:
            with suppress(Exception):  # it has ended by itself; the SDK looks into its insides
                self._stream.close()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5.0)

    def _listen(self) -> None:
        """Listen until the target is closed; the thread's own function."""
        pause_s = _FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                self._listen_once()
                pause_s = _FIRST_PAUSE_S
            except RunFailed:  # who waits asks the engine himself, and tells
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            self._wake_all()
            self._closing.wait(pause_s)

    def _listen_once(self) -> None:
        """Pass on what the engine tells until it is silent for good.

        Raises:
            RunFailed: it cannot be reached, or the connection was lost.
        """
        client = connect(self._url, timeout_s=None)
        try:
            filters = {"type": "container", "event": ["die"], "label": f"{HOME}={self._home}"}
            self._stream = stream = client.events(filters=filters, decode=True)
            if self._closing.is_set():
                return
            self.connected.set()
            self._on_connect()
            self._wake_all()
            for event in stream:
                labels = event.get("Actor", {}).get("Attributes", {})
                self._call(labels.get(ATTEMPT, ""), labels.get("name"))
        except Exception as error:
            failure = explained(error, self._url)
            if failure is None and not self._closing.is_set():
                raise
            raise failure or RunFailed("Closed", "the target is closed") from error
        finally:
            self.connected.clear()
            self._stream = None
            client.close()

    def _wake_all(self) -> None:
        for attempt_dir in list(self._waiting):
            self._call(attempt_dir)

    def _wake(self, attempt_dir: str, died: str | None) -> None:
        wake = self._waiting.get(attempt_dir)
        if wake is not None:
            wake.event.set()
            if died is not None:
                wake.died.add(died)

    def _call(self, attempt_dir: str, died: str | None = None) -> None:
        loop = self._loop
        with suppress(RuntimeError):  # the loop is closed, and nobody waits
            if loop is not None:
                loop.call_soon_threadsafe(self._wake, attempt_dir, died)
