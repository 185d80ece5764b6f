"""Deleting runs that are too old, too many or too large, where the operator wants that.

Floor: services. A run is judged together with its children: they go together, or stay together.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.errors import Conflict, NotFound
from jupyter_exec.store import retention

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jupyter_exec.services.journal import Journal
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.store.paths import DataPaths
    from jupyter_exec.store.retention import Family

DAY_S = 86_400.0


@dataclass(frozen=True)
class Limits:
    """What is kept; 0 = there is no such limit.

    Attributes:
        days: since a run, and all its children, have ended.
        count: of runs, those that stay for other reasons among them.
        size_bytes: of the folders of all runs.
    """

    days: float = 0.0
    count: int = 0
    size_bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.days or self.count or self.size_bytes)


def excess(
    families: Sequence[Family], sizes: Sequence[int], limits: Limits, now: float
) -> list[Family]:
    """Return what is to be deleted: whatever comes after a limit was reached.

    What reaches it stays, so that the newest family does, however large it is.

    Args:
        families: the newest first.
        sizes: of their folders, in bytes.
        now: epoch seconds.
    """
    gone, count, size = [], 0, 0
    for family, size_bytes in zip(families, sizes, strict=True):
        too_old = limits.days and now - family.ended_at > limits.days * DAY_S
        too_many = limits.count and count >= limits.count
        too_large = limits.size_bytes and size >= limits.size_bytes
        if family.free and (too_old or too_many or too_large):
            gone.append(family)
        else:
            count, size = count + len(family.runs), size + size_bytes
    return gone


async def enforce(journal: Journal, service: RunService, paths: DataPaths, limits: Limits) -> int:
    """Delete what is beyond the limits; returns how many runs that were."""
    if not limits:
        return 0
    families = await journal.read(retention.families)
    sizes = [0] * len(families)
    if limits.size_bytes:
        sizes = await asyncio.to_thread(_sizes, families, paths)
    deleted = 0
    for family in excess(families, sizes, limits, time.time()):
        # Somebody may have pinned one, or given it a child, meanwhile.
        if not await journal.read(retention.is_free, family):
            continue
        for run_id, _ in family.runs:
            with suppress(NotFound, Conflict):
                deleted += len(await service.delete(run_id))
    return deleted


def _sizes(families: Sequence[Family], paths: DataPaths) -> list[int]:
    return [sum(_size(paths.run(folder).root) for _, folder in family.runs) for family in families]


def _size(folder: Path) -> int:
    """Return what a folder takes on the disk; links and mounted stores are not followed."""
    size = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if not os.path.ismount(os.path.join(parent, each))]  # noqa: PTH118 - walked by the thousand
        for name in files:
            with suppress(OSError):
                size += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - the same
    return size
