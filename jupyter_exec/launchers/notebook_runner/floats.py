"""Whole numbers that a notebook wants as floats.

Travels with runs (see `main`).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_EXACT = 2**53  # larger whole numbers need not be the same as a float


def with_floats(parameters: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return parameters in which a whole number is a float where Python code declares one.

    JSON as browsers write it knows no difference between 2 and 2.0, and Python code does.

    Args:
        source: of the cell that declares them: `lr = 0.1`, `lr = -0.1` or `lr: float = 1`. One that
            cannot be read, as it has magics, declares nothing.
    """
    try:
        floats = set(_floats(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        floats = set()
    return {
        name: float(value)
        if name in floats and type(value) is int and abs(value) <= _EXACT
        else value
        for name, value in parameters.items()
    }


def _floats(module: ast.Module) -> Iterator[str]:
    for statement in module.body:
        if isinstance(statement, ast.AnnAssign):
            kind = statement.annotation
            if isinstance(kind, ast.Name) and kind.id == "float":
                yield from _names([statement.target])
        elif isinstance(statement, ast.Assign) and _is_float(statement.value):
            yield from _names(statement.targets)


def _names(targets: list[Any]) -> Iterator[str]:
    return (target.id for target in targets if isinstance(target, ast.Name))


def _is_float(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant) and isinstance(value.value, float)
