"""Our own routes about what lies on disk: outputs, metrics, snapshots (floor: handlers).

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

BLOCK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SHOWN = re.compile(r"image/(png|jpeg|gif|webp)|application/(json|pdf)|text/(plain|csv)")


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
            return {
                "outputs": await asyncio.to_thread(house.files.outputs, run),
                "eventFiles": await house.tensorboards.has_events(run),
            }
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
