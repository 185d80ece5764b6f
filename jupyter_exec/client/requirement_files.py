"""`--env` of a requirements file, as pip and pip-compile write them (floor: client).

Source: pip's reference, "Requirements File Format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]*(?P<path>\S.*)$")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_HASH = re.compile(r"\s+--hash[\s=]+\S+")
_NO_EFFECT = ("--require-hashes",)  # what is built is a lock, which has hashes of its own
_CONSTRAINT = re.compile(r"^(?:-c|--constraint)\b")
_INDEX = re.compile(
    r"^(?:-i|-f|--(?:extra-)?index-url|--find-links|--no-index|--trusted-host)(?=[\s=]|$)"
)


def requirements_of(path: Path, above: tuple[Path, ...] = ()) -> list[str]:
    """Return the requirements of a file, with the files that it includes, without comments.

    Args:
        above: the files that include it.

    Raises:
        InvalidRequest: it cannot be read, or a line is no requirement; names the file and the line.
    """
    if path.resolve() in above:
        raise InvalidRequest(f"{path} includes itself", "env")
    return [
        requirement
        for number, line in _lines(read(path))
        for requirement in read_line(line, path, number, above)
    ]


def read(path: Path) -> str:
    """Return the text of a file.

    Raises:
        InvalidRequest: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidRequest(f"{path} cannot be read: {reason}", "env") from error


def read_line(line: str, path: Path, number: int, above: tuple[Path, ...] = ()) -> list[str]:
    """Return what a line requires: one requirement, or all those of a file that it includes.

    Args:
        path: file that holds it, on line `number`; what it includes is named as from there.

    Raises:
        InvalidRequest: see `requirements_of`.
    """
    text = _HASH.sub("", line).strip()
    if text in _NO_EFFECT:
        return []
    include = _INCLUDE.match(text)
    if include is not None:
        return requirements_of(path.parent / include["path"].strip(), (*above, path.resolve()))
    fault = _fault(text)
    if fault is not None:
        raise InvalidRequest(f"{path}, line {number}: {fault}", "env")
    return [text]


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines without comments, those that are continued as one, and where each begins."""
    begin, parts = 1, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        begin = begin if parts else number
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        whole = " ".join([*parts, line])
        parts = []
        requirement = _COMMENT.sub("", whole).strip()
        if requirement:
            yield begin, requirement
    if "".join(parts).strip():  # the last line ends as if it went on
        yield begin, _COMMENT.sub("", " ".join(parts)).strip()


def _fault(text: str) -> str | None:
    """Return why a line is not taken."""
    from jupyter_exec.model.requirement import canonical_requirement

    if _CONSTRAINT.match(text):
        return (
            f"{text!r}: constraints are not taken; lock with both files "
            "(uv pip compile requirements.in -c constraints.txt -o requirements.txt) and give the "
            "result"
        )
    index = _INDEX.match(text)
    if index is not None:
        return (
            f"{index[0]}: the server's operator says where packages come from "
            "(UV_DEFAULT_INDEX, UV_FIND_LINKS); take the line out"
        )
    try:
        canonical_requirement(text)
    except ValueError as error:
        return str(error)
    return None
