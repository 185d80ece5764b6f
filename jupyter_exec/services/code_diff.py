"""How the code of a run differs from that of another, or from its folder today (floor: services).

Blocking throughout: called in threads.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict
from jupyter_exec.model.unified import unified_diff
from jupyter_exec.services.sourcing import Origin
from jupyter_exec.store.blobs import open_regular, read_up_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.sourcing import Sourcing
    from jupyter_exec.store.manifest import Entry, Manifest
    from jupyter_exec.store.snapshots import SnapshotStore

    Read = Callable[[Entry], bytes]

MOST_FILES = 500
MOST_BYTES = 1 << 20
TIME_S = 5.0  # in which diffs are made; what comes after is only named
_SHOWN_BYTES = 16 << 20  # of all diffs together


class CodeDiffs:
    """Compares the snapshots of runs."""

    def __init__(self, snapshots: SnapshotStore, sourcing: Sourcing) -> None:
        self._snapshots = snapshots
        self._sourcing = sourcing

    def between(self, run: Run, other: Run) -> dict[str, Any]:
        """Return what is different in the other run.

        Raises:
            Conflict: one of them has no snapshot.
            NotFound: a snapshot is gone.
        """
        before, after = (
            {entry.path: entry for entry in self._manifest(one).entries} for one in (run, other)
        )
        comparison = _Comparison(self._reader(run), self._reader(other))
        return comparison.answer(run.run_id, other.run_id, before, after)

    def since(self, run: Run) -> dict[str, Any]:
        """Return what is different in the folder by now.

        Raises:
            Conflict: it is not known, or gone; or the run has no snapshot.
            InvalidRequest, TooLarge: it cannot be read, or has become too large.
        """
        snapshot = self._manifest(run)
        if run.source is None:
            message = (
                f"it is not known which folder the code of run {run.run_id} came from: it was sent "
                "by its client, or before folders were noted. Compare it with another run: ?with=ID"
            )
            raise Conflict(message, "runId")
        origin = Origin(**run.source)
        folder, after = self._sourcing.present(origin, snapshot)
        before = {
            entry.path: entry
            for entry in snapshot.entries
            if entry.path in after or entry.path not in origin.overlay
        }

        def read(entry: Entry) -> bytes:
            handle = open_regular(f"{folder}/{entry.path}")
            try:
                return read_up_to(handle, MOST_BYTES + 1)
            finally:
                os.close(handle)

        return _Comparison(self._reader(run), read).answer(run.run_id, origin.path, before, after)

    def _manifest(self, run: Run) -> Manifest:
        if run.snapshot_id is None:
            message = f"run {run.run_id} has no snapshot of its code"
            raise Conflict(message, "runId")
        return self._snapshots.manifest(run.snapshot_id)

    def _reader(self, run: Run) -> Read:
        def read(entry: Entry) -> bytes:
            with self._snapshots.open_entry(run.snapshot_id or "", entry) as file:
                return file.read(MOST_BYTES + 1)

        return read


class _Comparison:
    """One comparison.

    Args:
        read_before, read_after: return the content of a file.
    """

    def __init__(self, read_before: Read, read_after: Read) -> None:
        self._read = (read_before, read_after)
        self._deadline = time.monotonic() + TIME_S
        self._room = _SHOWN_BYTES

    def answer(
        self, name: str, to: str, before: Mapping[str, Entry], after: Mapping[str, Entry]
    ) -> dict[str, Any]:
        """Return all that differs, by path; `name` and `to` are what is compared."""
        paths = sorted(
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        )
        shown = paths[:MOST_FILES]
        files = [self._change(path, before.get(path), after.get(path)) for path in shown]
        return {"from": name, "to": to, "files": files, "more": len(paths) - len(shown)}

    def _change(self, path: str, before: Entry | None, after: Entry | None) -> dict[str, Any]:
        change = "added" if before is None else "removed" if after is None else "changed"
        reason = self._obstacle(before, after)
        diff = None
        shown = path.encode(errors="backslashreplace").decode()  # JSON carries text only
        if reason is None:
            diff, reason = self._diff(shown, before, after)
        return {"path": shown, "change": change, "diff": diff, "reason": reason}

    def _obstacle(self, before: Entry | None, after: Entry | None) -> str | None:
        """Return why there is no diff, as far as that is known before anything is read."""
        there = [entry for entry in (before, after) if entry is not None]
        if any(entry.link is not None for entry in there):
            return "a symbolic link"
        if before and after and before.sha256 == after.sha256:
            return f"only the mode differs: executable {'now' if after.executable else 'before'}"
        if any(entry.size > MOST_BYTES for entry in there):
            return "larger than 1 MiB"
        if time.monotonic() > self._deadline or self._room <= 0:
            return "so much differs that the rest is only named"
        return None

    def _diff(
        self, path: str, before: Entry | None, after: Entry | None
    ) -> tuple[str | None, str | None]:
        """Return the diff, or why there is none."""
        try:
            old, new = (
                None if entry is None else _text(read(entry))
                for entry, read in zip((before, after), self._read, strict=True)
            )
        except FileNotFoundError:
            return None, "it is changing right now"
        except OSError as error:
            return None, f"cannot be read ({error.strerror})"
        except UnicodeError:
            return None, "binary"
        diff = unified_diff(old, new, path)
        self._room -= len(diff or "")
        return diff, "too many lines differ" if diff is None else None


def _text(data: bytes) -> str:
    """Return the text.

    Raises:
        UnicodeError: it is none.
    """
    if b"\0" in data:
        message = "binary"
        raise UnicodeError(message)
    return data.decode()
