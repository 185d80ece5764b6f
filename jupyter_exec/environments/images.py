"""Images in a container engine, and the Python inside them (floor: environments)."""

from __future__ import annotations

import asyncio
import json
import posixpath
import re
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.build import locked
from jupyter_exec.environments.engine_work import engine_work
from jupyter_exec.environments.image_builds import build, dockerfile_tag, is_built
from jupyter_exec.environments.kept_images import KeptImage
from jupyter_exec.environments.pulls import SILENCE_S, pull
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import REGISTRY_PASSWORD
from jupyter_exec.model.image_reference import check_address, full_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from docker import APIClient

    from jupyter_exec.environments.built import BuildLog
    from jupyter_exec.model.environment import ContainerRegistry

LABEL = "jupyter_exec.environments"
"""Of the containers that look into images and build in them: the folder of the environments."""

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_STAT = "X-Docker-Container-Path-Stat"
_FOLDER, _LINK = 1 << 31, 1 << 27  # of Go's file modes
_EXECUTABLE = 0o111


@dataclass(frozen=True)
class Image:
    """An image that the engine has.

    Attributes:
        id: `sha256:...`, which names exactly this one.
        reference: as it was asked for.
        digest: `name@sha256:...`, by which it can be pulled again; None where it was not pulled.
        path: folders of programs.
    """

    id: str
    reference: str
    digest: str | None
    path: tuple[str, ...]


class Images:
    """The images of one engine.

    Args:
        root: folder of the environments, which has the locks of builds.
    """

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self._root = root
        self._pythons: dict[tuple[str, str | None], str | None] = {}

    async def find(self, reference: str) -> Image | None:
        """Return an image that the engine has already."""
        return await engine_work(self.url, lambda client: _inspect(client, reference))

    async def pulled(
        self,
        reference: str,
        registry: ContainerRegistry | None,
        secrets: Mapping[str, str],
        log: BuildLog,
    ) -> Image:
        """Return an image by its name; it is pulled where the engine lacks it.

        Raises:
            RunFailed: see `pull`.
        """
        name = full_reference(reference, registry.address if registry else None)
        found = await self.find(name)
        if found is not None:
            return found
        login = _login(registry, secrets)
        auth = {k: login[k] for k in ("username", "password")} if login else None

        def work(client: APIClient) -> Image | None:
            pull(client, name, auth, log.say)
            return _inspect(client, name)

        return _there(await engine_work(self.url, work, silence_s=SILENCE_S), name)

    async def built(
        self,
        dockerfile: str,
        registry: ContainerRegistry | None,
        secrets: Mapping[str, str],
        log: BuildLog,
    ) -> Image:
        """Return the image of a Dockerfile; runs that need the same one wait for one build.

        Raises:
            RunFailed: see `build`.
        """
        place = KeptImage(self._root, self.url, dockerfile_tag(dockerfile))
        found = await self.find(place.tag)
        if found is not None and place.note_use():
            return found
        login = _login(registry, secrets)

        def work(client: APIClient) -> tuple[Image | None, dict[str, Any]]:
            found, steps = _inspect(client, place.tag), None
            if found is None:
                steps = build(client, dockerfile, log.write, login)
                found = _inspect(client, place.tag)
            return found, place.describe(client, steps)

        async with locked(place.lock, log.say_waiting):
            try:
                found, described = await engine_work(self.url, work, silence_s=None)
                await asyncio.to_thread(place.write, described)
            finally:
                if not place.record.exists():
                    place.lock.unlink(missing_ok=True)
        return _there(found, place.tag)

    def note_use(self, reference: str) -> bool:
        """Tell whether an image stays: one that was built here may be about to go."""
        return not is_built(reference) or KeptImage(self._root, self.url, reference).note_use()

    async def python(self, image: Image, asked: str | None) -> str | None:
        """Return the absolute path of a Python in an image; None where it has none.

        Args:
            asked: path or name of the interpreter that must be there; None = any.

        Raises:
            RunFailed: `InterpreterMissing`: what was asked for is not there.
        """
        key = image.id, asked
        if key not in self._pythons:
            self._pythons[key] = await engine_work(
                self.url, lambda client: _find_python(client, image, asked, str(self._root))
            )
        return self._pythons[key]

    async def clean(self) -> None:
        """Remove the containers that a server that was killed has left."""

        def work(client: APIClient) -> None:
            label = f"{LABEL}={self._root}"
            for container in client.containers(all=True, filters={"label": label}):
                remove(client, container["Id"])

        await engine_work(self.url, work)


