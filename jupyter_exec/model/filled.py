"""What filling a template in makes, and how large it may be (floor: model)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_exec.errors import Fault

MAX_TEXT = 1_000_000
"""Characters of one text."""
MAX_FILLED = 10_000_000
"""Characters of all texts with placeholders together."""


@dataclass
class Filled:
    """A document with values in place of its placeholders.

    Attributes:
        document: JSON values; secrets are still placeholders in it.
        used: names of the parameters that the document has a place for.
        secrets: variable -> value, for the processes of the run only.
        secret_parameters: parameter of a notebook -> the variable that has its value.
        faults: placeholders without a parameter, values that cannot stand where they are.
    """

    document: Any = None
    used: set[str] = field(default_factory=set)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    secret_parameters: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class Room:
    """Counts the characters of texts that are about to be filled in."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, size: int) -> str | None:
        """Say why a text of this size is too much; None if it is not."""
        if size > MAX_TEXT:
            return f"it has more than {MAX_TEXT:,} characters once it is filled in"
        self._taken += size
        if self._taken > MAX_FILLED:
            return f"with this the template has more than {MAX_FILLED:,} characters once filled in"
        return None
