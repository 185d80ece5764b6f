"""What a form says as a whole, and what ipywidgets' controls lack (floor: widgets)."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import anywidget
import traitlets

if TYPE_CHECKING:
    from collections.abc import Sequence


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


class FormMessages(anywidget.AnyWidget):
    """Lines above a form's buttons, read out by screen readers.

    Its page also gives the form its look, and ties each control to the help and the faults below
    it (`aria-describedby`, `aria-invalid`, `aria-required`), and tells what its sections are
    (`aria-expanded`). Without it the form works all the same.
    """

    _esm: ClassVar[str] = _read("messages.js")
    _css: ClassVar[str] = _read("template_form.css")
    lines = traitlets.List(traitlets.Unicode()).tag(sync=True)
    kind = traitlets.Unicode("info").tag(sync=True)

    def say(self, *lines: str) -> None:
        """Show lines that are good to know."""
        self._show("info", lines)

    def complain(self, lines: Sequence[str]) -> None:
        """Show lines that say what went wrong."""
        self._show("fault", lines)

    def _show(self, kind: str, lines: Sequence[str]) -> None:
        with self.hold_sync():
            self.kind, self.lines = kind, list(lines)
