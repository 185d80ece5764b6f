"""A field of a form: a parameter, its value, what is wrong with it (floor: widgets).

Nothing of a template is ever shown as HTML: labels are text, and what stands below a control is
escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from jupyter_exec.model.documents import literal
from jupyter_exec.model.parameters import property_schema, read, value_faults
from jupyter_exec.widgets.form.controls import Control, control_for
from jupyter_exec.widgets.summary import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.model.parameters import Parameter


class Field:
    """One parameter in a form. Its control is made when somebody looks at it.

    Args:
        parameter: of the template.
        changed: called when the user changes the value.

    Attributes:
        label: what a person calls it.
        default: what the control shows first; None = nothing.
        faults: what is wrong with the present value, as sentences.
    """

    def __init__(self, parameter: Parameter, changed: Callable[[], None]) -> None:
        self.parameter = parameter
        self.name = parameter.name
        self.label = parameter.label or parameter.name
        self._written = parameter.kind in {"integer", "number"} and parameter.enum is None
        self.default = self._kept(parameter.value)
        self._changed = changed
        self._value: Any = self.default
        self._control: Control | None = None
        self._note: Any = None
        self._refusals: list[str] = []
        self._silent = False
        self._touched = False
        self.faults: list[str] = []
        self._check()

    @property
    def _raw(self) -> Any:
        return self._control.read() if self._control else self._value

    @property
    def value(self) -> Any:
        """The present value in the parameter's type; None = none is given."""
        raw = self._raw
        return None if raw is None else read(self.parameter, raw)[0]

    @property
    def wire_value(self) -> Any:
        """The present value as it is sent: a number as it was typed, or as its default is written.

        Text such as `1e-5` reaches the run's command line unchanged.
        """
        if self._written:
            return self._raw
        chosen = self.parameter.kind in {"integer", "number"}
        return self.parameter.value if chosen and self.value == self.default else self.value

    def _kept(self, given: Any) -> Any:
        """Return a fitting value as the control takes it: numbers as text, others in their type."""
        if given is None or not self._written:
            return None if given is None else read(self.parameter, given)[0]
        text = str(literal(given)).strip()  # 5.0 is an integer, "5.0" is none
        return str(read(self.parameter, given)[0]) if read(self.parameter, text)[1] else text

    def _check(self) -> None:
        """Find out what is wrong: what the server would say, and what it has said."""
        raw = self._raw
        if raw is None:
            found = ["a value is required"] if self.parameter.is_required else []
        else:
            found = value_faults(self.parameter, raw)
        self.faults = found + [text for text in self._refusals if text not in found]

    def offer(self, value: Any) -> bool:
        """Take over a value from elsewhere; refuse one that does not fit, and tell.

        Args:
            value: None = none.
        """
        if value is not None and value_faults(self.parameter, value):
            return False
        self._set(self._kept(value))
        return True

    def reset(self) -> None:
        """Go back to the default."""
        self._touched = False
        self._set(self.default)

    def scold(self) -> None:
        """Show what is wrong, although nobody has touched the field."""
        self._touched = True
        self.draw()

    def refuse(self, messages: list[str]) -> None:
        """Show what the server says is wrong, until the value changes."""
        self._refusals = messages
        self._check()
        self.scold()

    def focus(self) -> None:
        """Move the keyboard's focus here, if there is something to see yet."""
        if self._control is not None:
            self._control.entry.focus()

    def build(self) -> Any:
        """Return what is shown: the control, and below it what helps and what is wrong."""
        if self._control is None:
            value = self._value
            star = " *" if self.parameter.is_required else ""
            control = control_for(self.parameter, unset(self.label) + star)
            self._note = ipywidgets.HTML(layout={"width": "auto"})
            self._note.add_class("jp-exec-form-note")
            control.write(value)
            control.observe(self._edited)
            self._control = control
            self.draw()
        box = ipywidgets.VBox([self._control.widget, self._note], layout={"min_width": "0"})
        box.add_class("jp-exec-form-field")
        if self.parameter.is_required:
            box.add_class("jp-exec-form-required")
        if isinstance(self._control.widget, ipywidgets.Textarea):
            box.add_class("jp-exec-form-wide")
        return box

    def draw(self) -> None:
        """Show help and faults; a field that nobody has touched is not scolded for being empty."""
        if self._note is None:
            return
        lines = [f'<div class="jp-exec-form-help">{escape(text)}</div>' for text in self._help()]
        shown = self.faults if self._touched else []
        lines += [
            f'<div class="jp-exec-form-fault" role="alert">{escape(text)}</div>' for text in shown
        ]
        text = "".join(lines)
        if self._note.value != text:
            self._note.value = text

    def _help(self) -> list[str]:
        description = (self.parameter.description or "").strip()
        return [text for text in (description, _limits(self.parameter)) if text]

    def _set(self, value: Any) -> None:
        self._value = value
        self._refusals = []
        if self._control is not None:
            self._silent = True
            try:
                self._control.write(value)
            finally:
                self._silent = False
        self._check()
        self.draw()

    def _edited(self) -> None:
        if self._silent:
            return
        self._touched = True
        self._refusals = []
        self._check()
        self.draw()
        self._changed()


def unset(text: str) -> str:
    """Return a text in which MathJax finds nothing to set.

    ipywidgets gives it every label, and its TeX can hold links; the signs that begin TeX are
    replaced by their full-width twins, unless it is one dollar alone.
    """
    if "\\" not in text and text.count("$") <= 1:
        return text
    return text.translate({ord("$"): "\uff04", ord("\\"): "\uff3c"})


def _limits(parameter: Parameter) -> str:
    """Say what a value must be, where the control itself does not show it."""
    schema = property_schema(parameter)
    low, high = schema.get("minimum"), schema.get("maximum")
    if parameter.enum is not None or parameter.kind not in {"integer", "number"}:
        return ""
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}"
    if low is not None:
        return f"at least {number(low)}"
    return "" if high is None else f"at most {number(high)}"
