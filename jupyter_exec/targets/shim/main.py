"""The program that supervises one local run: `python -I -S main.py`, detached from the server.

Standard library only, Python 3.6 and later; this folder is all that it needs. Every millisecond of
its start is part of every run, so this file stays short (a script is compiled each time) and its
neighbours come from their compiled form.

It reads JSON lines on stdin and answers one on stdout; `protocol` has the words. Its outcome is
`<attempt_dir>/exit.json`; SIGTERM cancels the run.
"""

import os
import sys


def main() -> None:
    """Serve one run and end the process."""
    from jupyter_exec.targets.shim import protocol

    protocol.serve()


def stand_alone() -> None:
    """Let `jupyter_exec.targets.shim` be just this folder: the packages above import too much."""
    here = os.path.dirname(os.path.abspath(__file__))
    for name in ("jupyter_exec", "jupyter_exec.targets", "jupyter_exec.targets.shim"):
        package = type(sys)(name)
        package.__path__ = [here]
        sys.modules[name] = package


if __name__ == "__main__":
    stand_alone()
    main()
