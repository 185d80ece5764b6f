"""`--env` of a project: pyproject.toml, uv.lock, pylock.toml (floor: client).

What comes out is the shape of `condaDependencies`: Python's versions, and pip packages. Sources:
PEP 621 (`project`), PEP 751 (pylock.toml), `uv export`.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "pyproject.toml"
_EXPORT = ("export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--no-header")
_TIMEOUT_S = 60.0


def is_project_file(path: Path) -> bool:
    """Tell whether a file is one of those that this module reads."""
    return path.name in {PROJECT, "uv.lock"} or _is_pylock(path)


def project_dependencies(path: Path) -> dict[str, Any]:
    """Return what a project, or its lock, needs: locked versions where there is a lock.

    Raises:
        InvalidRequest: it cannot be read, or does not say what it needs.
    """
    if _is_pylock(path):
        return _pylock(path)
    folder = path.parent
    project = _project(folder / PROJECT)
    python = f"python{''.join(str(project.get('requires-python', '')).split())}"
    if (folder / "uv.lock").is_file():
        requirements = _uv_lock(folder)
    elif (folder / "pylock.toml").is_file():
        return _pylock(folder / "pylock.toml")
    elif "dependencies" in project.get("dynamic", []):
        message = f"{path} computes its dependencies; lock them with uv lock, or give a .txt file"
        raise InvalidRequest(message, "env")
    else:
        requirements = [str(requirement) for requirement in project.get("dependencies", [])]
    return {"dependencies": [python, {"pip": requirements}]}


def _is_pylock(path: Path) -> bool:
    return path.name == "pylock.toml" or (
        path.name.startswith("pylock.") and path.suffix == ".toml"
    )


def _project(path: Path) -> dict[str, Any]:
    project = _toml(path).get("project")
    if not isinstance(project, dict):
        message = f"{path} has no section 'project' that says what it needs"
        raise InvalidRequest(message, "env")
    return project


def _toml(path: Path) -> dict[str, Any]:
    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        content: dict[str, Any] = toml.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}", "env") from error
    except ValueError as error:  # not TOML, not UTF-8
        raise InvalidRequest(f"{path} is not TOML: {error}", "env") from error
    return content


def _uv_lock(folder: Path) -> list[str]:
    """Return what uv.lock has, without the project itself and what is for its development."""
    from uv import find_uv_bin

    command = [find_uv_bin(), *_EXPORT, "--no-annotate", "--quiet", "--project", str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InvalidRequest(f"uv cannot read {folder / 'uv.lock'}: {error}", "env") from error
    if done.returncode != 0:
        reason = " ".join(done.stderr.split())[:300]
        raise InvalidRequest(f"uv cannot read {folder / 'uv.lock'}: {reason}", "env")
    lines = (line.strip() for line in done.stdout.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _pylock(path: Path) -> dict[str, Any]:
    """Return what a lock of PEP 751 has for no extra and no group."""
    content = _toml(path)
    packages = content.get("packages")
    if not isinstance(packages, list):
        raise InvalidRequest(f"{path} is not a lock: it has no packages", "env")
    python = f"python{''.join(str(content.get('requires-python', '')).split())}"
    requirements = [_requirement(package, path) for package in packages]
    return {"dependencies": [python, {"pip": requirements}]}


def _requirement(package: dict[str, Any], path: Path) -> str:
    name, marker = package.get("name"), package.get("marker")
    vcs, archive = package.get("vcs", {}), package.get("archive", {})
    if "url" in vcs:
        text = f"{name} @ {vcs.get('type', 'git')}+{vcs['url']}@{vcs.get('commit-id', '')}"
    elif "url" in archive:
        text = f"{name} @ {archive['url']}"
    elif "version" in package and "directory" not in package:
        text = f"{name}=={package['version']}"
    else:
        message = f"{path} names {name}, which is a folder; a run gets its packages from an index"
        raise InvalidRequest(message, "env")
    return f"{text} ; {marker}" if marker else text
