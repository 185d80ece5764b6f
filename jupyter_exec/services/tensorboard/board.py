"""One TensorBoard: a process, its port, and its end (floor: services)."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_exec.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

START_S = 120.0
_END_S = 6.0
_KEEPER = "jupyter_exec.services.tensorboard.keeper"
_ADDRESS = re.compile(rb"\bat http://[^/\s]+:(\d+)/")
_LAST_WORDS = 5


class Board:
    """A TensorBoard that listens on this machine only.

    Args:
        process: its keeper, whose stdin is its life.

    Attributes:
        port: of 127.0.0.1, once it has started.
        gone: done when the process has ended.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._said: deque[bytes] = deque(maxlen=_LAST_WORDS)
        self.gone = asyncio.ensure_future(self._listen())

    @classmethod
    async def start(cls, program: str, folder: str, title: str, env: Mapping[str, str]) -> Board:
        """Start one and wait until it answers.

        Args:
            program: path of `tensorboard`.
            folder: what it shows.
            title: of its window.
            env: its environment.

        Raises:
            Conflict: it has ended, or did not start in two minutes; with its last words.
        """
        # It chooses a free port by itself, so that nobody else can get that in between.
        options = ["--logdir", folder, "--host", "127.0.0.1", "--port", "0"]
        board = cls(await _spawn([program, *options, "--window_title", title], env))
        try:
            await asyncio.wait_for(asyncio.shield(board._port), START_S)
        except BaseException as error:
            await asyncio.shield(board.end())
            if isinstance(error, asyncio.TimeoutError):
                message = f"{program} did not start in {START_S:g} s"
                raise Conflict(message) from None
            if isinstance(error, EOFError):
                said = b" ".join(board._said).decode(errors="replace").strip()
                message = f"{program} has ended: {said[-500:] or 'without a word'}"
                raise Conflict(message) from None
            raise
        return board

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port.result()

    async def end(self) -> None:
        """End it, and wait until it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        done, _ = await asyncio.wait([self.gone], timeout=_END_S)
        if not done:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # which takes the board along
            await asyncio.wait([self.gone], timeout=_END_S)

    async def _listen(self) -> None:
        """Read what it says until it has ended; one that is not read would stand still."""
        stream = self._process.stderr
        while stream is not None and (line := await _line(stream)) is not None:
            self._said.append(line.strip())
            found = _ADDRESS.search(line)
            if found and not self._port.done():
                self._port.set_result(int(found[1]))
        await self._process.wait()
        if not self._port.done():
            self._port.set_exception(EOFError())
            self._port.exception()  # somebody may have given up already


async def _line(stream: asyncio.StreamReader) -> bytes | None:
    """Return the next line, or as much of a long one as is kept; None at the end."""
    try:
        return await stream.readline() or None
    except ValueError:  # longer than the buffer, which is empty now
        return b"..."


async def _spawn(command: Sequence[str], env: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _KEEPER,
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=dict(env),
        start_new_session=True,
    )
