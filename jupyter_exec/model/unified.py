"""Unified diffs of texts that may be large (floor: model; pure).

difflib needs time by the product of lines and changes, so what both texts begin and end with is
left out before it looks, and texts that differ in too many lines are refused.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_LINES = 5_000  # between the first and the last difference; the worst takes about a second
_CONTEXT = 3
_NO_NEWLINE = "\n\\ No newline at end of file\n"


def unified_diff(before: str | None, after: str | None, path: str) -> str | None:
    """Return a diff as `patch` and git read it; None where too many lines differ.

    Args:
        before: the text; None = there was no such file.
        after: the text; None = there is no such file any more.
        path: its name in the head of the diff.
    """
    old, new = _lines(before), _lines(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    added_or_removed = before is None or after is None
    if max(len(old), len(new)) - start - end > MOST_LINES and not added_or_removed:
        return None
    head = [
        f"--- {'/dev/null' if before is None else f'a/{path}'}\n",
        f"+++ {'/dev/null' if after is None else f'b/{path}'}\n",
    ]
    first = max(0, start - _CONTEXT)
    rest = max(0, end - _CONTEXT)
    hunks = _hunks(old[first : len(old) - rest], new[first : len(new) - rest], first)
    return "".join(line if line.endswith("\n") else line + _NO_NEWLINE for line in [*head, *hunks])


def _lines(text: str | None) -> list[str]:
    """Split at line feeds only: a form feed or U+2028 is part of a line."""
    parts = (text or "").split("\n")
    last = parts.pop()
    return [f"{part}\n" for part in parts] + ([last] if last else [])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many lines both begin with."""
    shorter = min(len(one), len(other))
    return next((i for i in range(shorter) if one[i] != other[i]), shorter)


def _hunks(old: Sequence[str], new: Sequence[str], offset: int) -> Iterator[str]:
    """Yield the lines of the hunks; both texts go on from line `offset`."""
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(_CONTEXT):
        (_, i, _, j, _), (_, _, i_end, _, j_end) = group[0], group[-1]
        yield f"@@ -{_range(i + offset, i_end + offset)} +{_range(j + offset, j_end + offset)} @@\n"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[i1:i2])
            else:
                yield from (f"-{line}" for line in old[i1:i2])
                yield from (f"+{line}" for line in new[j1:j2])


def _range(start: int, end: int) -> str:
    """Return a range of lines as POSIX wants it: an empty one names the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