def remove(client: APIClient, container: str) -> None:
    """Remove a container with its volumes, whatever it does."""
    from docker.errors import APIError

    with suppress(APIError):  # it is gone, or going
        client.remove_container(container, force=True, v=True)


def _there(image: Image | None, name: str) -> Image:
    if image is None:
        message = f"image {name} is gone already; somebody has removed it"
        raise RunFailed("ImageNotFound", message)
    return image


def _inspect(client: APIClient, reference: str) -> Image | None:
    from docker.errors import ImageNotFound

    try:
        found = client.inspect_image(reference)  # type: ignore[no-untyped-call]  # theirs
    except ImageNotFound:
        return None
    variables = dict(
        word.partition("=")[::2] for word in (found.get("Config") or {}).get("Env") or ()
    )
    path = variables.get("PATH") or _DEFAULT_PATH
    return Image(found["Id"], reference, _digest(found, reference), tuple(path.split(":")))


def _digest(found: Mapping[str, Any], reference: str) -> str | None:
    """Return the digest of an image: that of the registry which the reference names, if any."""
    digests: list[str] = found.get("RepoDigests") or []
    bare = reference.partition("@")[0]
    mine = [each for each in digests if re.match(re.escape(each.partition("@")[0]) + "(:|$)", bare)]
    return next(iter([*mine, *digests]), None)


def _login(registry: ContainerRegistry | None, secrets: Mapping[str, str]) -> dict[str, str] | None:
    password = secrets.get(REGISTRY_PASSWORD)
    if registry is None or not registry.username or password is None:
        return None
    login = {"username": registry.username, "password": password}
    return {**login, "registry": check_address(registry.address or "docker.io")}


def _find_python(client: APIClient, image: Image, asked: str | None, root: str) -> str | None:
    """Look into an image by a container that is never started, as it may have no shell."""
    container = client.create_container(image.id, ["-"], labels={LABEL: root})["Id"]
    try:
        for path in _candidates(image, asked):
            mode = _mode(client, container, path)
            if mode is not None and mode & _FOLDER:
                message = f"{path} is a folder in image {image.reference}"
                raise RunFailed("InterpreterMissing", f"{message}; give the path of a program")
            if mode is not None and (mode & _LINK or mode & _EXECUTABLE):
                return path
    finally:
        remove(client, container)
    if asked is not None and asked not in {"python", "python3"}:
        message = f"{asked} does not exist in image {image.reference}"
        raise RunFailed("InterpreterMissing", f"{message}; leave interpreterPath out, or change it")
    return None


def _candidates(image: Image, asked: str | None) -> Iterator[str]:
    if asked is not None and asked.startswith("/"):
        yield asked
        return
    names = {None: ("python3", "python"), "python": ("python", "python3")}
    for name in names.get(asked, (str(asked),)):
        for folder in image.path:
            yield posixpath.join(folder, name)


def _mode(client: APIClient, container: str, path: str) -> int | None:
    """Return a file's mode in a container, as Go has it; None where it is not there."""
    # The SDK's get_archive asks for the whole file.
    answer = client.head(
        f"{client.base_url}/v{client.api_version}/containers/{container}/archive",
        params={"path": path},
        timeout=client.timeout,
    )
    if not answer.ok:
        return None
    told: dict[str, Any] = json.loads(b64decode(answer.headers[_STAT]))
    return int(told["mode"])
