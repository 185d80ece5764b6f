"""What a container engine does for an environment: live, and cancelled with its task.

Floor: environments. The SDK blocks, so each piece of work has a thread and a connection of its own:
pulls that take long keep nobody else waiting, and to cancel one is to cut its connection.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_exec.docker_engine import TIMEOUT_S, complaint, connect, explained, one_line
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import APIClient

T = TypeVar("T")

_END_S = 5.0
_UNANSWERED_S = 0.5


async def engine_work(
    url: str, work: Callable[[APIClient], T], *, silence_s: float | None = TIMEOUT_S
) -> T:
    """Return what `work` returns, called in a thread with a connection to the engine.

    Cancelling it cuts the connection, which ends a pull or a build in the engine.

    Args:
        silence_s: how long the engine may say nothing; None = for ever.

    Raises:
        RunFailed: what `docker_engine.explained` makes of an error, and what `work` raises of that
            kind.
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
        try:
            _knock(url)
            with closing(connect(url, timeout_s=silence_s)) as client:
                client.hooks["response"].append(self._remember)
                try:
                    return work(client)
                finally:
                    for response in self._responses:
                        response.close()
        except RunFailed:
            raise
        except Exception as error:
            failure = explained(error, url)
            if failure is None:
                raise
            raise failure from None

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


def _knock(url: str) -> None:
    """Raise what a socket without an engine raises; the SDK would leave its own one open."""
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(TIMEOUT_S)
            probe.connect(url.removeprefix("unix://"))


def classified(
    told: str, code: str = "EngineFailed", before: str = "", after: str = ""
) -> RunFailed:
    """Return what an engine complains of: a full disk, or `code` with words around it."""
    failure = complaint(told)
    if failure.code == "DiskFull":
        return failure
    return RunFailed(code, f"{before}{one_line(told)}{after}")
