"""What the tests of the local target share."""

from __future__ import annotations

import sys
import textwrap
from typing import Any

import pytest

from jupyter_exec.model.job import Role

LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="needs /proc; to get it: run the tests on Linux"
)


def script(text: str, **more: Any) -> Role:
    """Return a role that runs a Python script."""
    return Role("main", (sys.executable, "-c", textwrap.dedent(text)), **more)
