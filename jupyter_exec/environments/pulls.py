"""Pulling an image (floor: environments)."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.engine_work import classified

if TYPE_CHECKING:
    from collections.abc import Callable

    from docker import APIClient

    from jupyter_exec.errors import RunFailed

SILENCE_S = 300.0
"""An engine that pulls says something more often than this, also where the line is slow."""

_PROGRESS_S = 2.0
_REFUSED = re.compile(
    r"unauthori[sz]ed|denied|no basic auth|authentication required|forbidden|incorrect username",
    re.IGNORECASE,
)
_MISSING = re.compile(r"not found|manifest unknown|no such image|does not exist", re.IGNORECASE)


def pull(
    client: APIClient, reference: str, auth: dict[str, str] | None, say: Callable[[str], None]
) -> None:
    """Pull an image; the engine's progress is told every few seconds.

    Args:
        auth: `username` and `password` of the registry; None = what the server's user has of
            `docker login`.
        say: takes a line for the log.

    Raises:
        RunFailed: `ImagePullRefused`, `ImageNotFound`, `DiskFull` or `ImagePullFailed`.
    """
    from docker.errors import APIError

    say(f"pulling {reference}")
    progress = PullProgress(say)
    try:
        for item in client.pull(reference, stream=True, decode=True, auth_config=auth):
            if "error" in item:
                raise failure(reference, str(item["error"]))
            progress.take(item)
    except APIError as error:
        raise failure(reference, str(error.explanation or error)) from None
    progress.tell(final=True)


def failure(reference: str, told: str) -> RunFailed:
    """Return why an image could not be pulled."""
    if _REFUSED.search(told):
        hint = (
            " (check its name, and user name and password in docker.baseImageRegistry; the password"
            " is stored nowhere, so a run that is repeated needs it again)"
        )
        return classified(
            told, "ImagePullRefused", f"the registry refuses image {reference}: ", hint
        )
    if _MISSING.search(told):
        where = "neither in the engine nor in the registry"
        return classified(told, "ImageNotFound", f"there is no image {reference}, {where}: ")
    return classified(told, "ImagePullFailed", f"image {reference} cannot be pulled: ")


class PullProgress:
    """What a pull tells layer by layer, many times a second, as a few lines."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._layers: dict[str, tuple[int, int]] = {}
        self._complete: set[str] = set()
        self._told_at = time.monotonic()

    def take(self, item: dict[str, Any]) -> None:
        """Take one message of the engine."""
        layer, status = item.get("id"), str(item.get("status", ""))
        if layer is None:
            if status:
                self._say(status)
            return
        detail = item.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self._layers[layer] = (detail.get("current", 0), detail["total"])
        elif status in {"Pull complete", "Already exists"}:
            self._complete.add(layer)
            self._layers.setdefault(layer, (0, 0))
        if time.monotonic() - self._told_at > _PROGRESS_S:
            self.tell()

    def tell(self, *, final: bool = False) -> None:
        """Write where it is."""
        self._told_at = time.monotonic()
        if self._layers and not (final and not self._complete):
            done = sum(
                total if layer in self._complete else current
                for layer, (current, total) in self._layers.items()
            )
            total = sum(total for _, total in self._layers.values())
            self._say(
                f"{len(self._complete)} of {len(self._layers)} layers, "
                f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
            )
