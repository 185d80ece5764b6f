"""Parameters of a template: what they may be, and whether values fit (floor: model).

One JSON Schema serves everybody: the server checks values with it, and every form renders it.
Source: JSON Schema 2020-12; `ExperimentTemplateParamSpec` of Apache Submarine for the first four
fields of a parameter. The others are ours.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from jupyter_exec.errors import Fault
from jupyter_exec.model.documents import literal
from jupyter_exec.model.resources import amount_problem
from jupyter_exec.model.value_checks import nul_problem, pattern_problem, schema_problems
from jupyter_exec.model.wire import WireModel, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPES = ("string", "integer", "number", "boolean", "array")
MAX_NAME = 200
_REPLICAS = re.compile(r"spec\.\w+\.replicas")
_RESOURCE = re.compile(r"spec\.\w+\.(replicas|resourceMap\..+)")
_AMOUNT = re.compile(r"spec\.\w+\.resourceMap\.(.+)")
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _literal_text(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps([literal(item) if isinstance(item, float) else item for item in value])
    if isinstance(value, dict):
        message = "an object is no value of a parameter; give text, a number, true or false"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueError
    return literal(value)


LiteralText = Annotated[
    str,
    BeforeValidator(_literal_text, json_schema_input_type=str | float | bool | list[Any]),
]
"""Text; numbers and booleans become the text that they were written as."""


def has_control(text: str) -> bool:
    """Tell whether a name holds control characters or ends of lines, which no line shows."""
    return any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text)


def _name(name: str) -> str:
    if not name.strip() or len(name) > MAX_NAME:
        message = f"the name of a parameter has 1 to {MAX_NAME} characters, not {len(name)}"
        raise ValueError(message)
    if "{{" in name or "}}" in name or has_control(name):
        message = f"{name!r} cannot be the name of a parameter: no braces, no control characters"
        raise ValueError(message)
    return name


class Parameter(WireModel):
    """One parameter of a template.

    Attributes:
        required: "true" where a value must be given although there is a default.
        value: the default, as text; None = there is none.
        type: of the value; None = text.
        enum: the only values allowed.
        minimum, maximum: of a number, inclusive.
        pattern: regular expression that a text must hold a match of.
        group, label: how a form shows it.
        secret: never stored; it reaches the run in a variable of its processes only.
    """

    name: Annotated[str, AfterValidator(_name)]
    required: Annotated[LiteralText, one_of(["true", "false"])] = "false"
    description: str | None = None
    value: LiteralText | None = None
    type: Annotated[str, one_of(TYPES)] | None = None
    enum: Annotated[list[Any], Field(min_length=1)] | None = None
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    group: str | None = None
    label: str | None = None
    secret: bool = False

    @model_validator(mode="before")
    @classmethod
    def _scalar_value(cls, data: Any) -> Any:
        is_array = isinstance(data, dict) and data.get("type") == "array"
        if isinstance(data, dict) and isinstance(data.get("value"), list) and not is_array:
            message = "a list is no value of this parameter; only type array takes one"
            raise ValueError(message)
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Parameter:
        problem = _inconsistency(self)
        if problem is not None:
            message = f"parameter {self.name!r}: {problem}"
            raise ValueError(message)
        return self

    @property
    def is_required(self) -> bool:
        """Tell whether a value must be given."""
        return self.required == "true"

    @property
    def kind(self) -> str:
        """Return the type; Submarine's own parameters of a role have theirs by name."""
        return self.type or ("integer" if _REPLICAS.fullmatch(self.name) else "string")


def _inconsistency(parameter: Parameter) -> str | None:
    """Say what in a parameter contradicts itself; None if nothing does."""
    low, high = parameter.minimum, parameter.maximum
    if low is not None and high is not None and low > high:
        return f"minimum {low:g} is above maximum {high:g}"
    if (low is not None or high is not None) and parameter.kind not in {"integer", "number"}:
        return "minimum and maximum are for type integer or number"
    if parameter.secret and (parameter.value is not None or parameter.kind != "string"):
        return "a secret is text, and is stored nowhere, so it has no default value"
    problem = _pattern_problem(parameter)
    if problem:
        return problem
    listed = [read(parameter, value)[1] for value in parameter.enum or ()]
    listed = [f"enum: {problem}" for problem in listed if problem]
    default = value_faults(parameter, parameter.value) if parameter.value is not None else []
    return next(iter([*listed, *(f"its default does not fit: {text}" for text in default)]), None)


def _pattern_problem(parameter: Parameter) -> str | None:
    if parameter.pattern is None:
        return None
    if parameter.kind != "string":
        return "pattern is for type string"
    return pattern_problem(parameter.pattern)


