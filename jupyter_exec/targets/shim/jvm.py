"""Which line of a log tells the cause where a JVM wrote its end, as Spark does (floor: targets).

Standard library only, Python 3.6 and later. After the script's last words Spark logs how it leaves,
and an error of its own has a stack below it. Without `re`, which a run that succeeds need not load.
"""

from jupyter_exec.targets.shim.messages import exception

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence

_BRIDGES = ("py4j.", "pyspark.")
_FRAMES = ("\tat ", "\t... ", "Driver stacktrace:")
_QUIET = ("INFO", "WARN", "DEBUG", "TRACE")
_STAMP = 18  # characters of `26/11/23 13:57:05 `
_SEPARATORS = ((2, "/"), (5, "/"), (8, " "), (11, ":"), (14, ":"), (17, " "))


def telling(lines: "Sequence[str]") -> "Iterable[int]":
    """Return the places of the lines that may tell the cause, the best first."""
    backwards = range(len(lines) - 1, -1, -1)
    told = exception(lines)
    if told is not None and lines[told + 1 : told + 2] and lines[told + 1].startswith(": "):
        told += 1  # Py4J: what Java said is below
    last = next((lines[at] for at in backwards if lines[at].strip()), "")
    if told is not None and (_is_noise(last) or lines[told].startswith(_BRIDGES)):
        return (told, *backwards)
    if _is_noise(last):
        return (*(at for at in backwards if not _is_noise(lines[at])), *backwards)
    return backwards


def _is_noise(line: str) -> bool:
    """Tell whether it is Log4j's, below an error, or part of a stack of Java's."""
    if line.startswith(_FRAMES):
        return True
    stamped = len(line) > _STAMP and all(line[at] == sign for at, sign in _SEPARATORS)
    return stamped and line[_STAMP:].startswith(_QUIET)
