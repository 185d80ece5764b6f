"""What transfers ask of a datastore; by fsspec (floor: datastores; blocks, threads may share it).

fsspec and the packages of a protocol are imported when a store is opened, in the program that
transfers, not in the server.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from jupyter_exec.datastores.config import HTTP, LOCAL
from jupyter_exec.datastores.places import relative
from jupyter_exec.datastores.request import TransferFault
from jupyter_exec.datastores.web import read_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from jupyter_exec.datastores.request import OpenStore

BLOCK_BYTES = 4 * 2**20
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')
_FILE = "file"
_RENAMES = {"ftp", "hdfs", "sftp", "smb", "ssh", "webhdfs"}
_INSTALL = "pip install 'jupyter_exec[data]', or the package that fsspec names"


@dataclass(frozen=True)
class Entry:
    """One file of a store.

    Attributes:
        path: as the store calls it.
        name: below what was asked for; "" is that itself.
        size: in bytes; None = the store does not say.
        version: changes with the content (ETag, time of change); None = the store does not say.
        digest: algorithm and hexadecimal value of its checksum, where the store gives one.
        ranges: parts of it can be read.
    """

    path: str
    name: str
    size: int | None
    version: str | None = None
    digest: tuple[str, str] | None = None
    ranges: bool = True


class Store:
    """A datastore that fsspec can open.

    Raises:
        TransferFault: `DatastoreFailed`: the options are wrong, or a package is missing.
    """

    caches = True
    """Reading it again costs more than keeping what was read."""

    def __init__(self, described: OpenStore) -> None:
        import fsspec.core

        self.described = described
        options = dict(described.options)
        if described.protocol in HTTP:  # what is compressed on the way has another size
            headers = {**options.get("headers", {}), "Accept-Encoding": "identity"}
            options["headers"] = headers
        try:
            self._fs, root = fsspec.core.url_to_fs(
                described.url, skip_instance_cache=True, use_listings_cache=False, **options
            )
        except ImportError as error:
            message = f"datastore {described.name!r}: {error}; install it: {_INSTALL}"
            raise TransferFault("DatastoreFailed", message) from error
        except (TypeError, ValueError) as error:
            message = f"datastore {described.name!r} cannot be opened: {error}"
            raise TransferFault("DatastoreFailed", message) from error
        self._root = root.rstrip("/")
        self.caches = described.protocol != "memory"

    def path(self, name: str) -> str:
        """Return what the store calls a path below its root."""
        if self.described.protocol in HTTP:
            name = quote(name)
        return f"{self._root}/{name}" if name else self._root

    def entries(self, name: str, *, folder: bool) -> list[Entry]:
        """List what a path means: one file, or all files below it.

        Args:
            folder: it is to be taken as a folder, whatever else has that name.

        Raises:
            FileNotFoundError: neither is there.
        """
        top = self.path(name)
        if self.described.protocol in HTTP:
            return self._pages(f"{top}/") if folder else [self._entry(self._fs.info(top), top)]
        if not folder:
            info = self._fs.info(top)
            if info["type"] == _FILE:
                return [self._entry(info, top)]
        found = self._fs.find(top, detail=True)
        entries = [self._entry(info, top) for info in found.values() if _is_file(info)]
        if not entries and not self._fs.isdir(top):
            raise FileNotFoundError(top)
        return entries

    def _pages(self, top: str) -> list[Entry]:
        """List what the pages of a web server link to, below one of them."""
        left, seen, found = [top], {top}, []
        while left:
            page = left.pop()
            for info in self._fs.ls(page, detail=True):
                address = info["name"]
                inside = address.startswith(top) and not set(address[len(top) :]) & {"?", "#"}
                if not inside or address in seen:
                    continue
                seen.add(address)
                if info["type"] == _FILE:
                    found.append(self._entry(self._fs.info(address), top.rstrip("/")))
                else:
                    left.append(address)
        return found

    def _entry(self, info: Mapping[str, Any], top: str) -> Entry:
        path = str(info["name"])
        name = _without_slash(path)[len(_without_slash(top)) :].lstrip("/")
        if self.described.protocol in HTTP:
            name = unquote(name)
        size = info.get("size")
        return Entry(
            path=path,
            name=relative(name),
            size=int(size) if size is not None else None,
            version=_version(info),
            digest=_digest(info, self.described.protocol) if self.described.checksum else None,
            ranges=info.get("partial", True) is not False,
        )

    def again(self, entry: Entry) -> Entry:
        """Return what the store says of a file by now."""
        return self._entry(self._fs.info(entry.path), entry.path)

    def read(self, entry: Entry, start: int, end: int) -> bytes:
        """Return some bytes of a file.

        Raises:
            BrokenOff, NoRanges, TransferFault: from the web, see `web.read_range`.
        """
        if self.described.protocol in HTTP:
            return read_range(self._fs, entry, start, end)
        data: bytes = self._fs.cat_file(entry.path, start=start, end=end)
        return data

    def read_whole(self, entry: Entry, path: Path) -> None:
        """Write a whole file to a path, in one go."""
        self._fs.get_file(entry.path, str(path))

    @property
    def filesystem(self) -> Any:
        """What fsspec has opened."""
        return self._fs

    def is_folder(self, name: str) -> bool:
        """Tell whether a path is a folder.

        Raises:
            FileNotFoundError: it is nothing at all.
        """
        return bool(self._fs.info(self.path(name))["type"] != _FILE)

    def names(self, name: str) -> set[str]:
        """Return the names of all files below a path, which need not be there."""
        try:
            return {entry.name for entry in self.entries(name, folder=True)}
        except FileNotFoundError:
            return set()

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        try:
            return bool(self._fs.info(self.path(name))["type"] == _FILE)
        except FileNotFoundError:
            return False

    def put(self, source: Path, name: str, moved: Callable[[int], None]) -> None:
        """Write a file to the store: whole, or not at all.

        Args:
            moved: gets the number of bytes, as they go.

        Raises:
            OSError: what arrived is not what was sent.
        """
        from fsspec.callbacks import Callback

        path = self.path(name)
        parent = path.rpartition("/")[0]
        renames = self.described.protocol in _RENAMES
        if renames or self.described.protocol == "memory":
            self._fs.makedirs(parent, exist_ok=True)
        target = f"{parent}/.{path.rpartition('/')[2]}.part" if renames else path
        told = _Moved(moved)
        self._fs.put_file(str(source), target, callback=Callback(hooks={"moved": told}))
        if renames:
            self._fs.mv(target, path)
        self.check_size(name, source.stat().st_size)

    def check_size(self, name: str, size: int) -> None:
        """Make sure that a file has arrived whole.

        Raises:
            OSError: it has another size.
        """
        path = self.path(name)
        stored = self._entry(self._fs.info(path), path)
        if stored.size is not None and stored.size != size:
            message = f"{stored.size} bytes arrived instead of {size}"
            raise OSError(message)

    def check(self) -> None:
        """Raise what is in the way of using the store."""
        if self.described.protocol in HTTP:
            self._fs.ls(f"{self._root}/", detail=False)
        else:
            self._fs.ls(self._root, detail=False)


class _Moved:
    """Told by fsspec how far an upload is in all; tells what is new."""

    def __init__(self, moved: Callable[[int], None]) -> None:
        self._moved = moved
        self._before = 0

    def __call__(self, _size: int | None, value: int, **_: Any) -> None:
        self._moved(value - self._before)
        self._before = value


def open_store(described: OpenStore) -> Store:
    """Return a store of any protocol."""
    if described.protocol == LOCAL:
        from jupyter_exec.datastores.local import LocalStore

        return LocalStore(described)
    return Store(described)


def _is_file(info: Mapping[str, Any]) -> bool:
    return info["type"] == _FILE and not str(info["name"]).endswith("/")


def _without_slash(path: str) -> str:
    return path.lstrip("/")


def _version(info: Mapping[str, Any]) -> str | None:
    """Return what changes with the content, whatever the store calls it."""
    for key in _first(info, ("ETag", "etag", "md5Hash", "Last-Modified", "LastModified")):
        return str(info[key])
    for key in _first(info, ("mtime", "modified", "last_modified", "created")):
        return str(info[key])
    return None


def _first(info: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    return [key for key in keys if info.get(key)][:1]


def _digest(info: Mapping[str, Any], protocol: str) -> tuple[str, str] | None:
    """Return the checksum that a store gives: S3's ETag of one part, Content-MD5, Digest, md5Hash.

    Source: RFC 1864, RFC 3230; the S3 API reference on ETags of single-part objects.
    """
    if protocol in {"s3", "s3a"}:
        found = _MD5.fullmatch(str(info.get("ETag", "")))
        return ("md5", found[1]) if found else None
    coded = [("md5", str(info.get(key) or "")) for key in ("Content-MD5", "md5Hash")]
    for word in str(info.get("Digest") or "").split(","):
        kind, _, value = word.strip().partition("=")
        coded.append(({"sha-256": "sha256", "md5": "md5"}.get(kind.lower(), ""), value))
    for algorithm, value in coded:
        if algorithm and value:
            try:
                return algorithm, base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                continue
    return None
