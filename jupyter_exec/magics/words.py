"""A line as words, for the magics whose values may be lists and calls (floor: magics).

Quotes and backslashes mean what they mean to a shell. What stands in brackets after a `=` is taken
as it is, so that `opt=["adam", "a b"]` and `lr=loguniform(1e-5, 1e-1)` need no quotes around them.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_QUOTED_VALUE = re.compile(r'([^"\'=]+)="(?:[^"\\]|\\.)*"', re.DOTALL)
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "'\""


class Word(NamedTuple):
    """One word of a line.

    Attributes:
        raw: as it was typed.
        text: what it means.
    """

    raw: str
    text: str

    @property
    def assignment(self) -> str:
        """The word as `parse_assignments` reads it: `x="[a]"` is a text, and no list."""
        if not _QUOTED_VALUE.fullmatch(self.raw):
            return self.text
        name, _, value = self.text.partition("=")
        return f"{name}={json.dumps(value, ensure_ascii=False)}"


def split(line: str) -> list[Word]:
    """Return the words of a line.

    Raises:
        ValueError: a quotation that does not end, a backslash before nothing.
    """
    words, left_open = _scan(line, whole=True)
    if left_open:
        message = "no escaped character" if left_open == "\\" else "no closing quotation"
        raise ValueError(message)
    return words


def split_unfinished(before: str) -> list[Word]:
    """Return the words before a cursor; the last is the one that is being typed, "" after a space.

    A quotation or a bracket may still be open.
    """
    words, left_open = _scan(before, whole=False)
    ends_in_space = not before or (before[-1].isspace() and not left_open)
    in_word = words and before.endswith(words[-1].raw)
    if not words or (ends_in_space and not in_word):
        words.append(Word("", ""))
    return words


def quote(text: str) -> str:
    """Return a word as it is typed: with quotes where a space or a sign would be misunderstood."""
    harmless = text and not any(sign.isspace() or sign in "'\"\\(){}[]$" for sign in text)
    return text if harmless else "'" + text.replace("'", "'\"'\"'") + "'"


def _scan(line: str, *, whole: bool) -> tuple[list[Word], str]:
    """Split; return also the sign that is left open at the end ("" = none).

    Args:
        whole: a bracket that never closes is a sign like others; otherwise it lasts to the end.
    """
    words: list[Word] = []
    start, text, position, left_open = -1, "", 0, ""
    while position < len(line):
        sign = line[position]
        if sign.isspace():
            if start >= 0:
                words.append(Word(line[start:position], text))
            start, text, position = -1, "", position + 1
            continue
        if start < 0:
            start = position
        if sign in _QUOTES:
            part, position, closed = _quotation(line, position)
            left_open = "" if closed else sign
        elif sign == "\\":
            part, position = line[position + 1 : position + 2], position + 2
            left_open = "" if part else sign
        elif sign in _PAIRS and "=" in text and (end := _closing(line, position, whole=whole)):
            part, position = line[position:end], end
        else:
            part, position = sign, position + 1
        text += part
    if start >= 0:
        words.append(Word(line[start:], text))
    return words, left_open


def _quotation(line: str, position: int) -> tuple[str, int, bool]:
    """Return what a quotation holds, where it is over, and whether it was closed."""
    sign, text = line[position], ""
    position += 1
    while position < len(line):
        if line[position] == sign:
            return text, position + 1, True
        # As in a shell: inside "..." a backslash protects a quote or a backslash, nothing else.
        if (
            sign == '"'
            and line[position] == "\\"
            and line[position + 1 : position + 2] in {'"', "\\"}
        ):
            position += 1
            if position == len(line):
                break
        text += line[position]
        position += 1
    return text, position, False


def _closing(line: str, position: int, *, whole: bool) -> int:
    """Return the place after the bracket that closes the one here; 0 = there is none."""
    expected: list[str] = []
    while position < len(line):
        sign = line[position]
        if sign in _QUOTES:
            _, position, _ = _quotation(line, position)
            continue
        if sign in _PAIRS:
            expected.append(_PAIRS[sign])
        elif expected and sign == expected[-1]:
            expected.pop()
            if not expected:
                return position + 1
        position += 1
    return 0 if whole else len(line)
