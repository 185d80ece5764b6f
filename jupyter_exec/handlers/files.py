"""Our own routes about what lies on disk: logs, outputs, metrics, snapshots (floor: handlers).

Nothing here is ever shown as HTML: text goes out as text/plain, everything else as a download.
"""

from __future__ import annotations

import asyncio
import mimetypes
import re
from typing import IO, TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from pydantic import Field
from tornado.iostream import StreamClosedError

from jupyter_exec.errors import RangeNotSatisfiable
from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.wire import WireModel, one_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES = 1 << 18
FOLLOW_POLL_S = 0.05
LOOK_AGAIN_S = 1.0
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SHOWN = re.compile(r"image/(png|jpeg|gif|webp)|application/(json|pdf)|text/(plain|csv)")


class LogQuery(WireModel):
    """A part of a log in bytes; `offset` < 0 counts from the end; `follow` waits for more."""

    offset: Annotated[int, Field(ge=-(2**62), le=2**62)] = 0
    limit: Annotated[int, Field(ge=1, le=2**62)] | None = None
    follow: bool = False


class OutputsQuery(WireModel):
    """`zip` answers everything as one archive."""

    format: Annotated[str, one_of(["json", "zip"])] = "json"


class FileHandler(ExecHandler):
    """Writes files in blocks, without holding them in memory."""

    def safe_headers(self, media_type: str | None, name: str) -> None:
        """Set headers that keep a browser from running what a run has written."""
        shown = media_type is not None and _SHOWN.fullmatch(media_type) is not None
        self.set_header(
            "Content-Type", media_type if media_type and shown else "application/octet-stream"
        )
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        if not shown:
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(name)}")

    async def write_blocks(self, file: IO[bytes], count: int) -> int:
        """Write `count` bytes from where the file stands; returns how many were there."""
        left = count
        while left > 0:
            block = await asyncio.to_thread(file.read, min(BLOCK_BYTES, left))
            if not block:
                break
            self.write(block)
            await self.flush()
            left -= len(block)
        return count - left


class LogsHandler(ExecHandler):
    """`runs/{runId}/logs`."""

    @operation(
        "List the logs of a run", resource="runs", action="read", answer="LogList", errors=(404,)
    )
    async def get(self, run_id: str) -> Any:
        """Answer names and sizes."""
        house = await self.house()
        run = await house.runs.get(run_id)
        return {"logs": await asyncio.to_thread(house.files.logs, run)}


class GrowingFileHandler(FileHandler):
    """Writes a file that a run appends to, or a part of it, and follows it to the run's end."""

    async def write_growing(
        self, run_id: str, path: Path, query: LogQuery, media_type: str
    ) -> None:
        """Answer the bytes as the run wrote them; none where there is no file."""
        size = _size(path)
        offset = min(query.offset if query.offset >= 0 else max(0, size + query.offset), size)
        self.set_header("Content-Type", media_type)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Log-Offset", str(offset))
        self.set_header("X-Log-Size", str(size))
        left = query.limit if query.limit is not None else 2**62
        if not query.follow:
            left = min(left, size - offset)
        try:
            await self._write(run_id, path, offset, left, follow=query.follow)
            self.finish()
        except StreamClosedError:
            return

    async def _write(
        self, run_id: str, path: Path, offset: int, left: int, *, follow: bool
    ) -> None:
        await self.flush()
        while left > 0:
            ended = not follow or (await (await self.house()).runs.get(run_id)).ended
            if _size(path) > offset:
                with path.open("rb") as file:
                    file.seek(offset)
                    count = await self.write_blocks(file, left)
                offset += count
                left -= count
            if ended:
                return
            await self._wait_for_more(run_id, path, offset)

    async def _wait_for_more(self, run_id: str, path: Path, offset: int) -> None:
        """Return when the log has grown, or the run may have ended."""
        executor = (await self.house()).executor
        for _ in range(int(LOOK_AGAIN_S / FOLLOW_POLL_S)):
            here = executor.has(run_id)
            await asyncio.sleep(FOLLOW_POLL_S)
            if self.request.connection is None or self.request.connection.stream.closed():  # type: ignore[attr-defined]
                raise StreamClosedError
            if (here and not executor.has(run_id)) or _size(path) > offset:
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
        await self.write_growing(run_id, path, query, "text/plain; charset=utf-8")


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
        await self.write_growing(run_id, house.files.usage(run), query, "application/x-ndjson")


