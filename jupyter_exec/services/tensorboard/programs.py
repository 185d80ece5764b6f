"""Which `tensorboard` shows a run (floor: services; blocking)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import Conflict
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_exec.model.run import Run
    from jupyter_exec.store.paths import DataPaths

NAME = "tensorboard"


def find_program(run: Run, paths: DataPaths) -> str:
    """Return the path of the server's own, else that of the run's environment, else one on PATH.

    Raises:
        Conflict: there is none; the message tells what to install.
    """
    for folder in _folders(run, paths):
        program = folder / NAME
        if program.is_file() and os.access(program, os.X_OK):
            return str(program)
    program_on_path = shutil.which(NAME)
    if program_on_path is None:
        message = (
            "there is no tensorboard: not beside the server's Python, nor beside the run's, nor on"
            f" PATH; install it: {sys.executable} -m pip install tensorboard"
        )
        raise Conflict(message)
    return program_on_path


def _folders(run: Run, paths: DataPaths) -> Iterator[Path]:
    """Yield where programs of the server's Python and of the run's lie."""
    yield Path(sys.executable).parent  # not resolved: a virtual environment's is a link
    environment = parse(RunDefinition, run.definition).configuration.environment
    if environment.docker.enabled:
        return  # its paths are those of the image
    built = (run.environment or {}).get("hash")
    if built:
        yield paths.environments / str(built) / "env" / "bin"
    interpreter = environment.python.interpreter_path
    if interpreter and Path(interpreter).is_absolute():
        yield Path(interpreter).parent
