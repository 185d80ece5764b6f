"""Sliders for numbers with two bounds, in steps that give short numbers (floor: widgets)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets

from jupyter_exec.model.parameters import property_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.model.parameters import Parameter

_STEPS = 100
_MOST_STEPS = 1000
_DECADES = 3
_SAFE_INTEGER = 2**53
_TYPED_DIGITS = 12
"""What has more digits than this was not typed; it was dragged, and is rounded."""


def slides(parameter: Parameter) -> bool:
    """Tell whether a slider suits: two bounds apart, which a browser's numbers can hold."""
    if parameter.kind not in {"integer", "number"}:
        return False
    low, high = _bounds(parameter)
    if low is None or high is None or not abs(low) + abs(high) < _SAFE_INTEGER:
        return False
    return bool(low < high)


def _bounds(parameter: Parameter) -> tuple[Any, Any]:
    schema = property_schema(parameter)
    low, high = schema.get("minimum"), schema.get("maximum")
    if parameter.kind == "integer" and low is not None and high is not None:
        return math.ceil(low), math.floor(high)
    return low, high


def _logarithmic(low: float, high: float) -> bool:
    return low > 0 and high / low > 10**_DECADES


def _step(low: float, high: float) -> float:
    """Return a power of ten, about a hundredth of the range."""
    return float(10.0 ** math.floor(math.log10((high - low) / _STEPS)))


def _tidy(number: float, digits: int) -> float:
    """Return a number as a person would write it: 0.30000000000000004 was meant to be 0.3."""
    written = f"{number:.{_TYPED_DIGITS}g}"
    return float(written if float(written) == number else f"{number:.{digits}g}")


class SliderControl:
    """A slider; where there is no default, a box beside it tells whether there is a value."""

    def __init__(self, parameter: Parameter, options: dict[str, Any]) -> None:
        low, high = _bounds(parameter)
        self._integer = parameter.kind == "integer"
        self._digits = 4 if _logarithmic(low, high) and not self._integer else 10
        self._slider = self._make(low, high, options)
        self._low = low
        self._given: Any = None
        self.widget: Any = self._slider
        if parameter.value is None:
            self._given = ipywidgets.Checkbox(
                value=False,
                indent=False,
                description="give a value",
                tooltip=f"Whether {parameter.name} has a value",
                layout={"width": "auto"},
            )
            self._given.add_class("jp-exec-form-given")
            self.widget = ipywidgets.VBox([self._slider, self._given])
            self._slider.observe(self._moved, "value")

    def _make(self, low: Any, high: Any, options: dict[str, Any]) -> Any:
        if self._integer:
            step = 1 if high - low <= _MOST_STEPS else max(1, int(_step(low, high)))
            return ipywidgets.IntSlider(value=low, min=low, max=high, step=step, **options)
        if _logarithmic(low, high):
            low_10, high_10 = math.log10(low), math.log10(high)
            shown = {"readout_format": ".4", "step": 0.05, "base": 10, **options}
            return ipywidgets.FloatLogSlider(value=low, min=low_10, max=high_10, **shown)
        shown = {"readout_format": ".6", "step": _step(low, high), **options}
        return ipywidgets.FloatSlider(value=low, min=low, max=high, **shown)

    def _moved(self, _change: object) -> None:
        self._given.value = True

    def read(self) -> Any:
        """Return the number; None where there is none."""
        if self._given is not None and not self._given.value:
            return None
        value = self._slider.value
        return value if self._integer else _tidy(value, self._digits)

    def write(self, value: Any) -> None:
        """Show a number; None = none."""
        self._slider.value = self._low if value is None else value
        if self._given is not None:
            self._given.value = value is not None

    def observe(self, changed: Callable[[], None]) -> None:
        """Call back whenever the number, or whether there is one, changes."""
        for widget in (self._slider, self._given):
            if widget is not None:
                widget.observe(lambda _: changed(), "value")
