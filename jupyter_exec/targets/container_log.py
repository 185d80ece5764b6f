"""Copying what the engine keeps of a container's output, where no shell writes the log itself.

Floor: targets. What is in the file already is not copied again, so a copy can be taken up anywhere.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.docker_engine import connect, explained
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from docker import APIClient
    from docker.types import CancellableStream


class LogCopy:
    """Follows one container, in a thread of its own, as far as the engine lets it.

    Args:
        url: of the engine.
        container: its name.
        path: of the log.
    """

    def __init__(self, url: str, container: str, path: str) -> None:
        self._url = url
        self._container = container
        self._path = Path(path)
        self._stream: CancellableStream[Any] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="log", daemon=True)
        self._thread.start()

    def finish(self, api: APIClient) -> None:
        """Copy the rest of a container that has ended; blocks.

        Raises:
            RunFailed: the log's disk is full.
        """
        self._thread.join(timeout=5.0)
        self.stop()
        self._copy(api, follow=False)

    def stop(self) -> None:
        """Copy no further; blocks for a moment."""
        self._stopped.set()
        if self._stream is not None:
            with suppress(Exception):  # it has ended by itself; the SDK looks into its insides
                self._stream.close()
        self._thread.join(timeout=5.0)

    def _follow(self) -> None:
        try:
            client = connect(self._url, timeout_s=None)
        except RunFailed:
            return  # `finish` copies it all
        try:
            self._copy(client, follow=True)
        except Exception as error:
            if explained(error, self._url) is None and not self._stopped.is_set():
                raise  # else the engine is away: `finish` copies the rest
        finally:
            client.close()

    def _copy(self, api: APIClient, *, follow: bool) -> None:
        """Append what the file lacks."""
        with self._path.open("ab") as file:
            there = file.tell()
            stream = api.logs(self._container, stream=True, follow=follow)
            self._stream = stream if follow else None
            for data in stream:
                if self._stopped.is_set() and follow:
                    return
                new = data[there:]
                there = max(0, there - len(data))
                file.write(new)
                file.flush()
