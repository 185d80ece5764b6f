"""What is built, and taking away what nobody uses (floor: environments; blocking).

One that is being built is locked, and stays. One that a run has just found takes note of that
(`Build.complete` sets the time of its marker); the marker is moved away before that time is looked
at, so a run either is seen here, or does not find the environment and builds it again.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments import kept_images
from jupyter_exec.environments.build import unless_locked
from jupyter_exec.environments.built import MARKER, RESOLVED, lock_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from jupyter_exec.environments.kept_images import KeptImage

CACHE = ".uv-cache"
"""Folder of what builds in images have downloaded; its time of change is its last use."""
DOCKERFILE = "dockerfile"
"""Kind of an image that was built from a Dockerfile."""
JUST_USED_S = 3600.0  # so long one stays that is there only to be too many
_LEAVING = "leaving.json"


@dataclass(frozen=True)
class BuiltEnvironment:
    """An environment that is there, whole; or an image that was built from a Dockerfile.

    Attributes:
        kind: entry point that made it, or DOCKERFILE.
        python: version of its Python; None where nobody knows.
        built_at, used_at: epoch seconds.
        size_bytes: of its files; those that it shares with a cache count, too.
        image: where it is one, its place.
        image_id: and what the engine calls it.
    """

    hash: str
    kind: str
    python: str | None
    built_at: float
    used_at: float
    size_bytes: int
    image: KeptImage | None = None
    image_id: str | None = None


def built(root: Path) -> list[BuiltEnvironment]:
    """Return what is built, that which was used last first."""
    found = [one for one in map(_look, root.glob(f"*/{MARKER}")) if one is not None]
    for place, content, used_at in kept_images.kept(root):
        found.append(
            BuiltEnvironment(
                place.tag.rpartition(":")[2],
                DOCKERFILE,
                None,
                content["builtAt"],
                used_at,
                content["sizeBytes"],
                place,
                content["image"],
            )
        )
    return sorted(found, key=lambda one: one.used_at, reverse=True)


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
        in_use: hashes of environments, and ids of images, that going runs need; they stay.
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
    removal = kept_images.ImageRemoval(in_use)
    for one in built(root):
        old = now - one.used_at > max_age_s
        too_much = kept_bytes + one.size_bytes > max_bytes and now - one.used_at > JUST_USED_S
        if (
            (old or too_much)
            and one.hash not in in_use
            and one.image_id not in in_use
            and one.used_at <= spare_after
            and (dry_run or _go(root, one, removal))
        ):
            gone.append(one)
        else:
            kept_bytes += one.size_bytes
    if not dry_run:
        _remove_leftovers(root, in_use, min(spare_after, now - max_age_s))
        kept_images.tidy(root)
        _forget(root, now - max_age_s, {one.hash for one in gone})
    return gone


def _go(root: Path, one: BuiltEnvironment, removal: kept_images.ImageRemoval) -> bool:
    """Remove an environment or an image; tells whether it is gone."""
    if one.image is not None:
        return removal.take_away(one.image, one.used_at)
    return _take_away(root, one.hash, one.used_at)


def _take_away(root: Path, name: str, since: float) -> bool:
    """Remove an environment unless it is being built, or was used after `since`."""
    folder = root / name
    with unless_locked(lock_of(root, name)) as free:
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


def _remove_leftovers(root: Path, in_use: Collection[str], cache_before: float) -> None:
    """Remove what killed builds have left, and environments that were on their way out.

    Args:
        cache_before: a cache of downloads goes that was used before then, in epoch seconds.
    """
    for folder in root.iterdir():
        if not folder.is_dir() or folder.name in {RESOLVED, CACHE, *in_use}:
            continue
        with unless_locked(lock_of(root, folder.stem)) as free:
            if free and not (folder / MARKER).exists():
                _remove(folder)
    with suppress(FileNotFoundError):
        if (root / CACHE).stat().st_mtime < cache_before:
            _remove(root / CACHE)
    for folder in (root / RESOLVED).glob("*.work"):
        with unless_locked(folder.with_suffix(".lock")) as free:
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
