"""Folders of environments: their size, and clearing them away (floor: environments)."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


async def clear(folder: Path) -> None:
    """Remove a folder, if it is there."""
    if _is_there(folder):  # most often it is not, and a thread costs more than a look
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _is_there(folder: Path) -> bool:
    return os.path.lexists(folder)


def size_of(folder: Path | str) -> int:
    """Return the bytes of all that lies below a folder; blocks."""
    size = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            size += entry.stat(follow_symlinks=False).st_size
            if entry.is_dir(follow_symlinks=False):
                size += size_of(entry.path)
    return size
