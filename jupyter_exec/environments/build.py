"""A lock that builds wait for, and programs that end with their task (floor: environments)."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import signal
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

LOCK_POLL_S = 0.1

# A build needs nothing of Jupyter's, and what is built from source must not see the server's
# credentials. The others would make it install elsewhere.
_HIDDEN = re.compile(
    r"^(JUPYTER.*|JPY_.*|CONFIGPROXY_AUTH_TOKEN|KG_AUTH_TOKEN|PYTHONPATH|PYTHONHOME|VIRTUAL_ENV|CONDA_PREFIX"
    r"|__PYVENV_LAUNCHER__|PIP_(USER|TARGET|PREFIX|ROOT)|UV_(PROJECT_ENVIRONMENT|SYSTEM_PYTHON|PYTHON))$",
    re.IGNORECASE,
)


def build_variables() -> dict[str, str]:
    """Return the variables that a build sees."""
    return {name: value for name, value in os.environ.items() if not _HIDDEN.match(name)}


@asynccontextmanager
async def locked(path: Path, waiting: Callable[[], None]) -> AsyncIterator[int]:
    """Hold a lock file, also against other processes; yields its descriptor.

    Programs started with that descriptor keep the lock until they end, so that a server that was
    killed in the midst of a build does not build into the same folder while the old build goes on.

    Args:
        waiting: called once if somebody else holds the lock.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _open(path)
    told = False
    try:
        while not _lock(file, path):
            if _is(file, path):
                if not told:
                    waiting()
                told = True
                await asyncio.sleep(LOCK_POLL_S)
            else:  # whoever held it has removed it
                os.close(file)
                file = _open(path)
        yield file
    finally:
        os.close(file)


@contextmanager
def unless_locked(path: Path) -> Iterator[bool]:
    """Hold a lock file if nobody else does; yields whether that is so.

    Who holds it may remove it: others notice that they wait for what is not there any more.
    """
    file = _open(path)
    try:
        yield _lock(file, path)
    finally:
        os.close(file)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(file: int, path: Path) -> bool:
    """Lock an open file; tells whether it is locked, and is still what has that name."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return _is(file, path)


def _is(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


async def run_logged(
    command: Sequence[str],
    log: Path,
    lock: int,
    folder: Path,
    variables: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run a program with its output going straight to the log.

    When the task is cancelled, everything that the program started is killed.

    Args:
        lock: descriptor from `locked`.
        folder: the program's working folder.
        variables: on top of those that every build sees.

    Returns:
        The exit status, and what the program has printed.

    Raises:
        OSError: it cannot be started.
    """
    with log.open("ab") as output:
        begin = output.seek(0, os.SEEK_END)
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=folder,
            env={**build_variables(), **(variables or {})},
            start_new_session=True,
            pass_fds=(lock,),
        )
    try:
        status = await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
    with log.open("rb") as printed:
        printed.seek(begin)
        return status, printed.read().decode(errors="replace")
