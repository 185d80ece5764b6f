"""Tests that measure, while pytest-xdist runs others beside them: `@pytest.mark.alone`.

Each test holds a file lock as long as it runs, with its fixtures: shared by most, exclusive by
these. Whoever waits for it holds a second lock, so that nobody overtakes.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Wait until a test may run, and keep others away meanwhile where it must be alone.

    Args:
        folder: of the locks; that of all workers of one session.
        alone: no other test may run at the same time.
    """
    with (folder / "next").open("w") as entry, (folder / "running").open("w") as running:
        fcntl.flock(entry, fcntl.LOCK_EX)
        fcntl.flock(running, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(entry, fcntl.LOCK_UN)
        try:
            yield
        finally:
            # Not left to the end of the file: a process that a test forked may have it too.
            fcntl.flock(running, fcntl.LOCK_UN)
