"""The Azure ML dialect: startlocalrun, which azureml-core calls localrun (floor: handlers).

Source: Execution Service API 2019-09-30, and what azureml-core 1.61 sends and does with the answer.
"""

from __future__ import annotations

import asyncio

from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.body import JSON_BYTES, BodyHandler
from jupyter_exec.handlers.execution import DEFINITION, PROJECT, RunQuery, StartRunHandler
from jupyter_exec.handlers.files import BLOCK_BYTES
from jupyter_exec.handlers.multipart import Part
from jupyter_exec.model.definition import RunDefinition


class StartLocalRunHandler(StartRunHandler):
    """`startlocalrun` (JSON in) and `localrun` (azureml-core's two parts in).

    Both answer with a zip that the caller's machine executes.
    """

    is_upload = False
    _parts = False

    def choose(self, name: str, filename: str) -> str | None:
        """Return which part this is: azureml-core calls both `files`."""
        if name.lower() == "files":
            return DEFINITION if filename.lower().endswith(".json") else PROJECT
        return super().choose(name, filename)

    def parts(self) -> tuple[Part, ...]:
        """Return the parts that must come; what azureml-core sends beside them is not needed."""
        return (Part(DEFINITION, JSON_BYTES, in_memory=True),)

    def open_body(self) -> None:
        """Take two parts, or JSON."""
        content_type = self.request.headers.get("Content-Type", "")
        self._parts = content_type.lower().startswith("multipart/")
        if self._parts:
            super().open_body()
        else:
            self._file = None
            BodyHandler.open_body(self)

    def take(self, chunk: bytes) -> None:
        """Take a part of the body."""
        (super().take if self._parts else lambda chunk: BodyHandler.take(self, chunk))(chunk)

    @operation(
        "Start a run on the caller's own machine",
        resource="runs",
        action="execute",
        query=RunQuery,
        body=RunDefinition,
        parsed=False,
        answer="LocalRunArchive",
        media_type="application/octet-stream",
        errors=(400, 409, 413, 503),
    )
    async def post(self, query: RunQuery, **_: str) -> None:
        """Answer what the caller extracts and starts."""
        house = await self.house()
        file = self.received()[DEFINITION] if self._parts else self.body_file()
        definition = await self.definition(self.json_part(file), query.run_id, [], elsewhere=True)
        url = f"{self.request.protocol}://{self.request.host}{self.base_url}"
        submission = self.submission(definition, definition.snapshot_id or "", query.run_id)
        run, archive = await house.local_runs.start(submission, url)
        with archive:
            self.set_header("Content-Type", "application/octet-stream")
            self.set_header("Content-Disposition", 'attachment; filename="localrun.zip"')
            self.set_header("X-Run-Id", run.run_id)
            while block := await asyncio.to_thread(archive.read, BLOCK_BYTES):
                self.write(block)
                await self.flush()
        self.finish()
