"""Which errors of a store pass by themselves, and how all of them are told (floor: datastores)."""

from __future__ import annotations

import asyncio
import errno
import random
from typing import TYPE_CHECKING, TypeVar

from jupyter_exec.datastores.request import TransferFault

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

T = TypeVar("T")

ATTEMPTS = 6
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_LENGTH = 300
_TOO_MANY = 429
_PASSING_STATUS = {408, 425, _TOO_MANY}
_SERVER_ERROR = 500
_STATUS = {
    401: "the store wants a password or a token, and took none it was given (401)",
    403: "the store does not allow it (403)",
    404: "it does not exist",
}
_FULL = "the disk is full: make room on the server's disk, or ask for less"
_LASTING = (
    FileExistsError,
    FileNotFoundError,
    ImportError,
    IsADirectoryError,
    NotADirectoryError,
    NotImplementedError,
    PermissionError,
    TransferFault,
    TypeError,
    ValueError,
)
_LASTING_NUMBERS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENAMETOOLONG, errno.EFBIG}


class Stopped(Exception):
    """The run was cancelled."""


class ShortRead(Exception):
    """A store gave less, or other, than it has."""


class BrokenOff(Exception):
    """A connection ended early.

    Args:
        data: what came until then; it counts.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(f"the connection broke off after {len(data)} bytes")
        self.data = data


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _status(error: BaseException) -> int | None:
    """Return the HTTP status in an error of aiohttp or botocore, or in what caused it."""
    for cause in _causes(error):
        status = getattr(cause, "status", None)
        response = getattr(cause, "response", None)
        if status is None and isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if isinstance(status, int):
            return status
    return None


def passes(error: BaseException) -> bool:
    """Tell whether trying again may help: a lost connection, a server that has a bad moment."""
    if isinstance(error, Stopped):
        return False
    status = _status(error)
    if status is not None:
        return status >= _SERVER_ERROR or status in _PASSING_STATUS
    # fsspec's HTTP says "not found" of everything, and keeps the cause.
    causes = list(_causes(error))
    if isinstance(error, FileNotFoundError) and len(causes) > 1:
        return not isinstance(causes[-1], _LASTING) and isinstance(
            causes[-1], OSError | asyncio.TimeoutError
        )
    if isinstance(error, OSError) and error.errno in _LASTING_NUMBERS:
        return False
    return not isinstance(error, _LASTING)


def is_full(error: BaseException) -> bool:
    """Tell whether this machine's disk, or the user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def told(error: BaseException) -> str:
    """Return an error as one line, the cause first."""
    status = _status(error)
    if status is not None:
        return _STATUS.get(status, f"the store answers {status}")
    cause = list(_causes(error))[-1] if isinstance(error, FileNotFoundError) else error
    if isinstance(cause, FileNotFoundError):
        return _STATUS[404]
    if isinstance(cause, asyncio.TimeoutError | TimeoutError):
        return "the store did not answer in time"
    if isinstance(cause, OSError) and cause.strerror and cause.errno:
        return _FULL if is_full(cause) else str(cause.strerror)
    words = " ".join(str(cause).split())
    if isinstance(cause, BrokenOff):
        return words
    kind = type(cause).__name__
    return (f"{kind}: {words}" if words else kind)[:_LENGTH]


class Patience:
    """Tries again, with growing pauses, while trying again may help.

    Args:
        stop: set when the run is cancelled.
        say: gets a line for the log about every further try.
        pause_s: the first pause.
    """

    def __init__(
        self, stop: threading.Event, say: Callable[[str], None], pause_s: float = _FIRST_PAUSE_S
    ) -> None:
        self.stop = stop
        self._say = say
        self._pause_s = pause_s

    def check(self) -> None:
        """Raise Stopped where the run was cancelled."""
        if self.stop.is_set():
            raise Stopped

    def pause(self, what: str, error: Exception, failures: int) -> None:
        """Wait before the next try; where there shall be none, raise the error again.

        Args:
            failures: how many there were in a row, this one among them.
        """
        if failures >= ATTEMPTS or not passes(error):
            raise error
        pause = min(self._pause_s * 2 ** (failures - 1), _LONGEST_PAUSE_S)
        pause *= random.uniform(1.0, 1.25)  # noqa: S311 - so that not all come back at once
        self._say(f"{what}: {told(error)}; trying again in {pause:.1f} s")
        if self.stop.wait(pause):
            raise Stopped from error

    def call(self, what: str, function: Callable[[], T]) -> T:
        """Return what a function returns, in the end."""
        failures = 0
        while True:
            self.check()
            try:
                return function()
            except Exception as error:  # noqa: BLE001 - `pause` raises what does not pass
                failures += 1
                self.pause(what, error, failures)
