"""A piece of one log, and what it looks like among the others; pure (floor: services).

A line of the clock file is one segment: `[at, size, "worker-1", begin, end]`.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

SEGMENT_BYTES = 1 << 18
"""The longest piece of a log, so that nobody ever holds more of it."""

LINE_BYTES = 1 << 10
"""No line of the clock file is longer."""

REPLICA_LOG = re.compile(r"(?P<role>[\w.-]+?)-(?P<index>\d+)(?:\.retry-(?P<retry>\d+))?\.txt")
"""Name of the log of a replica or a rank."""

_RESET = b"\x1b[0m"
_COLOURED = re.compile(rb"^([^\n]*\x1b\[(?!0?m)[^\n]*?)(?=\r*$)", re.MULTILINE)
_OVERDRAWN = re.compile(rb"^[^\n]*\r(?=[^\r\n])", re.MULTILINE)


class Segment(NamedTuple):
    """Whole lines of one log, from `begin` to `end`.

    Attributes:
        at: where they begin in the merged view, in bytes.
        size: how long they are there, in bytes.
        log: its name, without `.txt`.
    """

    at: int
    size: int
    log: str
    begin: int
    end: int

    def line(self) -> bytes:
        """Return the line of the clock file."""
        return json.dumps(self, separators=(",", ":")).encode() + b"\n"


def parse_segment(line: bytes) -> Segment | None:
    """Return what a line of the clock file says; None where it was not we who wrote it."""
    try:
        said: Any = json.loads(line)
        at, size, log, begin, end = said
    except (ValueError, TypeError):
        return None
    if not isinstance(log, str) or not REPLICA_LOG.fullmatch(log + ".txt"):
        return None
    if not all(type(number) is int and number >= 0 for number in (at, size, begin, end)):
        return None
    if not 0 < end - begin <= SEGMENT_BYTES:
        return None
    most = (end - begin) * (len(prefix(log)) + 1) + 1 + len(_RESET)
    return Segment(at, size, log, begin, end) if 0 < size <= most else None


def prefix(log: str) -> bytes:
    """Return what stands before each line of a log."""
    return f"{log} | ".encode()


def shown(log: str, block: bytes) -> bytes:
    """Return lines of a log as the merged view has them; the last one is ended.

    Of a progress bar that was drawn again and again only the last state: nobody could see the
    prefix otherwise. A colour ends with its line: the next one is somebody else's.
    """
    if b"\r" in block:
        block = _OVERDRAWN.sub(b"", block)
    if b"\x1b[" in block:
        block = _COLOURED.sub(rb"\1" + _RESET, block)
    body = block[:-1] if block.endswith(b"\n") else block
    return prefix(log) + body.replace(b"\n", b"\n" + prefix(log)) + b"\n"
