"""Which files of a run hold scalars, and keeping them (floor: services; blocking, in threads)."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

DATABASES = {"mlflow.db", "mlruns.db"}

_DEEPEST = 8
_MOST_FILES = 50_000
_SKIPPED = {"node_modules", "site-packages", "__pycache__", "artifacts"}


def tracked(work: Path) -> Iterator[Path]:
    """Yield event files, databases of MLflow, and folders `mlruns`; links are not followed."""
    waiting = [(str(work), 0)]
    seen = 0
    while waiting and seen < _MOST_FILES:
        folder, depth = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue  # it has just been removed
        seen += len(entries)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name == "mlruns":
                    yield Path(entry.path)
                elif depth < _DEEPEST and entry.name[0] != "." and entry.name not in _SKIPPED:
                    waiting.append((entry.path, depth + 1))
            elif _is_tracked(entry.name) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def keep(work: Path, outputs: Path, kept: Collection[str], since: float) -> None:
    """Move what a run has written for TensorBoard and MLflow where it is kept.

    Both write beside the script unless they are told otherwise.

    Args:
        outputs: where it goes, with its path.
        kept: folders at the top of the working folder that stay anyway.
        since: epoch seconds; what is older came with the code.

    Raises:
        OSError: it cannot be moved.
    """
    for path in list(tracked(work)):
        shown = path.relative_to(work)
        if shown.parts[0] in kept or path.lstat().st_mtime < since:
            continue
        place = outputs / shown
        with suppress(FileExistsError):
            place.parent.mkdir(parents=True, exist_ok=True)
            if not os.path.lexists(place):
                shutil.move(path, place)


def _is_tracked(name: str) -> bool:
    return "tfevents" in name or name in DATABASES
