"""Which images were built here from Dockerfiles, and taking them away (floor: environments).

    <root>/image-<hash>-<engine>.json   of one that is there; its time of change is its last use
    <root>/image-<hash>-<engine>.lock   held while it is built, or taken away; goes with it

An image is found by the tag that is made of its Dockerfile, and by nothing else: what has another
name is not ours, and stays. All of it blocks.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.docker_engine import NO_ENGINE, ContainerEngine
from jupyter_exec.environments.build import unless_locked
from jupyter_exec.environments.image_builds import is_built
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from docker import APIClient

_PREFIX = "image-"
_IN_USE = 409  # a container is made of it

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptImage:
    """The place of one image that is kept in one engine.

    Attributes:
        root: folder of the environments.
        url: of the engine.
        tag: name of the image.
    """

    root: Path
    url: str
    tag: str

    @property
    def lock(self) -> Path:
        """The file that is locked while it is built, or taken away."""
        return self._file("lock")

    @property
    def record(self) -> Path:
        """What is known of it."""
        return self._file("json")

    @property
    def leaving(self) -> Path:
        """The record while it is being taken away."""
        return self._file("leaving")

    def _file(self, kind: str) -> Path:
        engine = hashlib.sha256(self.url.encode()).hexdigest()[:8]
        return self.root / f"{_PREFIX}{self.tag.rpartition(':')[2]}-{engine}.{kind}"

    def note_use(self) -> bool:
        """Tell whether it is known, and not about to go; notes that it is used."""
        try:
            os.utime(self.record)
        except OSError:
            return False
        return True

    def describe(self, client: APIClient, steps: int | None) -> dict[str, Any]:
        """Return what is to be known of it, now that it is there.

        Args:
            steps: how many of its layers are its own, the newest ones; None = nobody knows.
        """
        found = client.inspect_image(self.tag)  # type: ignore[no-untyped-call]  # theirs
        return {
            "tag": self.tag,
            "engine": self.url,
            "image": found["Id"],
            "builtAt": time.time(),
            "sizeBytes": _own_bytes(client, self.tag, steps),
        }

    def write(self, content: dict[str, Any]) -> None:
        """Write down what `describe` has returned."""
        incoming = self._file("incoming")
        try:
            incoming.write_text(json.dumps(content, indent=1), encoding="utf-8")
            incoming.replace(self.record)
        except OSError:
            incoming.unlink(missing_ok=True)
            raise


def _own_bytes(client: APIClient, tag: str, steps: int | None) -> int:
    """Return how much goes with an image; what it was made from stays."""
    own = 0
    history: list[dict[str, Any]] = client.history(tag)  # type: ignore[no-untyped-call]  # theirs
    for number, layer in enumerate(history):
        other = set(layer.get("Tags") or ()) - {tag}
        if number == steps or (steps is None and number and (other or layer["Id"] == "<missing>")):
            break
        own += int(layer["Size"])
    return own


def kept(root: Path) -> list[tuple[KeptImage, dict[str, Any], float]]:
    """Return the images that are there: place, record, and last use in epoch seconds."""
    found = []
    for file in root.glob(f"{_PREFIX}*.json"):
        with suppress(OSError, ValueError, KeyError):
            content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            place = KeptImage(root, content["engine"], content["tag"])
            if is_built(place.tag) and place.record == file:
                found.append((place, content, file.stat().st_mtime))
    return found


class ImageRemoval:
    """Takes images away; an engine that does not answer is asked once.

    Args:
        in_use: ids of images that going runs need; they stay.
    """

    def __init__(self, in_use: Collection[str]) -> None:
        self._in_use = in_use
        self._away: set[str] = set()

    def take_away(self, place: KeptImage, since: float) -> bool:
        """Remove an image, unless it is being built, was used after `since`, or is needed."""
        with unless_locked(place.lock) as free:
            if not free or not place.record.exists():
                return False
            place.record.rename(place.leaving)
            if place.leaving.stat().st_mtime > since or not self._remove(place):
                place.leaving.rename(place.record)
                return False
            place.leaving.unlink()
            place.lock.unlink()
            return True

    def _remove(self, place: KeptImage) -> bool:
        """Remove it in its engine; tells whether it is gone."""
        if place.url in self._away:
            return False
        engine = ContainerEngine(place.url)
        try:
            with engine.api() as api:
                return self._remove_tag(api, place.tag)
        except RunFailed as failure:
            if failure.code == NO_ENGINE:
                self._away.add(place.url)
            log.warning("image %s is not removed: %s", place.tag, failure.message)
            return False
        finally:
            engine.close()

    def _remove_tag(self, api: APIClient, tag: str) -> bool:
        from docker import errors

        try:
            found = api.inspect_image(tag)  # type: ignore[no-untyped-call]  # theirs
            if found["Id"] in self._in_use:
                return False
            api.remove_image(tag)  # not by force: what a container is made of stays
        except errors.ImageNotFound:
            return True
        except errors.APIError as problem:
            if problem.status_code == _IN_USE:
                return False
            raise
        return True


def tidy(root: Path) -> None:
    """Remove locks without an image, and take up removals that were cut off."""
    for file in root.glob(f"{_PREFIX}*.lock"):
        with unless_locked(file) as free:
            if not free:
                continue
            leaving, record = file.with_suffix(".leaving"), file.with_suffix(".json")
            with suppress(FileNotFoundError):
                leaving.rename(record)
            if not record.exists():
                file.with_suffix(".incoming").unlink(missing_ok=True)
                file.unlink()
