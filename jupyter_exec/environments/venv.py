"""A virtual environment of pip packages, made by uv (floor: environments).

The requirements are resolved into a lock first (every package with its version and hashes), and
what is built is the lock: the same request comes to the same lock while the environment is kept,
and a run that brings its lock gets these very packages. Nothing is installed that the definition
does not name: a notebook's environment must name `ipykernel` (or the kernel of its language)
itself. What a `name @ file:///...` points to is read when the environment is built.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_exec.environments.base import Environment, PreparedEnvironment
from jupyter_exec.environments.built import Build, BuildLog, Recipe, empty_of, resolved
from jupyter_exec.environments.conda_dependencies import (
    VenvSpec,
    python_field,
    read_conda_dependencies,
)
from jupyter_exec.environments.interpreters import (
    Interpreter,
    find_fitting,
    find_uv,
    versions_here,
)
from jupyter_exec.environments.python_downloads import download, downloadable
from jupyter_exec.errors import Fault, RunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from jupyter_exec.environments.base import EnvironmentRequest
    from jupyter_exec.model.environment import EnvironmentDefinition

KIND = "venv"
WITHOUT_DOWNLOADS = "--no-python-downloads"


class VenvEnvironment(Environment):
    """Builds `python.condaDependencies` that name only Python and pip packages; needs no conda."""

    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return what is no list of packages, what needs conda, and a Python that is not here.

        May start the interpreters on PATH to learn their versions, each once in a server's life.
        """
        conda = definition.python.conda_dependencies or {}
        spec, faults = read_conda_dependencies(conda)
        try:
            fitting_interpreter(spec.python)
        except RunFailed as failure:
            version = downloadable(spec.python)
            if version is None or not self.python_downloads:
                way_out = f" (uv python install {version} on that machine does it)"
                faults.append(Fault(python_field(conda), failure.message + way_out * bool(version)))
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
        log = BuildLog(request.log, spec.requirements)
        if request.recorded is not None and request.recorded.get("kind") == KIND:
            recipe, interpreter = await self._recorded(request.recorded, log)
        else:
            interpreter = await self._interpreter(spec.python, log)
            recipe = await self._resolved(spec, interpreter, log)
        build = Build(self.root, recipe, log)
        await build.ensure(lambda lock: install(build, interpreter, lock))
        log.say(f"environment {recipe.hash}: Python {recipe.python}, {build.python}")
        return PreparedEnvironment(str(build.python), recipe.record)

    async def _interpreter(self, versions: str, log: BuildLog) -> Interpreter:
        """Return a Python of this machine; one that is downloaded where none fits."""
        try:
            return await asyncio.to_thread(fitting_interpreter, versions)
        except RunFailed:
            version = await asyncio.to_thread(downloadable, versions)
            if version is None or not self.python_downloads:
                raise
        return await download(version, self.root, log)

    async def _recorded(
        self, record: Mapping[str, Any], log: BuildLog
    ) -> tuple[Recipe, Interpreter]:
        """Return how to make an environment again, on the same Python or one of its minor."""
        version = str(record["python"])
        try:
            interpreter = await asyncio.to_thread(fitting_interpreter, f"=={version}")
        except RunFailed:
            interpreter = await self._interpreter(f"=={version.rpartition('.')[0]}.*", log)
        base, lock = real_path(interpreter), str(record["lock"])
        return Recipe(KIND, interpreter.version, base, lock), interpreter

    async def _resolved(self, spec: VenvSpec, interpreter: Interpreter, log: BuildLog) -> Recipe:
        base = real_path(interpreter)
        asked = {
            "kind": KIND,
            "python": [interpreter.version, base],
            "requirements": list(spec.requirements),
        }

        async def resolve(lock: int, folder: Path) -> Recipe:
            # Whatever the lock will be, it needs an empty environment: made meanwhile.
            empty = folder / "env"
            making = asyncio.ensure_future(log.step(_new(interpreter, empty), lock, folder))
            try:
                asked_for = spec.requirements
                text = await lock_requirements(asked_for, interpreter.path, log, lock, folder)
                await making
            finally:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
            recipe = Recipe(KIND, interpreter.version, base, text)
            with suppress(OSError):  # there is one already: of a build that was killed
                empty.rename(empty_of(self.root, recipe))
            return recipe

        return await resolved(self.root, asked, log, resolve)


def fitting_interpreter(versions: str) -> Interpreter:
    """Return a Python of this machine.

    Args:
        versions: PEP 440 specifiers; empty = any.

    Raises:
        RunFailed: no version that is here fits.
    """
    found = find_fitting(versions, find_uv())
    if found is None:
        message = (
            f"there is no Python {versions} on this machine, which has {versions_here()}; "
            "ask for one of these, or install it"
        )
        raise RunFailed("EnvironmentFailed", message)
    return found


def real_path(interpreter: Interpreter) -> str:
    """Return where an interpreter lies, whatever link it was found by."""
    return os.path.realpath(interpreter.path)


async def lock_requirements(
    requirements: Sequence[str],
    python: str,
    log: BuildLog,
    lock: int,
    folder: Path,
    more: Sequence[str] = (),
) -> str:
    """Resolve requirements for an interpreter; returns them all with their versions and hashes.

    Args:
        requirements: PEP 508 specifiers.
        python: path of the interpreter.
        folder: to work in.
        more: options of uv.

    Raises:
        RunFailed: naming the requirement that cannot be met.
    """
    if not requirements:
        return ""
    (folder / "requirements.in").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    compile_ = [uv_program(), "pip", "compile", WITHOUT_DOWNLOADS, "--python", python]
    shape = ["--generate-hashes", "--no-header", "--no-annotate"]
    files = ["requirements.in", "--output-file", "requirements.lock"]
    await log.step([*compile_, *shape, *more, *files], lock, folder)
    return (folder / "requirements.lock").read_text(encoding="utf-8")


async def install_locked(build: Build, requirements: Path, lock: int) -> None:
    """Install what a lock names, and nothing else, into a build."""
    into = ["pip", "install", "--python", str(build.python), "--no-deps", "--verify-hashes"]
    await build.step([uv_program(), *into, "--requirements", str(requirements)], lock)


async def install(build: Build, interpreter: Interpreter, lock: int) -> None:
    """Make the virtual environment that a recipe describes."""
    try:
        empty_of(build.folder.parent, build.recipe).rename(build.prefix)
    except OSError:
        await build.step(_new(interpreter, build.prefix), lock)
    if build.recipe.lock:
        await install_locked(build, build.lock_file, lock)


def _new(interpreter: Interpreter, folder: Path) -> list[str]:
    """Return the command that makes an empty environment, which can be moved."""
    options = ["--no-project", "--relocatable", WITHOUT_DOWNLOADS, "--python", interpreter.path]
    return [uv_program(), "venv", *options, str(folder)]


def uv_program() -> str:
    """Return the path of uv.

    Raises:
        RunFailed: it is not here, although it is installed with this package.
    """
    found = find_uv()
    if found is None:
        message = "uv is not on this machine; install it for the server with: pip install uv"
        raise RunFailed("EnvironmentFailed", message)
    return found
