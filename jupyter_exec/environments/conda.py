"""An environment of conda packages, made by py-rattler; no conda program (floor: environments).

As with `venv.py` a lock comes first, and is what is built. Its first part is rattler's; where there
is a pip section uv resolves that for what the first part installs, and its lock is the second part.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.addresses import FIELD
from jupyter_exec.environments.base import Environment, PreparedEnvironment
from jupyter_exec.environments.built import Build, BuildLog, Recipe, resolved
from jupyter_exec.environments.conda_dependencies import (
    CondaSpec,
    read_conda_dependencies,
    read_conda_spec,
)
from jupyter_exec.environments.venv import install_locked, lock_requirements, uv_program
from jupyter_exec.errors import Fault, RunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.environments.base import EnvironmentRequest
    from jupyter_exec.model.environment import EnvironmentDefinition, PythonSection

KIND = "conda"
BASE_FIELD = FIELD.replace("condaDependencies", "baseCondaEnvironment")
_PROGRAM = (sys.executable, "-m", "jupyter_exec.environments.conda_program")
_PIP_PART = "\n# ---- pip, by uv ----\n"
_CONDA_LOCK = "conda.lock"
_PIP_LOCK = "pip.lock"
_PYTHON = re.compile(r"/python-([^-/\s]+)-[^-/\s]+\.(?:conda|tar\.bz2)\s")


class CondaEnvironment(Environment):
    """Builds `python.condaDependencies` that name conda packages, and `baseCondaEnvironment`."""

    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return what is no conda package, a base that is not here, or that there is no engine."""
        python = definition.python
        conda = python.conda_dependencies or {}
        if find_spec("rattler") is None:
            faults = read_conda_dependencies(conda)[1]
            if python.base_conda_environment:
                message = 'this server has no conda engine: pip install "jupyter_exec[conda]"'
                faults.append(Fault(BASE_FIELD, message))
            return faults
        faults = read_conda_spec(conda)[1]
        try:
            base_prefix(python)
        except RunFailed as failure:
            faults.append(Fault(BASE_FIELD, failure.message))
        return faults

    async def prepare(self, request: EnvironmentRequest) -> PreparedEnvironment:
        """Build the environment, or find it built; runs that need the same one wait for one build.

        Raises:
            RunFailed: `EnvironmentFailed`, naming the requirement at fault.
        """
        faults = self.faults(request.definition)
        if faults:
            raise RunFailed("EnvironmentFailed", f"{faults[0].target}: {faults[0].message}")
        python = request.definition.python
        spec, _ = read_conda_spec(python.conda_dependencies or {})
        names = [line.rpartition("::")[2] for line in spec.packages]
        log = BuildLog(request.log, [*names, *spec.requirements])
        recorded = request.recorded
        if recorded is not None and recorded.get("kind") == KIND:
            recipe = Recipe(KIND, str(recorded["python"]), "", str(recorded["lock"]))
        else:
            recipe = await self._resolved(spec, base_prefix(python), log)
        build = Build(self.root, recipe, log)
        await build.ensure(lambda lock: _make(build, lock))
        log.say(f"environment {recipe.hash}: Python {recipe.python}, {build.python}")
        return PreparedEnvironment(str(build.python), recipe.record)

    async def _resolved(self, spec: CondaSpec, base: Path | None, log: BuildLog) -> Recipe:
        wanted = {
            "channels": list(spec.channels),
            "packages": list(spec.packages),
            "base": str(base or ""),
        }
        asked = {"kind": KIND, **wanted, "pip": list(spec.requirements)}
        if base is not None:
            asked["basePackages"] = await asyncio.to_thread(_packages_in, base)

        async def resolve(lock: int, folder: Path) -> Recipe:
            return await _resolve(wanted, spec, log, lock, folder)

        return await resolved(self.root, asked, log, resolve)


async def _resolve(
    wanted: Mapping[str, Any], spec: CondaSpec, log: BuildLog, lock: int, folder: Path
) -> Recipe:
    request, conda_lock = folder / "request.json", folder / _CONDA_LOCK
    request.write_text(json.dumps(wanted), encoding="utf-8")
    await log.step([*_PROGRAM, "solve", str(request), str(conda_lock)], lock, folder)
    text = conda_lock.read_text(encoding="utf-8")
    python_package = _PYTHON.search(text)
    version = python_package[1] if python_package else ""
    if spec.requirements:
        prefix = folder / "env"
        await log.step([*_PROGRAM, "install", str(conda_lock), str(prefix)], lock, folder)
        python = str(prefix / "bin" / "python")
        freeze = [uv_program(), "pip", "freeze", "--python", python]
        there = await log.step(freeze, lock, folder)
        pinned = [line for line in there.splitlines() if "==" in line]  # not what uv says besides
        (folder / "there.txt").write_text("\n".join(pinned), encoding="utf-8")
        more = ["--constraints", "there.txt"]
        pip = await lock_requirements(spec.requirements, python, log, lock, folder, more)
        text += _PIP_PART + pip
    return Recipe(KIND, version, "", text)


async def _make(build: Build, lock: int) -> None:
    conda, _, pip = build.recipe.lock.partition(_PIP_PART)
    conda_lock, pip_lock = build.folder / _CONDA_LOCK, build.folder / _PIP_LOCK
    conda_lock.write_text(conda, encoding="utf-8")
    await build.step([*_PROGRAM, "install", str(conda_lock), str(build.prefix)], lock)
    if pip:
        pip_lock.write_text(pip, encoding="utf-8")
        await install_locked(build, pip_lock, lock)


def base_prefix(python: PythonSection) -> Path | None:
    """Return the folder of `baseCondaEnvironment`: a path, or a name as conda knows it.

    Raises:
        RunFailed: there is no conda environment of that name on this machine.
    """
    asked = python.base_conda_environment
    if not asked:
        return None
    places = [Path(asked)] if os.sep in asked else list(_named(asked))
    for place in places:
        if place.is_absolute() and (place / "conda-meta").is_dir():
            return place
    message = (
        f"{asked[:200]} is no conda environment of this machine; give the absolute path of a "
        "folder that has conda-meta, or leave it out"
    )
    raise RunFailed("EnvironmentFailed", message)


def _named(name: str) -> list[Path]:
    roots = [os.environ.get(variable) for variable in ("MAMBA_ROOT_PREFIX", "CONDA_ROOT")]
    program = os.environ.get("CONDA_EXE")
    if program:
        roots.append(str(Path(program).parents[1]))
    found = [Path(root) if name == "base" else Path(root) / "envs" / name for root in roots if root]
    return [*found, Path.home() / ".conda" / "envs" / name]


def _packages_in(prefix: Path) -> list[str]:
    return sorted(path.name for path in (prefix / "conda-meta").glob("*.json"))
