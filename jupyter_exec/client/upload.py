"""Packs a folder that the server cannot read by itself, and uploads it (floor: client)."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from typing import IO, TYPE_CHECKING, Any

from jupyter_exec.client.source import content_bytes
from jupyter_exec.errors import InvalidRequest
from jupyter_exec.sources.excess import too_large
from jupyter_exec.sources.ignore import IgnoreRules
from jupyter_exec.sources.selection import Selection
from jupyter_exec.sources.walk import Limits, Walk
from jupyter_exec.store.manifest import follow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_exec.client.session import Session
    from jupyter_exec.client.source import Content, Wanted

# As the server's own guard has them.
MAX_FILES = 2_000
MAX_BYTES = 50_000_000
_IN_MEMORY_BYTES = 16 << 20
_TIMEOUT_S = 600.0


def upload(
    session: Session, folder: Path, wanted: Wanted, overlay: Mapping[str, Content]
) -> dict[str, Any]:
    """Pack a folder by its ignore rules, an overlay on top, and upload it.

    Returns: the snapshot's id, and how many files and bytes it has, as the server answers.

    Raises:
        InvalidRequest: something in it cannot be packed.
        TooLarge: it is over the guard or the server's limit.
    """
    walk = _walk(folder, wanted)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as packed:
        _pack(packed, folder, walk, {path: content_bytes(file) for path, file in overlay.items()})
        size_bytes = packed.tell()
        packed.seek(0)
        headers = {"Content-Type": "application/zip", "Content-Length": str(size_bytes)}
        answer = session.json(
            "POST", "snapshots", content=packed, headers=headers, timeout=_TIMEOUT_S
        )
    return dict(answer)


def _walk(folder: Path, wanted: Wanted) -> Walk:
    root = str(folder)
    limits = Limits(MAX_FILES, MAX_BYTES) if wanted.limit else Limits()
    selection = Selection(root, wanted.files or None, ())
    walk = Walk(root, IgnoreRules.of_folder(root), selection, limits, {})
    if not walk.within_limits:
        raise too_large(walk, limits, MAX_BYTES)
    selection.check_used([*walk.files, *walk.links])
    return walk


def _pack(packed: IO[bytes], folder: Path, walk: Walk, overlay: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(walk.files.keys() - overlay.keys()):
            try:
                info = zipfile.ZipInfo.from_file(folder / path, path, strict_timestamps=False)
                info.compress_type = zipfile.ZIP_DEFLATED
                with (folder / path).open("rb") as file, archive.open(info, "w") as place:
                    while block := file.read(1 << 20):
                        place.write(block)
            except (OSError, UnicodeEncodeError) as error:
                message = f"{path!r} cannot be packed ({error}); leave it out by .execignore"
                raise InvalidRequest(message, "source") from error
        for path in sorted(walk.links.keys() - overlay.keys()):
            target = _inner_target(folder, path, walk)
            if target is not None:
                info = zipfile.ZipInfo(path)
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, os.fsencode(target))
        for path, content in overlay.items():
            archive.writestr(path, content)


def _inner_target(folder: Path, path: str, walk: Walk) -> str | None:
    """Return a link's target relative to it; None for a link that leads out of the folder.

    As the server does with folders that it reads itself.
    """
    target, parent = walk.links[path], path.rpartition("/")[0]
    if target.startswith(f"{folder}/"):
        target = os.path.relpath(target, folder / parent)
    return None if follow(parent, target, walk.links) is None else target
