"""`--wait`: stay until a run has ended; Ctrl-C leaves the run going (floor: magics)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_exec.client import Run


def wait_here(run: Run, *, in_terminal: bool) -> None:
    """Wait until the run has ended.

    Args:
        run: whose status is shown already.
        in_terminal: nothing there goes on by itself, so the log is printed as it grows.
    """
    if in_terminal:
        for text in run.logs(follow=True):
            print(text, end="", flush=True)  # noqa: T201 - the log is what is waited for
    run.wait()


def tell_goes_on(run: Run) -> None:
    """Say after Ctrl-C that the run was left alone."""
    print(  # noqa: T201 - for the reader
        f"The run {run.run_id} goes on. run.wait() waits again; run.cancel() ends it.",
        file=sys.stderr,
    )
