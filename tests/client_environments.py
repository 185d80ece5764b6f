"""Environments of clients whose needs are not ours, made once per machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def make_client(name: str, python: str, installs: Sequence[Sequence[str]]) -> str:
    """Return the interpreter of an environment; what PyPI has is installed on the first call.

    Args:
        name: of its folder; names what is in it, with versions.
        python: the interpreter that it is made with; it has venv and pip.
        installs: arguments of `pip install`, call by call.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter_exec-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([python, "-m", "venv", str(folder)], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
            for arguments in installs:
                subprocess.run([*pip, *arguments], check=True)
            (folder / "complete").touch()
    return str(folder / "bin" / "python")
