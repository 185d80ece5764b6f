"""Starting the program that transfers data, and listening to it (floor: services)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.config import MEMORY
from jupyter_exec.errors import RunFailed
from jupyter_exec.targets.clean_environment import clean_environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jupyter_exec.datastores.request import TransferRequest

    Tell = Callable[[dict[str, Any]], Awaitable[None]]

TIME_LIMIT_S = 86_400.0
_PROGRAM = "jupyter_exec.datastores.program"
_LINE_BYTES = 2**24
_LAST_WORDS = 4096


async def transfer(
    request: TransferRequest, tell: Tell | None = None, limit_s: float = TIME_LIMIT_S
) -> dict[str, str]:
    """Do a transfer; cancelling it ends it at once.

    Args:
        tell: gets the progress.

    Returns:
        Name of a reference -> where it lies, below the working folder.

    Raises:
        RunFailed: with the cause.
    """
    # What is in memory is in this process only.
    here = any(item.store.protocol == MEMORY for item in request.items)
    try:
        answer = await asyncio.wait_for((_here if here else _there)(request, tell), limit_s)
    except asyncio.TimeoutError:
        message = f"the {request.kind} of data took longer than {limit_s:g} s"
        raise RunFailed("TransferTimeLimit", message) from None
    if "error" in answer:
        raise RunFailed(answer["code"], answer["error"])
    placed: dict[str, str] = answer["placed"]
    return placed


async def _here(request: TransferRequest, tell: Tell | None) -> dict[str, Any]:
    """Transfer in a thread of this process."""
    from jupyter_exec.datastores.program import serve

    stop, last = threading.Event(), dict[str, Any]()
    working = asyncio.ensure_future(asyncio.to_thread(serve, request, last.update, stop))
    try:
        answer = await asyncio.shield(working)
    finally:
        stop.set()
        await asyncio.wait([working])
    if tell is not None and "progress" in last:
        await tell(last["progress"])
    return answer


async def _there(request: TransferRequest, tell: Tell | None) -> dict[str, Any]:
    """Transfer in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=clean_environment(os.environ),
        limit=_LINE_BYTES,
        start_new_session=True,
    )
    try:
        return await _talk(process, request, tell)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())


async def _talk(
    process: asyncio.subprocess.Process, request: TransferRequest, tell: Tell | None
) -> dict[str, Any]:
    """Send the request, keeping stdin open, whose end is the program's; return its last line."""
    if process.stdin is None or process.stdout is None or process.stderr is None:
        message = "a program without pipes"
        raise TypeError(message)
    with suppress(ConnectionError):
        process.stdin.write(json.dumps(request.to_json()).encode() + b"\n")
        await process.stdin.drain()
    words = asyncio.ensure_future(_last_words(process.stderr))
    answer = None
    try:
        while line := await process.stdout.readline():
            said = json.loads(line)
            if "progress" not in said:
                answer = said
            elif tell is not None:
                await tell(said["progress"])
        last = await words
    finally:
        words.cancel()
    if answer is None:
        secrets = [secret for item in request.items for secret in item.store.secrets]
        for secret in secrets:
            last = last.replace(secret, "***")
        message = f"the program that transfers data ended without an answer: {last[-300:]}"
        return {"error": message, "code": "TransferFailed"}
    process.stdin.close()
    await process.wait()
    return dict(answer)


async def _last_words(stream: asyncio.StreamReader) -> str:
    """Return the last line that a program has written, reading all of them."""
    words = b""
    while block := await stream.read(_LAST_WORDS):
        words = (words + block)[-_LAST_WORDS:]
    return words.decode("utf-8", "replace").strip().rpartition("\n")[2]
