"""A folder, or files in memory, becomes a snapshot (floor: sources; blocking)."""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.sources.excess import too_large
from jupyter_exec.sources.hashed_files import HashedFiles
from jupyter_exec.sources.ignore import IgnoreRules
from jupyter_exec.sources.index import FolderIndex, Outcome, pack_index, state_of
from jupyter_exec.sources.selection import GLOB, Selection
from jupyter_exec.sources.walk import Limits, Walk
from jupyter_exec.store.manifest import SnapshotInfo, check_path, follow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from jupyter_exec.store.batch import Batch
    from jupyter_exec.store.manifest import Entry, Manifest
    from jupyter_exec.store.snapshots import SnapshotStore


def snapshot_files(store: SnapshotStore, files: Mapping[str, bytes]) -> SnapshotInfo:
    """Make a snapshot of files in memory: a notebook's content, a cell.

    Raises:
        InvalidRequest: a path cannot be in a snapshot.
        TooLarge: they exceed the store's limit.
    """
    with store.batch() as batch:
        for path, data in files.items():
            batch.add_bytes(path, data)
        return batch.commit()


def snapshot_folder(
    store: SnapshotStore,
    folder: Path,
    *,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    overlay: Mapping[str, bytes] | None = None,
    limit_files: int | None = None,
    limit_bytes: int | None = None,
) -> SnapshotInfo:
    """Make a snapshot of a folder, or answer the earlier one if nothing has changed since.

    Args:
        store: where it is kept.
        folder: what is taken; ignore rules and default exclusions hold (see `ignore`).
        include: only these names and globs, relative to the folder (see `Selection`).
        exclude: names that are left out because they are shown to the run as links.
        overlay: path -> content of files that are put on top, replacing those of the folder.
        limit_files: most files of the folder, as a guard against sweeping in what nobody meant.
        limit_bytes: most bytes of the folder, for the same reason.

    Raises:
        InvalidRequest: the folder is none, a file cannot be read, or a name does not exist.
        TooLarge: a limit or the store's limit is exceeded; the message lists the largest.
    """
    return _FolderSource(
        store, folder, include, exclude, overlay or {}, Limits(limit_files, limit_bytes)
    ).snapshot()


def folder_entries(
    store: SnapshotStore,
    folder: Path,
    before: Manifest,
    *,
    include: Sequence[str] | None,
    exclude: Sequence[str],
    limits: Limits,
) -> dict[str, Entry]:
    """Return by path what a snapshot of the folder would hold now; keeps nothing.

    Args:
        store: where snapshots of the folder were kept.
        folder: see `snapshot_folder`, as for `include` and `exclude`; names that are not there any
            more are ignored.
        before: to compare with: a file of another size than there is not read, and gets no SHA-256.
        limits: guard against reading what nobody meant.

    Raises:
        InvalidRequest: the folder is none, or cannot be read.
        TooLarge: a limit or the store's limit is exceeded.
    """
    names = None if include is None else [name for name in include if _there(folder, name)]
    return _FolderSource(store, folder, names, exclude, {}, limits).entries(before)


def _there(folder: Path, name: str) -> bool:
    return not GLOB.isdisjoint(name) or os.path.lexists(folder / name)


