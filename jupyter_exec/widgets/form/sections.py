"""Parts of a form that open and close, and long lists in pages (floor: widgets).

ipywidgets' `Accordion` cannot be opened by keyboard (its headers are no buttons), and makes all of
its content at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Maker = Callable[[], Any]

PAGE = 50
_OPEN, _CLOSED = "▾", "▸"
_MOST_TITLE = 80


class Section:
    """A title that opens and closes what it stands above.

    Args:
        title: text.
        content: makes what is inside, the first time that it is open.
        opened: from the beginning.
    """

    def __init__(self, title: str, content: Maker, *, opened: bool = False) -> None:
        self._title = title if len(title) <= _MOST_TITLE else title[: _MOST_TITLE - 1] + "…"
        self._content = content
        self._made: Any = None
        self._mark = ""
        self.opened = opened
        self._button = ipywidgets.Button(tooltip=title, layout={"width": "auto"})
        self._button.add_class("jp-exec-form-section")
        self._button.on_click(lambda _: self.open(opened=not self.opened))
        self.widget = ipywidgets.VBox([self._button], layout={"min_width": "0"})
        self.open(opened=opened)

    def open(self, *, opened: bool = True) -> None:
        """Open or close it."""
        self.opened = opened
        if opened and self._made is None:
            self._made = self._content()
            self.widget.children = (self._button, self._made)
        if self._made is not None:
            self._made.layout.display = None if opened else "none"
        self._draw()

    def mark(self, text: str) -> None:
        """Say something beside the title, for example how many faults there are inside."""
        if text != self._mark:
            self._mark = text
            self._draw()

    def _draw(self) -> None:
        sign = _OPEN if self.opened else _CLOSED
        mark = f"  ({self._mark})" if self._mark else ""
        self._button.description = f"{sign} {self._title}{mark}"


class Pages:
    """A long list, of which as much is made as somebody wants to see.

    Args:
        makers: of the items, in their order.
        layout: CSS of the list, as ipywidgets' `Layout` names it.
    """

    def __init__(self, makers: Sequence[Maker], layout: dict[str, str]) -> None:
        self._makers = list(makers)
        self._made: list[Any] = []
        self._list = ipywidgets.GridBox([], layout=layout)
        self._list.add_class("jp-exec-form-list")
        self._more = ipywidgets.Button(layout={"width": "auto"})
        self._more.on_click(lambda _: self.show(len(self._made) + PAGE))
        self.widget = ipywidgets.VBox([self._list], layout={"min_width": "0"})
        self.show(PAGE)

    def show(self, count: int) -> None:
        """Make the first items, at least so many as there are already."""
        known = len(self._made)
        self._made += [maker() for maker in self._makers[known:count]]
        self._list.children = tuple(self._made)
        left = len(self._makers) - len(self._made)
        self._more.description = f"Show {min(PAGE, left)} more of {left}"
        self.widget.children = (self._list, self._more) if left else (self._list,)
