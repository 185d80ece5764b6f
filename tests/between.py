"""Bad weather: a proxy between a browser and a real server.

`Between` needs no pytest. It is plain TCP below HTTP/1.1: one request a connection, so WebSockets
and event streams pass as they are.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Coroutine

_HEAD_BYTES = 256 * 1024
_CHUNK = 64 * 1024
_NO_ROUTE = {"error": {"code": "UserError", "message": "there is nothing at this address"}}


class Between:
    """Passes on what comes to a port of its own, as long as the weather is good.

    Args:
        url: of the server.
        missing: a pattern of paths that an older server does not have; they are answered as it
            answers them.
    """

    def __init__(self, url: str, missing: str | None = None) -> None:
        self._server = urlsplit(url)
        self._missing = re.compile(missing) if missing else None
        self.refused: list[str] = []
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._listening = threading.Event()
        self._thread.start()
        self._listening.wait()

    @property
    def url(self) -> str:
        """Address, with a slash at its end."""
        return f"http://127.0.0.1:{self._port}{self._server.path}"

    def freeze(self) -> None:
        """Let nothing through any more, and close nothing: what a sleeping computer sees."""
        self._call(self._set(frozen=True))

    def thaw(self, *, cut: bool = False) -> None:
        """Let everything through again.

        Args:
            cut: the connections of before are dead, and nobody has said so until now.
        """
        if cut:
            self._call(self._cut())
        self._call(self._set(frozen=False))

    def close(self) -> None:
        """End, with all connections."""
        self._call(self._cut())
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._open_weather = asyncio.Event()
        self._open_weather.set()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_HEAD_BYTES)
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        await self._ended.wait()
        server.close()

    async def _set(self, *, frozen: bool) -> None:
        (self._open_weather.clear if frozen else self._open_weather.set)()

    async def _cut(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._answer(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._pass_on(reader, writer)
        finally:
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        await self._open_weather.wait()
        path = urlsplit(head.split(" ", 2)[1]).path
        if self._missing and self._missing.search(path):
            self.refused.append(path)
            body = json.dumps(_NO_ROUTE)
            writer.write(
                f"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            await writer.drain()
            return
        if not re.search(r"(?im)^upgrade: *websocket", head):
            head = re.sub(r"(?im)^connection:.*\r\n", "", head)
            head = head.replace("\r\n", "\r\nConnection: close\r\n", 1)
        host, port = self._server.hostname, self._server.port
        back, forth = await asyncio.open_connection(host, port)
        forth.write(head.encode("latin-1"))
        ways = [
            asyncio.ensure_future(self._pipe(reader, forth)),
            asyncio.ensure_future(self._pipe(back, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            forth.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await self._open_weather.wait()
                writer.write(chunk)
                await writer.drain()