def read(parameter: Parameter, given: Any) -> tuple[Any, str | None]:
    """Return a value in the parameter's type, and what is wrong with it (None = nothing).

    Text is read as the type asks: "0.1" is a number, "true" a boolean, "[1, 2]" or "1,2" an array.
    """
    readers = {"integer": _integer, "number": _number, "boolean": _boolean, "array": _array}
    if parameter.kind == "string":
        if isinstance(given, list | dict):
            return given, "a list or an object is no text"
        return literal(given), None
    try:
        return readers[parameter.kind](given), None
    except (ValueError, TypeError, OverflowError):
        shown = json.dumps(given, default=str)[:80]
        return given, f"{shown} is not of type {parameter.kind}"


def _integer(given: Any) -> int:
    if isinstance(given, bool) or (isinstance(given, float) and not given.is_integer()):
        raise ValueError
    return int(given)


def _number(given: Any) -> float | int:
    if isinstance(given, bool):
        raise TypeError
    number = float(given)
    if number in {float("inf"), float("-inf")} or number != number:  # noqa: PLR0124 - NaN
        raise ValueError
    whole = isinstance(given, int) or re.fullmatch(r"[+-]?\d+", str(given).strip(), re.ASCII)
    return int(given) if whole else number


def _boolean(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    word = str(given).strip().casefold()
    if word not in _WORDS:
        raise ValueError
    return _WORDS[word]


def _array(given: Any) -> list[Any]:
    if isinstance(given, list):
        return given
    if not isinstance(given, str):
        raise TypeError
    text = given.strip()
    if text.startswith("["):
        found = json.loads(text)
        return list(found)
    return [word.strip() for word in text.split(",")] if text else []


def property_schema(parameter: Parameter) -> dict[str, Any]:
    """Return the JSON Schema of one parameter."""
    schema: dict[str, Any] = {"type": parameter.kind}
    if parameter.label:
        schema["title"] = parameter.label
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.enum is not None:
        schema["enum"] = [read(parameter, value)[0] for value in parameter.enum]
    if _REPLICAS.fullmatch(parameter.name):
        schema["minimum"] = 1
    for name in ("minimum", "maximum", "pattern"):
        limit = getattr(parameter, name)
        if limit is not None:
            whole = isinstance(limit, float) and limit.is_integer()
            schema[name] = int(limit) if whole else limit
    if parameter.value is not None:
        schema["default"] = read(parameter, parameter.value)[0]
    if parameter.secret:
        schema |= {"format": "password", "writeOnly": True}
    group = parameter.group or ("Resources" if _RESOURCE.fullmatch(parameter.name) else None)
    return schema | ({"x-group": group} if group else {})


def schema_of(
    parameters: Sequence[Parameter], title: str = "", description: str | None = None
) -> dict[str, Any]:
    """Return the JSON Schema of all values together, parameters in their order."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **({"description": description} if description else {}),
        "type": "object",
        "properties": {parameter.name: property_schema(parameter) for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.is_required],
        "additionalProperties": False,
    }


def value_faults(parameter: Parameter, given: Any) -> list[str]:
    """Return what is wrong with a value, as sentences; a secret is not repeated in them."""
    value, problem = read(parameter, given)
    nul = nul_problem(given) or nul_problem(value)
    if nul:
        return [nul]
    if parameter.secret:
        wrong = problem or schema_problems(property_schema(parameter), value)
        return ["does not fit what the template asks of it"] if wrong else []
    amount = _AMOUNT.fullmatch(parameter.name)
    found = [problem, amount_problem(amount[1], str(literal(value))) if amount else None]
    return [problem for problem in found if problem] or schema_problems(
        property_schema(parameter), value
    )


def complete(
    parameters: Sequence[Parameter], params: Mapping[str, Any], prefix: str = "params"
) -> tuple[dict[str, Any], list[Fault]]:
    """Return every parameter's value, typed, and all faults.

    Null counts as "not given". What is not given has its default; None where there is none.
    """
    faults: list[Fault] = []
    known = {parameter.name: parameter for parameter in parameters}
    for name in params:
        if name not in known:
            shown = ", ".join(known) or "none"
            message = f"illegal key: {name[:80]!r} is no parameter; there are: {shown[:500]}"
            faults.append(Fault(prefix, message))
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        given = params.get(name)
        if given is None and parameter.is_required:
            message = f"unmapped value: {name} is required, and was not given"
            faults.append(Fault(f"{prefix}.{name}", message))
        if given is not None:
            wrong = value_faults(parameter, given)
            faults += [Fault(f"{prefix}.{name}", f"{name}: {sentence}") for sentence in wrong]
        chosen = parameter.value if given is None else given
        values[name] = None if chosen is None else read(parameter, chosen)[0]
    return values, faults
