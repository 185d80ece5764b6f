"""Starts a server where there is none: for scripts, terminals, editors (floor: client).

It runs detached below the user's home folder, ends by itself after ten idle minutes (a going run is
activity), and is found by later clients as every other server is.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.client.discovery import Server, described, runtime_dir
from jupyter_exec.client.session import NoServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_TIMEOUT_S = 60.0
IDLE_S = 600
_LOG = "jupyter-exec-server.log"
_READY_S = 15.0
_TICK_S = 0.05
_OURS = ("JUPYTER_EXEC_RUN_ID", "JUPYTER_EXEC_TOKEN", "JUPYTER_EXEC_URL", "JUPYTER_EXEC_METRICS")


def start_server(
    find: Callable[[], Server | None],
    answers: Callable[[Server], bool],
    timeout_s: float = START_TIMEOUT_S,
) -> Server:
    """Start a server in the background; processes that do so at once get the same one.

    Args:
        find: looks for a server that runs already; asked again when it is our turn.
        answers: tells whether a server is ready.
        timeout_s: bound of the whole.

    Raises:
        NoServer: it did not start; with the end of its log.
    """
    deadline = time.monotonic() + timeout_s
    folder = runtime_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _turn(folder / "jupyter-exec-start.lock", deadline):
        return find() or _start(folder, answers, deadline)


@contextmanager
def _turn(path: Path, deadline: float) -> Iterator[None]:
    """Hold the lock; it ends with our process, so nobody waits for the dead."""
    import fcntl

    with path.open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = (
                        f"another process has been starting a Jupyter server for too long ({path})"
                    )
                    raise NoServer(message) from None
                time.sleep(_TICK_S)
        yield


def _start(folder: Path, answers: Callable[[Server], bool], deadline: float) -> Server:
    log = folder / _LOG
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = subprocess.Popen(
            _command(),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            cwd=Path.home(),
            env=_environment(),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
    up = False
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NoServer(f"the Jupyter server ended while starting ({log}):\n{_tail(log)}")
        server = described(folder / f"jpserver-{process.pid}.json")
        if server is not None:
            if answers(server):
                process.returncode = 0  # it outlives us, which Popen would warn of
                return server
            # It is up, so that there is little left to wait for.
            if not up:
                up, deadline = True, min(deadline, time.monotonic() + _READY_S)
        time.sleep(_TICK_S)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    raise NoServer(f"the Jupyter server did not get ready in time ({log}):\n{_tail(log)}")


def _command() -> list[str]:
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={_free_port()}",
        f"--ServerApp.root_dir={Path.home()}",
        f"--ServerApp.shutdown_no_activity_timeout={IDLE_S}",
        "--ServerApp.jpserver_extensions={'jupyter_exec': True}",
    ]
    return [*command, "--allow-root"] if os.geteuid() == 0 else command


def _environment() -> dict[str, str]:
    """Return ours without what belongs to the kernel or run that we may be, with a token."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _OURS and not name.startswith("JPY_")
    }
    return {**kept, "JUPYTER_TOKEN": secrets.token_hex(24)}


def _free_port() -> int:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _tail(log: Path, lines: int = 15) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])
