"""Which of the processes that failed is the cause, and which only lost their peer (floor: targets).

Standard library only, Python 3.6 and later. The order of their ends tells much, but not all: a
process that raises takes a while to leave, and those that were talking to it may be faster.
"""

import _signal as signal  # type: ignore[import-not-found]  # see start.py
import os

from jupyter_exec.targets.shim.record import last_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

ECHO_S = 2.0
"""How long to wait for the cause where all that is known is that somebody lost a peer."""

_SHELL_SIGNAL = 128  # what a shell adds to the number of a signal
_SIGNALS = 64
_MOST_BYTES = 1 << 16
_ECHOES = (
    "connection reset",
    "connection closed",
    "connection refused",
    "connection aborted",
    "broken pipe",
    "socket closed",
    "socket is closed",
    "recvvalue failed",
    "failed to recv",
    "remote process exited or there was a network error",
    "lost connection",
    "peer closed",
    "unavailableerror",
    "end of file",
    "failed to connect to",
    "additional grpc error information",  # TensorFlow's, after the words themselves
    "node collective",
    "a rank of this node failed",  # launchers/torch_agent: the rank itself tells why
)
_ENDED_BY_OTHERS = (-15, -9, -13, _SHELL_SIGNAL + 15, _SHELL_SIGNAL + 9, _SHELL_SIGNAL + 13)


class Failure:
    """A process that has failed.

    Args:
        name: `worker-1`, `rank-3`.
        code: its exit code; negative = minus the signal's number.
        line: the last line of its log.
    """

    def __init__(self, name: str, code: int, line: str) -> None:
        self.name = name
        self.code = code
        self.line = line


def is_echo(failure: Failure) -> bool:
    """Say whether a process failed because another had: it lost a connection, or was ended."""
    line = failure.line.lower()
    return any(word in line for word in _ECHOES) or (not line and failure.code in _ENDED_BY_OTHERS)


def cause(failures: "Sequence[Failure]") -> Failure:
    """Return the first that is no echo, else the first.

    Args:
        failures: at least one, in the order of their ends.
    """
    return next((failure for failure in failures if not is_echo(failure)), failures[0])


def failures(
    ended: "Sequence[Tuple[str, int, int, str]]", ranks: str, masked: "Sequence[str]"
) -> "List[Failure]":
    """Return everything that has failed: replicas, and the ranks below them, which come first.

    Args:
        ended: replicas that failed, in the order of their ends: role, index, exit code, log.
        ranks: file of the ranks that failed (`launchers/ranks.py`): `rank-3 1 0`, line by line; the
            last word is how often the ranks had been started again, and only the last time counts.
        masked: values that no message may repeat.
    """
    found = []
    for role, index, _, log in ended[:1]:
        folder, own = os.path.split(log)
        attempt = own[len(f"{role}-{index}") :]
        for name, code in _failed_ranks(ranks):
            line = last_line(os.path.join(folder, name + attempt), masked)
            before = f"[{name.replace('-', '')}]: "  # torch's excepthook
            line = line[len(before) :] if line.startswith(before) else line
            found.append(Failure(name, code, line))
    for role, index, code, log in ended:
        found.append(Failure(f"{role}-{index}", code, last_line(log, masked)))
    return found


def verdict(failure: Failure, *, named: bool) -> "Dict[str, Any]":
    """Return code, message and exit code of a job that ended because of this.

    Args:
        named: say whose failure it is.
    """
    name = f"{failure.name}: " if named else ""
    if failure.code > 0:
        text = f"exit code {failure.code}"
        text = f"{failure.line} ({text})" if failure.line else text
        return {"code": "ExitCode", "message": name + text, "exit_code": failure.code}
    text = f"ended by {_signal_name(-failure.code)}"
    if -failure.code == signal.SIGKILL:
        text += " (out of memory?)"
    return {"code": "Signal", "message": name + text, "exit_code": failure.code}


def _failed_ranks(path: str) -> "Iterator[Tuple[str, int]]":
    """Yield names and exit codes; the file is the run's own, so anything may be in it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        lines = os.read(fd, _MOST_BYTES).decode("utf-8", "replace").splitlines()
    finally:
        os.close(fd)
    found = [rank for rank in map(_failed_rank, lines) if rank]
    latest = max([restarts for _, _, restarts in found], default=0)
    for name, code, restarts in found:
        if restarts == latest:
            yield name, code


def _failed_rank(line: str) -> "Optional[Tuple[str, int, int]]":
    """Return name, exit code and number of restarts, None where a line is something else."""
    name, word, restarts = [*line.split(" "), "0", "", ""][:3]
    role, _, index = name.rpartition("-")
    if role != "rank" or not (index.isdigit() and word.isdigit() and restarts.isdigit()):
        return None
    code = int(word)
    is_signal = _SHELL_SIGNAL < code <= _SHELL_SIGNAL + _SIGNALS
    return name, _SHELL_SIGNAL - code if is_signal else code, int(restarts)


def _signal_name(number: int) -> str:
    """Return `SIGSEGV` for 11."""
    for name in dir(signal):
        if name[:3] == "SIG" and name[3] != "_" and getattr(signal, name) == number:
            return name
    return f"signal {number}"
