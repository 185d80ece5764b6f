"""Server-sent events that survive broken connections and restarts of the server (floor: client).

Source: the event stream format of the HTML standard, section 9.2.6.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from jupyter_exec.client.session import NoServer
from jupyter_exec.errors import ExecError, ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jupyter_exec.client.session import Session

T = TypeVar("T")

SILENCE_S = 60.0
"""A stream that is silent for so long, heartbeats included, counts as broken."""
PATIENCE_S = 600.0
"""How long a server may be gone before waiting for it ends."""
_BACK_OFF_S = (0.1, 5.0)


def parse_events(lines: Iterable[str]) -> Iterator[dict[str, Any] | None]:
    """Turn the lines of a stream into its events' JSON objects; a heartbeat gives None."""
    data: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        if not line and data:
            event = json.loads("\n".join(data))
            data = []
            if isinstance(event, dict):
                yield event
        elif line and not field:
            yield None
        elif field == "data":
            data.append(value.removeprefix(" "))


class Patience:
    """Waits between attempts to reach a server, longer each time, and gives up in the end.

    Args:
        timeout_s: bound of the whole; None = no bound.
        patience_s: how long a server may be gone.
    """

    def __init__(self, timeout_s: float | None = None, patience_s: float = PATIENCE_S) -> None:
        self._deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._patience_s = patience_s
        self.success()

    def success(self) -> None:
        """Note that the server answered."""
        self._pause_s = _BACK_OFF_S[0]
        self._failing_since: float | None = None

    def left_s(self) -> float:
        """Return the seconds until the time is over.

        Raises:
            TimeoutError: it is.
        """
        if self._deadline is None:
            return float("inf")
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def persist(self, action: Callable[[], T]) -> T:
        """Do something again and again until the server answers.

        Raises:
            ExecError: see `pause`.
            TimeoutError: the time is over.
        """
        while True:
            try:
                result = action()
            except ExecError as error:
                self.pause(error)
            else:
                self.success()
                return result

    def rest(self, seconds: float) -> None:
        """Sleep where the server answers, but has nothing new to say.

        Raises:
            TimeoutError: the time is over.
        """
        self.success()
        time.sleep(min(seconds, self.left_s()))
        self.left_s()

    def pause(self, error: ExecError) -> None:
        """Sleep before the next attempt.

        Raises:
            ExecError: `error`, where another attempt cannot help, or after too long without
                success.
            TimeoutError: the time is over.
        """
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        if not is_passing(error) or now - self._failing_since > self._patience_s:
            raise error
        time.sleep(min(self._pause_s * random.uniform(0.8, 1.2), self.left_s()))  # noqa: S311
        self._pause_s = min(self._pause_s * 2, _BACK_OFF_S[1])


def is_passing(error: ExecError) -> bool:
    """Tell whether the same request may succeed a little later, for example after a restart."""
    return isinstance(error, NoServer | ReadOnly) or type(error) is ExecError


class EventStream:
    """The events of one stream, each once and in order, across broken connections.

    Iterating ends where the server ends the stream of its own accord; iterating again goes on after
    the last event.

    Args:
        session: to the server.
        path: `events` or `runs/{id}/events`.
        last_event_id: events after this one; None = where the stream begins by itself.
        patience: time and back-off.

    Raises:
        TimeoutError: while iterating: the time is over.
        ExecError: while iterating: the server refuses, or is gone for too long.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        last_event_id: int | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.last_event_id = last_event_id
        self.patience = patience or Patience()
        self._session = session
        self._path = path

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while True:
            try:
                for event in self._connection():
                    if event is not None:
                        self.last_event_id = event.get("id", self.last_event_id)
                        yield event
            except httpx.TransportError as error:
                self.patience.left_s()
                broken = f"the event stream of {self._session.server.shown} broke: {error}"
                self.patience.pause(NoServer(broken))
            except ExecError as error:
                self.patience.pause(error)
            else:
                self.patience.left_s()
                return

    def _connection(self) -> Iterator[dict[str, Any] | None]:
        headers = {"Accept": "text/event-stream"}
        if self.last_event_id is not None:
            headers["Last-Event-ID"] = str(self.last_event_id)
        timeout = httpx.Timeout(10.0, read=SILENCE_S)
        response = self._session.stream(self._path, headers=headers, timeout=timeout)
        self.patience.success()
        try:
            with ended_after(response, self.patience.left_s()):
                yield from parse_events(response.iter_lines())
        finally:
            response.close()


@contextmanager
def ended_after(response: httpx.Response, seconds: float) -> Iterator[None]:
    """Cut a response off after some time, whether or not a read is blocked then."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream is not None else None
    if connection is None or seconds == float("inf"):
        yield
        return

    def cut() -> None:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
