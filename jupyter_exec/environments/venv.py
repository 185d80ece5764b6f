"""A virtual environment of pip packages, built once, used while unchanged (floor: environments).

    <root>/<hash>.lock                  held while the environment is being built
    <root>/<hash>/venv/                 the environment, built where it stays: it cannot be moved
    <root>/<hash>/requirements.lock     what was installed, with versions
    <root>/<hash>/complete.json         written last; a folder without it is removed and built anew

The hash is of the packages and the interpreter. Nothing is installed that the definition does not
name: a notebook's environment must name `ipykernel` (or the kernel of its language) itself. What a
`name @ file:///...` points to is read once, when the environment is built.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Literal

from jupyter_exec.environments.base import Environment, PreparedEnvironment
from jupyter_exec.environments.build import locked, run_logged
from jupyter_exec.environments.conda_dependencies import (
    FIELD,
    VenvSpec,
    python_field,
    read_conda_dependencies,
)
from jupyter_exec.environments.failure import cause_of
from jupyter_exec.environments.interpreters import (
    Interpreter,
    find_fitting,
    find_uv,
    versions_here,
)
from jupyter_exec.errors import Fault, RunFailed

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.environments.base import EnvironmentRequest
    from jupyter_exec.model.environment import EnvironmentDefinition


class VenvEnvironment(Environment):
    """Builds `python.condaDependencies` that name only Python and pip packages; needs no conda.

    Args:
        root: folder of all environments.
        builder: `uv`, `pip` (with `python -m venv`), or the quicker of those there are.
    """

    def __init__(
        self,
        root: Path,
        engine_url: str | None = None,
        *,
        builder: Literal["auto", "uv", "pip"] = "auto",
    ) -> None:
        super().__init__(root, engine_url)
        self._builder = builder

    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return what is no list of packages, what needs conda, and a Python that is not here.

        May start the interpreters on PATH to learn their versions, each once in a server's life.
        """
        conda = definition.python.conda_dependencies or {}
        spec, faults = read_conda_dependencies(conda)
        if definition.python.base_conda_environment:
            message = "this server has no conda engine; leave it out, and name packages under pip"
            path = FIELD.replace("condaDependencies", "baseCondaEnvironment")
            faults.append(Fault(path, message))
        try:
            self._interpreter(spec)
        except RunFailed as failure:
            faults.append(Fault(python_field(conda), failure.message))
        return faults

    async def prepare(self, request: EnvironmentRequest) -> PreparedEnvironment:
        """Build the environment, or find it built; runs that need the same one wait for one build.

        Cancelling it kills the build; what it had written is removed.

        Raises:
            RunFailed: `EnvironmentFailed`, naming the requirement at fault.
        """
        spec, faults = read_conda_dependencies(request.definition.python.conda_dependencies or {})
        if faults:
            raise RunFailed("EnvironmentFailed", f"{faults[0].target}: {faults[0].message}")
        interpreter = await asyncio.to_thread(self._interpreter, spec)
        build = _Build(self.root, spec, interpreter, self._uv(), request.log)
        if not build.complete():
            async with locked(build.lock_file, build.say_waiting) as lock:
                if not build.complete():
                    await build.run(lock)
        build.say(f"environment {build.folder.name}: Python {interpreter.version}, {build.python}")
        return PreparedEnvironment(str(build.python))

    def _uv(self) -> str | None:
        return None if self._builder == "pip" else find_uv()

    def _interpreter(self, spec: VenvSpec) -> Interpreter:
        found = find_fitting(spec.python, self._uv())
        if found is None:
            message = (
                f"there is no Python {spec.python} on this machine, which has {versions_here()}; "
                "ask for one of these, or install it"
            )
            raise RunFailed("EnvironmentFailed", message)
        return found


class _Build:
    """One environment: where it lies, and how it is made."""

    def __init__(
        self, root: Path, spec: VenvSpec, interpreter: Interpreter, uv: str | None, log: Path
    ) -> None:
        self._spec = spec
        self._interpreter = interpreter
        self._uv = uv
        self._log = log
        self.folder = root / content_hash(spec, interpreter)
        self.lock_file = self.folder.with_suffix(".lock")
        self.python = self.folder / "venv" / "bin" / "python"
        self._marker = self.folder / "complete.json"

    def complete(self) -> bool:
        """Tell whether it is built and its interpreter still there; notes that it is used."""
        if not self._marker.exists() or not os.access(self.python, os.X_OK):
            return False
        os.utime(self._marker)
        return True

    def say(self, line: str) -> None:
        """Write a line of ours into the log."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def say_waiting(self) -> None:
        """Tell why nothing happens yet."""
        self.say("another run is building the same environment; waiting for it")

    async def run(self, lock: int) -> None:
        """Build anew; leaves a complete environment or none."""
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        try:
            await self._make(lock)
            await self._install(lock)
            await self._freeze(lock)
            await asyncio.to_thread(self._mark)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)
            raise

    async def _make(self, lock: int) -> None:
        python, venv = self._interpreter.path, str(self.folder / "venv")
        await self._step(
            [self._uv, "venv", "--no-project", "--no-python-downloads", "--python", python, venv]
            if self._uv
            else [python, "-m", "venv", venv],
            lock,
        )

    async def _install(self, lock: int) -> None:
        if not self._spec.requirements:
            return
        await self._step([*self._pip("install"), "--", *self._spec.requirements], lock)

    async def _freeze(self, lock: int) -> None:
        installed = self.folder / "requirements.lock"
        status, printed = await run_logged(self._pip("freeze"), installed, lock, self.folder)
        if status != 0:
            raise RunFailed("EnvironmentFailed", cause_of(printed, self._spec.requirements))

    def _pip(self, verb: str) -> list[str]:
        if self._uv:
            return [self._uv, "pip", verb, "--python", str(self.python)]
        return [str(self.python), "-m", "pip", verb, "--disable-pip-version-check", "--no-input"]

    async def _step(self, command: list[str], lock: int) -> None:
        self.say("$ " + " ".join(command))
        try:
            status, printed = await run_logged(command, self._log, lock, self.folder)
        except OSError as error:
            message = f"{command[0]} cannot be started: {error.strerror}"
            raise RunFailed("EnvironmentFailed", message) from None
        if status != 0:
            raise RunFailed("EnvironmentFailed", cause_of(printed, self._spec.requirements))

    def _mark(self) -> None:
        """Write the marker that makes the environment complete, last and whole."""
        content = {
            "python": self._interpreter.version,
            "interpreter": self._interpreter.path,
            "requirements": list(self._spec.requirements),
            "builder": "uv" if self._uv else "pip",
            "builtAt": time.time(),
        }
        os.sync()  # so that after a power cut a marker never stands beside files that were lost
        temporary = self._marker.with_suffix(".incoming")
        temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
        temporary.replace(self._marker)


def content_hash(spec: VenvSpec, interpreter: Interpreter) -> str:
    """Return the name of an environment: equal for equal packages and the same interpreter."""
    base = [interpreter.version, os.path.realpath(interpreter.path)]
    content = {"base": base, "requirements": list(spec.requirements), "format": 1}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
