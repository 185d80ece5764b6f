"""Filling a template in: placeholders become values (floor: model; pure).

A placeholder is `{{name}}` in any text of the document. `path:name` is looked up before `name`;
where a text has no placeholder, a parameter named after its own path (`spec.Worker.replicas`)
replaces it. What was put in is not looked at again. Code that a request brings along (a notebook,
an overlay) is left as it is: values reach it as parameters, arguments or variables.
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
from jupyter_exec.model.documents import literal
from jupyter_exec.model.environment import REGISTRY_PASSWORD
from jupyter_exec.model.experiment import PLACEHOLDER
from jupyter_exec.model.filled import Filled, Room
from jupyter_exec.model.inline_programs import programs_in

if TYPE_CHECKING:
    from collections.abc import Callable

# Of places as `_place` writes them: requests may have their keys in any letter case.
_OWN = r"definition\.configuration\."
_SUBMARINES = rf"(?:{_OWN}experiment\.)?"
_COMMAND = re.compile(rf"{_OWN}command")
_SHELL = re.compile(rf"{_SUBMARINES}(?:meta|spec\.[^.]+)\.cmd|{_OWN}command")
_VARIABLES = re.compile(
    rf"(?:{_SUBMARINES}(?:meta|spec\.[^.]+)\.envvars|{_OWN}environment\.environmentvariables"
    r"|secrets)\."
)
_TYPED = re.compile(rf"{_OWN}parameters\..+")
_CREDENTIAL = re.compile(r"code\.git\.(?:username|password)")  # taken out before it is stored
_SECRET_ONLY = re.compile(rf"secrets\..+|{_SUBMARINES}code\.git\.password")
_REGISTRY = re.compile(rf"{_OWN}environment\.docker\.baseimageregistry\.password")
_URL = re.compile(rf"{_SUBMARINES}code\.(?:git\.)?url")
_URL_CREDENTIAL = re.compile(r"https?://[^/@\s]+@|\w+://[^/@\s]*:[^/@\s]+@", re.IGNORECASE)
_CODE_ITSELF = re.compile(r"source\.notebook|overlay")
SECRET_VARIABLE = "JUPYTER_EXEC_SECRET_"  # noqa: S105 - a name's beginning


def _place(path: str) -> str:
    return path.replace("_", "").casefold()


def stored_secrets(document: Any, prefix: str, path: str = "") -> list[Fault]:
    """Return the passwords and secrets that a document holds itself, where all may read them."""
    if isinstance(document, Mapping):
        return [
            fault
            for key, item in document.items()
            for fault in stored_secrets(item, prefix, f"{path}.{key}" if path else key)
        ]
    place = _place(path)
    plain = isinstance(document, str | int | float) and document != ""
    alone = isinstance(document, str) and PLACEHOLDER.fullmatch(document)
    message = None
    if plain and not alone and _SECRET_ONLY.fullmatch(place):
        message = "a template is no place for a password: make it a parameter that is secret"
    elif plain and _REGISTRY.fullmatch(place):
        message = (
            "a template is no place for a password: make it a parameter that is secret, and put "
            f"that into secrets.{REGISTRY_PASSWORD}"
        )
    elif _URL.fullmatch(place) and _URL_CREDENTIAL.match(str(document)):
        message = (
            "a template is no place for a password: give code.git.username and code.git.password, "
            "the password as a parameter that is secret"
        )
    return [Fault(f"{prefix}.{path}", message)] if message else []


@dataclass(frozen=True)
class Value:
    """What stands in for a placeholder.

    Attributes:
        typed: in the parameter's type; None = nothing was given, and there is no default.
        text: as it was written.
        secret: it may only reach the run in a variable.
    """

    typed: Any = field(repr=False)
    text: str = field(repr=False)
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
_PARAMETER_DEPTH = 3  # dots before the name of a notebook's parameter
_NO_PLACE_FOR_SECRETS = (
    "a secret may stand in envVars, environmentVariables, secrets, cmd and command, in the user "
    "name and password of code.git, and be the whole value of a notebook's parameter; nowhere else"
)


class _Filling:
    def __init__(self, values: Mapping[str, Value], prefix: str) -> None:
        self._values = values
        self._prefix = prefix
        self.result = Filled()
        self._room = Room()

    def value(self, path: str, value: Any) -> Any:
        """Return any part of the document filled in."""
        if _CODE_ITSELF.fullmatch(_place(path)):
            return value
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
        if placed.typed is None:
            return value
        if placed.secret:
            return self._hidden(path, value, placed, lambda _: placed.text)
        typed = isinstance(value, int | float) or _TYPED.fullmatch(_place(path))
        return placed.typed if typed else placed.text

    def _list(self, path: str, items: list[Any]) -> list[Any]:
        """Fill a list; a placeholder alone whose value is a list becomes several items."""
        filled: list[Any] = []
        in_command = _COMMAND.fullmatch(_place(path))
        typed = _TYPED.fullmatch(_place(path))
        programs = programs_in([str(item) for item in items]) if in_command else ()
        for index, item in enumerate(items):
            place = f"{path}.{index}"
            if index in programs and isinstance(item, str):
                self._check_program(place, item)
            alone = PLACEHOLDER.fullmatch(item) if isinstance(item, str) else None
            value = self._look_up(place, alone[1]) if alone and not typed else None
            if in_command and isinstance(item, str) and shell.is_line([*filled, item], len(filled)):
                filled.append(self._text(place, item, in_shell=True))
            elif value and isinstance(value.typed, list):
                fits = self._fits(place, item, [value])
                filled += [_as_text(each) for each in value.typed] if fits else [item]
            else:
                part = self.value(place, item)
                filled += [] if part is _NOTHING else [part]
        return filled

    def _text(self, path: str, text: str, *, in_shell: bool = False) -> Any:
        names = [found[1] for found in PLACEHOLDER.finditer(text)]
        values = [self._find(path, name) for name in names]
        known = [value for value in values if value is not None]
        if None in values or not self._fits(path, text, known):
            return text
        place = _place(path)
        if in_shell or _SHELL.fullmatch(place):
            return self._command(path, text, known)
        alone = known[0] if len(known) == 1 and PLACEHOLDER.fullmatch(text) else None
        secret = [value for value in known if value.secret]
        if any(value.typed is not None for value in secret):
            return self._hidden(path, text, alone, self._filler(path))
        if not secret and _SECRET_ONLY.fullmatch(place):
            self._fault(path, "only a parameter that is secret may stand here")
        if alone and alone.typed is None:
            return _NOTHING
        if alone and _TYPED.fullmatch(place):
            return alone.typed
        return self._filler(path)(text)

    def _check_program(self, path: str, text: str) -> None:
        """Let only harmless values into a word that is a program, such as that of `python -c`."""
        for found in PLACEHOLDER.finditer(text):
            value = self._look_up(path, found[1])
            try:
                if value and not value.secret and value.text:
                    shell.harmless(value.text)
            except ValueError as error:
                self._fault(path, str(error))
                return

    def _fits(self, path: str, text: str, values: list[Value]) -> bool:
        """Tell, before anything is built, whether a text is short enough once it is filled in."""
        problem = self._room.take(len(text) + sum(len(value.text) for value in values))
        if problem:
            self._fault(path, problem)
        return problem is None

    def _filler(self, path: str) -> Callable[[str], str]:
        def stand_in(found: re.Match[str]) -> str:
            value = self._look_up(path, found[1])
            return value.text if value else found[0]

        return lambda text: PLACEHOLDER.sub(stand_in, text)

    def _command(self, path: str, text: str, values: list[Value]) -> str:
        """Fill a line for the shell: each value stays one word, whatever it holds."""
        parts: list[shell.Part] = []
        for value in values:
            if value.typed is None:
                parts.append(None)
            elif value.secret:
                parts.append(shell.Variable(self._variable(value)))
            elif isinstance(value.typed, list):
                parts.append([_as_text(item) for item in value.typed])
            else:
                parts.append(value.text)
        try:
            return shell.fill(text, PLACEHOLDER, parts)
        except ValueError as error:
            self._fault(path, str(error))
            return text

    def _hidden(
        self, path: str, shown: Any, alone: Value | None, text_of: Callable[[str], str]
    ) -> Any:
        """Keep a secret out of the document: what is there stays, its value goes beside.

        Args:
            shown: what is there.
            alone: the secret, where nothing else is there.
            text_of: fills in what is there.
        """
        place = _place(path)
        if _CREDENTIAL.fullmatch(place):
            return text_of(shown)
        if alone and _TYPED.fullmatch(place) and path.count(".") == _PARAMETER_DEPTH:
            if alone.typed is not None:
                name = path.split(".", _PARAMETER_DEPTH)[-1]
                self.result.secret_parameters[name] = self._variable(alone)
            return _NOTHING
        found = _VARIABLES.match(place)
        if found is None:
            self._fault(path, _NO_PLACE_FOR_SECRETS)
            return shown
        variable = path.split(".", found[0].count("."))[-1]
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
    text = literal(value)
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
