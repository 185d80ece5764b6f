"""The folder that TensorBoard reads: links to what a run writes (floor: services; blocking).

A run keeps event files below `outputs` only, and while it goes on they may lie anywhere in its
working folder. Here both have the same names, so that nothing is renamed when the run ends.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.services.scalars.files import tracked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from jupyter_exec.store.paths import RunPaths

_BESIDE = "other"


def has_events(paths: RunPaths) -> bool:
    """Tell whether a run has event files by now, wherever in its working folder."""
    return any("tfevents" in path.name for path in tracked(paths.work))


def link_trials(
    paths: RunPaths, trials: Mapping[str, RunPaths], settled: Collection[str] = ()
) -> bool:
    """Link what the trials of a sweep write, each by its name; returns whether there is anything.

    Args:
        paths: the sweep's.
        trials: name, which fits a file -> where it lies.
        settled: those that were linked after their end; they write nothing anew.

    Raises:
        OSError: the sweep's folder cannot be written, or has been removed.
    """
    folder = paths.tensorboard
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # a sweep has no folder by itself
    shown = {}
    for name, trial in trials.items():
        link = folder / name
        is_there = link.is_symlink() and link.readlink() == trial.tensorboard
        with suppress(FileNotFoundError):  # it has just been deleted
            if link_events(trial) if name not in settled else is_there:
                shown[name] = trial.tensorboard
    for entry in list(os.scandir(folder)):
        path = Path(entry.path)
        if path.is_symlink() and (shown.get(entry.name) != path.readlink() or not path.exists()):
            path.unlink()
    for name, real in shown.items():
        _link(folder, Path(name), real)
    return bool(shown)


def link_events(paths: RunPaths) -> bool:
    """Link everything in `outputs`, and the event files beside it; returns whether there are any.

    Raises:
        OSError: the run's folder cannot be written, or has been removed.
    """
    folder, outputs = paths.tensorboard, paths.outputs
    folder.mkdir(mode=0o700, exist_ok=True)
    _unlink_gone(folder)
    for name in _names(outputs):
        _link(folder, Path(name), outputs / name)
    found = False
    for path in tracked(paths.work):
        if "tfevents" in path.name:
            found = True
            if not path.is_relative_to(outputs):
                _link(folder, path.relative_to(paths.work), path)
    return found


def _names(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _link(folder: Path, shown: Path, real: Path) -> None:
    """Show a file or folder; where another one has its name, beside that."""
    for place in (folder / shown, folder / _BESIDE / shown):
        if any(parent.is_symlink() for parent in _between(folder, place)):
            continue
        if place.is_symlink() and place.readlink() == real:
            return
        if not os.path.lexists(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):  # the TensorBoard of its sweep links it, too
                place.symlink_to(real)
            return


def _between(folder: Path, place: Path) -> Iterator[Path]:
    for parent in place.parents:
        if parent == folder:
            return
        yield parent


def _unlink_gone(folder: Path) -> None:
    """Remove links to what is there no more, and the folders that become empty."""
    for top, _, _ in os.walk(folder, topdown=False):
        for entry in list(os.scandir(top)):
            if entry.is_symlink() and not Path(entry.path).exists():
                Path(entry.path).unlink(missing_ok=True)
        if Path(top) != folder:
            with suppress(OSError):
                Path(top).rmdir()
