"""What is wrong with one value, in sentences that name what is allowed (floor: model; pure).

Everything but `pattern` is checked by JSON Schema. Patterns are the exception: `re`, which the
schema's validator uses, can take years for one (`^(a+)+$`), and nothing can stop it meanwhile.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import regex
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Mapping

PATTERN_SECONDS = 0.1
_NUL = "it has a NUL character, which no argument, variable or file name of a program can hold"


def nul_problem(value: Any) -> str | None:
    """Say that a NUL character is somewhere in a value; the value is not repeated."""
    if isinstance(value, str):
        return _NUL if "\0" in value else None
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    found = any(map(nul_problem, value)) if isinstance(value, list) else False
    return _NUL if found else None


def pattern_problem(pattern: str) -> str | None:
    """Say why a text is no regular expression; None if it is one."""
    try:
        re.compile(pattern)
        _pattern(pattern)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        return f"pattern is not a regular expression: {error}"
    return None


@lru_cache(500)
def _pattern(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)


@lru_cache(2000)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def schema_problems(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Return what of a value does not fit its schema, with a pattern at the end."""
    plain = {rule: limit for rule, limit in schema.items() if rule != "pattern"}
    found = [
        _sentence(error.validator, error.validator_value, value, error.message)
        for error in _validator(json.dumps(plain)).iter_errors(value)
    ]
    if "pattern" in schema and isinstance(value, str):
        found += _mismatch(schema["pattern"], value)
    return found


def _mismatch(pattern: str, value: str) -> list[str]:
    try:
        matches = _pattern(pattern).search(value, timeout=PATTERN_SECONDS)
    except TimeoutError:
        shown = pattern[:200]
        return [f"{_shown(value)} takes too long to check against pattern {shown}; give a simpler"]
    return [] if matches else [f"{_shown(value)} does not match {pattern}"]


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:80]


def _sentence(rule: Any, limit: Any, value: Any, otherwise: str) -> str:
    """Say what a value breaks, naming what is allowed."""
    if rule == "enum":
        return f"{_shown(value)} is not one of {', '.join(json.dumps(item) for item in limit)}"
    if rule in {"minimum", "maximum"}:
        side = "below" if rule == "minimum" else "above"
        return f"{_shown(value)} is {side} the {rule} {limit}"
    return otherwise[:200]
