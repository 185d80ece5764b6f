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

TABLES = ("tcp", "tcp6")  # proc(5)
_LISTENS = b"0A"
_STATE = 3  # its column


def listening_ports(folder: Path = Path("/proc/net")) -> frozenset[int] | None:
    """Return the ports that somebody listens on; None where the system does not tell.

    Args:
        folder: of the tables; other processes may be in another network.
    """
    tables = [folder / name for name in TABLES if (folder / name).exists()]
    return ports_of(b"".join(table.read_bytes() for table in tables)) if tables else None


def ports_of(tables: bytes) -> frozenset[int]:
    """Return the ports that somebody listens on, of the text of tables."""
    rows = [line.split(maxsplit=4) for line in tables.splitlines()]
    found = [row[1] for row in rows if len(row) > _STATE and row[_STATE] == _LISTENS]
    return frozenset(int(local.rpartition(b":")[2], 16) for local in found)


def silent(attempt_dir: Path, addresses: Mapping[Replica, Address]) -> dict[Replica, bool]:
    """Return those of these replicas of an attempt that do not listen, and whether they run.

    One that failed ends the attempt, so those that have ended while it goes on have not.

    Args:
        attempt_dir: of the attempt; its shim has noted who was started.
        addresses: where they should listen.
    """
    ports = listening_ports()
    if ports is None:
        return {}
    quiet = {replica for replica, address in addresses.items() if address.port not in ports}
    started = (read_record(attempt_dir, "started.json") or {}).get("replicas", ()) if quiet else ()
    return {
        (one["role"], one["index"]): proctree.identity(one["pid"]) == one["started"]
        for one in started
        if (one["role"], one["index"]) in quiet
    }
