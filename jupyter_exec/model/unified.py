"""Unified diffs of texts that may be large (floor: model; pure).

difflib needs time by the product of lines and changes, so what both texts begin and end with is
left out before it looks, and texts that differ in too many lines are refused.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal

    _Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]

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
    hunks = _hunks(old, new, start, end)
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


def _hunks(old: Sequence[str], new: Sequence[str], start: int, end: int) -> Iterator[str]:
    """Yield the lines of the hunks of texts that have `start` first and `end` last lines alike."""
    for group in _Middle(old, new, start, end).get_grouped_opcodes(_CONTEXT):
        (_, i, _, j, _), (_, _, i_end, _, j_end) = group[0], group[-1]
        yield f"@@ -{_range(i, i_end)} +{_range(j, j_end)} @@\n"
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[i1:i2])
            else:
                yield from (f"-{line}" for line in old[i1:i2])
                yield from (f"+{line}" for line in new[j1:j2])


class _Middle(SequenceMatcher[str]):
    """Looks only at what is between the lines that both texts begin and end with.

    It must not see the context: it would match that with other lines, and a hunk that ends in a
    change says to git that the file ends there.
    """

    def __init__(self, old: Sequence[str], new: Sequence[str], start: int, end: int) -> None:
        self._start, self._end = start, end
        self._ends = len(old) - end, len(new) - end
        super().__init__(None, old[start : self._ends[0]], new[start : self._ends[1]])

    def get_opcodes(self) -> list[_Opcode]:
        """Return what to do with the lines of the whole texts."""
        at, (old_end, new_end) = self._start, self._ends
        codes: list[_Opcode] = [("equal", 0, at, 0, at)] if at else []
        for tag, i1, i2, j1, j2 in super().get_opcodes():
            codes.append((tag, i1 + at, i2 + at, j1 + at, j2 + at))
        if self._end:
            codes.append(("equal", old_end, old_end + self._end, new_end, new_end + self._end))
        return codes


def _range(start: int, end: int) -> str:
    """Return a range of lines as POSIX wants it: an empty one names the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
