"""Ports of this machine for the replicas of jobs, each given to one job at a time (floor: targets).

They lie below the ports that the kernel gives to outgoing connections, so no process gets one of
them by chance between its choice here and its use by the replica.
"""

from __future__ import annotations

import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Address

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_exec.model.job import Job, Replica

_LOOPBACK = "127.0.0.1"
_LOWEST = 10_000
_HIGHEST = 65_535
_ROOM = 1_000  # a range with fewer ports is not worth having
_EPHEMERAL = (32_768, 60_999)  # Linux' own, ip(7)
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Ports:
    """Who holds which port.

    Args:
        places: ports to choose from; None = those the kernel does not give away by itself.
    """

    def __init__(self, places: range | None = None) -> None:
        self._places = places
        self._held: dict[str, tuple[int, ...]] = {}
        self._next = secrets.randbelow(_HIGHEST)  # two servers of one machine seldom meet

    def place(self, owner: str, job: Job) -> dict[Replica, Address]:
        """Give each replica of a job that listens a port.

        Raises:
            RunFailed: `NoPorts`, there are not as many.
        """
        roles = [role for role in job.roles if role.listens]
        replicas = [(role.name, index) for role in roles for index in range(role.replicas)]
        taken = self.take(owner, len(replicas))
        return {
            replica: Address(_LOOPBACK, port) for replica, port in zip(replicas, taken, strict=True)
        }

    def take(self, owner: str, count: int) -> tuple[int, ...]:
        """Give an owner ports that nobody holds and nobody listens on.

        Raises:
            RunFailed: `NoPorts`, there are not as many.
        """
        self.release(owner)
        taken = {port for ports in self._held.values() for port in ports}
        places = self._places if self._places is not None else quiet_ports(_ephemeral())
        found: list[int] = []
        for step in range(len(places)):
            if len(found) == count:
                break
            port = places[(self._next + step) % len(places)]
            if port not in taken and _is_free(port):
                found.append(port)
                last = step
        if len(found) < count:
            message = f"it needs {count} ports of this machine, and only {len(found)} are free"
            raise RunFailed("NoPorts", message)
        if found:
            self._next += last + 1
            self.hold(owner, found)
        return tuple(found)

    def hold(self, owner: str, ports: Iterable[int]) -> None:
        """Note what an owner has been given before."""
        if ports := tuple(ports):
            self._held[owner] = ports

    def held(self, owner: str) -> tuple[int, ...]:
        """Return what an owner has."""
        return self._held.get(owner, ())

    def release(self, owner: str) -> None:
        """Take back what an owner has, if anything."""
        self._held.pop(owner, None)


MACHINE = Ports()
"""All local targets of one server share the machine."""


def quiet_ports(ephemeral: tuple[int, int]) -> range:
    """Return the ports outside the kernel's range: below it, else above it, else some within."""
    low, high = ephemeral
    for places in (range(_LOWEST, low), range(max(high + 1, _LOWEST), _HIGHEST + 1)):
        if len(places) >= _ROOM:
            return places
    return range(_LOWEST, _EPHEMERAL[0])


def _ephemeral() -> tuple[int, int]:
    try:
        low, high = map(int, _RANGE.read_text().split())
    except (OSError, ValueError):  # not Linux
        return _EPHEMERAL
    return low, high


def _is_free(port: int) -> bool:
    """Tell whether a process could listen there, on any address of this machine."""
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
