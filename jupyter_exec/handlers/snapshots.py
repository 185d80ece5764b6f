"""Our own routes about snapshots (floor: handlers)."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.handlers.body import BodyHandler
from jupyter_exec.handlers.files import FileHandler
from jupyter_exec.sources.upload import snapshot_zip


class SnapshotsHandler(BodyHandler):
    """`snapshots`: upload."""

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
        file = self.body_file()
        info = await asyncio.to_thread(snapshot_zip, house.snapshots, file)  # type: ignore[arg-type] # IO[bytes] of tempfile is a BinaryIO
        return {"snapshotId": info.id, "files": info.files, "sizeBytes": info.size_bytes}


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
