"""Parts of files on web servers, also the beginning of one that broke off (floor: datastores)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.mishaps import BrokenOff
from jupyter_exec.datastores.request import TransferFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.datastores.store import Entry

_PARTIAL, _OK, _NOT_FOUND = 206, 200, 404


class NoRanges(Exception):
    """The store gives whole files only."""


def read_range(fs: Any, entry: Entry, start: int, end: int) -> bytes:
    """Return some bytes of a file.

    Args:
        fs: fsspec's HTTPFileSystem.

    Raises:
        BrokenOff: the connection ended early; it has what came until then.
        NoRanges: the server cannot give a part.
        TransferFault: `DownloadFailed`: the file is another one by now.
    """
    from fsspec.asyn import sync

    data: bytes = sync(fs.loop, _read, fs, entry, start, end)
    return data


async def _read(fs: Any, entry: Entry, start: int, end: int) -> bytes:
    from aiohttp import ClientError

    if start == end:
        return b""
    options = dict(fs.kwargs)
    headers = {**options.pop("headers", {}), "Range": f"bytes={start}-{end - 1}"}
    session = await fs.set_session()
    data = bytearray()
    async with session.get(fs.encode_url(entry.path), headers=headers, **options) as answer:
        _check(answer, entry, start)
        try:
            async for piece in answer.content.iter_any():
                data += piece
                if len(data) >= end - start:  # a server without ranges sends the rest, too
                    break
        except (ClientError, OSError, asyncio.TimeoutError) as error:
            raise BrokenOff(bytes(data)) from error
    if len(data) < end - start:
        raise BrokenOff(bytes(data))
    return bytes(data[: end - start])


def _check(answer: Any, entry: Entry, start: int) -> None:
    """Raise what is wrong with an answer before its content counts (RFC 9110, 14 and 15.3.7)."""
    if answer.status == _NOT_FOUND:
        raise FileNotFoundError(entry.path)
    answer.raise_for_status()
    if start > 0 and _is_another(entry, answer.headers):  # parts of two files are none
        raise TransferFault("DownloadFailed", f"{entry.path} was changed while it was fetched")
    if answer.status == _PARTIAL:
        said = str(answer.headers.get("Content-Range", ""))
        if not said.startswith(f"bytes {start}-"):
            raise NoRanges
    elif answer.status != _OK or start > 0:
        raise NoRanges


def _is_another(entry: Entry, headers: Mapping[str, str]) -> bool:
    """Tell whether an answer is of another version than the one that was found."""
    version = entry.version or ""
    now = headers.get("ETag" if '"' in version else "Last-Modified")
    return bool(version and now) and version not in {now, headers.get("ETag")}
