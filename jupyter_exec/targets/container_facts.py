"""What is known of an engine and its images without starting anything (floor: targets; blocks)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.targets.container_plan import SHELL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker import APIClient

    from jupyter_exec.docker_engine import ContainerEngine

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NOT_FOUND = 404
_NETWORK_S = 5.0
_NETWORK_WORDS = {None, "none", "bridge", "host"}


@dataclass(frozen=True)
class ImageFacts:
    """What an image has.

    Attributes:
        path: folders of programs, as in PATH.
        shell: there is /bin/sh.
    """

    path: str
    shell: bool


class EngineFacts:
    """Remembers what was looked up once."""

    def __init__(self) -> None:
        self._images: dict[str, ImageFacts] = {}
        self._rootless: bool | None = None

    def user(self, api: APIClient) -> str:
        """Return the user of containers that is this server's user on the machine.

        Root of an engine without root is the user who runs that engine.
        """
        if os.getuid() == 0:
            return "0:0"
        if self._rootless is None:
            security = api.info().get("SecurityOptions") or []
            self._rootless = any("rootless" in str(word) for word in security)
        return "0:0" if self._rootless else f"{os.getuid()}:{os.getgid()}"

    def image(self, api: APIClient, image: str, labels: Mapping[str, str]) -> ImageFacts:
        """Return what an image has; the first time a container is made of it, and removed.

        Args:
            labels: of that container.
        """
        found = api.inspect_image(image)  # type: ignore[no-untyped-call]  # theirs
        key = found["Id"]
        if key not in self._images:
            words = (found.get("Config") or {}).get("Env") or ()
            path = next((word[5:] for word in words if word.startswith("PATH=")), _DEFAULT_PATH)
            made = api.create_container(image, [SHELL], entrypoint=[], labels=dict(labels))
            try:
                self._images[key] = ImageFacts(path, has_file(api, made["Id"], SHELL))
            finally:
                api.remove_container(made["Id"], v=True, force=True)
        return self._images[key]


def real_network(engine: ContainerEngine, network: str | None) -> str | None:
    """Return `host` for what is a name or an id of the host's network, else what was given.

    Raises:
        RunFailed: the engine is away.
    """
    if network in _NETWORK_WORDS or str(network).startswith("container:"):
        return network
    with engine.api() as api:
        url = f"{api.base_url}/v{api.api_version}/networks/{network}"
        answer = api.get(url, timeout=_NETWORK_S)
        found = answer.json() if answer.ok else {}
    return "host" if "host" in {found.get("Driver"), found.get("Name")} else network


def state_of(api: APIClient, container: str) -> dict[str, Any]:
    """Return the `State` of a container; of one that is gone already, as of one that is going."""
    from docker import errors

    try:
        return dict(api.inspect_container(container)["State"])
    except errors.NotFound:
        return {"Status": "removing", "ExitCode": 137}


def has_file(api: APIClient, container: str, path: str) -> bool:
    """Tell whether a container sees a file (`HEAD /containers/{id}/archive`)."""
    url = f"{api.base_url}/v{api.api_version}/containers/{container}/archive"
    answer = api.head(url, params={"path": path}, timeout=api.timeout)
    if answer.status_code == _NOT_FOUND:
        return False
    answer.raise_for_status()
    return True
