"""Which of the processes that failed is the cause, and which only lost their peer (floor: targets).

Standard library only, Python 3.6 and later. The order of their ends tells much, but not all: a
process that raises takes a while to leave, and those that were talking to it may be faster. The
shim's supervisor asks here, and so does the server about containers (`container_verdict.py`).
"""

import _signal as signal  # type: ignore[import-not-found]  # see start.py
import os
import stat

from jupyter_exec.targets.shim.record import last_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

ECHO_S = 2.0
"""How long to wait for the cause where all that is known is that somebody lost a peer."""
SETTLE_S = 0.5
"""How long to wait for others that fail with it: the first need not be the cause."""

_BY_THE_KERNEL = " (the kernel has killed for lack of memory meanwhile)"
_BY_SOMEBODY = " (sent by somebody, or by a guard of the machine's memory)"
_RANK = "rank-"
_ONLY = "main-"  # the process of a job that has one
_SHELL_SIGNAL = 128  # what a shell adds to the number of a signal
_SIGNALS = 64
_MOST_CODE = 255
_MOST_NAMED = 3
_MOST_DIGITS = 6
_MOST_BYTES = 1 << 18
_ECHOES = (
    "connectionreseterror",
    "connectionabortederror",
    "connectionrefusederror",
    "brokenpipeerror",
    "incompletereaderror",
    "eoferror",
    "eofexception",
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
    "socket.h:",  # XGBoost's
    "poll error",
    "a rank of this node failed",  # launchers/torch_agent: the rank itself tells why
)
_ENDED_BY_OTHERS = (-15, -9, -13, _SHELL_SIGNAL + 15, _SHELL_SIGNAL + 9, _SHELL_SIGNAL + 13)


class Failure:
    """A process that has failed.

    Args:
        name: `worker-1`, `rank-3`.
        code: its exit code; negative = minus the signal's number.
        line: the last line of its log.
        known: code and message, where it is known why, whatever its log says.
        at: when it wrote last, epoch seconds.
        left: who had ended by then, with exit code 0, where that may be what it stumbled over.
    """

    def __init__(
        self,
        name: str,
        code: int,
        line: str,
        known: "Optional[Tuple[str, str]]" = None,
        at: float = 0.0,
        left: "Sequence[str]" = (),
    ) -> None:
        self.at = at
        self.left = left
        self.name = name
        self.code = code
        self.line = line
        self.known = known


def signed(code: int) -> int:
    """Return an exit code as it is here: -9 for the 137 of shells, init processes and engines."""
    is_signal = _SHELL_SIGNAL < code <= _SHELL_SIGNAL + _SIGNALS
    return _SHELL_SIGNAL - code if is_signal else code


def is_echo(failure: Failure) -> bool:
    """Say whether a process failed because another had: it lost a connection, or was ended."""
    if failure.known is not None:
        return False
    line = failure.line.lower()
    if any(word in line for word in _ECHOES):
        return True
    # A rank that was asked to end with the others is not noted in the first place.
    return not line and failure.code in _ENDED_BY_OTHERS and not failure.name.startswith(_RANK)


def cause(failures: "Sequence[Failure]") -> Failure:
    """Return the first that is no echo, else the first.

    Args:
        failures: at least one, in the order of `failures`.
    """
    return next((failure for failure in failures if not is_echo(failure)), failures[0])


