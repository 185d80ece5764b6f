"""What was seen of a folder last time, so that an unchanged one need not be read (floor: sources).

As in git's index, a file is taken for unchanged if its size, times and inode are; and one that was
written just before it was read is never trusted ("racy" in git's words), because a second write
within one tick of the clock would leave no trace. Beside that every folder's list of names is kept,
with what was decided about each: where the lists are the same no rule needs to be matched again.

One file: a line that names the format, the length of the head, the head (JSON), for every folder
its names, states and digests one after another, and a checksum. Whatever is wrong with it, the
answer is to read the folder again.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from array import array
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from jupyter_exec.sources.ignore import digest_of, is_environment
from jupyter_exec.sources.walk import (
    ENVIRONMENT,
    FILE,
    LEFT_OUT,
    LEFT_OUT_FOLDER,
    LINK,
    PROGRAM,
    SPECIAL,
)
from jupyter_exec.store.manifest import Entry, SnapshotInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jupyter_exec.sources.walk import Folder, Walk

_MAGIC = b"jupyter_exec folder index 1\n"
_LOOKED_AT = frozenset({FILE, PROGRAM, LINK, SPECIAL})
_STATE = attrgetter("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")
_LENGTH_BYTES = 8
_CHECKSUM_BYTES = 4
_DIGEST_BYTES = 32
_MASK = 2**63 - 1
_NEVER = (-1, -1, -1, -1)
_TICK_NS = 20_000_000  # the clock of file times may be so much behind: 2 jiffies at 100 Hz
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
            body = memoryview(data)[:-_CHECKSUM_BYTES]
            if not data.startswith(_MAGIC) or zlib.crc32(body) != int.from_bytes(
                data[-_CHECKSUM_BYTES:], "big"
            ):
                return None
            start = len(_MAGIC) + _LENGTH_BYTES
            end = start + int.from_bytes(body[len(_MAGIC) : start], "big")
            head = json.loads(bytes(body[start:end]))
            return cls(head, list(_unpack(head["folders"], bytes(body[end:]))))
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


@dataclass(frozen=True)
class Outcome:
    """What came of a walk.

    Attributes:
        entries: what the folder's files became; a file is missing if it went away meanwhile.
        unstable: paths of files that changed while they were read.
        overlay: digest of the overlay.
        info: the snapshot that was made of the folder and the overlay.
    """

    entries: Mapping[str, Entry]
    unstable: frozenset[str]
    overlay: str
    info: SnapshotInfo


def pack_index(walk: Walk, rules: Mapping[str, str], began_ns: int, outcome: Outcome) -> bytes:
    """Return the bytes of an index.

    Args:
        walk: the folder as it was seen.
        rules: path -> digest of the ignore rules that hold at the root.
        began_ns: when the walk began, in nanoseconds since the epoch.
        outcome: what came of it.
    """
    records = [_pack_folder(folder, began_ns, outcome) for folder in walk.folders]
    info = outcome.info
    head = {
        "answer": {
            "files": info.files,
            "id": info.id,
            "overlay": outcome.overlay,
            "size_bytes": info.size_bytes,
            "skipped": info.skipped,
        },
        "files": len(walk.files),
        "folders": [
            (one.path, one.kinds, len(one.names), len(one.states), len(one.digests))
            for one in records
        ],
        "nested_rules": walk.nested_rules,
        "rules": dict(rules),
        "size_bytes": walk.size_bytes,
    }
    packed = json.dumps(head).encode("ascii")
    body = [part for one in records for part in (one.names, one.states, one.digests)]
    data = b"".join([_MAGIC, len(packed).to_bytes(_LENGTH_BYTES, "big"), packed, *body])
    return data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "big")


def _pack_folder(folder: Folder, began_ns: int, outcome: Outcome) -> _Record:
    """Return a folder's record; a state that is not to be trusted becomes an impossible one."""
    prefix = f"{folder.path}/" if folder.path else ""
    states = array("q")
    digests = []
    statuses = iter(folder.states)
    for name, kind in zip(folder.names, folder.kinds, strict=True):
        if kind not in _LOOKED_AT:
            continue
        status = next(statuses)
        path = prefix + name
        stable = trusted(status, began_ns) and path not in outcome.unstable
        if kind in {FILE, PROGRAM}:
            entry = outcome.entries.get(path)
            digests.append(bytes.fromhex(entry.sha256) if entry else bytes(_DIGEST_BYTES))
        states.extend(state_of(status) if stable else _NEVER)
    kinds = "".join(folder.kinds)
    return _Record(folder.path, _encode(folder.names), kinds, states.tobytes(), b"".join(digests))


def _unpack(folders: Sequence[Any], body: bytes) -> Iterator[_Record]:
    """Cut the part after the head into records."""
    at = 0
    for path, kinds, *lengths in folders:
        parts = []
        for length in lengths:
            parts.append(body[at : at + length])
            at += length
        names, states, digests = parts
        yield _Record(path, names, kinds, states, digests)


def _unchanged(root: str, record: _Record) -> bool:
    """Tell whether a folder has the same entries of the same kinds in the same states."""
    folder = f"{root}/{record.path}"
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Through the descriptor the kernel looks each name up in this folder, not from the root.
        with os.scandir(handle) as listing:
            entries = list(listing)
        return _encode([entry.name for entry in entries]) == record.names and (
            _states_now(folder, entries, record.kinds) == record.states
        )
    except (OSError, struct.error):
        return False
    finally:
        os.close(handle)


def _states_now(folder: str, entries: list[os.DirEntry[str]], kinds: str) -> bytes | None:
    """Return the states of a folder's entries; None if one is not of its kind any more."""
    if not kinds.strip(FILE + PROGRAM) and not any(map(os.DirEntry.is_symlink, entries)):
        # The same as below without a line of Python for each file.
        return _pack_states(map(os.DirEntry.stat, entries))
    pairs = list(zip(entries, kinds, strict=True))
    if not all(_same_kind(folder, entry, kind) for entry, kind in pairs):
        return None
    looked_at = [entry for entry, kind in pairs if kind in _LOOKED_AT]
    return _pack_states(entry.stat(follow_symlinks=False) for entry in looked_at)


def _same_kind(folder: str, entry: os.DirEntry[str], kind: str) -> bool:
    """Tell whether a decision about an entry still holds, as far as its state does not tell."""
    if kind == LEFT_OUT:
        return not entry.is_dir(follow_symlinks=False)
    if kind == LEFT_OUT_FOLDER:
        return entry.is_dir(follow_symlinks=False)
    return kind != ENVIRONMENT or is_environment(f"{folder}/{entry.name}")


def _pack_states(statuses: Iterable[os.stat_result]) -> bytes:
    """Return states one after another; struct.error if an inode's number is beyond 63 bits."""
    numbers = tuple(chain.from_iterable(map(_STATE, statuses)))
    return struct.pack(f"{len(numbers)}q", *numbers)


def _encode(names: Iterable[str]) -> bytes:
    """Join names; a file name holds anything but NUL and slash."""
    return "\0".join(names).encode("utf-8", "surrogateescape")


def _paths(record: _Record) -> Iterator[str]:
    """Return the paths of all entries of a folder, relative to the root."""
    prefix = f"{record.path}/" if record.path else ""
    names = record.names.decode("utf-8", "surrogateescape")
    return (prefix + name for name in names.split("\0")) if names else iter(())
