"""What a snapshot would hold, without keeping anything (floor: sources; blocking).

Takes the part of `store/batch.py: Batch` that the walk of a folder uses.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

from jupyter_exec.sources.index import state_of, trusted
from jupyter_exec.store.blobs import hash_open_file, open_regular
from jupyter_exec.store.manifest import Entry

if TYPE_CHECKING:
    from jupyter_exec.store.manifest import Manifest

_MOST_KNOWN = 10_000
_known: dict[tuple[int, ...], str] = {}


def _hashed(handle: int, status: os.stat_result) -> str:
    """Return the SHA-256 of an open file; one that was read before and is untouched is not read.

    A folder is compared again and again while its snapshots stay as they are, so no index of a
    snapshot knows a large file that was touched. Files of which `trusted` doubts the times are read
    each time.
    """
    key = (status.st_dev, *state_of(status))
    found = _known.get(key)
    if found is None:
        began_ns = time.time_ns()
        found = hash_open_file(handle)
        if trusted(status, began_ns) and state_of(os.fstat(handle)) == state_of(status):
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[key] = found
    return found


class HashedFiles:
    """Collects entries.

    Args:
        before: a file that has another size there is not read: its SHA-256 is left empty.

    Attributes:
        entries: by path.
    """

    def __init__(self, before: Manifest) -> None:
        self.entries: dict[str, Entry] = {}
        self._sizes = {entry.path: entry.size for entry in before.entries if entry.link is None}

    def add_file(self, path: str, source: str) -> tuple[Entry, os.stat_result | None]:
        """Add a regular file from the disk; links are not followed.

        Raises:
            FileNotFoundError: it has gone, or is no regular file any more.
            OSError: it cannot be read.
        """
        handle = open_regular(source)
        try:
            status = os.fstat(handle)
            same_size = self._sizes.get(path) == status.st_size
            sha256 = _hashed(handle, status) if same_size else ""
        finally:
            os.close(handle)
        executable = bool(status.st_mode & stat.S_IXUSR)
        return self._add(Entry(path, status.st_size, sha256, executable)), status

    def add_known(self, entry: Entry) -> bool:
        """Add a file whose content is known."""
        self._add(entry)
        return True

    def add_link(self, path: str, target: str) -> Entry:
        """Add a symbolic link."""
        return self._add(Entry(path, link=target))

    def _add(self, entry: Entry) -> Entry:
        self.entries[entry.path] = entry
        return entry