def failures(
    ended: "Sequence[Tuple[str, int, Optional[int], str]]",
    ranks: str,
    masked: "Sequence[str]",
    known: "Optional[Mapping[str, Tuple[str, str]]]" = None,
) -> "List[Failure]":
    """Return everything that has failed: the ranks below replicas, then the replicas.

    Both by the time of their last words: who fails says why before it leaves, and before anybody
    can notice that it has left.

    Args:
        ended: replicas that have ended, in that order: role, index, exit code (None = unknown),
            log. One at least has failed.
        ranks: file of the ranks that ended (`launchers/ranks.py`): `rank-3 1 0`, line by line; the
            last word is how often the ranks had been started again, and only the last time counts.
        masked: values that no message may repeat.
        known: replicas of which more is known than their logs say, such as `worker-1`; see Failure.
    """
    folder, own = os.path.split(ended[0][3])
    attempt = own[len("%s-%s" % ended[0][:2]) :]
    codes = _ranks_ended(ranks)
    failed_ranks, replicas = [], []
    left = [name for name in codes if not codes[name]]
    for name in (name for name in codes if codes[name]):
        log = os.path.join(folder, name + attempt)
        line = last_line(log, masked)
        before = f"[{name.replace('-', '')}]: "  # torch's excepthook
        line = line[len(before) :] if line.startswith(before) else line
        failed_ranks.append(Failure(name, codes[name], line, at=_written_at(log)))
    for role, index, code, log in ended:
        name, why = f"{role}-{index}", (known or {}).get(f"{role}-{index}")
        if code == 0 and why is None:
            left += [] if codes else [name]  # ranks tell more than what started them
        else:
            words = last_line(log, masked)
            replicas.append(Failure(name, code or 0, words, why, _written_at(log)))
    for failure in (*failed_ranks, *replicas):
        is_launcher = codes and not failed_ranks and failure.code > 0
        failure.left = left if is_launcher or is_echo(failure) else ()
    return sorted(failed_ranks, key=_when) + sorted(replicas, key=_when)


def _when(failure: Failure) -> float:
    return failure.at


def _written_at(log: str) -> float:
    try:
        return os.lstat(log).st_mtime
    except OSError:
        return 0.0


def verdict(failure: Failure, *, named: bool, out_of_memory: bool = False) -> "Dict[str, Any]":
    """Return code, message and exit code of a job that ended because of this.

    Args:
        named: say whose failure it is. It is said of a signal in any case where the process is not
            all that there is, such as mpirun.
        out_of_memory: the kernel has killed a process for lack of memory meanwhile.
    """
    named = named or (failure.code < 0 and not failure.name.startswith(_ONLY))
    name = f"{failure.name}: " if named else ""
    if failure.known is not None:
        code, text = failure.known
        return {"code": code, "message": name + text, "exit_code": failure.code or None}
    if failure.code > 0:
        text = f"exit code {failure.code}"
        text = f"{failure.line} ({text})" if failure.line else text
        text = name + text + _left_words(failure.left)
        return {"code": "ExitCode", "message": text, "exit_code": failure.code}
    text = f"ended by {_signal_name(-failure.code)}"
    if -failure.code == signal.SIGKILL:
        text += _BY_THE_KERNEL if out_of_memory else _BY_SOMEBODY
    return {"code": "Signal", "message": name + text, "exit_code": failure.code}


def _left_words(left: "Sequence[str]") -> str:
    if not left:
        return ""
    more = len(left) - _MOST_NAMED
    names = ", ".join(left[:_MOST_NAMED]) + (f" and {more} others" if more > 0 else "")
    return f"; {names} had ended before, with exit code 0"


def _ranks_ended(path: str) -> "Dict[str, int]":
    """Return names and exit codes; the run may have put anything there."""
    found = [rank for rank in map(_rank_ended, own_lines(path)) if rank]
    latest = max([restarts for _, _, restarts in found], default=0)
    codes: "Dict[str, int]" = {}
    for name, code, restarts in found:
        if restarts == latest and name.startswith(_RANK) and code <= _MOST_CODE:
            codes.setdefault(name, signed(code))
    return codes


def _rank_ended(line: str) -> "Optional[Tuple[str, int, int]]":
    """Return name, exit code and number of restarts, None where a line is something else."""
    name, word, restarts = [*line.split(" "), "0", "", ""][:3]
    role, _, index = name.rpartition("-")
    if not role or not all(map(_is_count, (index, word, restarts))):
        return None
    return name, int(word), int(restarts)


def _is_count(word: str) -> bool:
    return len(word) <= _MOST_DIGITS and all(sign in "0123456789" for sign in word) and bool(word)


def own_lines(path: str) -> "List[str]":
    """Return the whole lines of a small file of a run's; none where it is no file of its own."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return []
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return []
        return os.read(fd, _MOST_BYTES).decode("utf-8", "replace").split("\n")[:-1]
    except OSError:
        return []
    finally:
        os.close(fd)


def _signal_name(number: int) -> str:
    """Return `SIGSEGV` for 11."""
    for name in dir(signal):
        if name[:3] == "SIG" and name[3] != "_" and getattr(signal, name) == number:
            return name
    return f"signal {number}"