class _FolderSource:
    """One call of `snapshot_folder`."""

    def __init__(
        self,
        store: SnapshotStore,
        folder: Path,
        include: Sequence[str] | None,
        exclude: Sequence[str],
        overlay: Mapping[str, bytes],
        limits: Limits,
    ) -> None:
        if not folder.is_dir():
            message = (
                f"{folder} does not exist" if not folder.exists() else f"{folder} is no folder"
            )
            raise InvalidRequest(message, "folder")
        self._store = store
        self._root = os.path.realpath(folder)
        self._selection = Selection(self._root, include, [*exclude, *_inside(store, self._root)])
        self._overlay = {check_path(path): data for path, data in overlay.items()}
        self._overlay_digest = _digest_of_files(self._overlay)
        self._limits = limits
        key = json.dumps([self._root, self._selection.key])
        self._index_path = store.index_path(hashlib.sha256(key.encode()).hexdigest())

    def snapshot(self) -> SnapshotInfo:
        """Do it."""
        rules, index = self._rules()
        if index is not None:
            info = self._unchanged(index)
            if info is not None:
                return info
        began_ns = time.time_ns()
        walk = self._walk(rules, index)
        self._selection.check_used([*walk.files, *walk.links])
        with self._store.batch() as batch:
            outcome = self._fill(batch, walk, index)
        data = pack_index(walk, rules.digests(), began_ns, outcome)
        self._store.write_atomically(self._index_path, data)
        return outcome.info

    def entries(self, before: Manifest) -> dict[str, Entry]:
        """Return what a snapshot would hold, by path."""
        rules, index = self._rules()
        files = HashedFiles(before)
        self._collect(files, self._walk(rules, index), index)
        return files.entries

    def _rules(self) -> tuple[IgnoreRules, FolderIndex | None]:
        """Return what is left out, and the index if it was made by the same rules."""
        rules = IgnoreRules.of_folder(self._root)
        index = FolderIndex.read(self._index_path)
        return rules, index if index is not None and index.same_rules(rules.digests()) else None

    def _walk(self, rules: IgnoreRules, index: FolderIndex | None) -> Walk:
        known = index.kinds() if index is not None else {}
        walk = Walk(self._root, rules, self._selection, self._walk_limits(), known)
        if not walk.within_limits:
            raise too_large(walk, self._limits, self._store.max_bytes)
        return walk

    def _walk_limits(self) -> Limits:
        """Return the limits with the store's own."""
        sizes = [self._store.max_bytes]
        if self._limits.size_bytes is not None:
            sizes.append(self._limits.size_bytes)
        return Limits(self._limits.files, min(sizes))

    def _unchanged(self, index: FolderIndex) -> SnapshotInfo | None:
        """Return the earlier snapshot if the folder and the overlay are the same."""
        info = index.answer(self._overlay_digest)
        if (
            info is not None
            and info.size_bytes <= self._store.max_bytes
            and self._limits.hold(index.folder_files, index.folder_bytes)
            and index.unchanged(self._root)
            and self._store.touch(info.id)
        ):
            return info
        return None

    def _fill(self, batch: Batch, walk: Walk, index: FolderIndex | None) -> Outcome:
        """Put everything into the batch and make the snapshot."""
        for path, data in self._overlay.items():
            batch.add_bytes(path, data)
        entries, unstable, skipped = self._collect(batch, walk, index)
        made = batch.commit()
        info = SnapshotInfo(made.id, made.files, made.size_bytes, tuple(sorted(skipped)))
        return Outcome(entries, frozenset(unstable), self._overlay_digest, info)

    def _collect(
        self, batch: Batch | HashedFiles, walk: Walk, index: FolderIndex | None
    ) -> tuple[dict[str, Entry], list[str], list[str]]:
        """Put what was found into the batch.

        Returns: the entries of files by path, the paths of those that were changing, and the paths
        of what cannot be in a snapshot.
        """
        skipped = list(walk.specials)
        for path, target in walk.links.items():
            inner = self._inner_target(path, target)
            if follow(path.rpartition("/")[0], inner, walk.links) is None:
                skipped.append(path)
            elif path not in self._overlay:
                batch.add_link(path, inner)
        entries, unread = self._add_known(batch, walk, index)
        return entries, self._add_read(batch, unread, entries), skipped

    def _inner_target(self, path: str, target: str) -> str:
        """Return a link's target as it is, or relative if it is absolute but inside the folder."""
        if target.startswith(self._root + "/"):
            return os.path.relpath(target, f"{self._root}/{path.rpartition('/')[0]}")
        return target

    def _add_known(
        self, batch: Batch | HashedFiles, walk: Walk, index: FolderIndex | None
    ) -> tuple[dict[str, Entry], list[str]]:
        """Add the files that the index knows; return their entries, and the paths of the others."""
        known = index.known_files() if index is not None else {}
        entries: dict[str, Entry] = {}
        unread: list[str] = []
        for path, status in walk.files.items():
            state, entry = known.get(path, (None, None))
            if path in self._overlay:
                continue
            if entry is not None and state == state_of(status) and batch.add_known(entry):
                entries[path] = entry
            else:
                unread.append(path)
        return entries, unread

    def _add_read(
        self, batch: Batch | HashedFiles, paths: Sequence[str], entries: dict[str, Entry]
    ) -> list[str]:
        """Add files by reading them; note their entries, and return those that were changing."""
        unstable = []
        for path in paths:
            entry, stable = _read(batch, self._root, path)
            if entry is not None:
                entries[path] = entry
            if not stable:
                unstable.append(path)
        return unstable


def _read(batch: Batch | HashedFiles, root: str, path: str) -> tuple[Entry | None, bool]:
    """Add one file; return its entry, None if it has gone, and whether it held still."""
    source = f"{root}/{path}"
    try:
        entry, status = batch.add_file(path, source)
    except FileNotFoundError:
        return None, False
    except OSError as error:
        if error.filename != source:
            raise  # it is the store that has the trouble, for example no space left
        message = (
            f"{path} cannot be read ({error.strerror}); leave it out by a line /{path} in "
            ".execignore, or name what you need with --files"
        )
        raise InvalidRequest(message, "files") from error
    return entry, status is not None


def _inside(store: SnapshotStore, root: str) -> list[str]:
    """Return the store's own folder if it lies in the folder: it would take itself in."""
    own = os.path.realpath(store.root)
    return [own] if own.startswith(root.rstrip("/") + "/") else []


def _digest_of_files(files: Mapping[str, bytes]) -> str:
    """Return a digest of names and contents."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{len(path)}:{path}:{len(files[path])}:".encode("utf-8", "surrogatepass"))
        digest.update(files[path])
    return digest.hexdigest()
