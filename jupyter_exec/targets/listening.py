"""Who listens on this machine, found out without connecting (floor: targets; blocks).

A connection that says nothing would disturb what waits for its peers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.targets.link import read_record
from jupyter_exec.targets.shim import proctree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.job import Address, Replica

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))  # proc(5)
_LISTENS = b"0A"


def listening_ports() -> frozenset[int] | None:
    """Return the ports that somebody listens on; None where the system does not tell."""
    found = set()
    tables = [table for table in _TABLES if table.exists()]
    for table in tables:
        for line in table.read_bytes().splitlines()[1:]:
            _, local, _, state, *_ = line.split(maxsplit=4)
            if state == _LISTENS:
                found.add(int(local.rpartition(b":")[2], 16))
    return frozenset(found) if tables else None


def silent(attempt_dir: Path, addresses: Mapping[Replica, Address]) -> frozenset[Replica]:
    """Return those of these replicas of an attempt that run, and do not listen.

    Args:
        attempt_dir: of the attempt; its shim has noted who was started.
        addresses: where they should listen.
    """
    ports = listening_ports()
    if ports is None:
        return frozenset()
    quiet = {replica for replica, address in addresses.items() if address.port not in ports}
    started = (read_record(attempt_dir, "started.json") or {}).get("replicas", ()) if quiet else ()
    return frozenset(
        (one["role"], one["index"])
        for one in started
        if (one["role"], one["index"]) in quiet and proctree.identity(one["pid"]) == one["started"]
    )
