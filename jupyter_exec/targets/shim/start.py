"""How the shim starts a process: fork and exec by hand, and an exact reason where that fails.

Floor: targets. Standard library only, Python 3.6 and later; `subprocess` would double the shim's
start-up time.
"""

import _signal as signal  # type: ignore[import-not-found]  # `signal` costs half a Python start
import errno
import os
import sys

from jupyter_exec.targets.shim import proctree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn, Optional, Tuple

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_OUT_OF_MEMORY_SCORE = b"500"
_prctl: "List[Any]" = []


class StartError(Exception):
    """A process could not be started.

    Args:
        code: `CommandNotFound`, `InterpreterMissing`, `PermissionDenied`, ...
        message: one line that names the path.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def adopt_orphans() -> None:
    """Adopt whatever the descendants of this process leave behind (PR_SET_CHILD_SUBREAPER)."""
    if proctree.PROC:
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def prctl(option: int, value: int) -> int:
    """Set an option of this process.

    `ctypes` itself takes three times as long to import as the part of it that is needed.
    """
    if not _prctl:
        try:
            import _ctypes

            address = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")  # type: ignore[arg-type]  # None = libc
            call = _ctypes.call_cdeclfunction
            _prctl.append(lambda *words: call(address, words))
        except (ImportError, AttributeError):
            import ctypes

            _prctl.append(ctypes.CDLL(None).prctl)
    return int(_prctl[0](option, value, 0, 0, 0))


def open_log(path: str) -> int:
    """Open a replica's log for appending; the replica itself writes to it, nobody stands between.

    Raises:
        StartError: the file cannot be made.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise StartError("LogUnwritable", f"{path}: {problem.strerror}") from None


def start(command: "List[str]", env: "Dict[str, str]", cwd: str, log: int, stdin: int) -> int:
    """Start a process in its own process group and return its pid when it has really started.

    Args:
        command: argv; the first word is looked up on the PATH of `env`.
        env: the whole environment.
        cwd: absolute folder.
        log: descriptor for stdout and stderr.
        stdin: descriptor to read from.

    Raises:
        StartError: with the reason of fork, chdir or exec.
    """
    path = _look_up(command[0], env)
    words = [_encoded(word, f"argument {number}") for number, word in enumerate(command)]
    variables = {
        _encoded(name, "the name of a variable"): _encoded(env[name], f"variable {name}")
        for name in env
    }
    program, folder = _encoded(path, "the command"), _encoded(cwd, "the working folder")
    if proctree.PROC:
        prctl(_PR_SET_PDEATHSIG, 0)  # finds the function before the fork
    reading, writing = os.pipe()
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError as problem:
        os.close(reading)
        os.close(writing)
        raise StartError("NoResources", f"cannot start a process: {problem.strerror}") from None
    if pid == 0:
        _become(program, words, variables, folder, (stdin, log, log), writing, parent)
    os.close(writing)
    report = os.read(reading, 64).decode()
    os.close(reading)
    if report:
        os.waitpid(pid, 0)
        stage, number = report.split()
        raise _explained(stage, int(number), path, cwd)
    return pid


def _become(
    path: bytes,
    command: "List[bytes]",
    env: "Dict[bytes, bytes]",
    cwd: bytes,
    standard: "Tuple[int, int, int]",
    report: int,
    parent: int,
) -> "NoReturn":
    """Turn the forked child into the command; never returns."""
    stage = "start"
    try:
        os.setpgid(0, 0)
        if proctree.PROC:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(127)
            _offer_to_the_oom_killer()
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for number, fd in enumerate(standard):
            os.dup2(fd, number)
        stage = "cwd"
        os.chdir(cwd)
        stage = "exec"
        os.execve(path, command, env)  # noqa: S606 - no shell on purpose
    except Exception as problem:  # noqa: BLE001 - the outermost frame of this process
        os.write(report, f"{stage} {getattr(problem, 'errno', errno.EINVAL)}".encode())
    finally:
        os._exit(127)


def _offer_to_the_oom_killer() -> None:
    """Let a machine without memory end the run rather than the server."""
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, _OUT_OF_MEMORY_SCORE)
        os.close(fd)
    except OSError:
        pass


def _encoded(text: str, what: str) -> bytes:
    """Return text as the operating system takes it; a Python 3.6 in the C locale knows only ASCII.

    Args:
        what: names the text in messages; the text itself may be a secret.

    Raises:
        StartError: nothing can take it.
    """
    if "\0" in text:
        raise StartError("InvalidCommand", f"there is a NUL in {what}")
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise StartError("InvalidCommand", f"{what} cannot be encoded") from None


def _look_up(name: str, env: "Dict[str, str]") -> str:
    """Return the path of a command, by the PATH that the process will have."""
    if "/" in name:
        return name
    places = env.get("PATH", os.defpath)
    for folder in places.split(os.pathsep):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise StartError("CommandNotFound", f"command {name!r} is not on the PATH of the run: {places}")


def _explained(  # noqa: PLR0911 - a table in words
    stage: str, number: int, path: str, cwd: str
) -> StartError:
    """Say what an errno of chdir or exec means here."""
    if stage == "cwd":
        return StartError("WorkingFolderMissing", f"working folder {cwd}: {os.strerror(number)}")
    full = os.path.join(cwd, path)
    if number == errno.ENOENT:
        interpreter = _named_interpreter(full)
        if interpreter:
            return StartError(
                "InterpreterMissing",
                f"{path}: its first line names the interpreter {interpreter}, which does not exist",
            )
        if os.path.basename(path).startswith("python"):
            return StartError("InterpreterMissing", f"interpreter {path} does not exist")
        return StartError("CommandNotFound", f"command {path} does not exist")
    if number == errno.EACCES:
        what = "is a folder" if os.path.isdir(full) else "may not be executed (chmod +x?)"
        return StartError("PermissionDenied", f"{path} {what}")
    if number == errno.ENOEXEC:
        return StartError(
            "NotExecutable", f"{path} is no program for this machine (is its #! line missing?)"
        )
    return StartError("StartFailed", f"{path}: {os.strerror(number)}")


def _named_interpreter(path: str) -> "Optional[str]":
    """Return the interpreter that the #! line of a script names, if the file is there."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    head = os.read(fd, 256)
    os.close(fd)
    if not head.startswith(b"#!"):
        return "of its own format (loader or libraries)"
    words = head[2:].split(b"\n")[0].split()
    return words[0].decode(sys.getfilesystemencoding(), "replace") if words else None
