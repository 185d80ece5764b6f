"""Fields that a document has and its model does not (floor: model; pure).

Requests of other clients are full of such fields, and are taken as they are. What a person writes
by hand is not: a field that nobody reads is a typing error.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

from jupyter_exec.errors import Fault
from jupyter_exec.model.lenient import fold


def strangers(model: type[BaseModel], document: Any, path: str = "") -> list[Fault]:
    """Return a fault for each field that the model does not have, at any depth."""
    if not isinstance(document, Mapping):
        return []
    faults: list[Fault] = []
    known = {fold(field.alias or name): field for name, field in model.model_fields.items()}
    names = {
        fold(field.alias or name): field.alias or name for name, field in model.model_fields.items()
    }
    for key, value in document.items():
        place = f"{path}.{key}" if path else str(key)
        field = known.get(fold(str(key)))
        if field is not None:
            faults += _within(field.annotation, value, place)
            continue
        near = difflib.get_close_matches(fold(str(key)), names, 1)
        hint = (
            f"did you mean {names[near[0]]}?" if near else f"there are: {', '.join(names.values())}"
        )
        faults.append(Fault(place, f"there is no such field; {hint}"))
    return faults


def _within(annotation: Any, value: Any, path: str) -> list[Fault]:
    """Look into objects, lists of them, and objects by name."""
    model = _model_in(annotation)
    if model is None or value is None:
        return []
    if isinstance(value, list):
        return [
            fault
            for index, item in enumerate(value)
            for fault in strangers(model, item, f"{path}[{index}]")
        ]
    if not isinstance(value, Mapping):
        return []
    if _is_by_name(annotation):
        return [
            fault
            for name, item in value.items()
            for fault in strangers(model, item, f"{path}.{name}")
        ]
    return strangers(model, value, path)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = [_model_in(argument) for argument in get_args(annotation)]
    return next((model for model in found if model is not None), None)


def _is_by_name(annotation: Any) -> bool:
    parts = get_args(annotation)
    if getattr(annotation, "__origin__", None) is dict:
        return True
    return any(_is_by_name(part) for part in parts)