def _size(path: Path) -> int:
    """Return a file's size in bytes, 0 where there is none; too quick for a thread."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class DiffHandler(FileHandler):
    """`runs/{runId}/diff`."""

    @operation(
        "Read what was not committed when the snapshot was taken",
        resource="runs",
        action="read",
        media_type="text/plain",
        errors=(404,),
    )
    async def get(self, run_id: str) -> None:
        """Answer a patch for `git apply`."""
        house = await self.house()
        run = await house.runs.get(run_id)
        path = await asyncio.to_thread(house.files.diff, run)
        with path.open("rb") as file:
            self.safe_headers("text/plain", path.name)
            await self.write_blocks(file, 2**62)
        self.finish()


class OutputsHandler(FileHandler):
    """`runs/{runId}/outputs`."""

    @operation(
        "List the outputs of a run, or download them all",
        resource="runs",
        action="read",
        query=OutputsQuery,
        answer="OutputList",
        also="application/zip",
        errors=(400, 404),
    )
    async def get(self, run_id: str, query: OutputsQuery) -> Any:
        """Answer paths and sizes, or a zip."""
        house = await self.house()
        run = await house.runs.get(run_id)
        if query.format == "json":
            return {"outputs": await asyncio.to_thread(house.files.outputs, run)}
        self.safe_headers("application/zip", f"{run_id[:100]}-outputs.zip")
        self.set_header("Content-Type", "application/zip")
        await self._write_zip(house.files.outputs_zip(run))
        return None

    async def _write_zip(self, blocks: Iterator[bytes]) -> None:
        """Send a zip while it is being packed: its first bytes leave before its last are known."""
        await self.flush()
        try:
            while block := await asyncio.to_thread(next, blocks, None):
                self.write(block)
                await self.flush()
        except StreamClosedError:
            return
        except OSError:
            self.log.exception("Packing the outputs failed; the download is cut off")
            # A proper end of the answer would make a part of a zip look like a whole one.
            self.detach().close()
        else:
            self.finish()


class OutputHandler(FileHandler):
    """`runs/{runId}/outputs/{path}`."""

    @operation(
        "Download an output, whole or a range",
        resource="runs",
        action="read",
        media_type="*/*",
        errors=(404, 416),
    )
    async def get(self, run_id: str, path: str) -> None:
        """Answer the bytes of one file."""
        house = await self.house()
        run = await house.runs.get(run_id)
        file_path = await asyncio.to_thread(house.files.output, run, path)
        with file_path.open("rb") as file:
            size = file.seek(0, 2)
            start, end = self._range(size)
            self.safe_headers(mimetypes.guess_type(path)[0], file_path.name)
            self.set_header("Accept-Ranges", "bytes")
            self.set_header("Content-Length", str(end - start))
            file.seek(start)
            await self.write_blocks(file, end - start)
        self.finish()

    def _range(self, size: int) -> tuple[int, int]:
        """Return the asked bytes as start and end (exclusive); all without a Range header."""
        found = _RANGE.fullmatch(self.request.headers.get("Range", ""))
        if not found or (not found[1] and not found[2]):
            return 0, size
        if found[1]:
            start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
        else:
            start, end = max(0, size - int(found[2])), size
        if start >= end:
            self.set_header("Content-Range", f"bytes */{size}")
            message = f"the output has {size} bytes"
            raise RangeNotSatisfiable(message, "Range")
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        return start, end


class MetricsQuery(WireModel):
    """`points` thins each metric to so many: the least and the greatest of neighbours stay.

    `name` reads only that metric.
    """

    points: Annotated[int, Field(ge=10, le=1_000_000)] | None = None
    name: str | None = None


class MetricsHandler(ExecHandler):
    """`runs/{runId}/metrics`."""

    @operation(
        "Read all metrics of a run",
        resource="runs",
        action="read",
        query=MetricsQuery,
        answer="Metrics",
        errors=(400, 404),
    )
    async def get(self, run_id: str, query: MetricsQuery) -> Any:
        """Answer the points by metric."""
        house = await self.house()
        run = await house.runs.get(run_id)
        return await asyncio.to_thread(house.files.metrics, run, query.points, query.name)
