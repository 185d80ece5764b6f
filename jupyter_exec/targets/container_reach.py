"""Whether a container gets at the server (floor: targets; pure).

A server on loopback is not there for a container, whose loopback is its own. No port is opened for
it: what a run reports goes by files, and a run that wants the server's routes says so by a network.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def reaches(url: str, network: str | None) -> bool:
    """Tell whether an address means the server inside a container, too.

    Args:
        url: of the server.
        network: of the container; None = the engine's default, a bridge.
    """
    if network == "none" or not url.startswith(("http://", "https://")):
        return False  # also a socket, which containers do not see
    return network == "host" or not _is_loopback(urlsplit(url).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
