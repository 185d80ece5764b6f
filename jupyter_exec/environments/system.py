"""An interpreter that is there already (floor: environments)."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.environments.base import Environment, PreparedEnvironment
from jupyter_exec.environments.interpreters import version_of
from jupyter_exec.errors import Fault, RunFailed

if TYPE_CHECKING:
    from jupyter_exec.environments.base import EnvironmentRequest
    from jupyter_exec.model.environment import EnvironmentDefinition

FIELD = "configuration.environment.python.interpreterPath"


def find_interpreter(path: str | None) -> str:
    """Return an interpreter's absolute path; the server's own for None and for a bare `python`.

    Links are kept as they are: a virtual environment's interpreter is one.

    Raises:
        RunFailed: there is none, or it is not a program.
    """
    if path is None or path in {"python", "python3"}:
        return sys.executable
    found = Path(path).expanduser() if os.sep in path else Path(shutil.which(path) or path)
    if found.is_dir():
        message = (
            f"{path} is a folder; give the path of the interpreter in it, for example bin/python"
        )
        raise RunFailed("InterpreterMissing", message)
    if not found.is_absolute() or not found.exists():
        message = f"{path} does not exist on this machine; give the absolute path of an interpreter"
        raise RunFailed("InterpreterMissing", message)
    if not os.access(found, os.X_OK):
        message = f"{path} is not executable"
        raise RunFailed("InterpreterMissing", message)
    return str(found)


class SystemEnvironment(Environment):
    """The interpreter at `interpreterPath`, as it is."""

    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return the fault of an interpreter that is not there."""
        try:
            find_interpreter(definition.python.interpreter_path)
        except RunFailed as failure:
            return [Fault(FIELD, failure.message)]
        return []

    async def prepare(self, request: EnvironmentRequest) -> PreparedEnvironment:
        """Check again that the interpreter is there, and which version it is.

        Raises:
            RunFailed: `InterpreterMissing`, also for a program that is no Python.
        """
        python = find_interpreter(request.definition.python.interpreter_path)
        version = await asyncio.to_thread(version_of, python)
        if version is None:
            message = f"{python} does not answer as a Python does; give the path of an interpreter"
            raise RunFailed("InterpreterMissing", message)
        return PreparedEnvironment(python, {"kind": "system", "hash": None, "python": version})
