"""Finds what the end of a log tells: an exception of Python's, mpirun's words (floor: targets).

Standard library only, Python 3.6 and later. Without `re`, which a run that succeeds need not load.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Sequence

_TRACEBACK = "Traceback (most recent call last):"
_RULE = 40  # characters, at least
_NEAR_LINES = 20
_FAREWELLS = ("Exception ignored in", "Error in atexit.")


def exception(lines: "Sequence[str]") -> "Optional[int]":
    """Return the place of the last exception's first line, below its traceback; None = no such.

    Each line may have words before it, such as `[rank1]: ` of torch's, or `  | ` in a group.
    """
    begins = [at for at, line in enumerate(lines) if _TRACEBACK in line]
    return _below(lines, begins[-1]) if begins else None


def without_farewell(lines: "Sequence[str]") -> "List[str]":
    """Return the lines, with empty ones for errors that Python tells as it leaves: no causes."""
    kept = list(lines)
    for at, line in enumerate(lines[:-1]):
        if any(words in line for words in _FAREWELLS) and _TRACEBACK in lines[at + 1]:
            end = _below(lines, at + 1)
            last = len(lines) - 1 if end is None else end
            kept[at : last + 1] = [""] * (last + 1 - at)
    return kept


def is_near(lines: "Sequence[str]", told: int, last: int) -> bool:
    """Tell whether a line is so soon below an exception that it may belong to it.

    Indented lines are the exception's own, and do not count.
    """
    between = [line for line in lines[told + 1 : last] if line[:1].strip()]
    return told < last and len(between) < _NEAR_LINES


def _below(lines: "Sequence[str]", traceback: int) -> "Optional[int]":
    before = lines[traceback].partition(_TRACEBACK)[0].replace("+ Exception Group ", "| ")
    for at in range(traceback + 1, len(lines)):
        line = lines[at][len(before) :] if lines[at].startswith(before) else lines[at]
        if line.strip() and not line.startswith((" ", "\t")):
            return at
    return None


def framed(lines: "Sequence[str]") -> "Iterable[int]":
    """Return the places of the lines of mpirun's message, where that has the last word.

    Open MPI puts its errors between two rules; what matters comes first, and advice last.
    """
    written = [at for at, line in enumerate(lines) if line.strip()]
    rules = [at for at in written if len(lines[at]) >= _RULE and not lines[at].strip("-")]
    if len(rules) > 1 and rules[-1] == written[-1]:
        return range(rules[-2] + 1, rules[-1])
    return ()
