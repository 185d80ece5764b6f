"""Values inside a line for the shell: each stays one word, whatever it holds (floor: model; pure).

The line itself belongs to whoever wrote the template, and may do all that a shell can. A value
belongs to whoever fills it in: it is quoted for the place where it stands. Where the place cannot
be told from the text alone (inside `$(...)`, a here-document and the like), only values that no
shell treats in a special way are let in.
Source: POSIX.1-2017 XCU 2.2 Quoting; bash(1) QUOTING.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HARMLESS = re.compile(r"[\w@%+=:,./-]*", re.ASCII)
_MARK = "\0"  # stands for a placeholder while the line is judged
_DIFFICULT = re.compile(r"\$\(|`|<<|\$'|\$\"|\$\{[^}]*[^\w}]|<\(|>\(|\$" + _MARK)


@dataclass(frozen=True)
class Variable:
    """A value that the shell takes from one of its variables."""

    name: str


Part = str | list[str] | Variable | None


def fill(line: str, placeholder: re.Pattern[str], parts: Sequence[Part]) -> str:
    """Put parts in the places of the placeholders, in their order.

    Args:
        line: for bash, with placeholders.
        parts: text = one word or a part of one; a list = words, where the place allows several;
            None = nothing at all.

    Raises:
        ValueError: a value cannot stand where its placeholder is.
    """
    difficult = _DIFFICULT.search(placeholder.sub(_MARK, line)) is not None
    filled: list[str] = []
    state = _State()
    end = 0
    for found, part in zip(placeholder.finditer(line), parts, strict=True):
        between = line[end : found.start()]
        state.read(between)
        filled += [between, _difficult(part) if difficult else _quoted(part, state)]
        state.word_goes_on()
        end = found.end()
    return "".join([*filled, line[end:]])


class _State:
    """Where in a line the reader is: plain, in quotes, in a comment, behind a backslash."""

    def __init__(self) -> None:
        self.quote = ""
        self.comment = False
        self.escaped = False
        self._in_word = False

    def read(self, text: str) -> None:
        for character in text:
            self._read(character)

    def word_goes_on(self) -> None:
        """Note that a value stands here: what follows is no beginning of a word."""
        self._in_word, self.escaped = True, False

    def _read(self, character: str) -> None:
        if self.comment:
            self.comment = character != "\n"
            self._in_word = False
        elif self.escaped:
            self.escaped = False
            self._in_word = True
        elif self.quote:
            if character == self.quote:
                self.quote = ""
            else:
                self.escaped = self.quote == '"' and character == "\\"
        elif character in "'\"":
            self.quote, self._in_word = character, True
        elif character == "\\":
            self.escaped = True
        elif character == "#" and not self._in_word:
            self.comment = True
        else:
            self._in_word = character not in " \t\n;&|()<>"


def _quoted(part: Part, state: _State) -> str:
    if state.escaped:
        message = "a placeholder cannot stand right behind a backslash"
        raise ValueError(message)
    if state.comment or part is None:
        return ""
    if isinstance(part, Variable):
        return {
            "": f'"${{{part.name}}}"',
            '"': f"${{{part.name}}}",
            "'": f"'\"${{{part.name}}}\"'",
        }[state.quote]
    if isinstance(part, list):
        if not state.quote:
            return shlex.join(part)
        part = " ".join(part)
    if "\0" in part:
        message = "a value with a NUL character cannot be an argument of a program"
        raise ValueError(message)
    if not state.quote:
        return shlex.quote(part)
    if state.quote == '"':
        return re.sub(r'([\\"$`])', r"\\\1", part)
    return part.replace("'", "'\\''")


def _difficult(part: Part) -> str:
    if isinstance(part, Variable):
        message = "a secret cannot stand in a command with $(...), `...` or <<; put it in envVars"
        raise ValueError(message)  # noqa: TRY004 - the place is wrong, not the type
    words = part if isinstance(part, list) else [part or ""]
    if all(_HARMLESS.fullmatch(word) for word in words):
        return " ".join(words)
    message = (
        "in a command with $(...), `...` or << only values of letters, digits and @%+=:,./-_ can "
        "stand; put the value in envVars, and use the variable"
    )
    raise ValueError(message)
