"""What is wrong with a document that is not filled in yet (floor: model; pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.experiment import PLACEHOLDER
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from pydantic import BaseModel

    from jupyter_exec.errors import Fault


def misfits(
    model: type[BaseModel], document: Any, filled: Any, waiting: set[str], prefix: str
) -> list[Fault]:
    """Return what of a template's document does not fit its model.

    Args:
        document: JSON values with placeholders.
        filled: the same, with the defaults in their places.
        waiting: parameters without a default; what holds one of them cannot be judged yet.
        prefix: JSON path of the document.
    """
    try:
        parse(model, filled)
    except InvalidRequest as error:
        return [
            fault._replace(target=".".join(filter(None, (prefix, fault.target))))
            for fault in error.faults
            if not waiting & _placeholders(_at(document, fault.target or ""))
        ]
    return []


def _at(document: Any, target: str) -> Any:
    """Return what lies at a fault's path, or the innermost part that contains it."""
    for name in re.findall(r"[^.\[\]]+", target):
        if isinstance(document, list) and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        elif isinstance(document, dict) and name in document:
            document = document[name]
        else:
            break
    return document


def _placeholders(document: Any) -> set[str]:
    if isinstance(document, dict | list):
        parts = document.values() if isinstance(document, dict) else document
        return set[str]().union(*map(_placeholders, parts))
    found = PLACEHOLDER.findall(document) if isinstance(document, str) else []
    return {name.rpartition(":")[2].strip() for name in found}
