"""Programs that build an environment inside an image (floor: environments).

They run in containers that see the folder being built at its own path, the server's uv, and the
server's choice of package index; so what builds a virtual environment here builds it there too.
"""

from __future__ import annotations

import os
import re
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_exec.docker_engine import connect
from jupyter_exec.environments.build import build_variables
from jupyter_exec.environments.built import Build, BuildLog
from jupyter_exec.environments.collection import CACHE
from jupyter_exec.environments.engine_work import engine_work
from jupyter_exec.environments.failure import failure_of
from jupyter_exec.environments.images import LABEL, remove
from jupyter_exec.environments.interpreters import find_uv
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from docker import APIClient

    from jupyter_exec.environments.images import Image, Images

_PASSED_ON = ("UV_", "PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_")
_NOT_PASSED_ON = {"UV_CACHE_DIR", "PIP_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_TOOL_DIR"}
_NOT_FOR_THIS = re.compile(r"exec \S+: (?:no such file or directory|exec format error)")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ImageLog(BuildLog):
    """The log of a build inside an image, whose steps are containers.

    Args:
        root: folder of the environments.
    """

    def __init__(
        self, path: Path, requirements: Sequence[str], images: Images, image: Image, root: Path
    ) -> None:
        super().__init__(path, requirements)
        self._images = images
        self._image = image
        self._root = root
        self._named = requirements

    async def step(self, command: Sequence[str], lock: int, folder: Path) -> str:  # noqa: ARG002 - a killed server's containers are removed by their label
        """Run a program in a container of the image; see `BuildLog.step`."""
        self.say(f"{self._image.reference}$ " + " ".join(command))
        status, printed = await self._contained(command, folder, self.write)
        if status != 0 and _NOT_FOR_THIS.match(printed):
            message = (
                f"the server's {Path(command[0]).name}, which installs packages, cannot be started "
                f"in image {self._image.reference}: its C library is another; name an image with "
                "glibc, or install the packages with a baseDockerfile"
            )
            raise RunFailed("EnvironmentFailed", message)
        if status != 0:
            raise failure_of(printed, self._named)
        return printed

    async def ask(self, command: Sequence[str]) -> str:
        """Return what a program of the image prints; the log has it only where it fails.

        Raises:
            RunFailed: it fails.
        """
        status, printed = await self._contained(command, None, lambda _: None)
        if status != 0:
            self.write(printed)
            raise failure_of(printed, ())
        return printed

    async def _contained(
        self, command: Sequence[str], folder: Path | None, write: Callable[[str], None]
    ) -> tuple[int, str]:
        (self._root / CACHE).mkdir(mode=0o700, parents=True, exist_ok=True)
        os.utime(self._root / CACHE)
        settings = self._settings(command, folder)
        work = partial(self._run, settings=settings, write=write)
        return await engine_work(self._images.url, work, silence_s=None)

    def _settings(self, command: Sequence[str], folder: Path | None) -> dict[str, Any]:
        variables = index_variables()
        cache = self._root / CACHE
        writable = [str(path) for path in (folder, cache) if path is not None]
        readable = sorted({*_files_of(variables), *filter(None, [find_uv()])})
        host: dict[str, Any] = {
            "Binds": [f"{path}:{path}" for path in writable]
            + [f"{path}:{path}:ro" for path in readable]
        }
        if folder is None:
            host["NetworkMode"] = "none"
        elif _is_near(variables):
            host["NetworkMode"] = "host"
        own = {"HOME": "/tmp", "UV_CACHE_DIR": str(cache), "UV_LINK_MODE": "copy"}  # noqa: S108 - of the container
        return {
            "image": self._image.id,
            "command": list(command),
            "entrypoint": [],
            "working_dir": str(folder or "/"),
            "user": f"{os.getuid()}:{os.getgid()}",
            "environment": {**variables, **own},
            "labels": {LABEL: str(self._root)},
            "host_config": host,
        }

    def _run(
        self, client: APIClient, *, settings: dict[str, Any], write: Callable[[str], None]
    ) -> tuple[int, str]:
        """Run a container to its end; it goes with the connection."""
        container = client.create_container(**settings)["Id"]
        printed: list[str] = []
        try:
            client.start(container)
            for chunk in client.logs(container, stream=True, follow=True):
                printed.append(chunk.decode(errors="replace"))
                write(printed[-1])
            return int(client.wait(container)["StatusCode"]), "".join(printed)
        finally:
            self._remove(container)

    def _remove(self, container: str) -> None:
        """Remove a container by a connection of its own: the other one may have been cut."""
        with closing(connect(self._images.url)) as client:
            remove(client, container)


class ImageBuild(Build):
    """An environment that stands on an image."""

    def has_python(self) -> bool:
        """Tell whether its interpreter is there; what it links to is in the image."""
        return self.python.is_symlink() or self.python.exists()


def index_variables() -> dict[str, str]:
    """Return the server's settings of package indexes and proxies."""
    return {
        name: value
        for name, value in build_variables().items()
        if name.upper().startswith(_PASSED_ON) and name not in _NOT_PASSED_ON and value
    }


def _files_of(variables: dict[str, str]) -> Iterator[str]:
    """Yield what of this machine the settings name: files of settings, certificates, wheels."""
    for value in variables.values():
        for word in value.split():
            path = urlsplit(word).path if word.startswith("file://") else word
            if path.startswith("/") and path != os.devnull and Path(path).exists():
                yield path


def _is_near(variables: dict[str, str]) -> bool:
    """Tell whether an index or a proxy is on this very machine, which other networks cannot see."""
    words = [word for value in variables.values() for word in value.split()]
    return any(_host(word) in _LOOPBACK for word in words if "://" in word)


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
