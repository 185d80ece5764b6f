"""What a container engine does for an environment: live, and cancelled with its task.

Floor: environments. The SDK blocks, so each piece of work has a thread and a connection of its own:
pulls that take long keep nobody else waiting, and to cancel one is to cut its connection.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import APIClient

T = TypeVar("T")

TIMEOUT_S = 60.0
_END_S = 5.0
_UNANSWERED_S = 0.5
_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
LONGEST_CAUSE = 400


async def engine_work(
    url: str, work: Callable[[APIClient], T], *, silence_s: float | None = TIMEOUT_S
) -> T:
    """Return what `work` returns, called in a thread with a connection to the engine.

    Cancelling it cuts the connection, which ends a pull or a build in the engine.

    Args:
        silence_s: how long the engine may say nothing; None = for ever.

    Raises:
        RunFailed: `EngineUnavailable`, `EngineFailed` or `DiskFull`, in one line; and what `work`
            raises of that kind.
    """
    connection = _Connection()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # None where T is

    def main() -> None:
        result, failure = None, None
        try:
            result = connection.use(url, work, silence_s)
        except Exception as error:  # noqa: BLE001 - it is raised where the work is awaited
            failure = error
        with suppress(RuntimeError):  # the loop is gone, and nobody waits
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=main, name="engine work", daemon=True).start()
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done], timeout=_END_S if connection.cut() else _UNANSWERED_S)
        done.cancel()
        with suppress(asyncio.CancelledError, Exception):
            done.result()
        raise


class _Connection:
    """A connection that another thread can cut."""

    def __init__(self) -> None:
        self._responses: list[Any] = []
        self._is_cut = False

    def use(self, url: str, work: Callable[[APIClient], T], silence_s: float | None) -> T:
        """Connect, work, and close; see `engine_work`."""
        import requests
        from docker import errors

        try:
            with closing(connect(url, silence_s)) as client:
                client.hooks["response"].append(self._remember)
                try:
                    return work(client)
                finally:
                    for response in self._responses:
                        response.close()
        except (errors.DockerException, requests.RequestException, OSError, ValueError) as error:
            raise engine_failure(error, url) from None

    def _remember(self, response: Any, *_: Any, **__: Any) -> None:
        self._responses.append(response)
        if self._is_cut:
            self.cut()

    def cut(self) -> bool:
        """End whatever is being read, now or once the engine answers; tells whether it has."""
        from docker.types import CancellableStream

        self._is_cut = True
        for response in self._responses:
            with suppress(Exception):  # it has ended, or is no stream
                CancellableStream(iter(()), response).close()
        return bool(self._responses)


def connect(url: str, silence_s: float | None = TIMEOUT_S) -> APIClient:
    """Return a connection to a container engine.

    Raises:
        RunFailed: the SDK is not installed.
        docker.errors.DockerException: there is no engine.
    """
    try:
        from docker import APIClient
    except ImportError:
        message = "containers need the docker SDK; install it: pip install 'jupyter_exec[docker]'"
        raise RunFailed("EngineUnavailable", message) from None
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:  # the SDK leaves it open where this fails
            probe.connect(url.removeprefix("unix://"))
    client = APIClient(base_url=url, version="auto", timeout=int(TIMEOUT_S))
    client.timeout = silence_s  # type: ignore[assignment]  # None is requests' word for "for ever"
    return client


def engine_failure(error: Exception, url: str) -> RunFailed:
    """Return what went wrong with an engine, in one line."""
    from docker import errors

    if isinstance(error, errors.APIError):
        return classified(str(error.explanation or error))
    told = one_line(str(error))
    gone = "Connection refused" in told or "FileNotFound" in told or "No such file" in told
    if gone or "Error while fetching server API version" in told:
        message = f"the container engine at {url} does not answer; start it, then run this again"
        return RunFailed("EngineUnavailable", message)
    message = f"the connection to the container engine at {url} was lost: {told}"
    return RunFailed("EngineUnavailable", message)


def classified(
    told: str, code: str = "EngineFailed", before: str = "", after: str = ""
) -> RunFailed:
    """Return what an engine complains of: a full disk, or `code` with words around it."""
    line = one_line(told)
    if _DISK_FULL.search(line):
        return RunFailed("DiskFull", f"the disk of the container engine is full: {line}")
    return RunFailed(code, f"{before}{line}{after}")


def one_line(text: str) -> str:
    """Return text without line breaks and colours, not too long."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    line = " ".join(plain.split())
    return line if len(line) <= LONGEST_CAUSE else line[:LONGEST_CAUSE] + "..."
