"""One control per kind of parameter, made of ipywidgets' own (floor: widgets).

A control reads as what is sent for its parameter: None = nothing, the server then takes the
default. Numbers are sent as the text that was typed, so `1e-5` stays `1e-5`.
"""

from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets

from jupyter_exec.model.parameters import property_schema, read
from jupyter_exec.widgets.form.sliders import SliderControl, slides

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jupyter_exec.model.parameters import Parameter

LONG = 60
"""Characters; a text with a longer default gets several lines."""
_NOT_CHOSEN = "—"
_DATES = {
    rf"\A{year}-{two}-{two}\Z".replace(r"\A", begin).replace(r"\Z", end)
    for year in (r"\d{4}", "[0-9]{4}", r"\d\d\d\d")
    for two in (r"\d{2}", "[0-9]{2}", r"\d\d")
    for begin in ("^", r"\A")
    for end in ("$", r"\Z")
}
_PLAIN_WORD = re.compile(r"[^\s,\[][^,]*(?<!\s)")
_LITERAL = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false")


class Control(Protocol):
    """What the user sets a value with.

    Attributes:
        widget: what is shown.
        entry: what the keyboard's focus goes to; most often the widget itself.
    """

    widget: Any
    entry: Any

    def read(self) -> Any:
        """Return what is sent; None = nothing."""

    def write(self, value: Any) -> None:
        """Show a value, typed; None = nothing."""

    def observe(self, changed: Callable[[], None]) -> None:
        """Call back whenever the user changes the value."""


def control_for(parameter: Parameter, label: str) -> Control:
    """Return the control that suits a parameter, without a value."""
    options: dict[str, Any] = {
        "description": label,
        "tooltip": parameter.description or parameter.name,
        "layout": {"width": "auto"},
        "style": {"description_width": "initial"},
    }
    if parameter.secret:
        from jupyter_exec.widgets.form.secret_field import SecretControl

        return SecretControl(label, parameter.description or parameter.name)
    if parameter.enum is not None:
        return _ChoiceControl(property_schema(parameter)["enum"], options, parameter)
    if parameter.kind == "boolean":
        if parameter.value is None:
            return _ChoiceControl([True, False], options, parameter)
        return _CheckControl(options)
    if slides(parameter):
        return SliderControl(parameter, options, _hint(parameter))
    return _typed_control(parameter, options)


def _typed_control(parameter: Parameter, options: dict[str, Any]) -> Control:
    """Return the control of a value that is typed in."""
    kind = parameter.kind
    if kind == "array":
        return _ArrayControl(ipywidgets.Text(placeholder="a, b, c", **options), parameter)
    if kind in {"integer", "number"}:
        return _NumberControl(ipywidgets.Text(placeholder=_hint(parameter), **options))
    if parameter.pattern in _DATES and (parameter.value is None or _date(parameter.value)):
        return _DateControl(options)
    default = parameter.value or ""
    long = "\n" in default or len(default) > LONG
    return _TextControl(_area(default, options) if long else ipywidgets.Text(**options), parameter)


def _area(default: str, options: dict[str, Any]) -> Any:
    lines = sum(1 + len(line) // (2 * LONG) for line in default.split("\n"))
    return ipywidgets.Textarea(rows=min(12, max(3, lines + 1)), **options)


def _hint(parameter: Parameter) -> str:
    return "" if parameter.value is None else f"{parameter.value} if left empty"


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


class _OfOneWidget:
    """A control whose widget has a `value`."""

    def __init__(self, widget: Any) -> None:
        self.widget = self.entry = widget

    def observe(self, changed: Callable[[], None]) -> None:
        self.widget.observe(lambda _: changed(), "value")


class _TextControl(_OfOneWidget):
    """Text. An empty one is a value only where the default is another."""

    def __init__(self, widget: Any, parameter: Parameter) -> None:
        super().__init__(widget)
        self._empty = "" if parameter.value is not None else None

    def read(self) -> Any:
        return self.widget.value or self._empty

    def write(self, value: Any) -> None:
        self.widget.value = "" if value is None else str(value)


class _NumberControl(_OfOneWidget):
    """A number as text: any precision, and nothing at all."""

    def read(self) -> Any:
        return self.widget.value.strip() or None

    def write(self, value: Any) -> None:
        self.widget.value = "" if value is None else str(value)


class _ArrayControl(_OfOneWidget):
    """A list as text: `a, b, c`, or JSON.

    Words are texts in a list of texts. Elsewhere `3` and `true` are what JSON says: each by itself
    where the default has other items than texts, and all or none where nothing tells.
    """

    def __init__(self, widget: Any, parameter: Parameter) -> None:
        super().__init__(widget)
        self._parameter = parameter
        default = [] if parameter.value is None else read(parameter, parameter.value)[0]
        self._texts = bool(default) and all(isinstance(item, str) for item in default)
        self._mixed = bool(default) and not self._texts

    def read(self) -> Any:
        text = self.widget.value.strip()
        return self._items(text) if text else None

    def _items(self, text: str) -> Any:
        value, _ = read(self._parameter, text)
        if text.startswith("[") or self._texts or not isinstance(value, list):
            return value
        literals = [_LITERAL.fullmatch(word) is not None for word in value]
        if not (self._mixed or all(literals)):
            return value
        pairs = zip(value, literals, strict=True)
        return [json.loads(word) if is_literal else word for word, is_literal in pairs]

    def write(self, value: Any) -> None:
        self.widget.value = "" if value is None else self._text(value)

    def _text(self, value: Any) -> str:
        """Return words where they are read as the same list again; JSON elsewhere."""
        whole = json.dumps(value, ensure_ascii=False)
        if not isinstance(value, list) or any(isinstance(item, list | dict) for item in value):
            return whole
        words = [item if isinstance(item, str) else json.dumps(item) for item in value]
        text = ", ".join(words)
        plain = bool(words) and all(_PLAIN_WORD.fullmatch(word) for word in words)
        return (
            text if plain and json.dumps(self._items(text), ensure_ascii=False) == whole else whole
        )


class _ChoiceControl(_OfOneWidget):
    """One of some values; of "nothing" too, where there is no default."""

    def __init__(
        self, choices: Sequence[Any], options: dict[str, Any], parameter: Parameter
    ) -> None:
        self._choices = list(choices)
        self._keys = [json.dumps(choice, sort_keys=True) for choice in choices]
        shown = [
            (choice if isinstance(choice, str) else json.dumps(choice, ensure_ascii=False), index)
            for index, choice in enumerate(choices)
        ]
        if parameter.value is None:
            shown.insert(0, (_NOT_CHOSEN, -1))
        super().__init__(ipywidgets.Dropdown(options=shown, **options))

    def read(self) -> Any:
        index = self.widget.value
        return None if index == -1 else self._choices[index]

    def write(self, value: Any) -> None:
        key = json.dumps(value, sort_keys=True)
        self.widget.value = -1 if value is None else self._keys.index(key)


class _CheckControl(_OfOneWidget):
    """True or false."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(ipywidgets.Checkbox(indent=False, **options))

    def read(self) -> Any:
        return self.widget.value

    def write(self, value: Any) -> None:
        self.widget.value = bool(value)


class _DateControl(_OfOneWidget):
    """A day, for a text whose pattern is that of one: `2026-01-31`."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__(ipywidgets.DatePicker(**options))

    def read(self) -> Any:
        return self.widget.value.isoformat() if self.widget.value else None

    def write(self, value: Any) -> None:
        self.widget.value = _date(value) if value else None
