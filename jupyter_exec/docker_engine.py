"""Container engines that speak Docker's API: Docker and Podman (floor: memory, beside the store).

The SDK is imported when an engine is first needed, and nothing here waits for ever.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed, is_full_disk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import APIClient

NO_ENGINE = "NoContainerEngine"
TIMEOUT_S = 60
"""How long an engine may say nothing in answer to a request."""

_UNIX = "unix://"
_DOCKER = "unix:///var/run/docker.sock"
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_NO_IMAGE = re.compile(r"no such image", re.IGNORECASE)
_NO_GPU = re.compile(r"could not select device driver|nvidia-container", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LONGEST = 400


def default_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return where the engine of this machine listens: DOCKER_HOST, Docker's socket, or Podman's.

    Where there is none it is Docker's: a run that needs it says so.
    """
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    mine = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    sockets = ("/var/run/docker.sock", f"{mine}/docker.sock", f"{mine}/podman/podman.sock")
    for path in (*sockets, "/run/podman/podman.sock"):
        if os.access(path, os.R_OK | os.W_OK):
            return f"unix://{path}"
    return _DOCKER


class ContainerEngine:
    """One engine; connected to when it is first used, and again when it was away.

    Args:
        url: as in DOCKER_HOST.
        connections: kept open at most.
    """

    def __init__(self, url: str, connections: int = 10) -> None:
        self.url = url
        self._connections = connections
        self._client: APIClient | None = None
        self._lock = threading.Lock()

    @contextmanager
    def api(self) -> Iterator[APIClient]:
        """Use the engine, from any thread; what goes wrong is a `RunFailed`. Blocks.

        Raises:
            RunFailed: `NoContainerEngine`, `ImageMissing`, `DiskFull`, `NoGpus`, `EngineFailed`.
        """
        try:
            yield self._connected()
        except RunFailed:
            raise
        except Exception as error:
            failure = explained(error, self.url)
            if failure is None:
                raise
            raise failure from error

    def _connected(self) -> APIClient:
        _probe(self.url)
        with self._lock:
            if self._client is None:
                self._client = connect(self.url, connections=self._connections)
            return self._client

    def close(self) -> None:
        """Close the connections; it can be used again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


def connect(url: str, *, timeout_s: float | None = TIMEOUT_S, connections: int = 10) -> APIClient:
    """Return a connection of the SDK; blocks.

    Args:
        timeout_s: how long the engine may say nothing once it has answered; None = for ever.

    Raises:
        RunFailed: `NoContainerEngine`.
    """
    try:
        from docker import APIClient, errors
    except ImportError:
        message = "containers need the docker SDK; install it: pip install 'jupyter_exec[docker]'"
        raise RunFailed(NO_ENGINE, message) from None
    _probe(url)
    try:
        client = APIClient(
            base_url=url, version="auto", timeout=TIMEOUT_S, max_pool_size=connections
        )
    except (errors.DockerException, OSError, ValueError) as error:
        raise _no_engine(url, error) from error
    client.timeout = timeout_s  # type: ignore[assignment]  # requests takes None
    return client


def _probe(url: str) -> None:
    """Look whether somebody listens at a socket; where nobody does the SDK would leak one.

    Raises:
        RunFailed: `NoContainerEngine`.
    """
    if not url.startswith(_UNIX):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(TIMEOUT_S)
            probe.connect(url.removeprefix(_UNIX))
    except OSError as error:
        raise _no_engine(url, error) from error


def explained(error: Exception, url: str) -> RunFailed | None:
    """Return what an error of the SDK means for a run; None where it is none of the SDK's."""
    import requests
    import urllib3
    from docker import errors

    if isinstance(error, errors.APIError):
        return complaint(str(error.explanation or error))
    if isinstance(error, (errors.DockerException, ValueError)):
        return RunFailed("EngineFailed", one_line(str(error)))
    if is_full_disk(error):
        return RunFailed("DiskFull", f"the disk of the server is full: {error}")
    if isinstance(error, (requests.RequestException, urllib3.exceptions.HTTPError, OSError)):
        return _no_engine(url, error)
    return None


def complaint(told: str, code: str = "EngineFailed") -> RunFailed:
    """Return what an engine complains of, as a run's error.

    Args:
        told: its words.
        code: where nothing more exact is known.
    """
    line = one_line(told)
    if _FULL.search(line):
        return RunFailed("DiskFull", f"the disk of the container engine is full: {line}")
    if _NO_IMAGE.search(line):
        return RunFailed("ImageMissing", f"the container engine does not have the image: {line}")
    if _NO_GPU.search(line):
        message = f"the container engine cannot give GPUs to containers: {line}"
        return RunFailed("NoGpus", f"{message}; install the NVIDIA Container Toolkit there")
    return RunFailed(code, f"the container engine refused: {line}")


def one_line(text: str) -> str:
    """Return text without line breaks and colours, not too long."""
    line = " ".join(_COLOURS.sub("", text).split())
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."


def _no_engine(url: str, error: Exception) -> RunFailed:
    """Return what to do about an engine that does not answer."""
    path = Path(url.removeprefix("unix://"))
    way_out = "start Docker or Podman, or name one that runs with DOCKER_HOST or engine_url"
    if not url.startswith("unix://"):
        cause = one_line(str(error))
    elif not path.exists():
        cause = "there is no such socket"
    elif not os.access(path, os.R_OK | os.W_OK):
        cause = "this user may not use it"
        way_out = "add the user to its group (docker), or name an engine of the user's own"
    else:
        cause = "nobody answers" if _refused(error) else one_line(str(error))
    return RunFailed(NO_ENGINE, f"no container engine at {url}: {cause}; {way_out}")


def _refused(error: Exception) -> bool:
    return "refused" in str(error).lower() or "reset" in str(error).lower()
