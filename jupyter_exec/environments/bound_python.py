"""A Python that a container sees in a folder of this machine (floor: environments).

Whoever has environments in a folder that all machines share lets containers see it (`--volume`),
and names an interpreter in there. The image knows nothing of it.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.model.container import Bind


def bound_python(asked: str | None, binds: Sequence[Bind]) -> str | None:
    """Return the interpreter that a definition names, if it lies in something bound. Blocks.

    Args:
        asked: as the container sees it.
        binds: of the container. What is in a volume only the engine knows, and it is believed.

    Raises:
        RunFailed: `InterpreterMissing`: the folder is bound, and has no such file.
    """
    if asked is None or not asked.startswith("/"):
        return None
    path = posixpath.normpath(asked)
    around = [bind for bind in binds if _is_below(path, posixpath.normpath(bind.target))]
    if not around:
        return None
    bind = max(around, key=lambda each: len(posixpath.normpath(each.target)))
    if bind.source is None or not bind.source.startswith("/"):
        return asked
    inside = posixpath.relpath(path, posixpath.normpath(bind.target))
    # A link may lead to where only the container has something.
    if not os.path.lexists(Path(bind.source, inside)):
        message = f"{asked} does not exist: {bind.source}, which is bound there, has no {inside}"
        raise RunFailed("InterpreterMissing", f"{message}; change interpreterPath or --volume")
    return asked


def _is_below(path: str, folder: str) -> bool:
    return posixpath.commonpath([path, folder]) == folder
