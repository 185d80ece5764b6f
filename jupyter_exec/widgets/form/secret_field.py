"""Where a secret is typed: dots, and no trace in the notebook (floor: widgets).

The state of ipywidgets' own `Password` holds what was typed, and notebooks save it. Here it
travels as a message and is kept by the kernel alone, until a run has been started with it.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

if TYPE_CHECKING:
    from collections.abc import Callable


class SecretField(anywidget.AnyWidget):
    """A field of dots.

    Attributes:
        filled: whether something was typed; the page cannot ask what.
    """

    _esm: ClassVar[str] = files(__package__).joinpath("secret_field.js").read_text(encoding="utf-8")
    description = traitlets.Unicode().tag(sync=True)
    tooltip = traitlets.Unicode().tag(sync=True)
    filled = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, description: str, tooltip: str, changed: Callable[[], None]) -> None:
        self.secret = ""
        self._heard_last: tuple[str, int] = ("", 0)
        self._changed = changed
        super().__init__(description=description, tooltip=tooltip)
        self.on_msg(self._heard)

    def __repr__(self) -> str:
        return f"<SecretField {self.description!r}>"

    def set(self, secret: str) -> None:
        """Keep another secret; the page, which has not typed it, shows that there is one.

        A page that has sent more meanwhile keeps what stands there, because it will be heard.
        """
        self.secret, self.filled = secret, bool(secret)
        page, count = self._heard_last
        self.send({"type": "clear", "page": page, "count": count})

    def _heard(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("type") != "typed":
            return
        page, count = str(message.get("page") or ""), int(message.get("count") or 0)
        if page == self._heard_last[0] and count < self._heard_last[1]:
            return  # a newer one was faster
        self._heard_last = (page, count)
        secret = str(message.get("value") or "")
        if secret != self.secret:
            self.secret, self.filled = secret, bool(secret)
            self._changed()
        self.send({"type": "heard", "page": page, "count": count})


class SecretControl:
    """The control of a secret parameter."""

    def __init__(self, label: str, tooltip: str) -> None:
        self._observers: list[Callable[[], None]] = []
        self.widget = self.entry = SecretField(label, tooltip, self._tell)

    def _tell(self) -> None:
        for changed in self._observers:
            changed()

    def read(self) -> Any:
        """Return the secret; None where nothing was typed."""
        return self.widget.secret or None

    def write(self, value: Any) -> None:
        """Keep a secret; None forgets it."""
        self.widget.set("" if value is None else str(value))
        self._tell()

    def observe(self, changed: Callable[[], None]) -> None:
        """Call back whenever something is typed."""
        self._observers.append(changed)
