"""What is built, and taking away what nobody uses (floor: environments; blocking).

One that is being built is locked, and stays. One that a run has just found takes note of that
(`Build.complete` sets the time of its marker); the marker is moved away before that time is looked
at, so a run either is seen here, or does not find the environment and builds it again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.built import MARKER, RESOLVED, lock_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

JUST_USED_S = 3600.0  # so long one stays that is there only to be too many
_LEAVING = "leaving.json"


@dataclass(frozen=True)
class BuiltEnvironment:
    """An environment that is there, whole.

    Attributes:
        kind: entry point that made it.
        python: version of its Python.
        built_at, used_at: epoch seconds.
        size_bytes: of its files; those that it shares with a cache count, too.
    """

    hash: str
    kind: str
    python: str
    built_at: float
    used_at: float
    size_bytes: int


def built(root: Path) -> list[BuiltEnvironment]:
    """Return what is built, that which was used last first."""
    found = [_look(marker) for marker in root.glob(f"*/{MARKER}")]
    return sorted((one for one in found if one), key=lambda one: one.used_at, reverse=True)


def _look(marker: Path) -> BuiltEnvironment | None:
    try:
        content: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
        used_at = marker.stat().st_mtime
        return BuiltEnvironment(
            marker.parent.name,
            content["kind"],
            content["python"],
            content["builtAt"],
            used_at,
            content["sizeBytes"],
        )
    except (OSError, ValueError, KeyError):  # taken away, or of an older version of ours
        return None


def collect(
    root: Path,
    in_use: Collection[str],
    max_age_s: float,
    max_bytes: int,
    *,
    spare_after: float | None = None,
    dry_run: bool = False,
) -> list[BuiltEnvironment]:
    """Take away what is unused: what builds have left, what is old, then what is too much.

    Args:
        in_use: hashes that going runs need; they stay.
        max_age_s: since an environment was last used.
        max_bytes: of all environments together; those that were used last stay.
        spare_after: epoch seconds; what was used later stays: a run may have it already, without
            being among those that `in_use` was made of. None = now.
        dry_run: only tell.

    Returns:
        The environments that are gone, or would be.
    """
    now = time.time()
    spare_after = now if spare_after is None else spare_after
    gone, kept_bytes = [], 0
    for one in built(root):
        old = now - one.used_at > max_age_s
        too_much = kept_bytes + one.size_bytes > max_bytes and now - one.used_at > JUST_USED_S
        since = one.used_at
        if (
            (old or too_much)
            and one.hash not in in_use
            and one.used_at <= spare_after
            and (dry_run or _take_away(root, one.hash, since))
        ):
            gone.append(one)
        else:
            kept_bytes += one.size_bytes
    if not dry_run:
        _remove_leftovers(root, in_use)
        _forget(root, now - max_age_s, {one.hash for one in gone})
    return gone


def _take_away(root: Path, name: str, since: float) -> bool:
    """Remove an environment unless it is being built, or was used after `since`."""
    folder = root / name
    with _unless_locked(lock_of(root, name)) as free:
        if not free:
            return False
        marker, leaving = folder / MARKER, folder / _LEAVING
        marker.rename(leaving)
        if leaving.stat().st_mtime > since:
            leaving.rename(marker)
            return False
        _remove(folder)
        lock_of(root, name).with_suffix(".durable").unlink(missing_ok=True)
        return True


def _remove_leftovers(root: Path, in_use: Collection[str]) -> None:
    """Remove what killed builds have left, and environments that were on their way out."""
    for folder in root.iterdir():
        if not folder.is_dir() or folder.name in {RESOLVED, *in_use}:
            continue
        with _unless_locked(lock_of(root, folder.stem)) as free:
            if free and not (folder / MARKER).exists():
                _remove(folder)
    for folder in (root / RESOLVED).glob("*.work"):
        with _unless_locked(folder.with_suffix(".lock")) as free:
            if free:
                _remove(folder)


def _forget(root: Path, before: float, gone: Collection[str]) -> None:
    """Forget what requests came to where that is not there any more; the next resolves anew."""
    for place in (root / RESOLVED).glob("*.json"):
        with suppress(OSError, ValueError):
            recipe: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
            name = recipe.get("hash")
            is_there = (root / str(name) / MARKER).exists()
            if name in gone or (not is_there and place.stat().st_mtime < before):
                place.unlink()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _unless_locked(path: Path) -> Iterator[bool]:
    """Hold a lock file if nobody else does; yields whether that is so."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free = True
    except BlockingIOError:
        free = False
    try:
        yield free
    finally:
        os.close(file)
