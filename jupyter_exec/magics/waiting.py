"""`--wait`: stay until a run has ended; Ctrl-C leaves the run going (floor: magics)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_exec.client import Run


def wait_here(run: Run, *, in_terminal: bool) -> bool:
    """Wait until the run has ended, and tell whether it has.

    Args:
        run: whose status is shown already.
        in_terminal: nothing there goes on by itself, so the log is printed as it grows.

    Returns:
        False after Ctrl-C; a line says that the run goes on.
    """
    try:
        if in_terminal:
            for text in run.logs(follow=True):
                print(text, end="", flush=True)  # noqa: T201 - the log is what is waited for
        run.wait()
    except KeyboardInterrupt:
        print(  # noqa: T201 - for the reader
            f"The run {run.run_id} goes on. run.wait() waits again; run.cancel() ends it.",
            file=sys.stderr,
        )
        return False
    return True
