"""What a snapshot holds: its entries, their checks, and the id that follows (floor: store).

A manifest is pure: it knows nothing of blobs or folders. Its canonical bytes are ASCII JSON with
sorted entries and no spaces; the snapshot's id is the UUIDv5 of exactly these bytes, so equal trees
have equal ids on every machine.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMESPACE = uuid.UUID("9f8be2b4-ef40-45a6-90de-ecc23aa8a8b1")
"""Namespace of all snapshot ids; changing it would change every id."""

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NAME_MAX = 255  # bytes in one name, on every file system that we may have to write to
_PATH_MAX = 2048  # bytes below the root; leaves the other half of PATH_MAX to the working folder
_MAX_HOPS = 40  # what Linux allows, path_resolution(7)


@dataclass(frozen=True)
class Entry:
    """One file or symbolic link of a snapshot.

    Attributes:
        path: POSIX path relative to the snapshot's root.
        size: bytes; 0 for a link.
        sha256: hex digest of the content; empty for a link.
        executable: whether its owner may execute it.
        link: for a symbolic link its target, relative to the folder it lies in; None for a file.
    """

    path: str
    size: int = 0
    sha256: str = ""
    executable: bool = False
    link: str | None = None

    def to_json(self) -> dict[str, str | int]:
        """Return the form that manifests keep."""
        if self.link is not None:
            return {"link": self.link, "path": self.path}
        mode = "0755" if self.executable else "0644"
        return {"mode": mode, "path": self.path, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True)
class SnapshotInfo:
    """The answer to whoever made a snapshot.

    Attributes:
        id: UUIDv5 of the manifest.
        files: number of entries.
        size_bytes: sum of the sizes of all files, equal contents counted each time.
        skipped: paths of a folder that cannot be in a snapshot: links out of it, devices, sockets.
    """

    id: str
    files: int
    size_bytes: int
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """The entries of one snapshot, sorted by path. Make one with `Manifest.of`."""

    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Manifest:
        """Sort and check entries.

        Raises:
            InvalidRequest: a path is not a plain relative one, occurs twice, is a file and a folder
                at once, or a link points out of the snapshot.
        """
        ordered = tuple(sorted(entries, key=lambda entry: entry.path))
        _check_tree(ordered)
        return cls(ordered)

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read canonical bytes.

        Raises:
            ValueError, KeyError, TypeError, InvalidRequest: these are not the bytes of a manifest.
        """
        return cls.of(
            Entry(item["path"], link=item["link"])
            if "link" in item
            else Entry(item["path"], item["size"], item["sha256"], item["mode"] == "0755")
            for item in json.loads(data)["entries"]
        )

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        tree = {"entries": [entry.to_json() for entry in self.entries], "version": 1}
        return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode("ascii")

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes of all files."""
        return sum(entry.size for entry in self.entries)

    def find(self, path: str) -> Entry | None:
        """Return the file that a path names, links followed, or None."""
        links = {entry.path: entry.link for entry in self.entries if entry.link is not None}
        final = follow("", path, links)
        return next((e for e in self.entries if e.path == final and e.link is None), None)


def manifest_id(data: bytes) -> str:
    """Return the id of the snapshot with these canonical bytes."""
    return str(uuid.uuid5(NAMESPACE, data.decode("ascii")))


def check_path(path: str) -> str:
    """Return the path if it is a plain relative POSIX one, else raise InvalidRequest with why."""
    reason = ""
    if not path or path.startswith("/"):
        reason = "it must be a relative path"
    elif "\0" in path:
        reason = "it holds a NUL"
    elif any(segment in {"", ".", ".."} for segment in path.split("/")):
        reason = "it must not hold '..', '.' or empty parts"
    elif len(path) * 4 > _NAME_MAX:
        raw = path.encode("utf-8", "surrogatepass")
        if len(raw) > _PATH_MAX or any(len(name) > _NAME_MAX for name in raw.split(b"/")):
            reason = f"a name may have {_NAME_MAX} bytes, a path {_PATH_MAX}"
    if reason:
        shown = path if len(path) <= _NAME_MAX else path[:_NAME_MAX] + "..."
        message = f"{shown!r} cannot be in a snapshot: {reason}"
        raise InvalidRequest(message)
    return path


def follow(folder: str, target: str, links: Mapping[str, str]) -> str | None:
    """Follow a path step by step, as the kernel does, through the links of one tree.

    Args:
        folder: where the path starts, relative to the root; "" is the root.
        target: the path, for example a link's target; may hold "..".
        links: all links of the tree, path -> target.

    Returns:
        The path it ends at, relative to the root, or None if it leaves the tree on its way or goes
        round in circles.
    """
    if target.startswith("/"):
        return None
    done = folder.split("/") if folder else []
    todo = target.split("/")[::-1]
    hops = 0
    while todo:
        segment = todo.pop()
        if segment == "..":
            if not done:
                return None
            done.pop()
        elif segment not in {"", "."}:
            done.append(segment)
            further = links.get("/".join(done))
            if further is not None:
                hops += 1
                if hops > _MAX_HOPS or further.startswith("/"):
                    return None
                done.pop()
                todo.extend(further.split("/")[::-1])
    return "/".join(done)


def _check_tree(entries: tuple[Entry, ...]) -> None:
    """Raise InvalidRequest unless the sorted entries can be laid out in an empty folder."""
    paths: set[str] = set()
    folders: set[str] = set()
    for entry in entries:
        path = check_path(entry.path)
        if path in paths:
            message = f"{path!r} occurs twice"
            raise InvalidRequest(message)
        if entry.link is None and not _SHA256.fullmatch(entry.sha256):
            message = f"{path!r} has no content"
            raise InvalidRequest(message)
        paths.add(path)
        parent = path.rpartition("/")[0]
        while parent and parent not in folders:
            folders.add(parent)
            parent = parent.rpartition("/")[0]
    for path in sorted(paths & folders)[:1]:
        message = f"{path!r} is both a file and a folder"
        raise InvalidRequest(message)
    links = {entry.path: entry.link for entry in entries if entry.link is not None}
    for path, target in links.items():
        if not target or "\0" in target or follow(path.rpartition("/")[0], target, links) is None:
            message = f"the link {path!r} -> {target!r} points out of the snapshot"
            raise InvalidRequest(message)
