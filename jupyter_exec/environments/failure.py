"""From what uv and pip print to one line that names the requirement (floor: environments; pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_CAUSE = 400

# What uv draws around its errors, and what both put before them.
_LEAD = re.compile(r"^[\s×╰├│─▶╭>|]+|^(error|cause|caused by):\s*", re.IGNORECASE)  # noqa: RUF001
_ERROR = re.compile(r"×|^error\b|\berror:", re.IGNORECASE)  # noqa: RUF001
_NOISE = re.compile(r"^(\[?notice\]?|hint|warning|note)\b", re.IGNORECASE)
_ADVICE = re.compile(r"^to fix this you could try", re.IGNORECASE)
_VERSIONS = re.compile(r"\(from versions: (?:[^)]*, )?((?:[^),]+, ){2}[^),]+)\)")


_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


def failure_of(printed: str, requirements: Sequence[str]) -> RunFailed:
    """Return why a build failed: `DiskFull`, or `EnvironmentFailed` with what is at fault.

    Args:
        printed: the failed program's output.
        requirements: see `cause_of`.
    """
    cause = cause_of(printed, requirements)
    if not _FULL.search(printed):
        return RunFailed("EnvironmentFailed", cause)
    more = cause.partition(": ")[2]
    return RunFailed("DiskFull", f"the disk is full, so the environment cannot be built: {more}")


def cause_of(printed: str, requirements: Sequence[str]) -> str:
    """Return one line: the requirements that the error names, and the error.

    Args:
        printed: the failed program's output.
        requirements: PEP 508 specifiers that were to be installed, names canonical.
    """
    cause = _VERSIONS.sub(r"(newest: \1)", "; ".join(_error_lines(printed)).replace(":;", ":"))
    cause = cause or "the program printed nothing"
    folded = re.sub(r"[-_.]+", "-", cause.casefold())
    named = [wanted for wanted in requirements if _names(folded, wanted)]
    about = ", ".join(named[:3]) + ": " if named else ""
    if len(cause) > LONGEST_CAUSE:
        cause = cause[:LONGEST_CAUSE] + "..."
    return (
        f"the environment cannot be built: {about}{cause} (its log, environment.txt, has the rest)"
    )


def _error_lines(printed: str) -> list[str]:
    """Return the lines from the first error on, without decoration and advice."""
    lines = printed.strip().splitlines()
    first = next(
        (number for number, line in enumerate(lines) if _ERROR.search(line)), len(lines) - 1
    )
    told = []
    for line in lines[max(first, 0) :]:
        words = _LEAD.sub("", _LEAD.sub("", line)).strip()
        if _ADVICE.match(words):
            break
        if words and not _NOISE.match(words):
            told.append(words)
    return told


def _names(folded: str, requirement: str) -> bool:
    found = re.match(r"[a-z0-9-]+", requirement)
    return found is not None and bool(
        re.search(rf"(?<![a-z0-9-]){re.escape(found[0])}(?![a-z0-9])", folded)
    )
