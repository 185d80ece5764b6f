"""An uploaded zip becomes a snapshot (floor: sources; blocking).

Nothing is unpacked into a folder: every entry goes straight into the store, under a name that was
checked before. A refused archive leaves nothing behind.
"""

from __future__ import annotations

import errno
import lzma
import re
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from jupyter_exec.errors import InvalidRequest, TooLarge
from jupyter_exec.store.manifest import check_path
from jupyter_exec.store.sizes import human_limit, human_size, largest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jupyter_exec.store.batch import Batch
    from jupyter_exec.store.manifest import SnapshotInfo
    from jupyter_exec.store.snapshots import SnapshotStore

MAX_ENTRIES = 200_000
MAX_RATIO = 1000
"""Most bytes out of one byte in; deflate itself gives at most 1032."""
_RATIO_FROM_BYTES = 10_000_000  # below this a high ratio does no harm, and is common
_MAX_LINK_BYTES = 4096  # PATH_MAX

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCRYPTED = 0x1
_UNIX = 3  # ZipInfo.create_system, APPNOTE 4.4.2

# Whatever zipfile and the decompressors raise for bytes that make no sense.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    struct.error,
)


def snapshot_zip(
    store: SnapshotStore,
    source: Path | BinaryIO,
    overlay: Mapping[str, bytes] | None = None,
) -> SnapshotInfo:
    """Make a snapshot of a zip archive.

    Args:
        store: where it is kept.
        source: the archive: a file, or something open that can seek.
        overlay: path -> content of files that are put on top, replacing those of the archive.

    Raises:
        InvalidRequest: it is no zip, is cut short or damaged or encrypted, is a bomb, or holds a
            name that leads out of the snapshot, occurs twice, or is absolute.
        TooLarge: unpacked it exceeds the store's limit, or it has too many entries.
    """
    files = overlay or {}
    with _reading("the archive"):
        opened = zipfile.ZipFile(source)
    with opened as archive:
        members = _members(archive, store.max_bytes)
        with store.batch() as batch:
            for path, data in files.items():
                batch.add_bytes(path, data)
            for path, info in members.items():
                if path not in files:
                    with _reading(path):
                        _add(batch, archive, path, info)
            return batch.commit()


def _members(archive: zipfile.ZipFile, max_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """Return the files and links of an archive by path, everything checked that can be unread."""
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        message = f"the archive has {len(infos):,} entries; at most {MAX_ENTRIES:,} are taken"
        raise TooLarge(message)
    members: dict[str, zipfile.ZipInfo] = {}
    folders: set[str] = set()
    for info in infos:
        path = _safe_path(info)
        if info.is_dir():
            folders.add(path)
        elif path in members:
            message = f"{path!r} occurs twice in the archive"
            raise InvalidRequest(message)
        else:
            _check_member(path, info)
            members[path] = info
    for path in folders & members.keys():
        message = f"{path!r} is both a file and a folder in the archive"
        raise InvalidRequest(message)
    total = sum(info.file_size for info in members.values())
    if total > max_bytes:
        files = largest_of((path, info.file_size) for path, info in members.items())
        message = (
            f"the archive has {human_size(total)} unpacked, but a snapshot may have "
            f"{human_limit(max_bytes)}; the largest files:\n{files}"
        )
        raise TooLarge(message)
    return members


def _safe_path(info: zipfile.ZipInfo) -> str:
    """Return where an entry belongs, or raise InvalidRequest for a name that is up to something."""
    name = info.orig_filename  # zipfile's `filename` hides what follows a NUL
    reason = ""
    if _CONTROL.search(name):
        reason = "it holds control characters"
    elif "\\" in name:
        reason = "the parts of a path are separated by '/'"
    elif _DRIVE.match(name) or name.startswith("/"):
        reason = "it is absolute"
    if reason:
        message = f"the archive holds {name[:255]!r}, which cannot be in a snapshot: {reason}"
        raise InvalidRequest(message)
    while name.startswith("./"):
        name = name[2:]
    path = name[:-1] if info.is_dir() else name
    return check_path(path) if path or not info.is_dir() else path


def _check_member(path: str, info: zipfile.ZipInfo) -> None:
    """Raise InvalidRequest for an entry that cannot be read, or had better not."""
    kind = stat.S_IFMT(_mode(info))
    reason = ""
    if info.flag_bits & _ENCRYPTED:
        reason = "is encrypted; send the archive without a password"
    elif kind not in {0, stat.S_IFREG, stat.S_IFLNK}:
        reason = "is neither a file nor a folder nor a link"
    elif kind == stat.S_IFLNK and info.file_size > _MAX_LINK_BYTES:
        reason = "is a link with a target of impossible length"
    elif info.file_size > max(_RATIO_FROM_BYTES, MAX_RATIO * info.compress_size):
        reason = (
            f"would grow from {human_size(info.compress_size)} to {human_size(info.file_size)}; "
            f"more than {MAX_RATIO} times is taken for a zip bomb. Send the folder another way"
        )
    if reason:
        message = f"{path!r} in the archive {reason}"
        raise InvalidRequest(message)


def _add(batch: Batch, archive: zipfile.ZipFile, path: str, info: zipfile.ZipInfo) -> None:
    """Unpack one entry into the batch."""
    mode = _mode(info)
    with archive.open(info) as stream:
        if stat.S_ISLNK(mode):
            batch.add_link(path, stream.read(_MAX_LINK_BYTES).decode("utf-8"))
        else:
            # Read to its end, which is where zipfile compares the checksum.
            source = cast("BinaryIO", stream)
            batch.add_stream(path, source, executable=bool(mode & stat.S_IXUSR))


def _mode(info: zipfile.ZipInfo) -> int:
    """Return type and permissions as Unix knows them; 0 where another system made the entry."""
    return info.external_attr >> 16 if info.create_system == _UNIX else 0


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turn what a broken archive makes zipfile raise into one clear InvalidRequest."""
    try:
        yield
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a seek to nowhere
            raise
        message = f"{what} cannot be unpacked, it is no zip or it is damaged: {error}"
        raise InvalidRequest(message) from error
