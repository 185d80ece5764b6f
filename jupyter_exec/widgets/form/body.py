"""The fields of a form in their groups, made as far as somebody looks (floor: widgets)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.parameters import property_schema
from jupyter_exec.widgets.form.sections import PAGE, Pages, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.widgets.form.fields import Field

_RESOURCES = "Resources"
_COLUMNS = {
    "grid_template_columns": "repeat(auto-fill, minmax(min(100%, 300px), 1fr))",
    "grid_gap": "10px 20px",
    "align_items": "flex-start",
}
_ROWS = {"grid_template_columns": "minmax(0, 1fr)", "grid_gap": "4px"}


class Body:
    """All fields: those without a group, then the groups in their order, resources last.

    Args:
        fields: in the template's order. Resources are folded up, and so is what would make the
            form longer than a page.

    Attributes:
        widget: what is shown.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        groups: dict[str, list[Field]] = {}
        for field in fields:
            name = str(property_schema(field.parameter).get("x-group") or "")
            groups.setdefault(name, []).append(field)
        self._groups = dict(
            sorted(groups.items(), key=lambda item: (item[0] != "", item[0] == _RESOURCES))
        )
        self._sections: dict[str, Section] = {}
        self._pages: dict[str, Pages] = {}
        shown = 0
        makers = []
        for name, members in self._groups.items():
            shown += len(members)
            opened = name != _RESOURCES and shown <= PAGE
            makers.append(
                partial(self._section, name, opened=opened) if name else partial(self._page, name)
            )
        self._parts = Pages(makers, _ROWS)
        self.widget = self._parts.widget

    def mark(self) -> None:
        """Show beside each title how many fields in it have faults."""
        for name, section in self._sections.items():
            count = sum(1 for field in self._groups[name] if field.faults)
            section.mark(f"{count} to see to" if count else "")

    def reveal(self, field: Field) -> None:
        """Open what a field is hidden in."""
        for place, (name, members) in enumerate(self._groups.items()):
            if field in members:
                self._parts.show(place + 1)
                if name:
                    self._sections[name].open()
                self._pages[name].show(members.index(field) + 1)

    def _section(self, name: str, *, opened: bool) -> Any:
        section = Section(name, lambda: self._page(name), opened=opened)
        self._sections[name] = section
        return section.widget

    def _page(self, name: str) -> Any:
        self._pages[name] = Pages([field.build for field in self._groups[name]], _COLUMNS)
        return self._pages[name].widget
