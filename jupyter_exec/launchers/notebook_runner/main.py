"""The program that executes a notebook: `python -I main.py SPEC`, in a run's folder.

This folder travels with runs: with nbclient in its interpreter it needs nothing else of this
package. SPEC is JSON:

    {"notebook": path, "output": path, "kernel": kernelspec | null, "python": path | null,
     "parameters": {name: JSON value}, "secret_parameters": {name: variable}}

`--standby {"kernel", "python"}` instead starts the kernel, waits until it is ready, and reads one
line `{"env", "cwd", "argv"}` on stdin, where argv is the command that would have done the same
without a standby; end of file ends it. Exit status: 0, 1 when a cell failed or the kernel died
(the last line on stderr names it), 143 after SIGTERM.

A script is compiled each time it is run, its neighbours are not; so it is short.
"""

import importlib.util
import sys
from pathlib import Path


def main() -> None:
    """Execute one notebook and end the process."""
    _require_nbclient()
    from jupyter_exec.launchers.notebook_runner import session

    if sys.argv[1:2] == ["--standby"]:
        session.wait_for_run(sys.argv[2])
    else:
        session.run(sys.argv[1])


def _require_nbclient() -> None:
    """End with one line where the interpreter, such as an image's, cannot execute notebooks."""
    if importlib.util.find_spec("nbclient") is None:
        sys.exit(
            f"{sys.executable} has no nbclient, which executes notebooks: "
            "add nbclient and ipykernel to the pip packages of the environment (a requirements.txt "
            "for --env), or run a cell as a plain script with --script"
        )


def stand_alone() -> None:
    """Let `jupyter_exec.launchers.notebook_runner` be just this folder, off `sys.path`.

    The packages above it import too much, and need not be there.
    """
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    launchers = "jupyter_exec.launchers"
    for name in ("jupyter_exec", launchers, f"{launchers}.notebook_runner"):
        package = type(sys)(name)
        package.__path__ = [here]
        sys.modules[name] = package


if __name__ == "__main__":
    stand_alone()
    main()
