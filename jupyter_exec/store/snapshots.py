"""Snapshots: content-addressed trees of files (floor: store; blocking, thread-safe).

    root/blobs/ab/<sha256>    contents, each once
    root/manifests/<id>.json  canonical bytes of each manifest; written last, by rename
    root/incoming/            temporary files; emptied at the next opening
    root/index/               what `jupyter_exec.sources` remembers of folders

One process writes. Within it garbage collection and the making of snapshots may overlap.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.store import garbage
from jupyter_exec.store.batch import Batch
from jupyter_exec.store.blobs import Blobs, copy_open_file
from jupyter_exec.store.garbage import GcResult, Pins
from jupyter_exec.store.manifest import Entry, Manifest, SnapshotInfo, manifest_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

__all__ = ["Batch", "Entry", "GcResult", "Manifest", "SnapshotInfo", "SnapshotStore"]

_DAY_S = 86_400.0


class SnapshotStore:
    """The snapshots of one data directory.

    Args:
        root: made if it does not exist.
        max_bytes: largest size of one snapshot.
        read_only: open beside the server that writes: nothing is made or tidied.
    """

    def __init__(self, root: Path, max_bytes: int = 2 * 2**30, *, read_only: bool = False) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self.blobs = Blobs(root / "blobs")
        self.pins = Pins()
        self._manifests = root / "manifests"
        self._incoming = root / "incoming"
        self._index = root / "index"
        self._lock = threading.Lock()
        if not read_only:
            shutil.rmtree(self._incoming, ignore_errors=True)
            for folder in (root / "blobs", self._manifests, self._incoming, self._index):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Collect a new snapshot; `Batch.commit` makes it, temporary files end with the block."""
        folder = tempfile.mkdtemp(dir=self._incoming)
        batch = Batch(self, folder)
        try:
            yield batch
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self.pins.release(batch.pinned)

    def commit(self, entries: Iterable[Entry]) -> SnapshotInfo:
        """Write the manifest of entries whose contents are kept already (see `Batch`).

        Raises:
            InvalidRequest: the entries do not make a tree; see `Manifest.of`.
        """
        return self.write(Manifest.of(entries))

    def write(self, manifest: Manifest) -> SnapshotInfo:
        """Write a manifest whose contents are kept already."""
        data = manifest.to_bytes()
        snapshot_id = manifest_id(data)
        if not self.touch(snapshot_id):
            self.write_atomically(self._manifest_path(snapshot_id), data)
        return SnapshotInfo(snapshot_id, len(manifest.entries), manifest.size_bytes)

    def exists(self, snapshot_id: str) -> bool:
        """Tell whether there is such a snapshot; False for what is no snapshot id at all."""
        try:
            return self._manifest_path(snapshot_id).is_file()
        except InvalidRequest:
            return False

    def touch(self, snapshot_id: str) -> bool:
        """Begin the grace period of `gc` anew; answers whether there is such a snapshot."""
        with self._lock:
            try:
                os.utime(self._manifest_path(snapshot_id))
            except FileNotFoundError:
                return False
            return True

    def manifest(self, snapshot_id: str) -> Manifest:
        """Return what a snapshot holds.

        Raises:
            InvalidRequest: this is not a UUID.
            NotFound: there is no such snapshot, or its manifest is damaged.
        """
        try:
            data = self._manifest_path(snapshot_id).read_bytes()
        except FileNotFoundError:
            message = f"there is no snapshot {snapshot_id}"
            raise NotFound(message, "snapshotId") from None
        try:
            if manifest_id(data) == snapshot_id.lower():
                return Manifest.from_bytes(data)
        except (ValueError, KeyError, TypeError, InvalidRequest):
            pass
        message = f"the manifest of snapshot {snapshot_id} is damaged; submit its source again"
        raise NotFound(message, "snapshotId")

    def has_file(self, snapshot_id: str, path: str) -> bool:
        """Tell whether a path names a file of a snapshot, links followed.

        Raises:
            InvalidRequest, NotFound: as `manifest`.
        """
        with suppress(FileNotFoundError):
            # The canonical form lets a plain name be found without reading 10,000 others.
            data = self._manifest_path(snapshot_id).read_bytes()
            if f'"path":{json.dumps(path)},"sha256":'.encode() in data:
                return True
        return self.manifest(snapshot_id).find(path) is not None

    def open_file(self, snapshot_id: str, path: str) -> BinaryIO:
        """Open one file of a snapshot for reading; links are followed within the snapshot.

        Raises:
            NotFound: no such snapshot, no such file in it, or its content is lost.
        """
        entry = self.manifest(snapshot_id).find(path)
        if entry is None:
            message = f"snapshot {snapshot_id} has no file {path!r}"
            raise NotFound(message, "path")
        return self.open_entry(snapshot_id, entry)

    def open_entry(self, snapshot_id: str, entry: Entry) -> BinaryIO:
        """Open the content of an entry of a manifest for reading.

        Raises:
            NotFound: it is missing or cut short.
        """
        if self.blobs.has(entry.sha256, entry.size):
            return Path(self.blobs.path(entry.sha256)).open("rb")
        message = (
            f"the content of {entry.path!r} in snapshot {snapshot_id} is lost; "
            "submit its source again"
        )
        raise NotFound(message, "snapshotId")

    def materialise(self, snapshot_id: str, folder: Path) -> Manifest:
        """Lay a snapshot out as real copies, which a run may write to.

        Files that are there already under the same names are replaced; others stay.

        Args:
            snapshot_id: which.
            folder: made if it does not exist.

        Raises:
            NotFound: no such snapshot, or a content is lost.
            InvalidRequest: a link in `folder` would lead a file out of it.
            OSError: the disk is full, a folder is where a file should be, ...
        """
        manifest = self.manifest(snapshot_id)
        folder.mkdir(parents=True, exist_ok=True)
        root = os.path.realpath(folder)
        parents: set[str] = set()
        # Links come last, so that no file of the snapshot is written through one.
        for entry in sorted(manifest.entries, key=lambda entry: entry.link is not None):
            parent = entry.path.rpartition("/")[0]
            if parent not in parents:
                _make_parent(root, parent)
                parents.add(parent)
            target = f"{root}/{entry.path}"
            if entry.link is not None:
                Path(target).unlink(missing_ok=True)
                Path(target).symlink_to(entry.link)
                continue
            with self.open_entry(snapshot_id, entry) as source:
                _write_copy(source.fileno(), target, executable=entry.executable)
        return manifest

    def delete(self, snapshot_id: str) -> None:
        """Forget a snapshot; its contents go with the next `gc`.

        Raises:
            NotFound: there is no such snapshot.
        """
        try:
            self._manifest_path(snapshot_id).unlink()
        except FileNotFoundError:
            message = f"there is no snapshot {snapshot_id}"
            raise NotFound(message, "snapshotId") from None

    def gc(self, keep_ids: Collection[str], grace_s: float = _DAY_S) -> GcResult:
        """Remove snapshots that nobody names, contents that no snapshot names, and old indexes.

        Args:
            keep_ids: snapshots that must stay.
            grace_s: seconds; those made or asked for in this time stay too: their run may be on
                its way.
        """
        with self.pins.collecting():
            with self._lock:
                snapshots = garbage.remove_old_files(
                    self._manifests, grace_s, keep={snapshot_id.lower() for snapshot_id in keep_ids}
                )
            blobs, size_bytes = garbage.remove_blobs(
                self.root / "blobs", self._named_blobs(), self.pins
            )
            garbage.remove_old_files(self._index, 30 * _DAY_S)
        return GcResult(snapshots, blobs, size_bytes)

    def index_path(self, key: str) -> Path:
        """Return where the index of a folder is kept; `key` is a hex digest."""
        return self._index / key

    def write_atomically(self, path: Path, data: bytes) -> None:
        """Write a file below the root so that it is seen complete or not at all."""
        handle, name = tempfile.mkstemp(dir=self._incoming)
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(data)
        Path(name).replace(path)

    def _manifest_path(self, snapshot_id: str) -> Path:
        """Return where a manifest lies, or raise InvalidRequest if the id is not a UUID."""
        try:
            canonical = str(uuid.UUID(snapshot_id))
        except ValueError:
            canonical = None
        if canonical != snapshot_id.lower():
            message = f"{snapshot_id[:64]!r} is not a snapshot id, which is a UUID"
            raise InvalidRequest(message, "snapshotId")
        return self._manifests / f"{canonical}.json"

    def _named_blobs(self) -> set[str]:
        """Return the contents that any snapshot names; a damaged manifest names none."""
        named: set[str] = set()
        for path in self._manifests.iterdir():
            with suppress(NotFound, InvalidRequest):
                named.update(entry.sha256 for entry in self.manifest(path.stem).entries)
        return named


def _make_parent(root: str, parent: str) -> None:
    """Make a folder below the root, or raise InvalidRequest if a link leads out of it there."""
    folder = Path(root, parent)
    real = os.path.realpath(folder)
    if real != root and not real.startswith(root.rstrip("/") + "/"):
        message = f"{folder} leads out of {root}"
        raise InvalidRequest(message)
    folder.mkdir(parents=True, exist_ok=True)


def _write_copy(source: int, target: str, *, executable: bool) -> None:
    """Copy an open file to a new one; never through a link, never into a file that others share."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    mode = 0o755 if executable else 0o644
    try:
        handle = os.open(target, flags, mode)
    except FileExistsError:
        Path(target).unlink()
        handle = os.open(target, flags, mode)
    try:
        copy_open_file(source, handle)
    finally:
        os.close(handle)
