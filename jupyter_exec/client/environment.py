"""`--env`: what it names, as the `environment` of a run (floor: client).

Shapes: `PythonSection` in `jupyter_exec.model.environment`, which is Azure ML's.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_exec.client.project_files import is_project_file, project_dependencies
from jupyter_exec.client.requirement_files import read, read_line, requirements_of
from jupyter_exec.errors import InvalidRequest

_CONDA_KEYS = ("name", "channels", "dependencies", "variables", "prefix")
_ALLOWED = (
    "a requirements file (.txt), pyproject.toml or its lock, a conda file (.yml), an interpreter, "
    "or an environment's folder"
)


def environment_section(env: Any, python: str | None = None) -> dict[str, Any]:
    """Make the `environment` of a run configuration.

    Args:
        env: path of a requirements file (`.txt`, `.in`), of a project (`pyproject.toml`) or its
            lock (`uv.lock`, `pylock.toml`), of a conda file (`.yml`, `.yaml`), of an interpreter,
            of a virtual or conda environment's folder or its `bin` folder; the name of an
            interpreter on PATH; a mapping, which is taken as the section itself; None.
        python: the interpreter where `env` is None.

    Raises:
        InvalidRequest: `env` is none of these, or cannot be read.
    """
    if env is None:
        return _interpreter(python) if python else {}
    if isinstance(env, Mapping):
        return dict(env)
    path = Path(os.fspath(env)).expanduser()
    if path.is_dir():
        return _interpreter(_python_in(path))
    if path.suffix.lower() in {".yml", ".yaml"}:
        return _conda(path)
    conda = _dependencies(path)
    if conda is not None:
        return _built(conda)
    found = shutil.which(str(path))
    if found is None:
        state = "is not executable" if path.exists() else "does not exist"
        raise InvalidRequest(f"{env} {state}; --env takes {_ALLOWED}", "env")
    return _interpreter(found)


def _dependencies(path: Path) -> dict[str, Any] | None:
    """Return what a file says that is needed; None for one of another kind."""
    if is_project_file(path):
        return project_dependencies(path)
    if path.suffix.lower() in {".txt", ".in"}:
        return {"dependencies": [{"pip": requirements_of(path)}]}
    return None


def _built(conda: dict[str, Any]) -> dict[str, Any]:
    return {"python": {"condaDependencies": conda, "userManagedDependencies": False}}


def _interpreter(python: str) -> dict[str, Any]:
    # Not resolved: the python of a virtual environment is a link, and is recognised by its place.
    return {"python": {"interpreterPath": os.path.abspath(python), "userManagedDependencies": True}}  # noqa: PTH100


def _python_in(folder: Path) -> str:
    for place in ("bin/python", "python", "bin/python3", "python3"):
        candidate = folder / place
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    raise InvalidRequest(f"{folder} holds no interpreter; --env takes {_ALLOWED}", "env")


def _conda(path: Path) -> dict[str, Any]:
    """Return the section of a conda file: its packages, and its variables."""
    text = read(path)
    content = _mapping(path, text)
    unknown = content.keys() - _CONDA_KEYS
    if unknown:
        message = (
            f"{path} has {', '.join(sorted(map(str, unknown)))}, which would have no effect; "
            f"a conda file has {', '.join(_CONDA_KEYS)}"
        )
        raise InvalidRequest(message, "env")
    # `name` and `prefix` are where conda would put it; neither changes what is installed.
    kept = {key: content[key] for key in ("channels",) if key in content}
    dependencies = [_with_pip(dependency, path, text) for dependency in content["dependencies"]]
    section = _built({**kept, "dependencies": dependencies})
    variables = _variables(path, text)
    return {**section, "environmentVariables": variables} if variables else section


def _mapping(path: Path, text: str) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InvalidRequest(
            f"{path} is not YAML: {' '.join(str(error).split())}", "env"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        message = f"{path} is not a conda file: it has no list of dependencies"
        raise InvalidRequest(message, "env")
    return content


def _with_pip(dependency: Any, path: Path, text: str) -> Any:
    """Return a dependency as it is, but for a list of pip's: with what that includes."""
    if not isinstance(dependency, dict) or not isinstance(dependency.get("pip"), list):
        return dependency
    found: list[str] = []
    for line in map(str, dependency["pip"]):
        number = text.count("\n", 0, text.find(line)) + 1 if line in text else 1
        found += read_line(line, path, number)
    return {**dependency, "pip": found}


def _variables(path: Path, text: str) -> dict[str, str]:
    """Return conda's `variables`, each value as it is written there: `1.10` is no number."""
    import yaml

    variables = yaml.load(text, Loader=yaml.BaseLoader).get("variables") or {}  # noqa: S506 - it makes text only
    if isinstance(variables, dict) and all(isinstance(value, str) for value in variables.values()):
        return variables
    raise InvalidRequest(f"{path}: variables must be names with a text each", "env")
