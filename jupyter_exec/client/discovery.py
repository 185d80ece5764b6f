"""Which server is ours (floor: client).

Jupyter servers describe themselves in `jpserver-<pid>.json` below the runtime folder, readable by
their user only.
"""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_WILDCARDS = {"", "0.0.0.0", "::", "*"}  # noqa: S104 - recognised, not bound to


@dataclass(frozen=True)
class Server:
    """Where a Jupyter server is, and what may be said to it.

    Attributes:
        url: base URL with a slash at its end.
        root_dir: the folder that it shows, where that is known and on this machine.
        pid: its process on this machine.
        sock: path of its Unix socket, where it has no port.
        local: it runs on this machine, so that paths and interpreters here are there too.
    """

    url: str
    token: str = ""
    root_dir: Path | None = None
    pid: int | None = None
    sock: str | None = None
    local: bool = False
    started_at: float = 0.0

    @property
    def shown(self) -> str:
        """Return what a person recognises the server by."""
        return f"unix:{self.sock}" if self.sock else self.url


def runtime_dir() -> Path:
    """Return the folder where this user's servers describe themselves."""
    from jupyter_core.paths import jupyter_runtime_dir

    return Path(jupyter_runtime_dir())


def named_server(url: str | None, token: str | None) -> Server | None:
    """Return the server that the caller or the environment names, or None.

    Inside a run, JUPYTER_EXEC_TOKEN is the run's own: good for reporting on itself and for nothing
    else, so neither it nor JUPYTER_EXEC_URL counts there.
    """
    inside_run = bool(os.environ.get("JUPYTER_EXEC_RUN_ID"))
    address = url or (None if inside_run else os.environ.get("JUPYTER_EXEC_URL"))
    if not address:
        return None
    address = address.rstrip("/") + "/"
    known = next((server for server in living_servers() if _same(server.url, address)), None)
    if known is None:
        known = Server(address, local=_is_loopback(address))
    variable = os.environ.get("JUPYTER_EXEC_TOKEN", "")
    if token is None and variable and not inside_run:
        token = variable
    return replace(known, url=address, token=known.token if token is None else token)


def candidates() -> list[Server]:
    """Return this user's living servers on this machine, the likeliest first.

    First those above this process (a kernel's own server), then that which started the run we are
    in, then those whose root folder holds the working folder, deepest first, then the newest.
    """
    above = _ancestors()
    origin = os.environ.get("JUPYTER_EXEC_URL", "") if os.environ.get("JUPYTER_EXEC_RUN_ID") else ""
    try:
        here = Path.cwd().resolve()
    except OSError:  # the working folder was deleted
        here = Path("/")

    def rank(server: Server) -> tuple[float, ...]:
        root = server.root_dir
        depth = len(root.parts) if root and here.is_relative_to(root) else 0
        nearness = above.index(server.pid or 0) if server.pid in above else len(above)
        return (nearness, not (origin and _same(server.url, origin)), -depth, -server.started_at)

    return sorted(living_servers(), key=rank)


def living_servers() -> Iterator[Server]:
    """Read the descriptions of this user's servers, without those whose process is gone."""
    for path in runtime_dir().glob("jpserver-*.json"):
        server = described(path)
        if server is not None:
            yield server


def described(path: Path) -> Server | None:
    """Read one description; None where it is unreadable, half-written, or its process is gone."""
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        started_at = path.stat().st_mtime
        pid = int(info["pid"])
        url = _address(info)
        root = Path(info["root_dir"]).resolve()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not is_alive(pid):
        return None
    token = str(info.get("token") or "") or _hub_token(str(info.get("base_url", "/")))
    return Server(url, token, root, pid, str(info.get("sock") or "") or None, True, started_at)  # noqa: FBT003


def is_alive(pid: int) -> bool:
    """Tell whether a process exists and is no zombie."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.AccessDenied:
        return True
    except (psutil.Error, ValueError):
        return False


def _address(info: dict[str, Any]) -> str:
    base = "/" + str(info.get("base_url", "/")).strip("/")
    base = base.rstrip("/") + "/"
    if info.get("sock"):
        return f"http://localhost{base}"
    if str(info.get("hostname", "")) not in _WILDCARDS:
        return str(info["url"]).rstrip("/") + "/"
    # It listens everywhere; the machine's name, which it gives as its address, need not resolve.
    scheme = "https" if info.get("secure") else "http"
    return f"{scheme}://127.0.0.1:{int(info['port'])}{base}"


def _hub_token(base_url: str) -> str:
    """Return the hub's token for the hub's own server, which has no other; never for others."""
    if base_url.rstrip("/") == os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "-").rstrip("/"):
        return os.environ.get("JUPYTERHUB_API_TOKEN", "")
    return ""


def _ancestors() -> list[int]:
    import psutil

    try:
        return [process.pid for process in psutil.Process().parents()]
    except psutil.Error:
        return [os.getppid()]


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _same(one: str, other: str) -> bool:
    """Tell whether two URLs lead to one server, whatever loopback is called."""
    left, right = urlsplit(one), urlsplit(other)
    hosts = {
        "loopback" if _is_loopback(url) else (urlsplit(url).hostname or "") for url in (one, other)
    }
    return (
        len(hosts) == 1
        and left.port == right.port
        and left.path.rstrip("/") == right.path.rstrip("/")
    )
