"""Values inside a line for the shell: each stays one word, whatever it holds (floor: model; pure).

The line itself belongs to whoever wrote the template, and may do all that a shell can. A value
belongs to whoever fills it in: it is quoted for the place where it stands. Where the place cannot
be told from the text alone (inside `$(...)`, a here-document and the like), or is read a second
time (`eval`, `sh -c`, arithmetic), or is inside a program (`python -c`), only values that no shell
treats in a special way are let in.
Source: POSIX.1-2017 XCU 2.2 Quoting; bash(1) QUOTING, EXPANSION, ARITHMETIC EVALUATION.
"""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_exec.model.inline_programs import code_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_HARMLESS = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_MARK = "\0"  # stands for a placeholder while the line is judged
_DIFFICULT = re.compile(
    r"\$[(\['\"]|`|<<|\$\{[^}]*[^\w}]|[<>]\(|\(\(|\[\[|\$\0|\w\[[^\]\s]*\0"
    r"|(?:^|[\s;&|(!{])(?:eval|let|trap|declare|typeset|local|ssh|su)\s"
    r"|(?:^|[\s;&|(/!{])(?:ba|da|k|z)?sh\s+(?:-\S+\s+(?:\w+\s+)?)*-\w*c\s",
    re.ASCII,
)
_VARIABLE_BEFORE = re.compile(r"\$\w+\Z", re.ASCII)
_WORD_ENDS = " \t\n;&|()<>"
_SHELLS = {"sh", "bash", "dash", "ksh", "zsh"}
_COMMAND_OPTION = re.compile(r"-[a-z]*c", re.ASCII)


@dataclass(frozen=True)
class Variable:
    """A value that the shell takes from one of its variables."""

    name: str


Part = str | list[str] | Variable | None


def is_line(words: Sequence[object], index: int) -> bool:
    """Tell whether a word of a command is a line that a shell will read: `["sh", "-c", LINE]`."""
    before = [str(word) for word in words[:index]]
    shells = [place for place, word in enumerate(before) if word.rpartition("/")[2] in _SHELLS]
    if not shells or _COMMAND_OPTION.fullmatch(before[-1]) is None:
        return False
    options = before[shells[-1] :]
    pairs = itertools.pairwise(options)
    return all(word.startswith("-") or option == "-o" for option, word in pairs)


