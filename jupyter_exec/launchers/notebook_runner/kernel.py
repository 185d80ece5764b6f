"""The kernel of a notebook run: which one, its process, its end.

Travels with runs (see `main`). Imported before the kernel is started, so everything
that is slow to import waits for later.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BOOT = str(Path(__file__).with_name("boot.py"))
_LAUNCH = ["-m", "ipykernel_launcher"]
_PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_KILL_S = 1.0
_LONGEST_SOCKET_PATH = 90  # of the 107 characters that a Unix socket may have


class NotebookFault(Exception):
    """Why a notebook cannot be run; the message is one line for the user."""


class KernelChoice(NamedTuple):
    """How to start a kernel; `argv` and `env` as in a kernelspec."""

    name: str
    display_name: str
    language: str
    argv: list[str]
    env: Mapping[str, str] = {}
    interrupt_mode: str = "signal"
    resource_dir: str = ""

    @property
    def boots(self) -> bool:
        """Tell whether it is a plain IPython kernel, which `boot` can stand in for."""
        return os.name == "posix" and self.argv[-4:] == [*_LAUNCH, "-f", "{connection_file}"]


def choose(kernel: str | None, python: str | None, metadata: Mapping[str, Any]) -> KernelChoice:
    """Return the kernel for a notebook.

    Args:
        kernel: a kernelspec that was asked for; it wins.
        python: the run's interpreter, used unless the notebook is in another language.
        metadata: of the notebook.

    Raises:
        NotebookFault: there is no such kernelspec; the message lists those there are.
    """
    own = metadata.get("kernelspec") or {}
    language = own.get("language") or (metadata.get("language_info") or {}).get("name")
    if kernel:
        return _kernelspec(kernel)
    if language is None and own.get("name") not in {None, "python3", "python"}:
        return _kernelspec(str(own["name"]))  # nothing else tells what language it is
    if python and str(language or "python").lower() in {"python", "ipython"}:
        return _interpreter(python)
    return _kernelspec(str(own.get("name") or "python3"))


def _interpreter(python: str) -> KernelChoice:
    argv = [python, *_LAUNCH, "-f", "{connection_file}"]
    return KernelChoice("python3", "Python 3 (ipykernel)", "python", argv)


def _kernelspec(name: str) -> KernelChoice:
    """Read a kernelspec without jupyter_client, which takes a quarter of a second to import."""
    from jupyter_core.paths import jupyter_path

    found: dict[str, Path] = {}
    for folder in map(Path, reversed(jupyter_path("kernels"))):
        if folder.is_dir():
            found |= {file.parent.name.lower(): file for file in folder.glob("*/kernel.json")}
    if name.lower() not in found:
        if name in {"python3", "python"}:
            return _interpreter(sys.executable)
        known = ", ".join(sorted(found)) or "none"
        raise NotebookFault(f"there is no kernel {name!r} here; there are: {known}")
    file = found[name.lower()]
    spec = json.loads(file.read_text("utf-8"))
    provisioner = spec.get("metadata", {}).get("kernel_provisioner", {})
    if provisioner.get("provisioner_name", "local-provisioner") != "local-provisioner":
        where = provisioner["provisioner_name"]
        raise NotebookFault(f"kernel {name!r} is started by {where!r}; a run needs a local kernel")
    argv = list(spec["argv"])
    if argv[0] in {"python", "python3", "python{}.{}".format(*sys.version_info)}:
        argv[0] = sys.executable
    return KernelChoice(
        name=file.parent.name,
        display_name=spec.get("display_name", name),
        language=spec.get("language", ""),
        argv=argv,
        env=spec.get("env") or {},
        interrupt_mode=spec.get("interrupt_mode") or "signal",
        resource_dir=str(file.parent),
    )


def _temporary() -> Path:
    """Return $TMPDIR, or /tmp where that does not exist or is too long for a socket in it."""
    folder = os.environ.get("TMPDIR", "")
    usable = Path(folder).is_absolute() and Path(folder).is_dir()
    room = len("/kernel-0123456789abcdef/socket")
    if usable and len(folder) + room <= _LONGEST_SOCKET_PATH:
        return Path(folder)
    return Path("/tmp")  # noqa: S108 - the folder made in it is private


class Kernel:
    """A kernel's process, started in the current folder and environment.

    Args:
        choice: which kernel.

    Raises:
        NotebookFault: its program could not be started.
    """

    def __init__(self, choice: KernelChoice) -> None:
        self.choice = choice
        self.folder = _temporary() / f"kernel-{os.urandom(8).hex()}"
        self.folder.mkdir(mode=0o700)
        self.connection: Any = self._connection()
        file = self.folder / "connection.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(self.connection), "utf-8")
        environment = {**os.environ, **{k: os.path.expandvars(v) for k, v in choice.env.items()}}
        try:
            self.process = subprocess.Popen(
                self._command(str(file)),
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            self.clean_up()
            reason = f"{error.filename}: {error.strerror}"
            raise NotebookFault(f"kernel {choice.name!r} could not be started: {reason}") from None

    def _command(self, file: str) -> list[str]:
        """Return argv; a plain IPython kernel is told whose child it is and to keep no history."""
        words = {
            "{connection_file}": file,
            "{resource_dir}": self.choice.resource_dir,
            "{prefix}": sys.prefix,
        }
        argv = list(self.choice.argv)
        if self.choice.boots:
            argv[-4:-2] = [_BOOT]
            argv += [f"--IPKernelApp.parent_handle={os.getpid()}", "--HistoryManager.enabled=False"]
        for word, value in words.items():
            argv = [part.replace(word, value) for part in argv]
        return argv

    def _connection(self) -> dict[str, Any]:
        """Return the connection info: Unix sockets in a private folder where the kernel can."""
        common = {"key": os.urandom(16).hex(), "signature_scheme": "hmac-sha256"}
        path = str(self.folder / "socket")
        if self.choice.boots and len(path) <= _LONGEST_SOCKET_PATH:
            ports = dict(zip(_PORTS, range(1, 6), strict=True))
            return {"transport": "ipc", "ip": path, **ports, **common}
        import socket

        sockets = [socket.socket() for _ in _PORTS]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        ports = {name: each.getsockname()[1] for name, each in zip(_PORTS, sockets, strict=True)}
        for each in sockets:
            each.close()
        return {"transport": "tcp", "ip": "127.0.0.1", **ports, **common}

    def when_ended(self, tell: Callable[[], None]) -> None:
        """Call `tell` in another thread once the process has ended."""

        def wait() -> None:
            self.process.wait()
            tell()

        threading.Thread(target=wait, daemon=True).start()

    def interrupt(self) -> None:
        """Interrupt what the kernel does, by signal."""
        self._signal(signal.SIGINT)

    def end(self, politely_s: float = 0.0) -> None:
        """Wait for the process, which was asked to end, then kill it and its process group."""
        self._wait(politely_s)
        self._signal(signal.SIGKILL)
        self._wait(_KILL_S)
        self.clean_up()

    def _wait(self, limit_s: float) -> None:
        """Wait for the process; `when_ended` holds the lock that Popen.wait(timeout) needs."""
        deadline = time.monotonic() + limit_s
        while self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)

    def clean_up(self) -> None:
        """Remove the connection file and the sockets."""
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)
        self.folder.rmdir()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def how_it_ended(self) -> str:
        """Return the end of the process in words: `SIGKILL`, `exit code 3`."""
        code = self.process.wait()
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"

    def fail_to_start(self) -> NoReturn:
        """Raise why the kernel ended before it was ready.

        Raises:
            NotebookFault: always.
        """
        python, end = self.choice.argv[0], self.how_it_ended()
        if self.choice.boots:
            probe = [python, "-c", "import ipykernel"]
            result = subprocess.run(probe, capture_output=True, text=True, check=False)
            if result.returncode:
                cause = (result.stderr.strip().splitlines() or [end])[-1]
                advice = f"{python} -m pip install ipykernel"
                raise NotebookFault(f"{python} cannot be a kernel: {cause}; {advice}")
        name = self.choice.name
        raise NotebookFault(f"kernel {name!r} ({python}) ended before it was ready ({end})")
