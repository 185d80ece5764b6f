"""What keeps a text from being YAML, in one line that says where the mistake begins (floor: model).

PyYAML notices a mistake where it can read no further, which may be lines later; what it says is
for the authors of parsers.
"""

from __future__ import annotations

import re

import yaml
from yaml.reader import ReaderError

# What can go on over several lines without its end, so that it is to be mended where it begins.
_SCANNED = {"while scanning a simple key", "while scanning a quoted scalar"}
_FLOW = {"while parsing a flow sequence", "while parsing a flow mapping"}
_FOUND = re.compile(r", but (?:got|found) '(.+)'$")
_PROBLEMS = {
    "found unexpected end of stream": "this text has no closing quote",
    "but found another document": "a second document begins here; only one can be read",
}
_TOKENS = {
    "?": "a key",
    "<scalar>": "a text",
    "<block mapping start>": "a key",
    "<block sequence start>": "a list",
    "<block sequence entry>": "'-'",
    "<block end>": "the end of the indented lines",
    "<stream end>": "the end of the text",
    "<document start>": "'---'",
    "<document end>": "'...'",
    "<anchor>": "an anchor",
    "<alias>": "an alias",
    "<tag>": "a tag",
}


def told(error: Exception, text: str | bytes) -> str:
    """Return what is wrong with a text that PyYAML has refused: "line 3, column 7: ...".

    Args:
        error: PyYAML's, or that of a value, which says by itself where it stands.
        text: which it is about.
    """
    if isinstance(error, ReaderError):
        line, column = _place(error, text)
        return f"line {line}, column {column}: {_character(error)}"
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    mark, found = error.problem_mark, error.context_mark
    problem = " ".join((error.problem or "it cannot be read").split())
    begins = found is not None and _begins_earlier(error, text)
    if begins and found is not None:
        mark = found
    return f"line {mark.line + 1}, column {mark.column + 1}: {_plain(problem, is_open=begins)}"


def _begins_earlier(error: yaml.MarkedYAMLError, text: str | bytes) -> bool:
    """Tell whether to mend what the parser was in the middle of, not where it stopped.

    A bracket counts as left open when the text ends, or when the line where the parser stopped is
    indented no further than that of the bracket.
    """
    mark, found = error.problem_mark, error.context_mark
    if error.context in _SCANNED:
        return True
    if error.context not in _FLOW or mark is None or found is None:
        return False
    if mark.line == found.line:
        return (error.problem or "").endswith("'<stream end>'")
    lines = (text if isinstance(text, str) else text.decode(errors="replace")).splitlines()
    return _indent(lines, mark.line) <= _indent(lines, found.line)


def _indent(lines: list[str], number: int) -> int:
    """Return how far a line is indented; the end of the text is not."""
    line = lines[number] if number < len(lines) else ""
    return len(line) - len(line.lstrip())


def _plain(problem: str, *, is_open: bool) -> str:
    """Return a problem in an author's words.

    Args:
        is_open: it is told of where something begins, so what follows says nothing.
    """
    found = _FOUND.search(problem)
    if found is None:
        return _PROBLEMS.get(problem, problem)
    wanted = problem[: found.start()]
    what = _TOKENS.get(found[1], repr(found[1]))
    if wanted.startswith("expected <"):
        return f"{what} cannot stand here; look at the indentation, and at the line before"
    return wanted if is_open else f"{wanted}, not {what}"


def _place(error: ReaderError, text: str | bytes) -> tuple[int, int]:
    """Return the line and the column of a character that YAML has no place for, from 1."""
    in_text = error.encoding == "unicode"  # the position counts characters, otherwise bytes
    whole = text.decode(errors="replace") if in_text and isinstance(text, bytes) else text
    before = whole[: error.position]
    before = before.decode(errors="replace") if isinstance(before, bytes) else before
    lines = f"{before}.".splitlines()
    return len(lines), len(lines[-1])


def _character(error: ReaderError) -> str:
    if error.encoding == "unicode":
        return f"the character U+{error.character:04X} has no place in YAML"
    return f"the byte 0x{error.character:02X} is not {error.encoding}: {error.reason}"
