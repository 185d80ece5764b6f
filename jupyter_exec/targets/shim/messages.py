"""Finds what the end of a log tells: an exception of Python's, mpirun's words (floor: targets).

Standard library only, Python 3.6 and later. Without `re`, which a run that succeeds need not load.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Optional, Sequence

_TRACEBACK = "Traceback (most recent call last):"
_RULE = 40  # characters, at least
_NOT_THE_CAUSE = ("Exception ignored in", "Error in atexit.")  # what Python says as it leaves


def exception(lines: "Sequence[str]") -> "Optional[int]":
    """Return the place of the last exception's first line, below its traceback; None = no such.

    Each line may have words before it, such as `[rank1]: ` of torch's.
    """
    begins = [at for at, line in enumerate(lines) if _TRACEBACK in line and not _is_late(lines, at)]
    if not begins:
        return None
    before = lines[begins[-1]].partition(_TRACEBACK)[0]
    for at in range(begins[-1] + 1, len(lines)):
        line = lines[at][len(before) :] if lines[at].startswith(before) else lines[at]
        if line.strip() and not line.startswith((" ", "\t")):
            return at
    return None


def _is_late(lines: "Sequence[str]", at: int) -> bool:
    return at > 0 and any(words in lines[at - 1] for words in _NOT_THE_CAUSE)


def framed(lines: "Sequence[str]") -> "Iterable[int]":
    """Return the places of the lines of a message between two rules that has the last word.

    So Open MPI tells its errors; what matters comes first, and advice last.
    """
    written = [at for at, line in enumerate(lines) if line.strip()]
    rules = [at for at in written if len(lines[at]) >= _RULE and not lines[at].strip("-")]
    if len(rules) > 1 and rules[-1] == written[-1]:
        return range(rules[-2] + 1, rules[-1])
    return ()
