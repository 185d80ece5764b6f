"""What goes to the program that transfers, and what comes back (floor: datastores; plain values).

{"kind", "items", ...}: one line, a TransferRequest
{"progress": {"done", "total", "label"}}: lines, as it goes on
{"placed": {name: place}} or {"error", "code"}: the last line
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class OpenStore:
    """A datastore with its secrets; goes from the server to the program only."""

    name: str
    protocol: str
    url: str
    shown_url: str
    options: dict[str, Any]
    checksum: bool
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One data reference.

    Attributes:
        name: of the reference.
        remote: path below the store.
        remote_is_folder: it was written with a slash at its end, or is the store itself.
        place: path below the working folder.
        place_is_folder: it was written with a slash at its end, or was left to us.
        overwrite: replace what is there.
    """

    name: str
    store: OpenStore
    remote: str
    remote_is_folder: bool
    place: str
    place_is_folder: bool
    overwrite: bool

    @property
    def field(self) -> str:
        """Where the reference stands in a run configuration; what is no reference has no name."""
        return f"dataReferences.{self.name}" if self.name else ""


@dataclass(frozen=True)
class TransferRequest:
    """What is to be done, for one run.

    Attributes:
        kind: `download`, `upload`, or `check` (whether a store can be reached).
        items: of a check: the store, and nothing else, counts.
        work: the run's working folder.
        log: file to which lines for the user go.
        cache: folder of downloads that are kept; None = none are.
        cache_bytes: how large that may become.
        state: file that knows what an interrupted upload has done.
    """

    kind: str
    items: tuple[Item, ...]
    work: str = ""
    log: str = ""
    cache: str | None = None
    cache_bytes: int = 0
    state: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, with the secrets."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> TransferRequest:
        """Return what `to_json` was called on."""
        items = tuple(
            Item(**{**item, "store": OpenStore(**item["store"])}) for item in said["items"]
        )
        return cls(**{**said, "items": items})


class TransferFault(Exception):
    """Why a transfer came to nothing.

    Args:
        code: stable word, the `error.code` of the run.
        message: one line that names what, and the cause.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
