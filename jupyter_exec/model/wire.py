"""How JSON becomes values: keys in any case, nulls everywhere, all faults (floor: model).

Real clients send camelCase, PascalCase or a mixture, leave fields out or send null for them, and
add fields that no document names. `WireModel` accepts all that; `parse` turns pydantic's errors
into our faults with JSON paths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from jupyter_exec.errors import Fault, InvalidRequest
from jupyter_exec.model.documents import literal

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)


def _fold(key: str) -> str:
    return key.replace("_", "").casefold()


@cache
def _known_keys(model: type[BaseModel]) -> dict[str, str]:
    return {
        _fold(field.alias or name): field.alias or name
        for name, field in model.model_fields.items()
    }


class WireModel(BaseModel):
    """Base of everything that is parsed from a request or written into an answer."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", validate_by_name=False)

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, data: Any) -> Any:
        """Match keys without regard to case and read null as "not given"."""
        if not isinstance(data, Mapping):
            return data
        known = _known_keys(cls)
        folded: dict[str, Any] = {}
        for key, value in data.items():
            alias = known.get(_fold(key)) if isinstance(key, str) else None
            if alias is not None and value is not None and (key == alias or alias not in folded):
                folded[alias] = value
        return folded

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, camelCase, without the fields that have their default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


Text = Annotated[str, BeforeValidator(literal)]
"""A string; numbers and booleans become the text that they were written as."""


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        message = f"{json.dumps(value)} is not a number"
        raise ValueError(message)  # noqa: TRY004 - pydantic reads ValueError
    return value


Whole = Annotated[int, BeforeValidator(_no_boolean, json_schema_input_type=int)]
"""A whole number; `true` would be read as 1 otherwise."""

Number = Annotated[float, BeforeValidator(_no_boolean, json_schema_input_type=float)]
"""A number; `true` would be read as 1 otherwise."""


def one_of(allowed: Sequence[str], also: Mapping[str, str] | None = None) -> BeforeValidator:
    """Accept the allowed words, and the aliases in `also`, in any letter case."""
    table = _table(allowed, also)

    def check(value: Any) -> str:
        word = table.get(str(value).casefold())
        if word is None:
            raise ValueError(none_of(value, allowed))
        return word

    return BeforeValidator(check, json_schema_input_type=Literal[tuple(allowed)])


def none_of(value: Any, allowed: Sequence[str]) -> str:
    """Return the message of a word that is not allowed."""
    return f"{value!r} is not one of {', '.join(allowed)}"


def in_its_own_case(known: Sequence[str], also: Mapping[str, str] | None = None) -> BeforeValidator:
    """Accept any text; words that are known in any letter case, and as they are written here.

    Args:
        also: aliases, and the known word of each.
    """
    table = _table(known, also)
    return BeforeValidator(
        lambda value: table.get(value.casefold(), value) if isinstance(value, str) else value
    )


def _table(words: Sequence[str], also: Mapping[str, str] | None) -> dict[str, str]:
    table = {word.casefold(): word for word in words}
    return table | {alias.casefold(): word for alias, word in (also or {}).items()}


def _path(prefix: str, location: Sequence[int | str]) -> str | None:
    path = prefix
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or None


def faults_of(error: ValidationError, prefix: str = "") -> list[Fault]:
    """Turn pydantic's errors into faults: the JSON path of each field, and one clear sentence."""
    faults: list[Fault] = []
    for item in error.errors(include_url=False, include_context=True, include_input=True):
        message = _sentence(item)
        target = _path(prefix, [part for part in item["loc"] if not _names_a_type(part)])
        if all(fault.target != target for fault in faults):
            faults.append(Fault(target, message))
    return faults


def _sentence(item: ErrorDetails) -> str:
    """Return what is wrong, in words that need no knowledge of pydantic."""
    message = item["msg"].removeprefix("Value error, ")
    shown = json.dumps(item["input"], default=str)[:100]
    context = item.get("ctx", {})
    plain = {
        "value_error": message,
        "missing": "is required",
        "model_type": f"{shown} is not an object",
        "model_attributes_type": f"{shown} is not an object",
        "dict_type": f"{shown} is not an object",
        "too_long": f"has more than {context.get('max_length')} items",
        "too_short": f"needs at least {context.get('min_length')} items",
    }
    if item["type"] in plain or isinstance(item["input"], dict | list):
        return plain.get(item["type"], message)
    return f"{shown}: {message[0].lower()}{message[1:]}"


def _names_a_type(part: int | str) -> bool:
    """Tell pydantic's name of a union's member from the name of a field."""
    return isinstance(part, str) and (part in {"str", "float"} or "[" in part)


def parse(model: type[Model], data: Any, prefix: str = "") -> Model:
    """Validate JSON values against a model.

    Args:
        model: what they should be.
        data: decoded JSON.
        prefix: JSON path of `data` inside the request, put before each fault's path.

    Raises:
        InvalidRequest: with every fault of the request.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidRequest.of(faults_of(error, prefix)) from None
