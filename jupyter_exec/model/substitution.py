"""Filling a template in: placeholders become values (floor: model; pure).

A placeholder is `{{name}}` in any text of the document. `path:name` is looked up before `name`;
where a text has no placeholder, a parameter named after its own path (`spec.Worker.replicas`)
replaces it. What was put in is not looked at again.
Source: `ExperimentTemplateManager.parseParameter` of Apache Submarine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Fault
from jupyter_exec.model import shell
from jupyter_exec.model.experiment import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

_SHELL = re.compile(r"(?:meta|spec\.[^.]+)\.cmd|definition\.configuration\.command")
_VARIABLE = re.compile(r"(?:meta|spec\.[^.]+)\.envVars\.(.+)|.*\.environmentVariables\.(.+)")
_TYPED = re.compile(r"definition\.configuration\.parameters\.[^.]+")
SECRET_VARIABLE = "JUPYTER_EXEC_SECRET_"  # noqa: S105 - a name's beginning


@dataclass
class Filled:
    """A document with values in place of its placeholders.

    Attributes:
        document: JSON values; secrets are still placeholders in it.
        used: names of the parameters that the document has a place for.
        secrets: variable -> value, for the processes of the run only.
        faults: placeholders without a parameter, values that cannot stand where they are.
    """

    document: Any = None
    used: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Value:
    """What stands in for a placeholder.

    Attributes:
        typed: in the parameter's type; None = nothing was given, and there is no default.
        text: as it was written.
        secret: it may only reach the run in a variable.
    """

    typed: Any
    text: str
    secret: bool = False


def fill(document: Any, values: Mapping[str, Value], prefix: str = "") -> Filled:
    """Return the document filled in.

    Args:
        document: JSON values with placeholders.
        values: by parameter name; every parameter of the template.
        prefix: JSON path of the document in the template, for faults.
    """
    filling = _Filling(values, prefix)
    filled = filling.value("", document)
    filling.result.document = None if filled is _NOTHING else filled
    return filling.result


_NOTHING = object()


class _Filling:
    def __init__(self, values: Mapping[str, Value], prefix: str) -> None:
        self._values = values
        self._prefix = prefix
        self.result = Filled()

    def value(self, path: str, value: Any) -> Any:
        """Return any part of the document filled in."""
        if isinstance(value, Mapping):
            parts = {
                key: self.value(f"{path}.{key}" if path else key, item)
                for key, item in value.items()
            }
            return {key: part for key, part in parts.items() if part is not _NOTHING}
        if isinstance(value, list):
            return self._list(path, value)
        if isinstance(value, str) and PLACEHOLDER.search(value):
            return self._text(path, value)
        return self._placed(path, value)

    def _placed(self, path: str, value: Any) -> Any:
        """Put a parameter that is named after a leaf's own path in its place."""
        placed = self._values.get(path)
        if placed is None:
            return value
        self.result.used.add(path)
        if placed.secret:
            return self._hidden(path, value, lambda _: placed.text)
        if placed.typed is None:
            return value
        return placed.typed if isinstance(value, int | float) else placed.text

    def _list(self, path: str, items: list[Any]) -> list[Any]:
        """Fill a list; a placeholder alone whose value is a list becomes several items."""
        filled: list[Any] = []
        for index, item in enumerate(items):
            place = f"{path}.{index}"
            alone = PLACEHOLDER.fullmatch(item) if isinstance(item, str) else None
            value = self._look_up(place, alone[1]) if alone else None
            if alone and value and isinstance(value.typed, list) and "}}" not in alone[1]:
                filled += [_as_text(each) for each in value.typed]
            else:
                part = self.value(place, item)
                filled += [] if part is _NOTHING else [part]
        return filled

    def _text(self, path: str, text: str) -> Any:
        names = [found[1] for found in PLACEHOLDER.finditer(text)]
        values = [self._find(path, name) for name in names]
        if None in values:
            return text
        known = [value for value in values if value is not None]
        if _SHELL.fullmatch(path):
            return self._command(path, text, known)
        if any(value.secret for value in known):
            return self._hidden(path, text, self._filler(path))
        alone = PLACEHOLDER.fullmatch(text) is not None and len(known) == 1
        if alone and known[0].typed is None:
            return _NOTHING
        if alone and _TYPED.fullmatch(path):
            return known[0].typed
        return self._filler(path)(text)

    def _filler(self, path: str) -> Callable[[str], str]:
        def stand_in(found: re.Match[str]) -> str:
            value = self._look_up(path, found[1])
            return value.text if value else found[0]

        return lambda text: PLACEHOLDER.sub(stand_in, text)

    def _command(self, path: str, text: str, values: list[Value]) -> str:
        """Fill a line for the shell: each value stays one word, whatever it holds."""
        parts: list[shell.Part] = []
        for value in values:
            if value.secret:
                parts.append(shell.Variable(self._variable(value)))
            elif isinstance(value.typed, list):
                parts.append([_as_text(item) for item in value.typed])
            else:
                parts.append(None if value.typed is None else value.text)
        try:
            return shell.fill(text, PLACEHOLDER, parts)
        except ValueError as error:
            self._fault(path, str(error))
            return text

    def _hidden(self, path: str, shown: Any, text_of: Callable[[str], str]) -> Any:
        """Keep a secret out of the document: what is there stays, its value goes beside."""
        found = _VARIABLE.fullmatch(path)
        if found is None:
            message = "a secret may stand in envVars, environmentVariables, cmd and command only"
            self._fault(path, message)
            return shown
        variable = found[1] or found[2]
        hidden = text_of(shown)
        if self.result.secrets.setdefault(variable, hidden) != hidden:
            self._fault(path, f"{variable} holds another secret in another role")
        return shown

    def _variable(self, value: Value) -> str:
        """Return the name of the variable that carries a secret into a shell's line."""
        name = next(name for name, each in self._values.items() if each is value)
        index = list(self._values).index(name)
        variable = f"{SECRET_VARIABLE}{index}_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()[:40]}"
        self.result.secrets[variable] = value.text
        return variable

    def _find(self, path: str, name: str) -> Value | None:
        value = self._look_up(path, name)
        if value is None:
            message = f"unmapped value: {{{{{name[:80]}}}}} has no parameter"
            self._fault(path, message)
        return value

    def _look_up(self, path: str, name: str) -> Value | None:
        for key in (f"{path}:{name}", name, f"{path}:{name.strip()}", name.strip()):
            if key in self._values:
                self.result.used.add(key)
                return self._values[key]
        return None

    def _fault(self, path: str, message: str) -> None:
        place = ".".join(part for part in (self._prefix, path) if part)
        self.result.faults.append(Fault(place or None, message))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
