"""Several values for a parameter, which a sweep tries (floor: client)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WAYS = ("choice", "range", "uniform", "loguniform")
"""How the values of one parameter may be said; `Space` in `jupyter_exec.model.sweep`."""


@dataclass(frozen=True)
class Space:
    """Several values for one parameter of a sweep; `choice`, `uniform` and `loguniform` make one.

    Attributes:
        way: one of WAYS.
        values: what it is said with: the values themselves, or bounds.
    """

    way: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.way == "choice":
            wrong = not self.values
        else:
            few, many = (1, 3) if self.way == "range" else (2, 2)
            wrong = not few <= len(self.values) <= many or not all(map(_is_number, self.values))
        if self.way == "choice" and wrong:
            message = "the list of values to try is empty; for example: [0.1, 0.2]"
            raise ValueError(message)
        if wrong:
            example = "range(0, 10, 2)" if self.way == "range" else f"{self.way}(0.001, 0.1)"
            message = f"{self!r} makes no sense; for example: {example}"
            raise ValueError(message)

    def __repr__(self) -> str:
        return f"{self.way}({', '.join(map(repr, self.values))})"

    @classmethod
    def of(cls, json: Mapping[str, list[Any]]) -> Space:
        """Return what the server's form says: `{"choice": [1, 2]}`."""
        ((way, values),) = json.items()
        return cls(way, tuple(values))

    def to_json(self) -> dict[str, list[Any]]:
        """Return it as the server wants it."""
        return {self.way: [plain(value) for value in self.values]}


def _is_number(value: Any) -> bool:
    value = plain(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def choice(*values: Any) -> Space:
    """Try these values: `choice("adam", "sgd")`, or one list of them."""
    if len(values) == 1 and isinstance(plain(values[0]), list):
        values = tuple(plain(values[0]))
    return Space("choice", values)


def uniform(low: float, high: float) -> Space:
    """Draw numbers between two bounds."""
    return Space("uniform", (low, high))


def loguniform(low: float, high: float) -> Space:
    """Draw numbers between two positive bounds, evenly over their logarithm."""
    return Space("loguniform", (low, high))


def plain(value: Any) -> Any:
    """Return a value of Python or numpy as JSON's own: arrays and tuples become lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str | Mapping):
        return value
    return str(value)
