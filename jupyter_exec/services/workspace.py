"""The folder of a run: laid out before it starts, cleared when it has ended (floor: services).

All of this blocks; it is called in threads.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from jupyter_exec.errors import ExecError, Fault, RunFailed
from jupyter_exec.services.scalars import files as scalars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.definition import HistoryConfiguration
    from jupyter_exec.store.paths import RunPaths
    from jupyter_exec.store.snapshots import SnapshotStore


def lay_out(
    paths: RunPaths,
    attempt: int,
    snapshots: SnapshotStore,
    snapshot_id: str | None,
    links: Mapping[str, str],
) -> None:
    """Make the working folder from its snapshot; what an interrupted preparation left is replaced.

    Args:
        links: relative place -> absolute path of a folder that is shown there without being copied.

    Raises:
        RunFailed: the snapshot or a linked folder is gone, or the disk is full.
    """
    if attempt == 1:
        shutil.rmtree(paths.work, ignore_errors=True)
    for folder in (paths.work, paths.logs, paths.attempt(attempt)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if snapshot_id is not None:
            snapshots.materialise(snapshot_id, paths.work)
        for kept in (paths.outputs, paths.work / "logs"):
            kept.mkdir(exist_ok=True)
    except OSError as error:
        message = f"the working folder could not be written: {error.strerror or error}"
        raise RunFailed("WorkspaceFailed", message) from error
    except ExecError as error:
        raise RunFailed("SnapshotLost", error.message) from error
    for place, linked in links.items():
        link = paths.work / place
        if not Path(linked).is_dir():
            message = f"the linked folder {linked} does not exist any more"
            raise RunFailed("LinkMissing", message)
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(linked)


def kept_folders(history: HistoryConfiguration) -> list[str]:
    """Return which parts of the working folder are kept: `outputs`, and what is watched."""
    if not history.output_collection:
        return []
    inside = [folder for name in history.directories_to_watch if (folder := _watched(name))]
    return ["outputs", *[folder for folder in inside if folder != "outputs"]]


def watch_faults(history: HistoryConfiguration) -> list[Fault]:
    """Return which folders cannot be watched: those that are not below the working folder."""
    field = "configuration.history.directoriesToWatch"
    message = "must be a folder below the working folder, for example 'logs'"
    return [
        Fault(f"{field}[{index}]", message)
        for index, name in enumerate(history.directories_to_watch)
        if _watched(name) is None
    ]


def _watched(name: str) -> str | None:
    folder = PurePath(os.path.normpath(name))
    inside = not folder.is_absolute() and folder.parts and folder.parts[0] != ".."
    return str(folder) if inside and "\0" not in name else None


def clear(paths: RunPaths, history: HistoryConfiguration, started_at: float) -> None:
    """Remove what is not kept of the working folder; the snapshot has the code."""
    kept = kept_folders(history)
    tops = {PurePath(folder).parts[0] for folder in kept}
    if not paths.work.is_dir():
        return
    if kept and paths.outputs.is_dir() and not paths.outputs.is_symlink():
        scalars.keep(paths.work, paths.outputs, tops, started_at)
    for entry in paths.work.iterdir():
        if entry.name in tops and not entry.is_symlink():
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def keep_diff(paths: RunPaths, diff: str) -> None:
    """Keep what was not committed when the snapshot was taken."""
    paths.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths.diff.write_text(diff, encoding="utf-8", errors="surrogateescape")


def remove(folder: Path) -> None:
    """Remove the whole folder of a run."""
    shutil.rmtree(folder, ignore_errors=True)
