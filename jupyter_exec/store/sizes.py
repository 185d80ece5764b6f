"""Sizes as people read them, and the list that every "too large" message carries (floor: store)."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def human_size(size_bytes: int) -> str:
    """Write a measured size in decimal units, as file managers do: `512 B`, `1.5 MB`, `2 GB`."""
    return _scaled(size_bytes, 1000, ("B", "kB", "MB", "GB", "TB"))


def human_limit(size_bytes: int) -> str:
    """Write a limit as whoever set it meant it: `2 GiB` if it is whole in MiB, else `50 MB`."""
    if size_bytes % 2**20:
        return human_size(size_bytes)
    return _scaled(size_bytes, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))


def largest_of(sizes: Iterable[tuple[str, int]], count: int = 10) -> str:
    """List the largest of some (path, size in bytes), one a line, largest first."""
    top = heapq.nlargest(count, sizes, key=lambda item: item[1])
    return "\n".join(f"  {human_size(size):>8}  {path}" for path, size in top)


def _scaled(size_bytes: int, step: int, units: tuple[str, ...]) -> str:
    size = float(size_bytes)
    unit = 0
    while round(size, 1) >= step and unit < len(units) - 1:
        size /= step
        unit += 1
    return f"{size:.1f}".removesuffix(".0") + f" {units[unit]}"
