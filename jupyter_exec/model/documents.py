"""JSON and YAML texts as values, and back (floor: model).

Numbers keep the text that they were written as (`0.10` stays "0.10" where text is wanted). YAML
cannot build objects, and anchors cannot make a small text a huge value.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model import yaml_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

MAX_NODES = 100_000
MAX_DEPTH = 100
MAX_DIGITS = 1000  # of a whole number


class LiteralInt(int):
    """A whole number that knows how it was written."""

    text: str

    def __new__(cls, text: str, value: int | None = None) -> Self:
        """Make one of its text; `value` where Python reads that otherwise than YAML."""
        number = super().__new__(cls, int(text) if value is None else value)
        number.text = text
        return number


class LiteralFloat(float):
    """A number that knows how it was written."""

    text: str

    def __new__(cls, text: str, value: float | None = None) -> Self:
        """Make one of its text; `value` where Python reads that otherwise than YAML."""
        number = super().__new__(cls, text if value is None else value)
        number.text = text
        return number


_SURROGATE = re.compile(rb"\\[uU](?:0000)?[dD][89a-fA-F]|\xed[\xa0-\xbf]|\0")


def literal(value: Any) -> Any:
    """Return a scalar as the text it was written as; None and text stay as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, LiteralInt | LiteralFloat):
        return value.text
    if isinstance(value, int | float):
        return json.dumps(value)
    return value


def load_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        InvalidRequest: it is not JSON, or has more than MAX_NODES numbers or other values.
    """
    numbers = _Numbers()
    try:
        value = json.loads(
            text, parse_float=numbers.real, parse_int=numbers.whole, parse_constant=_no_number
        )
        _check_json(value)
    except (ValueError, RecursionError) as error:
        message = f"the body is not JSON: {error}"
        raise InvalidRequest(message[:300]) from None
    return value


class _Numbers:
    """Reads the numbers of one text; only so many, as each is read by Python itself."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def whole(self, text: str) -> LiteralInt:
        self._count()
        if len(text) > MAX_DIGITS:
            _no_number(text)
        return LiteralInt(text)

    def real(self, text: str) -> LiteralFloat:
        self._count()
        number = LiteralFloat(text)
        return number if math.isfinite(number) else _no_number(text)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            _too_many()


def check_text(document: Any, raw: bytes) -> None:
    """Refuse lone surrogates, which no file and no database takes as text.

    Args:
        raw: what the document was read from; without their signs nothing else is looked at.

    Raises:
        InvalidRequest: there is one; with its place.
    """
    if not _SURROGATE.search(raw):
        return
    left: list[tuple[str, Any]] = [("", document)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            left.extend((path, name) for name in value)
            left.extend((f"{path}.{name}" if path else name, each) for name, each in value.items())
        elif isinstance(value, list):
            left.extend((f"{path}[{index}]", each) for index, each in enumerate(value))
        elif isinstance(value, str) and not _is_text(value):
            message = f"{value[:80]!r} is no Unicode text: it holds half of a surrogate pair"
            target = path.encode(errors="backslashreplace").decode()
            raise InvalidRequest(message, target or None)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_many() -> NoReturn:
    message = f"it has more than {MAX_NODES:,} values"
    raise ValueError(message)


def _no_number(text: str) -> NoReturn:
    message = f"{text[:80]} is no number of JSON"
    raise ValueError(message)


def _check_json(value: Any, depth: int = 0, left: int = MAX_NODES) -> int:
    """Refuse what cannot be stored and answered: deep nesting, halves of characters, a flood.

    Returns how many values there may still be.
    """
    if depth > MAX_DEPTH:
        message = f"it is nested more than {MAX_DEPTH} deep"
        raise ValueError(message)
    left -= 1
    if left < 0:
        _too_many()
    if isinstance(value, str):
        value.encode()  # a UnicodeEncodeError is a ValueError
    elif isinstance(value, dict):
        for key, item in value.items():
            key.encode()
            left = _check_json(item, depth + 1, left)
    elif isinstance(value, list):
        for item in value:
            left = _check_json(item, depth + 1, left)
    return left


class _Loader(yaml.SafeLoader):
    """Safe, JSON's values only, numbers as written."""


def _integer(loader: _Loader, node: yaml.ScalarNode) -> LiteralInt:
    return LiteralInt(node.value, _built(loader.construct_yaml_int, node))


def _float(loader: _Loader, node: yaml.ScalarNode) -> LiteralFloat:
    return LiteralFloat(node.value, _built(loader.construct_yaml_float, node))


def _boolean(loader: _Loader, node: yaml.ScalarNode) -> bool:
    return bool(_built(loader.construct_yaml_bool, node))


def _built(build: Callable[[yaml.ScalarNode], Any], node: yaml.ScalarNode) -> Any:
    """Return a scalar's value; PyYAML's own errors for a text that is none are of many kinds."""
    try:
        return build(node)
    except (ValueError, LookupError):
        kind = node.tag.rpartition(":")[2]
        message = f"{node.value[:80]!r} is no {kind} (line {node.start_mark.line + 1})"
        raise ValueError(message) from None


def _text(_: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)
_Loader.add_constructor("tag:yaml.org,2002:bool", _boolean)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def load_yaml(text: str | bytes) -> Any:
    """Return the value of a YAML text: JSON's values only.

    Raises:
        InvalidRequest: it is not YAML, has tags that would build objects, keys that are no text, or
            anchors that make it huge or endless.
    """
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_size(node, {}, 0)
            value = _with_text_keys(loader.construct_document(node))
            _check_json(value)
            return value
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        message = f"the text is not YAML: {yaml_errors.told(error, text)}"
        raise InvalidRequest(message[:400]) from None


def _check_size(node: yaml.Node, sizes: dict[int, int | None], depth: int) -> int:
    """Return how many nodes there are once aliases are followed; None in `sizes` = under way."""
    if depth > MAX_DEPTH:
        message = f"it is nested more than {MAX_DEPTH} deep"
        raise ValueError(message)
    if id(node) in sizes:
        known = sizes[id(node)]
        if known is None:
            message = "an alias refers to what it lies in"
            raise ValueError(message)
        return known
    sizes[id(node)] = None
    size = 1
    if isinstance(node, yaml.MappingNode):
        children = [child for pair in node.value for child in pair]
    else:
        children = node.value if isinstance(node, yaml.SequenceNode) else []
    for child in children:
        size += _check_size(child, sizes, depth + 1)
        if size > MAX_NODES:
            message = f"it has more than {MAX_NODES} values once its aliases are followed"
            raise ValueError(message)
    sizes[id(node)] = size
    return size


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        if None in value:
            message = "a key is missing before a colon"
            raise ValueError(message)
        return {str(literal(key)): _with_text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        message = f"{value} is no number of JSON"
        raise ValueError(message)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    message = f"{type(value).__name__} has no place in JSON"
    raise ValueError(message)


class _Dumper(yaml.SafeDumper):
    """Block style, text of several lines as it is, no aliases: lines that `git diff` shows well."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's signature
        """Write everything out."""
        return True


_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029\r]")


def _shown_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if _OTHER_LINE_ENDS.search(text):
        style = '"'  # PyYAML writes them as they are in any other style, and reads less
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _shown_text)
_Dumper.add_representer(LiteralInt, lambda dumper, value: dumper.represent_int(int(value)))
_Dumper.add_representer(LiteralFloat, lambda dumper, value: dumper.represent_float(float(value)))


def dump_yaml(value: Any) -> str:
    """Return JSON values as YAML, keys in their order."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=False,
    )
    return text
