"""Which Pythons this machine has (floor: environments; blocking)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

_PYTHON = re.compile(r"^python(?:3(?:\.\d+)?)?$")
_ASK = "import sys; print('%d.%d.%d' % sys.version_info[:3], sys.executable)"
_TIMEOUT_S = 10.0
_uv_found: list[str] = []
_uv_knew: dict[tuple[str, str], str] = {}  # asking takes a while; a version that came is found


class Interpreter(NamedTuple):
    """A Python that can be started.

    Attributes:
        version: for example `3.11.7`.
        path: absolute path of the program.
    """

    version: str
    path: str


def find_uv() -> str | None:
    """Return the program `uv`: the one beside the server, else the one on PATH, else None."""
    found = _uv_found[0] if _uv_found else None
    if found is None or not os.access(found, os.X_OK):  # looking costs more than a look
        found = _look_for_uv()
        _uv_found[:] = [found] if found else []
    return found


def _look_for_uv() -> str | None:
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, OSError):
        return shutil.which("uv")


def own_interpreter() -> Interpreter:
    """Return the server's own."""
    return Interpreter(".".join(map(str, sys.version_info[:3])), sys.executable)


def find_fitting(versions: str, uv: str | None) -> Interpreter | None:
    """Return a Python whose version fits.

    The server's own where that fits, else the newest on PATH, else one that uv has installed.

    Args:
        versions: PEP 440 specifiers, for example `==3.11.*`; empty = any.
        uv: program to ask for further ones, None to leave that out.
    """
    wanted = SpecifierSet(versions)
    own = own_interpreter()
    if wanted.contains(own.version, prereleases=True):
        return own
    for found in interpreters_on_path():
        if wanted.contains(found.version, prereleases=True):
            return found
    return _known_to_uv(uv, versions) if uv else None


def interpreters_on_path() -> list[Interpreter]:
    """Return every Python on PATH that can be started, each version once, newest first."""
    found: dict[str, Interpreter] = {}
    for folder in os.get_exec_path():
        try:
            paths = sorted(path for path in Path(folder).iterdir() if _PYTHON.match(path.name))
        except OSError:
            continue
        for path in paths:
            interpreter = _ask(path)
            if interpreter is not None:
                found.setdefault(interpreter.version, interpreter)
    return sorted(found.values(), key=lambda one: _number(one.version), reverse=True)


def versions_here() -> str:
    """List the versions of Python that this machine has, oldest first."""
    versions = {one.version for one in (own_interpreter(), *interpreters_on_path())}
    return ", ".join(sorted(versions, key=_number))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def version_of(python: str) -> str | None:
    """Return the version of an interpreter; None for what is none. It is started once."""
    if python == sys.executable:
        return own_interpreter().version
    answer = _ask(Path(python))
    return answer.version if answer else None


def _ask(path: Path) -> Interpreter | None:
    """Start an interpreter to learn its version; None where it does not start (a shim of pyenv)."""
    try:
        status = path.stat()
    except OSError:
        return None
    return _answer_of(str(path), status.st_mtime_ns, status.st_ino)


@cache
def _answer_of(path: str, _mtime_ns: int, _inode: int) -> Interpreter | None:
    words = output_of([path, "-I", "-S", "-c", _ASK]).split(maxsplit=1)
    if len(words) != 2 or not re.fullmatch(r"\d+(\.\d+)+", words[0]):  # noqa: PLR2004 - version, path
        return None
    return Interpreter(words[0], words[1].strip())


def _known_to_uv(uv: str, versions: str) -> Interpreter | None:
    if (uv, versions) not in _uv_knew or not Path(_uv_knew[uv, versions]).exists():
        find = [uv, "python", "find", "--no-project", "--no-python-downloads", versions]
        path = output_of(find).strip()
        if not Path(path).is_absolute():
            return None
        _uv_knew[uv, versions] = path
    return _ask(Path(_uv_knew[uv, versions]))


def output_of(command: list[str]) -> str:
    """Return what a program prints; nothing where it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
