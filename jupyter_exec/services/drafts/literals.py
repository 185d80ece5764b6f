"""Literal values in what was run, turned into parameters of a template (floor: services; pure)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.documents import literal
from jupyter_exec.model.experiment import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTION = re.compile(r"--?[A-Za-z][\w-]*", re.ASCII)
_ASSIGNED = re.compile(r"((?:--?)?[A-Za-z_][\w-]*)=(.*)", re.ASCII | re.DOTALL)
_IN_LINE = re.compile(  # in a shell's line: only values that need no quotes
    r"(?<!\S)(--[A-Za-z][\w-]*[= ]|[A-Za-z_]\w*=)([\w@%+:,./-]+)(?!\S)", re.ASCII
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,17})", re.ASCII)
_LEADING_ZERO = re.compile(r"[+-]?0\d", re.ASCII)
_LONGEST = 200


class Literals:
    """Collects parameters, each with the value that it stands for as its default.

    Attributes:
        parameters: name -> the parameter as JSON, in the order in which they were found.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, dict[str, Any]] = {}

    def take(self, name: str, value: Any, *, typed: bool = False) -> str:
        """Make a parameter of a value, and return the placeholder that stands for it.

        Args:
            value: as it is; text is typed by its look unless `typed`.
        """
        name = self._free(re.sub(r"[^\w.-]+", "_", name).strip("-_.")[:_LONGEST] or "value")
        kind = type_of(value) if typed or not isinstance(value, str) else type_by_look(value)
        shown = literal(value) if not isinstance(value, list) else json.dumps(value)
        self.parameters[name] = {"name": name, "value": shown} | (
            {} if kind == "string" else {"type": kind}
        )
        return f"{{{{{name}}}}}"

    def secret(self, name: str) -> str:
        """Make a secret parameter, which has no default, and return its placeholder."""
        name = self._free(name)
        self.parameters[name] = {"name": name, "secret": True, "required": "true"}
        return f"{{{{{name}}}}}"

    def words(self, words: list[str], *, short: bool = True) -> list[str]:
        """Return arguments with placeholders for `--lr 0.1`, `--lr=0.1` and `lr=0.1`.

        Words without a name stay.

        Args:
            short: whether `-n 5` counts too.
        """
        done: list[str] = []
        for word in words:
            before = done[-1] if done else ""
            assigned = _ASSIGNED.fullmatch(word)
            if (
                _is_option(before, short=short)
                and not _is_option(word, short=True)
                and word != "--"
            ):
                done.append(self.take(_name(before), word))
            elif assigned is not None and not PLACEHOLDER.search(word):
                done.append(f"{assigned[1]}={self.take(_name(assigned[1]), assigned[2])}")
            else:
                done.append(self.escape(word))
        return done

    def line(self, line: str) -> str:
        """Return a line for the shell with placeholders for its plain named values."""
        done: list[str] = []
        end = 0
        for found in _IN_LINE.finditer(line):
            if _is_option(found[2], short=True):
                continue
            done += [self.escape(line[end : found.end(1)])]
            done += [self.take(_name(found[1].rstrip("= ")), found[2])]
            end = found.end()
        return "".join([*done, self.escape(line[end:])])

    def variables(self, variables: Mapping[str, Any]) -> dict[str, str]:
        """Return environment variables, each with a placeholder as its value."""
        return {name: self.take(name, str(value)) for name, value in variables.items()}

    def escape(self, value: Any) -> Any:
        """Return a value in which what only looks like a placeholder is one for itself."""
        if isinstance(value, str):
            return PLACEHOLDER.sub(lambda found: self.take("literal", found[0], typed=True), value)
        if isinstance(value, list):
            return [self.escape(item) for item in value]
        if isinstance(value, dict):
            return {key: self.escape(item) for key, item in value.items()}
        return value

    def _free(self, name: str) -> str:
        number, free = 1, name
        while free in self.parameters:
            number += 1
            free = f"{name}_{number}"
        return free


def type_of(value: Any) -> str:
    """Return the type of a JSON value, in a parameter's words."""
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"))
    return next((word for kind, word in kinds if isinstance(value, kind)), "string")


def type_by_look(text: str) -> str:
    """Return what a text looks like: `12` a whole number, `1e-3` a number, `true` a boolean."""
    if text in {"true", "false", "True", "False"}:
        return "boolean"
    if _WHOLE.fullmatch(text):
        return "integer"
    number = _NUMBER.fullmatch(text) and not _LEADING_ZERO.match(text)
    return "number" if number and abs(float(text)) < float("inf") else "string"


def _is_option(word: str, *, short: bool) -> bool:
    return bool(_OPTION.fullmatch(word)) and (short or word.startswith("--"))


def _name(option: str) -> str:
    return option.lstrip("-").replace("-", "_")
