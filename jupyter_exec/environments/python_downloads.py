"""Pythons that are not on this machine, and that uv can download (floor: environments).

They come to where uv keeps its own (`UV_PYTHON_INSTALL_DIR`), so they are downloaded once, for runs
and for whoever else uses uv here.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from jupyter_exec.environments.build import locked
from jupyter_exec.environments.interpreters import find_fitting, find_uv, output_of, versions_here
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.environments.built import BuildLog
    from jupyter_exec.environments.interpreters import Interpreter

_LIST = ("python", "list", "--only-downloads", "--all-versions", "--output-format", "json")
_RETRIES = "UV_HTTP_RETRIES"
_FEW = "1"  # a run that cannot get its Python shall say so soon


def downloadable(versions: str) -> str | None:
    """Return the newest version that fits and that uv knows how to download; asks no network.

    Args:
        versions: PEP 440 specifiers.
    """
    uv = find_uv()
    if uv is None or os.environ.get("UV_PYTHON_DOWNLOADS") == "never":
        return None
    wanted = SpecifierSet(versions)
    fitting = [
        version
        for version in _offered(uv)
        if not version.is_prerelease and wanted.contains(version)
    ]
    return str(max(fitting)) if fitting else None


def _offered(uv: str) -> list[Version]:
    return [
        Version(one["version"])
        for one in json.loads(output_of([uv, *_LIST]) or "[]")
        if one["implementation"] == "cpython" and one["variant"] == "default"
    ]


async def download(version: str, root: Path, log: BuildLog) -> Interpreter:
    """Have uv download a Python; runs that need the same one wait for one download.

    Cancelling it ends the download.

    Args:
        root: of the environments.

    Raises:
        RunFailed: it cannot be downloaded.
    """

    def waiting() -> None:
        log.say(f"another run is downloading Python {version}; waiting for it")

    uv = find_uv() or "uv"
    async with locked(root / f"python-{version}.lock", waiting) as lock:
        found = await asyncio.to_thread(find_fitting, f"=={version}", uv)
        if found is None:
            log.say(f"Python {version} is not on this machine, so uv downloads it")
            retries = f"{_RETRIES}={os.environ.get(_RETRIES, _FEW)}"
            install = ["env", retries, uv, "python", "install", "--no-bin", version]
            try:
                await log.step(install, lock, root)
            except RunFailed as failure:
                if failure.code == "DiskFull":
                    raise
                raise await _not_downloaded(version) from None
            found = await asyncio.to_thread(find_fitting, f"=={version}", uv)
    if found is None:
        raise await _not_downloaded(version)
    return found


async def _not_downloaded(version: str) -> RunFailed:
    here = await asyncio.to_thread(versions_here)
    message = (
        f"Python {version} is not on this machine and could not be downloaded (the log, "
        f"environment.txt, has the cause); install it there (uv python install {version}), or ask "
        f"for one of those that are there: {here}"
    )
    return RunFailed("EnvironmentFailed", message)
