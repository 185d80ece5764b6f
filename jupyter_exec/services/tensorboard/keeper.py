"""The program that keeps a TensorBoard: it ends it as soon as its own stdin ends.

    python -m jupyter_exec.services.tensorboard.keeper tensorboard --logdir ...

The other end of stdin is the server's, so a TensorBoard does not outlive the server, however that
ends. Floor: services, a process of its own; the standard library does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

_PR_SET_PDEATHSIG = 1  # prctl(2)
_GRACE_S = 3.0


def _die_with_parent() -> None:
    """Be killed when the keeper is; called between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _end_with_stdin(board: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):  # sys.stdin cannot be let go of while a thread reads it
        pass
    with suppress(ProcessLookupError):
        os.killpg(board.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        board.wait(_GRACE_S)
    with suppress(ProcessLookupError):  # what it has started is in its group, too
        os.killpg(board.pid, signal.SIGKILL)


def main(command: list[str]) -> int:
    """Run a command until it ends, or stdin does; returns its exit code."""
    try:
        board = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # its address comes on stderr
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread has been started yet
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the server reads it
        return 127
    guard = threading.Thread(target=_end_with_stdin, args=(board,), daemon=True)
    guard.start()
    code = board.wait()
    with suppress(ProcessLookupError):
        os.killpg(board.pid, signal.SIGKILL)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
