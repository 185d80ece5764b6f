"""From what a request names as its source to a snapshot (floor: services).

Nobody's file outside the server's root is read: every path is resolved first and must lie inside
it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, InvalidRequest, NotFound
from jupyter_exec.sources.folder import folder_entries, snapshot_files, snapshot_folder
from jupyter_exec.sources.git import git_state
from jupyter_exec.sources.walk import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_exec.model.request import OverlayFile, Source
    from jupyter_exec.model.run import Run
    from jupyter_exec.store.manifest import Entry, Manifest
    from jupyter_exec.store.snapshots import SnapshotInfo, SnapshotStore

MAX_FILES = 2_000
MAX_BYTES = 50_000_000


@dataclass(frozen=True)
class Origin:
    """Where a snapshot was taken from, to look there again; all paths are POSIX.

    Attributes:
        path: the folder or file, relative to the server's root.
        folder: the folder, that of a file or itself.
        include: names and globs that were asked for; None = everything.
        exclude: what was shown as a link instead.
        overlay: files that were laid on top.
        limited: whether the folder was refused if it was large.
    """

    path: str
    folder: str
    include: list[str] | None
    exclude: list[str]
    overlay: list[str]
    limited: bool


@dataclass(frozen=True)
class Sourced:
    """A source that has become a snapshot.

    Attributes:
        snapshot: None only where an existing snapshot was named (its size is not counted again).
        links: relative place -> absolute path.
        git: commit, branch, dirty, and the uncommitted `diff`.
        origin: None where the snapshot is of no folder of this server.
    """

    snapshot_id: str
    snapshot: SnapshotInfo | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    git: Mapping[str, Any] | None = None
    origin: Origin | None = None

    @classmethod
    def again(cls, run: Run) -> Sourced:
        """Return the source of an earlier run."""
        origin = Origin(**run.source) if run.source else None
        return cls(run.snapshot_id or "", None, run.links, run.git, origin)


def resolve_inside(root: Path, path: str, target: str) -> Path:
    """Return the real path of something inside `root`.

    Raises:
        InvalidRequest: it lies outside, or its name cannot be one.
        NotFound: it does not exist.
    """
    try:
        real = (root / path).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        message = f"{path[:200]} does not exist below the server's root folder"
        raise NotFound(message, target) from None
    if not real.is_relative_to(root.resolve()):
        message = f"{path[:200]} lies outside the server's root folder"
        raise InvalidRequest(message, target)
    return real


class Sourcing:
    """Takes snapshots for requests.

    Args:
        root: the server's root folder; nothing outside it is read.
        data_dir: where runs are kept; never part of a snapshot.
    """

    def __init__(self, snapshots: SnapshotStore, root: Path, data_dir: Path) -> None:
        self._snapshots = snapshots
        self._root = root
        self._data_dir = data_dir.resolve()

    def inside(self, path: str, target: str) -> Path:
        """Return the real path of something below the root; raises as `resolve_inside`."""
        return resolve_inside(self._root, path, target)

    async def take(self, source: Source, overlay: Mapping[str, OverlayFile]) -> Sourced:
        """Return the snapshot of a source with the overlay on top.

        Raises:
            InvalidRequest, NotFound, TooLarge: what is wrong with the source, with its field.
        """
        files = {path: file.content() for path, file in overlay.items()}
        if source.path is not None:
            return await self._folder(source, files)
        return await asyncio.to_thread(self._without_folder, source, files)

    def script(self, source: Source) -> str | None:
        """Return what a source says is to be run: a notebook or a file; None for a folder."""
        if source.notebook is not None:
            return source.name
        if source.path is None:
            return None
        path = resolve_inside(self._root, source.path, "source.path")
        return None if path.is_dir() else path.name

    def _without_folder(self, source: Source, files: dict[str, bytes]) -> Sourced:
        if source.snapshot_id is not None:
            if not self._snapshots.exists(source.snapshot_id):
                message = f"there is no snapshot {source.snapshot_id[:80]}"
                raise NotFound(message, "source.snapshotId")
            if files:
                message = (
                    "an existing snapshot is not changed; leave out overlay, or send the files"
                )
                raise InvalidRequest(message, "overlay")
            return Sourced(source.snapshot_id)
        if source.notebook is not None:
            files[source.name] = json.dumps(source.notebook, ensure_ascii=False).encode()
        snapshot = snapshot_files(self._snapshots, files)
        return Sourced(snapshot.id, snapshot)

    async def _folder(self, source: Source, files: dict[str, bytes]) -> Sourced:
        path = resolve_inside(self._root, source.path or "", "source.path")
        folder = path if path.is_dir() else path.parent
        links = {
            place: str(resolve_inside(self._root, str(folder / place), f"source.link[{index}]"))
            for index, place in enumerate(source.link)
        }
        origin = Origin(
            path=self._below_root(path),
            folder=self._below_root(folder),
            include=source.files and [*source.files, *([] if path.is_dir() else [path.name])],
            exclude=list(source.link),
            overlay=sorted(files),
            limited=source.limit,
        )
        snapshot, git = await asyncio.gather(
            asyncio.to_thread(
                snapshot_folder,
                self._snapshots,
                folder,
                include=origin.include,
                exclude=[*origin.exclude, *self._own_folders(folder)],
                overlay=files,
                limit_files=MAX_FILES if source.limit else None,
                limit_bytes=MAX_BYTES if source.limit else None,
            ),
            asyncio.to_thread(git_state, folder),
        )
        kept = origin if _is_text(origin.path) else None
        return Sourced(snapshot.id, snapshot, links, asdict(git) if git else None, kept)

    def present(self, origin: Origin, snapshot: Manifest) -> tuple[Path, dict[str, Entry]]:
        """Return the folder that a snapshot was taken from, and what one of it would hold now.

        Blocking. A file that has not the size it has in `snapshot` is not read: it has no SHA-256.

        Raises:
            Conflict: the folder is gone.
            InvalidRequest: it leads out of the server's root by now, or cannot be read.
            TooLarge: it holds more than a snapshot may.
        """
        try:
            folder = resolve_inside(self._root, origin.folder, "runId")
        except NotFound:
            message = f"the folder {origin.folder} is gone, so there is nothing to compare with"
            raise Conflict(message, "runId") from None
        return folder, folder_entries(
            self._snapshots,
            folder,
            snapshot,
            include=origin.include,
            exclude=[*origin.exclude, *self._own_folders(folder)],
            limits=Limits(MAX_FILES, MAX_BYTES) if origin.limited else Limits(),
        )

    def _below_root(self, path: Path) -> str:
        return path.relative_to(self._root.resolve()).as_posix()

    def _own_folders(self, folder: Path) -> list[str]:
        """Return our data directory as a place in `folder`, where it lies below it."""
        if not self._data_dir.is_relative_to(folder) or self._data_dir == folder:
            return []
        return [self._data_dir.relative_to(folder).as_posix()]


def _is_text(path: str) -> bool:
    """Tell whether a path can be shown; a link may have led to a name that is no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
