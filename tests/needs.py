"""What a test asks for when it needs more than Python; see also `conftest.py`."""

from __future__ import annotations

import shutil

import pytest


def need(program: str, how_to_get: str) -> str:
    """Return a program's path, or skip the test and say how to get the program.

    Where `JUPYTER_EXEC_REQUIRE_ALL=1` is set the skip is a failure.

    Args:
        program: a name that is looked up on PATH, or a path.
        how_to_get: a command or a place, for example "scripts/engines".
    """
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"needs {program}, which this machine lacks; to get it: {how_to_get}")
    return path
