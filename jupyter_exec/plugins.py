"""Finding plug-ins by name, when they are needed (floor: memory).

Targets, launchers and environments are entry points; a third party adds one without a change here.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from jupyter_exec.errors import InvalidRequest


@cache
def _group(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def names(group: str) -> list[str]:
    """Return the names that are installed in a group, sorted."""
    return sorted(_group(group))


def load(group: str, name: str, target: str | None = None) -> Any:
    """Import what an entry point names.

    Args:
        group: `jupyter_exec.targets`, `jupyter_exec.launchers` or `jupyter_exec.environments`.
        name: the entry point's name.
        target: JSON path to blame when the name is unknown.

    Raises:
        InvalidRequest: nothing of that name is installed; the message lists what is.
    """
    point = _group(group).get(name)
    if point is None:
        known = ", ".join(names(group)) or "none"
        message = f"{name!r} is not installed in {group}; installed: {known}"
        raise InvalidRequest(message, target)
    return point.load()
