"""`--env`: what it names, as the `environment` of a run (floor: client).

Shapes: `PythonSection` in `jupyter_exec.model.environment`, which is Azure ML's.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_exec.client.project_files import is_project_file, project_dependencies
from jupyter_exec.errors import InvalidRequest

_INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]*(?P<path>\S.*)$")
_COMMENT = re.compile(r"(^|\s+)#.*$")
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
    conda = _conda_dependencies(path)
    if conda is not None:
        return {"python": {"condaDependencies": conda, "userManagedDependencies": False}}
    found = shutil.which(str(path))
    if found is None:
        state = "is not executable" if path.exists() else "does not exist"
        raise InvalidRequest(f"{env} {state}; --env takes {_ALLOWED}", "env")
    return _interpreter(found)


def _conda_dependencies(path: Path) -> dict[str, Any] | None:
    """Return what a file says that is needed; None for one of another kind."""
    suffix = path.suffix.lower()
    if is_project_file(path):
        return project_dependencies(path)
    if suffix in {".txt", ".in"}:
        return {"dependencies": [{"pip": _requirements(path)}]}
    return _conda(path) if suffix in {".yml", ".yaml"} else None


def _interpreter(python: str) -> dict[str, Any]:
    # Not resolved: the python of a virtual environment is a link, and is recognised by its place.
    return {"python": {"interpreterPath": os.path.abspath(python), "userManagedDependencies": True}}  # noqa: PTH100


def _python_in(folder: Path) -> str:
    for place in ("bin/python", "python", "bin/python3", "python3"):
        candidate = folder / place
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return str(candidate)
    raise InvalidRequest(f"{folder} holds no interpreter; --env takes {_ALLOWED}", "env")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidRequest(f"{path} cannot be read: {reason}", "env") from error


def _requirements(path: Path, above: tuple[Path, ...] = ()) -> list[str]:
    """Return the requirements of a file, with the files that it includes, without comments."""
    if path.resolve() in above:
        raise InvalidRequest(f"{path} includes itself", "env")
    lines: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", _read(path)).splitlines():
        requirement = _COMMENT.sub("", line).strip()
        if requirement:
            lines += _included(requirement, path, above)
    return lines


def _included(requirement: str, path: Path, above: tuple[Path, ...]) -> list[str]:
    include = _INCLUDE.match(requirement)
    if include is None:
        return [requirement]
    return _requirements(path.parent / include["path"].strip(), (*above, path.resolve()))


def _conda(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(_read(path))
    except yaml.YAMLError as error:
        raise InvalidRequest(
            f"{path} is not YAML: {' '.join(str(error).split())}", "env"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        message = f"{path} is not a conda file: it has no list of dependencies"
        raise InvalidRequest(message, "env")
    dependencies: list[Any] = []
    for dependency in content["dependencies"]:
        if isinstance(dependency, dict) and isinstance(dependency.get("pip"), list):
            lines = [
                found for line in dependency["pip"] for found in _included(str(line), path, ())
            ]
            dependencies.append({**dependency, "pip": lines})
        else:
            dependencies.append(dependency)
    # `name` and `prefix` are where conda would put it; neither changes what is installed.
    kept = {key: value for key, value in content.items() if key not in {"name", "prefix"}}
    return {**kept, "dependencies": dependencies}
