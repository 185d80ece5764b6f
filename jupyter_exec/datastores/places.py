"""Paths that stay below their folder, on both sides of a transfer (floor: datastores; pure)."""

from __future__ import annotations

from pathlib import PureWindowsPath

_NAME_BYTES = 255
_PATH_BYTES = 3000
_PRINTABLE = 32


def relative(path: str | None) -> str:
    """Return a path below some folder, plainly written; "" is the folder itself.

    Raises:
        ValueError: it leaves the folder, or is no path; the message says how.
    """
    text = path or ""
    shown = repr(text[:200])
    if any(ord(letter) < _PRINTABLE for letter in text):
        raise ValueError(f"{shown} holds a control character")
    if "\\" in text:
        raise ValueError(f"{shown} has backslashes; write it with slashes")
    if text.startswith("/") or PureWindowsPath(text).drive:
        raise ValueError(f"{shown} is absolute; name it relative to its folder")
    parts = [part for part in text.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise ValueError(f"{shown} leaves its folder; leave '..' out")
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise ValueError(f"{shown} is not text") from None
    if max(sizes, default=0) > _NAME_BYTES or sum(sizes) + len(sizes) > _PATH_BYTES:
        raise ValueError(f"{shown}... is too long for a path")
    return "/".join(parts)


def overlap(one: str, other: str) -> bool:
    """Tell whether two such paths are the same, or one lies below the other."""
    first, second = one.split("/") if one else [], other.split("/") if other else []
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]
