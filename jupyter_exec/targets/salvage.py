"""What is left to do when a shim was killed: end its run, and say so (floor: targets)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.targets.link import read_record, write_record
from jupyter_exec.targets.shim import proctree
from jupyter_exec.targets.watch import signal_exactly

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE_S = 10.0
_MESSAGE = (
    "the process that supervised the run was killed, so the run was ended with it (kill -9, the "
    "out-of-memory killer, or a restart of the machine); run it again"
)


def end_orphans(marker: str, session: int | None = None) -> None:
    """Kill what has a run's mark or is in its shim's session, until nothing is left; blocks.

    It gives up after 10 s, on processes that cannot be killed.

    Args:
        marker: the run's mark.
        session: pid of a shim that has died; left alone where another process has that pid now.
    """
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        left = proctree.marked(marker)
        if session is not None and proctree.identity(session) is None:
            left += proctree.in_session(session)
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def salvage(handle_pid: int, marker: str, attempt_dir: Path) -> dict[str, Any]:
    """End what a dead shim left, and record and return the outcome; blocks.

    Args:
        handle_pid: the shim's pid.
        marker: the run's mark.
        attempt_dir: where `started.json` is and `exit.json` will be.
    """
    started = read_record(attempt_dir, "started.json") or {}
    for replica in started.get("replicas", ()):
        signal_exactly(replica["pid"], replica["started"], signal.SIGKILL)
    end_orphans(marker, handle_pid)
    outcome = {
        "exit_code": None,
        "code": "ShimKilled",
        "message": _MESSAGE,
        "canceled": False,
        "started_at": started.get("started_at"),
        "ended_at": time.time(),
    }
    with contextlib.suppress(OSError):  # a full disk; asking again comes here again
        write_record(attempt_dir, "exit.json", outcome)
    return outcome
