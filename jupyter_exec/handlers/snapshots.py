"""Our own routes about snapshots (floor: handlers)."""

from __future__ import annotations

import asyncio
import tempfile
from typing import IO, Any

from tornado.web import stream_request_body

from jupyter_exec.errors import TooLarge
from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.handlers.files import FileHandler
from jupyter_exec.sources.upload import snapshot_zip


@stream_request_body
class SnapshotsHandler(ExecHandler):
    """`snapshots`: upload."""

    _file: IO[bytes] | None = None

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate before a byte of the body is taken."""
        await super().prepare()
        if self.request.method != "POST":
            return
        limit = (await self.house()).snapshots.max_bytes
        self.request.connection.set_max_body_size(limit)  # type: ignore[union-attr]
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by post and on_finish

    def data_received(self, chunk: bytes) -> None:
        """Put a part of the body on disk."""
        if self._file is not None:
            self._file.write(chunk)

    @operation(
        "Upload a snapshot as a zip",
        resource="snapshots",
        action="write",
        body_type="application/zip",
        answer="Snapshot",
        status=201,
        errors=(400, 413, 503),
    )
    async def post(self) -> Any:
        """Store the content of a zip; the same content is stored once."""
        house = await self.house()
        if self._file is None:
            message = "the body is missing"
            raise TooLarge(message)
        self._file.seek(0)
        info = await asyncio.to_thread(snapshot_zip, house.snapshots, self._file)
        return {"snapshotId": info.id, "files": info.files, "sizeBytes": info.size_bytes}

    def on_finish(self) -> None:
        """Release the temporary file."""
        if self._file is not None:
            self._file.close()


class SnapshotHandler(ExecHandler):
    """`snapshots/{snapshotId}`."""

    @operation(
        "Show the files of a snapshot",
        resource="snapshots",
        action="read",
        answer="Manifest",
        errors=(404,),
    )
    async def get(self, snapshot_id: str) -> Any:
        """Answer the manifest."""
        house = await self.house()
        manifest = await asyncio.to_thread(house.snapshots.manifest, snapshot_id)
        return {"snapshotId": snapshot_id, "files": [entry.to_json() for entry in manifest.entries]}


class SnapshotFileHandler(FileHandler):
    """`snapshots/{snapshotId}/files/{path}`."""

    @operation(
        "Read a file of a snapshot",
        resource="snapshots",
        action="read",
        media_type="application/octet-stream",
        errors=(404,),
    )
    async def get(self, snapshot_id: str, path: str) -> None:
        """Answer the bytes of one file."""
        house = await self.house()
        with await asyncio.to_thread(house.snapshots.open_file, snapshot_id, path) as file:
            self.safe_headers(None, path.rsplit("/", 1)[-1])
            await self.write_blocks(file, 2**62)
        self.finish()
