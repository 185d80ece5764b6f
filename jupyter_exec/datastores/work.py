"""What all files of a transfer share: threads, patience, progress, log (floor: datastores)."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from jupyter_exec.datastores.fetching import AT_ONCE
from jupyter_exec.datastores.mishaps import Patience, Stopped, told
from jupyter_exec.datastores.request import TransferFault

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from jupyter_exec.datastores.request import Item

T = TypeVar("T")

FILES_AT_ONCE = 4
_SHORTEST_MASKED = 4


class Work:
    """One transfer.

    Attributes:
        done, total: bytes.
        placed: name of a reference -> where it lies, below the working folder.
        active_at: when something moved last, by the monotonic clock.
        blocks: threads for the parts of files.
    """

    def __init__(self, log: Path, stop: threading.Event, secrets: Sequence[str] = ()) -> None:
        self.patience = Patience(stop, self.say)
        self.done = 0
        self.total = 0
        self.placed: dict[str, str] = {}
        self.active_at = time.monotonic()
        self.blocks = ThreadPoolExecutor(FILES_AT_ONCE * AT_ONCE, "block")
        self._files = ThreadPoolExecutor(FILES_AT_ONCE, "file")
        self._log = log
        self._secrets = secrets

    def moved(self, count: int) -> None:
        """Count bytes; called by threads, and a count that is a little off does no harm."""
        self.done += count
        self.active_at = time.monotonic()

    def masked(self, text: str) -> str:
        """Return text without the secrets of the stores."""
        for secret in self._secrets:
            if len(secret) >= _SHORTEST_MASKED:
                for form in {secret, quote(secret), quote(secret, safe="")}:
                    text = text.replace(form, "***")
        return text

    def say(self, line: str) -> None:
        """Write a line into the run's log."""
        self.active_at = time.monotonic()
        if str(self._log) in {"", "."}:
            return
        with self._log.open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{self.masked(line)}\n")

    @contextmanager
    def naming(self, code: str, item: Item, where: str) -> Iterator[None]:
        """Turn whatever happens into a fault that names the data reference it happened to.

        Args:
            code: of what is no fault yet.
            where: what it happened to.

        Raises:
            TransferFault: in place of any other error.
        """
        reference = f"{item.field}: " if item.field else ""
        try:
            yield
        except Stopped:
            raise
        except TransferFault as fault:
            raise TransferFault(fault.code, self.masked(f"{reference}{fault.message}")) from fault
        except Exception as error:
            message = f"{reference}{where}: {told(error)}"
            raise TransferFault(code, self.masked(message)) from error

    def each(
        self,
        function: Callable[[T], None],
        items: Sequence[T],
        code: str,
        shown: Callable[[T], tuple[Item, str]],
    ) -> None:
        """Do something for each file, several at a time; the first failure ends it.

        Raises:
            TransferFault: of that code, naming the reference and the file.
        """

        def one(item: T) -> None:
            self.patience.check()
            with self.naming(code, *shown(item)):
                function(item)

        futures = [self._files.submit(one, item) for item in items]
        finished, left = wait(futures, return_when=FIRST_EXCEPTION)
        for future in left:
            future.cancel()
        for future in finished:
            future.result()

    def close(self) -> None:
        """Wait for no thread any more."""
        self._files.shutdown(wait=False, cancel_futures=True)
        self.blocks.shutdown(wait=False, cancel_futures=True)
