"""Words of a command that are programs themselves: `python -c PROGRAM` (floor: model; pure).

A value inside such a text would be code, however the shell's quoting is; a value as a word of its
own behind it (`sys.argv`, `@ARGV`) is none. The same holds for names of variables that bash looks
into (`test -v 'a[$(...)]'` runs what is in it).
Source: each program's manual page; bash(1) SHELL BUILTIN COMMANDS.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Interpreter(NamedTuple):
    """How a program is told what to run.

    Attributes:
        names: of the program.
        code: the option whose next word is a program.
        valued: options whose next word is none.
        last: what follows the program's text are its arguments, not options.
        first_word: without that option, the first word that is no option is a program.
    """

    names: re.Pattern[str]
    code: re.Pattern[str]
    valued: frozenset[str]
    last: bool = False
    first_word: bool = False


def _interpreter(
    names: str, code: str, valued: str = "", *, last: bool = False, first_word: bool = False
) -> _Interpreter:
    return _Interpreter(
        re.compile(names), re.compile(code), frozenset(valued.split()), last, first_word
    )


_INTERPRETERS = (
    _interpreter(r"i?python[\d.]*t?|pypy[\d.]*", "-[A-Za-z]*c", "-W -X", last=True),
    _interpreter(r"perl[\d.]*", "-[A-Za-z0]*[eE]", "-I"),
    _interpreter(r"j?ruby[\d.]*", "-[A-Za-z0]*e", "-I -r -C -E"),
    _interpreter(
        "node|nodejs|bun", "-[a-z]*[ep]|--eval|--print", "-r -C --require --import --input-type"
    ),
    _interpreter(r"R|Rscript|lua(?:jit)?[\d.]*", "-e", "-l -f -g"),
    _interpreter(r"php[\d.]*", "-[A-Za-z]*[rBRE]", "-d -c -f -z"),
    _interpreter("julia", "-e|-E|--eval|--print", "-L -J -t -p -C"),
    _interpreter("[gmn]?awk|original-awk", "-e|--source", "-v -F -f", first_word=True),
    _interpreter("g?sed", "-[A-Za-z]*e|--expression", "-f -l", first_word=True),
)
_FILE = re.compile(r"-[nErsuz]*[ef].*|--(?:file|exec|expression|source)\b.*", re.DOTALL)
_SED_OPTIONS = {"-e", "--expression"}
_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL | re.ASCII)
_BEFORE_COMMANDS = {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "time"} | {
    "builtin", "exec"
}  # fmt: skip
_NAMES_ARE_CODE = {"read", "unset", "mapfile", "readarray", "getopts", "compgen", "complete"}
_NAME_BEHIND_V = {"[", "test", "printf"}


def code_words(words: Sequence[str]) -> set[int]:
    """Return which words of one command of bash are, or hold, a program or a name with one."""
    return programs_in(words).union(_of_builtin(words))


def programs_in(words: Sequence[str]) -> set[int]:
    """Return which words are, or hold, a program for one of the words before them."""
    found: set[int] = set()
    names = [word.rpartition("/")[2] for word in words]
    for interpreter in _INTERPRETERS:
        end = 0
        for index, name in enumerate(names):
            if index >= end and interpreter.names.fullmatch(name):
                programs, end = _programs(interpreter, words, index + 1)
                found.update(programs)
    if "env" in names:
        found.update(_split_strings(words, names.index("env") + 1))
    if "sed" in names:  # it takes its options behind its files, too
        found.update(index for index, word in enumerate(words, 1) if word in _SED_OPTIONS)
    return found


def _programs(interpreter: _Interpreter, words: Sequence[str], start: int) -> tuple[list[int], int]:
    """Return which words from an index on are a program, and where the options end."""
    found: list[int] = []
    told = False
    index = start
    while index < len(words) and words[index].startswith("-") and words[index] != "--":
        word = words[index]
        is_code = interpreter.code.fullmatch(word) is not None
        told = told or is_code or (interpreter.first_word and _FILE.fullmatch(word) is not None)
        if not interpreter.first_word or interpreter.code.match(word):
            found.append(index)  # `-cPROGRAM`, and options that load something: `perl -MNAME`
        if is_code:
            found.append(index + 1)
            if interpreter.last:
                return found, index + 1
        index += 2 if is_code or word in interpreter.valued else 1
    index += words[index : index + 1] == ["--"]
    if interpreter.first_word and not told:
        found.append(index)
    return found, index


def _split_strings(words: Sequence[str], start: int) -> Iterator[int]:
    """Yield the words of `env -S`, which env splits anew."""
    options = itertools.takewhile(lambda index: words[index][:1] == "-", range(start, len(words)))
    if any(re.match(r"-[a-zA-Z]*S|--split-string", words[index]) for index in options):
        yield from range(start, len(words))


def _of_builtin(words: Sequence[str]) -> Iterator[int]:
    start = next(
        (
            index
            for index, word in enumerate(words)
            if word not in _BEFORE_COMMANDS and not _ASSIGNMENT.fullmatch(word)
        ),
        len(words),
    )
    name = words[start] if start < len(words) else ""
    for index in range(start + 1, len(words)):
        behind = words[index - 1] in {"-v", "-R"} or words[index].startswith(("-v", "-R"))
        if name in _NAMES_ARE_CODE or (name in _NAME_BEHIND_V and behind):
            yield index
