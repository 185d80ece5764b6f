"""Values of parameters as a person types them: `lr=0.1 batch_size=[64,128]` (floor: client).

The command line and the magics share this. The server has the last word on every value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.options import parse_value
from jupyter_exec.client.sweep import WAYS, Space
from jupyter_exec.errors import Fault, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CALL = re.compile(rf"({'|'.join(WAYS)})\((.*)\)", re.DOTALL)


def parse_assignments(
    words: Sequence[str], parameters: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], dict[str, dict[str, list[Any]]]]:
    """Read `name=value` words; of equal names the last one counts.

    A value is what the parameter's type makes of it: text stays as it is typed, so `1.10` is not
    1.1. `"..."` in quotes of its own is always that text. A list in brackets is several values to
    try, unless the parameter is itself a list; so are `range(1, 10)`, `choice(a, b)`,
    `uniform(0, 1)` and `loguniform(1e-5, 1e-1)`.

    Args:
        words: each whole, as a shell hands them over.
        parameters: those of the template, as `Template.parameters` has them.

    Returns:
        The single values, and the space of a sweep (empty where there is nothing to sweep), both as
        the server wants them.

    Raises:
        InvalidRequest: with every word that cannot be read.
    """
    kinds = {str(each["name"]): str(each.get("type") or "string") for each in parameters}
    params: dict[str, Any] = {}
    space: dict[str, dict[str, list[Any]]] = {}
    faults: list[Fault] = []
    for word in words:
        name, value = _split(word, kinds)
        if name is None:
            message = f"{word[:200]!r} is not name=value; for example: lr=0.1"
            faults.append(Fault("params", message))
            continue
        params.pop(name, None)
        space.pop(name, None)
        try:
            found = _value(value, kinds.get(name, "string"))
        except ValueError as error:
            faults.append(Fault(f"space.{name}", f"{name}: {error}"))
            continue
        if isinstance(found, Space):
            space[name] = found.to_json()
        else:
            params[name] = found
    if faults:
        raise InvalidRequest.of(faults)
    return params, space


def _split(word: str, known: Mapping[str, str]) -> tuple[str | None, str]:
    """Split a word at its `=`; a parameter whose own name holds one is looked for first."""
    for name in sorted(known, key=len, reverse=True):
        if "=" in name and word.startswith(f"{name}="):
            return name, word[len(name) + 1 :]
    name, equals, value = word.partition("=")
    return (name.strip() or None) if equals else None, value


def _value(text: str, kind: str) -> Any:
    """Read one value, or the space that a text describes.

    Raises:
        ValueError: it begins as a space, and is none.
    """
    bare = text.strip()
    call = _CALL.fullmatch(bare)
    if call is not None:
        return _space(call[1], _items(f"[{call[2]}]", kind))
    if bare.startswith("[") and bare.endswith("]") and kind != "array":
        return _space("choice", _items(bare, kind))
    if kind == "string":
        return _unquoted(text)
    return parse_value(text)


def _space(way: str, values: list[Any]) -> Space:
    if way == "choice":
        return Space(way, tuple(values))
    numbers = [parse_value(value) if isinstance(value, str) else value for value in values]
    return Space(way, tuple(numbers))


def _items(text: str, kind: str) -> list[Any]:
    """Return the members of a list: JSON, or words with commas between them."""
    try:
        if kind == "string":  # numbers as they are written
            found = json.loads(text, parse_float=str, parse_int=str)
        else:
            found = json.loads(text)
    except ValueError:
        inside = text[1:-1]
        if any(sign in inside for sign in '[]{}"'):
            message = f"{text[:80]} is not a list; write it as JSON, for example [0.1, 0.2]"
            raise ValueError(message) from None
        words = [word.strip() for word in inside.split(",")] if inside.strip() else []
        return words if kind == "string" else [parse_value(word) for word in words]
    return list(found)


def _unquoted(text: str) -> str:
    bare = text.strip()
    if len(bare) > 1 and bare.startswith('"') and bare.endswith('"'):
        try:
            return str(json.loads(bare))
        except ValueError:
            return text
    return text
