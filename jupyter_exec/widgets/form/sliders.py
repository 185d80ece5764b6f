"""Sliders for numbers with two bounds, each beside a text that says the number (floor: widgets).

A slider has places, a text any number: the text is what counts. The slider is one of whole places
and no `FloatLogSlider`, because the page answers a number between two of its steps with the nearest
step, as if somebody had dragged it there.
"""

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
_PER_DECADE = 20
_DECADES = 3
_DIGITS = 3
"""So many digits has a number that was dragged on a logarithmic scale."""
_SHORT = 12
"""Digits that hide what binary fractions add: 0.30000000000000004 was meant to be 0.3."""
_SAFE_INTEGER = 2**53


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


class _Scale:
    """The places of a slider, counted from 0, and the number at each.

    Args:
        low, high: the bounds; they have the first and the last place.
        whole: whether all numbers are integers.
    """

    def __init__(self, low: float, high: float, *, whole: bool) -> None:
        self._low, self._high, self._whole = low, high, whole
        self._log = not whole and _logarithmic(low, high)
        if self._log:
            self._step = 1 / _PER_DECADE
            size = math.log10(high) - math.log10(low)
        else:
            size = high - low
            self._step = _step(low, high)
            if whole:
                self._step = 1 if size <= _MOST_STEPS else max(1, int(self._step))
        self.last = max(1, math.ceil(size / self._step - 1e-9))

    def number(self, place: int) -> str:
        """Return the number at a place, in few digits, as text."""
        if place <= 0 or place >= self.last:
            bound = self._low if place <= 0 else self._high
            return str(bound if self._whole else _short(bound, _SHORT))
        if self._whole:
            return str(int(self._low + place * self._step))
        if self._log:
            return _short(10 ** (math.log10(self._low) + place * self._step), _DIGITS)
        return _short(self._low + place * self._step, _SHORT)

    def place(self, number: float) -> int:
        """Return the place that is nearest to a number."""
        if number <= self._low or number >= self._high:
            return 0 if number <= self._low else self.last
        size = math.log10(number / self._low) if self._log else number - self._low
        return min(self.last, round(size / self._step))


def _short(number: float, digits: int) -> str:
    return f"{float(number):.{digits}g}"


class SliderControl:
    """A slider, and beside it the number as text, which is what is sent.

    Args:
        parameter: that `slides`.
        options: of a control, as ipywidgets takes them; the description becomes the text's label.
        hint: shown where the text is empty.
    """

    def __init__(self, parameter: Parameter, options: dict[str, Any], hint: str) -> None:
        low, high = _bounds(parameter)
        self._scale = _Scale(low, high, whole=parameter.kind == "integer")
        self._moving = False
        self.entry = ipywidgets.Text(placeholder=hint, **options)
        self._slider = ipywidgets.IntSlider(
            value=0,
            min=0,
            max=self._scale.last,
            readout=False,
            tooltip=options["tooltip"],
            layout={"width": "auto"},
        )
        self.widget: Any = ipywidgets.HBox([self._slider, self.entry])
        self.widget.add_class("jp-exec-form-slider")
        self.entry.observe(self._typed, "value")
        self._slider.observe(self._moved, "value")

    def _moved(self, change: dict[str, Any]) -> None:
        if not self._moving:
            self._moving = True
            try:
                self.entry.value = self._scale.number(change["new"])
            finally:
                self._moving = False

    def _typed(self, change: dict[str, Any]) -> None:
        """Move the slider to where the text is nearest; leave it where that is no number."""
        if self._moving:
            return
        try:
            number = float(change["new"] or self._scale.number(0))
        except ValueError:
            return
        if math.isnan(number):
            return
        self._moving = True
        try:
            self._slider.value = self._scale.place(number)
        finally:
            self._moving = False

    def read(self) -> Any:
        """Return the text of the number; None where there is none."""
        return self.entry.value.strip() or None

    def write(self, value: Any) -> None:
        """Show the text of a number; None = none."""
        self.entry.value = "" if value is None else str(value)

    def observe(self, changed: Callable[[], None]) -> None:
        """Call back whenever the number changes."""
        self.entry.observe(lambda _: changed(), "value")
