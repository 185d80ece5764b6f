"""What was seen of a folder last time, so that an unchanged one need not be read (floor: sources).

As in git's index, a file is taken for unchanged if its size, times and inode are; and one that was
written just before it was read is never trusted ("racy" in git's words), because a second write
within one tick of the clock would leave no trace. Beside that every folder's list of names is kept,
with what was decided about each: where the lists are the same no rule needs to be matched again.

One file: a line that names the format, the length of the head, the head (JSON), for every folder its
names, states and digests one after another, and a checksum. Whatever is wrong with it, the answer is
to read the folder again.
"""

# os instead of pathlib: descriptors, and every microsecond is paid 10,000 times.

from __future__ import annotations

import json
import os
import stat
import time
import zlib
from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.sources.ignore import digest_of, is_environment
from jupyter_exec.sources.walk import (
    ENVIRONMENT,
    FILE,
    FOLDER,
    LEFT_OUT,
    LEFT_OUT_FOLDER,
    LINK,
    PROGRAM,
    SPECIAL,
)
from jupyter_exec.store.manifest import Entry, SnapshotInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_exec.sources.walk import Walk

_MAGIC = b"jupyter_exec folder index 1\n"
_LOOKED_AT = frozenset({FILE, PROGRAM, LINK, SPECIAL})
_STATE = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")
_STATE_BYTES = 4 * 8
_DIGEST_BYTES = 32
_MASK = 2**63 - 1
_NEVER = (-1, -1, -1, -1)
_TICK_NS = 20_000_000  # the kernel's clock for file times may be so much behind: two jiffies at 100 Hz
_COARSE_TICK_NS = 2_100_000_000  # the same where times are whole seconds, or two as on FAT


@dataclass(frozen=True)
class _Record:
    """One folder: see `walk.Folder`; `states` and `digests` are packed."""

    path: str
    names: bytes
    kinds: str
    states: bytes
    digests: bytes


class FolderIndex:
    """An index that was read.

    Args:
        head: rules, answer, skipped paths.
        records: one for each folder.
    """

    def __init__(self, head: Mapping[str, Any], records: Sequence[_Record]) -> None:
        self._head = head
        self._records = records

    @classmethod
    def read(cls, path: Path) -> FolderIndex | None:
        """Read an index; None if there is none or it is of no use."""
        try:
            data = path.read_bytes()
            body = memoryview(data)[:-4]
            if not data.startswith(_MAGIC) or zlib.crc32(body) != int.from_bytes(data[-4:], "big"):
                return None
            start = len(_MAGIC) + 8
            end = start + int.from_bytes(body[len(_MAGIC) : start], "big")
            head = json.loads(bytes(body[start:end]))
            return cls(head, list(_records(head["folders"], bytes(body[end:]))))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    def answer(self, overlay: str) -> SnapshotInfo | None:
        """Return the snapshot that was made when this index was, if the overlay was the same."""
        answer = self._head["answer"]
        if answer["overlay"] != overlay:
            return None
        return SnapshotInfo(
            answer["id"], answer["files"], answer["size_bytes"], tuple(answer["skipped"])
        )

    @property
    def folder_files(self) -> int:
        """Number of files of the folder alone, without the overlay."""
        return int(self._head["files"])

    @property
    def folder_bytes(self) -> int:
        """Size of the files of the folder alone."""
        return int(self._head["size_bytes"])

    def same_rules(self, rules: Mapping[str, str]) -> bool:
        """Tell whether the ignore rules are those of then: at the root, and further down."""
        return self._head["rules"] == rules and all(
            digest_of(path) == digest for path, digest in self._head["nested_rules"].items()
        )

    def unchanged(self, root: str) -> bool:
        """Tell whether the folder is as it was; the rules have to be the same.

        This is what the submission of an unchanged folder consists of.
        """
        return all(_unchanged(root, record) for record in self._records)

    def kinds(self) -> dict[str, str]:
        """Return what was decided about every path."""
        return {
            path: kind
            for record in self._records
            for path, kind in zip(_paths(record), record.kinds, strict=True)
        }

    def known_files(self) -> dict[str, tuple[tuple[int, ...], Entry]]:
        """Return for every file the state it had, and the entry it became."""
        known = {}
        for record in self._records:
            numbers = array("q", record.states).tolist()
            looked_at = [
                (path, kind)
                for path, kind in zip(_paths(record), record.kinds, strict=True)
                if kind in _LOOKED_AT
            ]
            digest_at = 0
            for at, (path, kind) in enumerate(looked_at):
                if kind in {FILE, PROGRAM}:
                    digest = record.digests[digest_at : digest_at + _DIGEST_BYTES].hex()
                    digest_at += _DIGEST_BYTES
                    state = tuple(numbers[4 * at : 4 * at + 4])
                    known[path] = state, Entry(path, state[0], digest, kind == PROGRAM)
        return known


def state_of(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells a file from itself after a change: size, times, inode."""
    return tuple(number & _MASK for number in _STATE(status))


def trusted(status: os.stat_result, began_ns: int) -> bool:
    """Tell whether a later write is sure to change the state of a file.

    Args:
        status: its state before it was read.
        began_ns: when the walk began, before that.
    """
    latest = max(status.st_mtime_ns, status.st_ctime_ns)
    coarse = status.st_mtime_ns % 1_000_000_000 == 0 == status.st_ctime_ns % 1_000_000_000
    return latest < began_ns - (_COARSE_TICK_NS if coarse else _TICK_NS)


def pack_index(  # noqa: PLR0913 - everything that an index holds
    walk: Walk,
    *,
    rules: Mapping[str, str],
    entries: Mapping[str, Entry],
    unstable: Iterable[str],
    began_ns: int,
    overlay: str,
    info: SnapshotInfo,
) -> bytes:
    """Return the bytes of an index.

    Args:
        walk: the folder as it was seen.
        rules: digests of the ignore rules at the root.
        entries: what the folder's files became.
        unstable: paths of files that changed while they were read.
        began_ns: when the walk began.
        overlay: digest of the overlay.
        info: the snapshot that was made of the folder and the overlay.
    """
    changing = set(unstable)
    folders = []
    body = []
    for folder in walk.folders:
        prefix = f"{folder.path}/" if folder.path else ""
        states = array("q")
        digests = []
        statuses = iter(folder.states)
        for name, kind in zip(folder.names, folder.kinds, strict=True):
            if kind not in _LOOKED_AT:
                continue
            status = next(statuses)
            path = prefix + name
            entry = entries.get(path)
            stable = trusted(status, began_ns) and path not in changing
            if kind in {FILE, PROGRAM}:
                stable = stable and entry is not None
                digests.append(bytes.fromhex(entry.sha256) if entry else bytes(_DIGEST_BYTES))
            states.extend(state_of(status) if stable else _NEVER)
        parts = _encode(folder.names), states.tobytes(), b"".join(digests)
        folders.append([folder.path, "".join(folder.kinds), *map(len, parts)])
        body.extend(parts)
    head = json.dumps(
        {
            "answer": {
                "files": info.files,
                "id": info.id,
                "overlay": overlay,
                "size_bytes": info.size_bytes,
                "skipped": info.skipped,
            },
            "files": len(walk.files),
            "folders": folders,
            "nested_rules": walk.nested_rules,
            "rules": dict(rules),
            "size_bytes": walk.size_bytes,
        }
    ).encode("ascii")
    data = b"".join([_MAGIC, len(head).to_bytes(8, "big"), head, *body])
    return data + zlib.crc32(data).to_bytes(4, "big")
