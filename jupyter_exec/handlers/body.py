"""Bodies that are taken as they come, within a limit (floor: handlers).

Who may not send, or announces too much, is refused before a byte is kept. A refused body is read
to its end and thrown away: a client that has not finished sending would otherwise see a broken
connection instead of the answer. Only a client that asks first (`Expect`) is answered at once.
"""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

from tornado.web import HTTPError, stream_request_body

from jupyter_exec.errors import ExecError, TooLarge
from jupyter_exec.handlers.base import ExecHandler, operations_of

JSON_BYTES = 16 * 2**20
_ANY_SIZE = 2**62
_READ_ANYHOW_BYTES = 64 * 2**20  # of those who may not send at all
_UNANNOUNCED = 4  # an upload of unknown length is read up to so many times its limit


@stream_request_body
class BodyHandler(ExecHandler):
    """Base of handlers whose body is not held in memory; by default it goes to a temporary file."""

    _refused: ExecError | HTTPError | None = None
    _hang_up = False
    _received = 0
    _limit = 0
    _file: IO[bytes] | None = None

    async def body_limit(self) -> int:
        """Return how many bytes a body may have."""
        return (await self.house()).snapshots.max_bytes

    def open_body(self) -> None:
        """Prepare for the body, by its headers."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by on_finish

    def take(self, chunk: bytes) -> None:
        """Keep a part of the body."""
        if self._file is not None:
            self._file.write(chunk)

    def body_file(self) -> IO[bytes]:
        """Return the whole body, to be read from its start.

        Raises:
            ExecError: it was refused while it came.
        """
        self.check_body()
        if self._file is None:
            message = "the body is missing"
            raise ExecError(message)
        self._file.seek(0)
        return self._file

    def check_body(self) -> None:
        """Raise what was wrong with the body while it came."""
        if self._refused is not None:
            raise self._refused

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate, authorise and look at the announced size before a byte is kept."""
        announced = int(self.request.headers.get("Content-Length", 0))
        try:
            await super().prepare()
            await self._admit(announced)
        except (ExecError, HTTPError) as error:
            read_on = announced <= _READ_ANYHOW_BYTES or isinstance(error, TooLarge)
            if not read_on or "Expect" in self.request.headers:
                self._hang_up = True
                raise
            self._refuse(error)

    async def _admit(self, announced: int) -> None:
        """Get ready for the body, or raise why it is not wanted."""
        verb = operations_of(type(self)).get((self.request.method or "").lower())
        if verb is None:
            raise HTTPError(405)
        if verb.resource is not None and verb.action is not None:
            await self.authorise(verb.action, verb.resource)
        if self.request.method in {"GET", "HEAD"}:
            return
        self._limit = await self.body_limit()
        largest = _ANY_SIZE if announced else _UNANNOUNCED * self._limit
        self.request.connection.set_max_body_size(largest)  # type: ignore[union-attr]
        if announced > self._limit:
            raise self._too_large()
        self.open_body()

    def _too_large(self) -> TooLarge:
        return TooLarge(f"the body is larger than the limit of {self._limit:,} bytes")

    def _refuse(self, error: ExecError | HTTPError) -> None:
        """Answer with an error when the body has come; whatever the verb is, it is not reached."""
        self._refused = error

        def refuse(*_: Any, **__: Any) -> None:
            raise error

        setattr(self, (self.request.method or "").lower(), refuse)

    def data_received(self, chunk: bytes) -> None:
        """Take a part of the body; called by tornado."""
        self._received += len(chunk)
        if self._refused is not None:
            return
        try:
            if self._received > self._limit:
                raise self._too_large()
            self.take(chunk)
        except ExecError as error:
            self._refuse(error)
        except OSError as error:
            self._refuse(ExecError(f"the body could not be kept: {error.strerror or error}"))

    def write_failure(self, error: ExecError, status: int | None = None) -> None:
        """Write an error; where the body is not read, the connection ends with it, and says so."""
        if self._hang_up:
            self.set_header("Connection", "close")
        super().write_failure(error, status)

    def on_finish(self) -> None:
        """Release the temporary file; called by tornado."""
        if self._file is not None:
            self._file.close()

    def on_connection_close(self) -> None:
        """Release the temporary file when the client has gone; called by tornado."""
        super().on_connection_close()
        BodyHandler.on_finish(self)


class JsonBodyHandler(BodyHandler):
    """Base of handlers whose body is JSON of limited size."""

    async def body_limit(self) -> int:
        """Return how many bytes a JSON body may have."""
        return JSON_BYTES

    def open_body(self) -> None:
        """Keep the body in memory."""
        self._file = io.BytesIO()

    def raw_body(self) -> bytes:
        """Return the body as it came.

        Raises:
            ExecError: it was refused while it came.
        """
        return self.body_file().read()
