"""Our own routes about what a run prints and uses while it goes on (floor: handlers)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from tornado.iostream import StreamClosedError

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.handlers.files import BLOCK_BYTES
from jupyter_exec.model.wire import WireModel
from jupyter_exec.services.merged.view import GrowingFile

if TYPE_CHECKING:
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.files import RunFiles
    from jupyter_exec.services.merged.view import Growing

FOLLOW_POLL_S = 0.05
LOOK_AGAIN_S = 1.0


class LogQuery(WireModel):
    """A part of a log in bytes; `offset` < 0 counts from the end; `follow` waits for more."""

    offset: Annotated[int, Field(ge=-(2**62), le=2**62)] = 0
    limit: Annotated[int, Field(ge=1, le=2**62)] | None = None
    follow: bool = False


class LogsHandler(ExecHandler):
    """`runs/{runId}/logs`."""

    @operation(
        "List the logs of a run", resource="runs", action="read", answer="LogList", errors=(404,)
    )
    async def get(self, run_id: str) -> Any:
        """Answer names and sizes."""
        house = await self.house()
        run = await house.runs.get(run_id)
        return await asyncio.to_thread(_logs_of, house.files, run)


def _logs_of(files: RunFiles, run: Run) -> dict[str, Any]:
    merged = files.merged(run)
    size = merged.size() if merged.is_merged else None
    return {"logs": files.logs(run), "mergedBytes": size}


class GrowingFileHandler(ExecHandler):
    """Writes a file that a run appends to, or a part of it, and follows it to the run's end."""

    async def write_growing(
        self, run_id: str, growing: Growing, query: LogQuery, media_type: str
    ) -> None:
        """Answer the bytes as the run wrote them; none where there is no file."""
        size = growing.size()
        offset = min(query.offset if query.offset >= 0 else max(0, size + query.offset), size)
        self.set_header("Content-Type", media_type)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Log-Offset", str(offset))
        self.set_header("X-Log-Size", str(size))
        left = query.limit if query.limit is not None else 2**62
        if not query.follow:
            left = min(left, size - offset)
        try:
            await self._write(run_id, growing, offset, left, follow=query.follow)
            self.finish()
        except StreamClosedError:
            return

    async def _write(
        self, run_id: str, growing: Growing, offset: int, left: int, *, follow: bool
    ) -> None:
        await self.flush()
        while left > 0:
            ended = not follow or (await (await self.house()).runs.get(run_id)).ended
            while left > 0 and growing.size() > offset:
                block = await asyncio.to_thread(growing.read, offset, min(BLOCK_BYTES, left))
                if not block:
                    break
                self.write(block)
                await self.flush()
                offset += len(block)
                left -= len(block)
            if ended:
                return
            await self._wait_for_more(run_id, growing, offset)

    async def _wait_for_more(self, run_id: str, growing: Growing, offset: int) -> None:
        """Return when the log has grown, or the run may have ended."""
        executor = (await self.house()).executor
        for _ in range(int(LOOK_AGAIN_S / FOLLOW_POLL_S)):
            here = executor.has(run_id)
            await asyncio.sleep(FOLLOW_POLL_S)
            if self.request.connection is None or self.request.connection.stream.closed():  # type: ignore[attr-defined]
                raise StreamClosedError
            if (here and not executor.has(run_id)) or growing.size() > offset:
                return


class LogHandler(GrowingFileHandler):
    """`runs/{runId}/logs/{name}`."""

    @operation(
        "Read a log, or follow it",
        resource="runs",
        action="read",
        query=LogQuery,
        media_type="text/plain",
        errors=(400, 404),
    )
    async def get(self, run_id: str, name: str, query: LogQuery) -> None:
        """Answer the bytes as the run wrote them."""
        house = await self.house()
        run = await house.runs.get(run_id)
        path = await asyncio.to_thread(house.files.log, run, name)
        await self.write_growing(run_id, GrowingFile(path), query, "text/plain; charset=utf-8")


class MergedLogHandler(GrowingFileHandler):
    """`runs/{runId}/logs/merged`."""

    @operation(
        "Read the logs of all replicas as one, by time, or follow it",
        resource="runs",
        action="read",
        query=LogQuery,
        media_type="text/plain",
        errors=(400, 404),
    )
    async def get(self, run_id: str, query: LogQuery) -> None:
        """Answer lines `worker-1 | text`; of a run with one replica, its log as it is."""
        house = await self.house()
        run = await house.runs.get(run_id)
        growing = await asyncio.to_thread(house.files.merged, run)
        await self.write_growing(run_id, growing, query, "text/plain; charset=utf-8")


class UsageHandler(GrowingFileHandler):
    """`runs/{runId}/usage`."""

    @operation(
        "Read what a run uses as time goes by, or follow it: JSON lines",
        resource="runs",
        action="read",
        query=LogQuery,
        media_type="application/x-ndjson",
        errors=(400, 404),
    )
    async def get(self, run_id: str, query: LogQuery) -> None:
        """Answer lines of `time`, `memoryBytes`, `cpuSeconds` and `processes`."""
        house = await self.house()
        run = await house.runs.get(run_id)
        growing = GrowingFile(house.files.usage(run))
        await self.write_growing(run_id, growing, query, "application/x-ndjson")
