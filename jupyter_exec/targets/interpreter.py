"""What `python` and `python3` mean in a job's commands (floor: targets)."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("python", "python3")


def environment_for(base: Mapping[str, str], python: str | None, spare: Path) -> dict[str, str]:
    """Return an environment in which both names are this interpreter; None = as `base` has it.

    Raises:
        OSError: as `folders_first`.
    """
    if python is None:
        return dict(base)
    folders = [*folders_first(python, spare), base.get("PATH", os.defpath)]
    return {**base, "PATH": os.pathsep.join(folders)}


def folders_first(python: str, spare: Path) -> list[str]:
    """Return the folders that PATH must begin with for both names to be this interpreter; blocks.

    An interpreter's own folder does where it has both, as that of a virtual environment. Where it
    has not (`/usr/bin` often lacks `python`, or has another one), they are written: small scripts,
    not links, through which a virtual environment would not know itself.

    Args:
        python: absolute path of the interpreter.
        spare: folder for the scripts, of this job alone.

    Raises:
        OSError: they cannot be written.
    """
    folder = Path(python).parent
    if all(_is_same(folder / name, python) for name in NAMES):
        return [str(folder)]
    write_names(python, spare)
    return [str(spare), str(folder)]


def write_names(python: str, spare: Path) -> None:
    """Write programs with both names that start this interpreter, into a folder; blocks.

    Raises:
        OSError: they cannot be written.
    """
    spare.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in NAMES:
        script = spare / name
        script.write_text(
            f'#!/bin/sh\nexec {shlex.quote(python)} "$@"\n', "utf-8", "surrogateescape"
        )
        script.chmod(0o700)


def _is_same(path: Path, python: str) -> bool:
    try:
        return path.samefile(python)
    except OSError:
        return False
