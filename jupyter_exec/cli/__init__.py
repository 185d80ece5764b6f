"""`jupyter exec`: the same words as the magics, for a terminal and for scripts (floor: faces).

Exit status: 0; the run's own with `--wait` and `logs -f` (130 where it was cancelled); 2 where the
command itself could not be done, with one line on stderr that says why.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_WRONG = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Execute one command line; the entry point of `jupyter-exec`.

    Args:
        argv: without the program's name; by default this process's.

    Returns:
        The exit status.
    """
    from jupyter_exec.cli.parser import parse

    arguments = parse(sys.argv[1:] if argv is None else argv)
    try:
        status: int = arguments.action(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough (`| head`), also of what Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ExecError, OSError) as error:
        sys.stderr.write(f"jupyter exec: {error}\n")
        return _WRONG
    return status