def fill(line: str, placeholder: re.Pattern[str], parts: Sequence[Part]) -> str:
    """Put parts in the places of the placeholders, in their order.

    Args:
        line: for bash, with placeholders.
        parts: text = one word or a part of one; a list = words where the placeholder is a word by
            itself, else one word; None = nothing at all.

    Raises:
        ValueError: a value cannot stand where its placeholder is.
    """
    found = list(placeholder.finditer(line))
    bounds = [0, *(end for match in found for end in match.span()), len(line)]
    between = [line[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    marked = _MARK.join(between)
    filling = _Line(
        difficult=_DIFFICULT.search(marked) is not None,
        code=_places_of_code(marked),
        braces=any("{" in text for text in between),
    )
    filled: list[str] = []
    for index, (part, before, after) in enumerate(zip(parts, between, between[1:], strict=False)):
        filled += [before, filling.place(index, part, before, after)]
    return "".join([*filled, between[-1]])


class _State:
    """Where in a line the reader is: plain, in quotes, in a comment, behind a backslash."""

    def __init__(self) -> None:
        self.quote = ""
        self.comment = False
        self.escaped = False
        self.in_word = False

    def read(self, text: str) -> None:
        for character in text:
            self._read(character)

    def _read(self, character: str) -> None:
        if self.comment:
            self.comment = character != "\n"
            self.in_word = False
        elif self.escaped:
            self.escaped = False
            if character != "\n":  # a line that goes on: both characters count as nothing
                self.in_word = True
        elif self.quote:
            if character == self.quote:
                self.quote = ""
            else:
                self.escaped = self.quote == '"' and character == "\\"
        elif character in "'\"":
            self.quote, self.in_word = character, True
        elif character == "\\":
            self.escaped = True
        elif character == "#" and not self.in_word:
            self.comment = True
        else:
            self.in_word = character not in _WORD_ENDS


class _Words:
    """Reads the words of a line: simple commands, each word with its placeholders' numbers."""

    def __init__(self) -> None:
        self.commands: list[list[tuple[str, list[int]]]] = [[]]
        self._state = _State()
        self._word: list[str] | None = None
        self._marks: list[int] = []
        self._count = 0
        self._redirected = False

    def read(self, line: str) -> None:
        """Read a line to its end."""
        for before, character, after in zip(f" {line}", line, f"{line[1:]} ", strict=False):
            state = self._state
            quote, escaped, comment = state.quote, state.escaped, state.comment
            state.read(character)
            if character == _MARK:
                self._marks.append(self._count)
                self._count += 1
            if comment or state.comment:
                self._end(before, "\n" if character == "\n" else " ", after)
            elif not (quote or escaped) and character in _WORD_ENDS:
                self._end(before, character, after)
            elif not (escaped and character == "\n"):
                self._add(character, is_syntax=state.quote != quote, escapes=state.escaped)
        self._end(" ", "\n", " ")

    def _add(self, character: str, *, is_syntax: bool, escapes: bool) -> None:
        if escapes:
            return
        if self._word is None:
            self._word = []
        if not is_syntax:
            self._word.append(character)

    def _end(self, before: str, character: str, after: str) -> None:
        if self._word is not None:
            text = "".join(self._word)
            if not self._redirected and not (character in "<>" and text.isdigit()):
                self.commands[-1].append((text, self._marks))
            self._word, self._redirected = None, False
        self._marks = []
        if character in "<>":
            self._redirected = True
        elif character in ";\n|&()" and before not in "<>" and (character, after) != ("&", ">"):
            self._redirected = False
            self.commands.append([])


def _places_of_code(line: str) -> set[int]:
    """Return the numbers of the placeholders that stand inside a program of a command."""
    words = _Words()
    words.read(line)
    return {
        mark
        for command in words.commands
        for index in code_words([text for text, _ in command])
        for mark in (command[index][1] if index < len(command) else ())
    }


class _Line:
    """A line that is being filled.

    Args:
        difficult: only harmless values may stand in it.
        code: the numbers of the placeholders where only such values may stand.
        braces: it has some, in which commas and dots would count.
    """

    def __init__(self, *, difficult: bool, code: set[int], braces: bool) -> None:
        self._all_difficult = self._difficult = difficult
        self._code = code
        self._braces = braces
        self._state = _State()

    def place(self, index: int, part: Part, before: str, after: str) -> str:
        """Return what is written for a part.

        Args:
            index: number of the placeholder.
            before, after: the text up to the placeholders before and behind it.
        """
        state = self._state
        state.read(before)
        self._difficult = self._all_difficult or index in self._code
        begins = not state.quote and not state.in_word and before[-1:] in {"", *_WORD_ENDS}
        alone = begins and after[:1] in {"", *_WORD_ENDS}
        if isinstance(part, list) and alone:
            text = " ".join(self._word(word, before, after) for word in part)
        else:
            text = self._word(" ".join(part) if isinstance(part, list) else part, before, after)
        state.in_word = True
        return text

    def _word(self, word: str | Variable | None, before: str, after: str) -> str:
        state = self._state
        if state.escaped or (self._difficult and before.endswith("\\")):
            message = "a placeholder cannot stand right behind a backslash"
            raise ValueError(message)
        if word is None or (state.comment and not self._difficult):
            return ""
        follows_variable = _VARIABLE_BEFORE.search(before) and state.quote != "'"
        if self._difficult:
            if follows_variable:
                message = f"write {_braced(before)}: what follows would be part of the name"
                raise ValueError(message)
            return harmless(word)
        # An empty pair of quotes ends the name in `$NAME{{value}}`.
        return (state.quote or "'") * 2 * bool(follows_variable) + self._quoted(word, after)

    def _quoted(self, word: str | Variable, after: str) -> str:
        quote = self._state.quote
        if isinstance(word, Variable):
            name = f"${{{word.name}}}"
            return {"": f'"{name}"', '"': name, "'": f"'\"{name}\"'"}[quote]
        if "\0" in word:
            message = "a value with a NUL character cannot be an argument of a program"
            raise ValueError(message)
        if quote == '"':
            return re.sub(r'([\\"$`])', r"\\\1", word)
        if quote:
            return word.replace("'", "'\\''")
        quoted = shlex.quote(word)
        special = (
            ("=" in word and not self._state.in_word)  # an assignment
            or (word.isdigit() and after[:1] in {"<", ">"})  # a file's number
            or (self._braces and ("," in word or ".." in word))  # a list in braces
        )
        return f"'{word}'" if special and quoted == word else quoted


def _braced(before: str) -> str:
    name = before[before.rindex("$") + 1 :]
    return f"${{{name}}} in place of ${name}"


def harmless(word: str | Variable) -> str:
    """Return a value that may stand anywhere.

    Raises:
        ValueError: it may not.
    """
    if isinstance(word, Variable):
        message = (
            "a secret cannot stand in a command with $(...), `...`, <<, eval or sh -c, nor in the "
            "program of python -c, perl -e, awk and the like; put it in envVars, and use the "
            "variable"
        )
        raise ValueError(message)  # noqa: TRY004 - the place is wrong, not the type
    if _HARMLESS.fullmatch(word):
        return word
    message = (
        "in a command with $(...), `...`, <<, ((, [[, eval or sh -c, and in the program of "
        "python -c, perl -e, awk, sed and the like, only values of letters, digits and @%+=:,./-_ "
        "can stand; put the value in envVars and use the variable, or make it an argument"
    )
    raise ValueError(message)
