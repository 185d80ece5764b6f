"""The tracker of an XGBoost job: it names the workers that do not come.

    python main.py START_TIMEOUT_S

This folder travels with runs: it needs XGBoost, and nothing else of this package. Where it listens
and how many come is in the variables DMLC_TRACKER_URI, DMLC_TRACKER_PORT and DMLC_NUM_WORKER.

XGBoost's own `timeout` also ends a group whose workers leave at different times, and names nobody.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Peer = tuple[str, int]

_LOOK_S = 0.25
_MOST_NAMES = 10
_PROC = Path("/proc")
_LOOPBACK = "127.0.0.1"


class Meeting:
    """The time from the tracker's start until all workers have come.

    Args:
        count: of the workers.
        port: of the tracker.
        limit_s: how long to wait for all of them, from the first that comes; or for the first.
        threads: of the tracker, native ones.
    """

    def __init__(self, count: int, port: int, limit_s: int, threads: set[Path]) -> None:
        self._count = count
        self._port = port
        self._limit_s = limit_s
        self._threads = threads

    def watch(self) -> str | None:
        """Return who is missing when the time is up; None when there is nobody to wait for."""
        began = time.monotonic()
        since: dict[Peer, float] = {}
        has_begun = False
        while True:
            is_untouched = self._is_untouched()  # first: whoever comes meanwhile is seen below
            now = time.monotonic()
            since = {peer: since.get(peer, now) for peer in set(self._waiting())}
            if has_begun and not since:
                return None  # all have come and gone on, or one left, whose own end tells why
            has_begun = has_begun or bool(since)
            first = min(since.values(), default=began if is_untouched else now)
            if now - first >= self._limit_s:
                return self._missing(since)
            time.sleep(_LOOK_S)

    def _waiting(self) -> Iterator[Peer]:
        """Yield who waits: a worker's connection stays open until all have come."""
        for entry in Path("/dev/fd").iterdir():
            try:
                one = socket.socket(fileno=int(entry.name))
            except OSError:
                continue
            try:
                if one.getsockname()[1] == self._port:
                    yield one.getpeername()[:2]
            except OSError:  # it listens, or has no address
                pass
            finally:
                one.detach()

    def _is_untouched(self) -> bool:
        """Tell whether nobody has come so far: the tracker still waits for the first time.

        A thread that has paused once at most is where it began to wait. Where that is not counted
        (it is Linux that does) nobody knows, and this is False.
        """
        if not self._threads:
            return False
        try:
            texts = [(one / "status").read_text() for one in self._threads]
            counts = [text.split("\nvoluntary_ctxt_switches:")[1].split()[0] for text in texts]
            return all(int(count) <= 1 for count in counts)
        except (OSError, LookupError, ValueError):
            return False

    def _missing(self, waiting: Iterable[Peer]) -> str:
        """Say who has not come."""
        peers = list(waiting)
        advice = "startTimeoutSeconds says how long to wait"
        if not peers:
            everybody = _names(range(self._count))
            return (
                f"{everybody} did not come within {self._limit_s} s: the script has to open an "
                f"xgboost.collective.CommunicatorContext in each worker; {advice}"
            )
        came = set(_local(peers, self._port)) | set(_named(peers, self._count))
        absent = sorted(set(range(self._count)) - came)
        known = len(came) == len(peers) and absent
        number = f"{self._count - len(peers)} of {self._count} workers"
        who = _names(absent) if known else number
        return (
            f"{who} did not come within {self._limit_s} s after the first; the others wait; "
            f"{advice}"
        )


def _names(workers: Iterable[int]) -> str:
    names = [f"worker-{index}" for index in workers]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _named(peers: Iterable[Peer], count: int) -> Iterator[int]:
    """Yield the workers that have come from addresses of their own, as containers have."""
    hosts = {host for host, _ in peers} - {_LOOPBACK}
    for index in range(count if hosts else 0):
        try:
            if socket.gethostbyname(f"worker-{index}") in hosts:
                yield index
        except OSError:
            continue


def _local(peers: Iterable[Peer], port: int) -> Iterator[int]:
    """Yield the workers of this machine that have come: whose sockets these are, says Linux."""
    ports = {theirs for host, theirs in peers if host == _LOOPBACK}
    sockets = set(_sockets(ports, port)) if ports else set()
    for process in _PROC.iterdir() if sockets else ():
        try:
            if sockets.isdisjoint(map(os.readlink, (process / "fd").iterdir())):
                continue
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:  # it is no process, not ours, or gone
            continue
        told = dict(variable.partition(b"=")[::2] for variable in variables)
        if told.get(b"DMLC_TRACKER_PORT") == b"%d" % port and told.get(b"RANK", b"").isdigit():
            yield int(told[b"RANK"])


def _sockets(ports: set[int], port: int) -> Iterator[str]:
    """Yield the sockets with these ports at the other end of ours, as /proc/PID/fd calls them."""
    try:
        lines = (_PROC / "net" / "tcp").read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        here, there = (int(word.rpartition(":")[2], 16) for word in words[1:3])
        if here in ports and there == port:
            yield f"socket:[{words[9]}]"


def _threads() -> set[Path]:
    try:
        return set((_PROC / "self" / "task").iterdir())
    except OSError:
        return set()


def _watch(meeting: Meeting) -> None:
    """End this process where workers are missing; the tracker itself would wait on."""
    missing = meeting.watch()
    if missing is not None:
        sys.stderr.write(missing + "\n")
        sys.stderr.flush()
        os._exit(1)


def main(limit_s: int) -> None:
    """Be the tracker until all workers have left."""
    from xgboost.tracker import RabitTracker

    count, port = int(os.environ["DMLC_NUM_WORKER"]), int(os.environ["DMLC_TRACKER_PORT"])
    host = socket.gethostbyname(os.environ["DMLC_TRACKER_URI"])
    tracker = RabitTracker(n_workers=count, host_ip=host, port=port, sortby="task")
    before = _threads()
    tracker.start()
    meeting = Meeting(count, port, limit_s, _threads() - before)
    threading.Thread(target=_watch, args=(meeting,), daemon=True).start()
    tracker.wait_for()


if __name__ == "__main__":
    sys.path.pop(0)  # this folder; whoever imports `main` means another
    main(int(sys.argv[1]))
