"""multipart/form-data that goes to disk while it comes (floor: handlers).

Source: RFC 7578. Clients send a part with or without file name and type, in any order, and
call parts by other names than the contract does; the caller decides what a part is.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from jupyter_exec.errors import Fault, InvalidRequest, TooLarge

HEADER_BYTES = 16 * 2**10


@dataclass(frozen=True)
class Part:
    """A part that a request must have.

    Attributes:
        name: what the contract calls it; faults name it.
        limit_bytes: of its content.
        in_memory: for small ones.
    """

    name: str
    limit_bytes: int
    in_memory: bool = False


Choose = Callable[[str, str], str | None]
"""From a part's name and file name to the name of a `Part`; None for one that nobody wants."""


class PartReader:
    """Splits a body into files.

    Args:
        content_type: the request's header, with the boundary.
        parts: all that must come.
        choose: see Choose.

    Raises:
        InvalidRequest: this is not multipart/form-data, or there is no boundary.
    """

    def __init__(self, content_type: str, parts: tuple[Part, ...], choose: Choose) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            names = " and ".join(part.name for part in parts)
            message = f"the body must be multipart/form-data with a boundary and the parts {names}"
            raise InvalidRequest(message, "Content-Type")
        self._parts = {part.name: part for part in parts}
        self._choose = choose
        self._files: dict[str, IO[bytes]] = {}
        self._sizes: dict[str, int] = {}
        self._headers: dict[str, bytes] = {}
        self._field = b""
        self._value = b""
        self._header_bytes = 0
        self._current: str | None = None
        self._complete = False
        try:
            self._parser = MultipartParser(options[b"boundary"], self._callbacks())  # type: ignore[arg-type]
        except FormParserError as error:
            message = f"the boundary of the multipart body cannot be used: {error}"
            raise InvalidRequest(message, "Content-Type") from None

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def write(self, chunk: bytes) -> None:
        """Take a piece of the body.

        Raises:
            InvalidRequest: it is malformed, or a part comes twice.
            TooLarge: a part is over its limit.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            message = f"the multipart body is malformed: {error}"
            raise InvalidRequest(message[:300]) from None

    def finish(self) -> Mapping[str, IO[bytes]]:
        """Return the content of each part, to be read from its start.

        Raises:
            InvalidRequest: the body is cut short, or parts are missing; names all that are.
        """
        missing = [name for name in self._parts if name not in self._files]
        if missing:
            raise InvalidRequest.of([Fault(name, "this part is missing") for name in missing])
        if not self._complete:
            message = "the multipart body ends before its last boundary"
            raise InvalidRequest(message)
        for file in self._files.values():
            file.seek(0)
        return self._files

    def size(self, name: str) -> int:
        """Return the size of a part's content in bytes."""
        return self._sizes[name]

    def close(self) -> None:
        """Release the files."""
        for file in self._files.values():
            file.close()

    def _begin(self) -> None:
        self._headers = {}
        self._header_bytes = 0
        self._current = None

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_BYTES:
            message = "the header of a part is too long"
            raise InvalidRequest(message)

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = self._value
        self._field = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        name = options.get(b"name", b"").decode(errors="replace")
        filename = options.get(b"filename", b"").decode(errors="replace")
        chosen = self._choose(name, filename)
        if chosen is None or chosen not in self._parts:
            return
        if chosen in self._files:
            message = "this part comes more than once"
            raise InvalidRequest(message, chosen)
        small = self._parts[chosen].in_memory
        self._files[chosen] = io.BytesIO() if small else _on_disk()
        self._sizes[chosen] = 0
        self._current = chosen

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._current is None:
            return
        self._sizes[self._current] += end - start
        part = self._parts[self._current]
        if self._sizes[self._current] > part.limit_bytes:
            message = f"this part is larger than the limit of {part.limit_bytes:,} bytes"
            raise TooLarge(message, part.name)
        self._files[self._current].write(data[start:end])

    def _end(self) -> None:
        self._complete = True


def _on_disk() -> IO[bytes]:
    return tempfile.TemporaryFile()
