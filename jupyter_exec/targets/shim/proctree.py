"""What the kernel knows about processes: who is who, who started whom, who holds how much memory.

Floor: targets. The shim and the server both use it, so it keeps to the standard library, to Python
3.6 and to cheap imports. Linux answers from /proc (proc(5)); elsewhere `ps` does, which is slower
and less exact.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Optional, Tuple

PROC = sys.platform.startswith("linux")
MARKER_VARIABLE = "JUPYTER_EXEC_SHIM"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")  # in a second
_boot: "List[str]" = []


def identity(pid: int) -> "Optional[str]":
    """Tell a process from any other that ever had or will have its pid.

    Returns:
        `boot id/start in clock ticks since boot` (elsewhere the start as `ps` words it); None where
        no process has this pid. A zombie still has its identity.
    """
    if not PROC:
        return _ps("-o", "lstart=", "-p", str(pid)).strip() or None
    fields = _stat(pid)
    return f"{_boot_id()}/{fields[19]}" if fields else None


def descendants(pid: int) -> "List[int]":
    """Return the processes below `pid`, parents first; a racing fork may be missed: ask again."""
    found: "List[int]" = []
    parents = None if PROC else _parents()
    waiting = [pid]
    while waiting:
        below = _children(waiting.pop(0), parents)
        found += below
        waiting += below
    return found


def children(pid: int) -> "List[int]":
    """Return the direct children of `pid`."""
    return _children(pid, None if PROC else _parents())


def marked(marker: str, after: int = 0) -> "List[int]":
    """Return the other processes that were started with `JUPYTER_EXEC_SHIM=<marker>`.

    Args:
        marker: the run's mark.
        after: look at pids above this one only.
    """
    word = f"{MARKER_VARIABLE}={marker}"
    me = os.getpid()
    if not PROC:
        rows = _ps("-axwwE", "-o", "pid=,command=").splitlines()
        pids = [int(row.split(None, 1)[0]) for row in rows if word in row]
        return [pid for pid in pids if pid != me]
    return [
        pid
        for pid in _pids()
        if pid > after and pid != me and word.encode() in _read(f"/proc/{pid}/environ").split(b"\0")
    ]


def youngest() -> int:
    """Return the pid that was given out last; 0 where that is not known."""
    numbers = _read("/proc/loadavg").split()
    return int(numbers[-1]) if numbers else 0


def in_session(session: int) -> "List[int]":
    """Return the processes of a session that still run (zombies do not count)."""
    if PROC:
        rows = ((pid, _stat(pid)) for pid in _pids())
        return [pid for pid, row in rows if row and row[3] == str(session) and row[0] != "Z"]
    return [pid for pid in map(int, _ps("-axo", "pid=").split()) if _session(pid) == session]


def _session(pid: int) -> int:
    """Return the session of a process; -1 where it has gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def in_groups(groups: "List[int]") -> "List[int]":
    """Return the processes of these process groups; for systems that adopt no orphans."""
    rows = [row.split() for row in _ps("-axo", "pid=,pgid=").splitlines()]
    return [int(row[0]) for row in rows if len(row) == 2 and int(row[1]) in groups]  # noqa: PLR2004


def rss_bytes(pid: int) -> int:
    """Return the resident memory of a process, shared pages in full; 0 where it has gone."""
    if not PROC:
        words = _ps("-o", "rss=", "-p", str(pid)).split()
        return int(words[0]) * 1024 if words else 0
    pages = _read(f"/proc/{pid}/statm").split()
    return int(pages[1]) * _PAGE_BYTES if pages else 0


def usage(pid: int) -> "Tuple[int, float]":
    """Return resident memory in bytes, and CPU seconds with those of its ended children; Linux.

    Both are 0 where the process has gone.
    """
    fields = _stat(pid)
    if not fields:
        return 0, 0.0
    return int(fields[21]) * _PAGE_BYTES, sum(map(int, fields[11:15])) / _TICKS


def pss_bytes(pid: int) -> int:
    """Return the resident memory of a process, a page of n processes as 1/n (else `rss_bytes`)."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return rss_bytes(pid)


def _children(pid: int, parents: "Optional[Dict[int, int]]") -> "List[int]":
    """Return the children of `pid`, from its threads' files or from a table of parents."""
    if parents is None:
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            return []
        if os.path.exists(f"/proc/{pid}/task/{pid}/children"):
            texts = [_read(f"/proc/{pid}/task/{thread}/children") for thread in threads]
            return [int(child) for text in texts for child in text.split()]
        parents = _parents()  # a kernel without CONFIG_PROC_CHILDREN
    return [child for child, parent in parents.items() if parent == pid]


def _parents() -> "Dict[int, int]":
    """Return the parent of every process."""
    if PROC:
        rows = ((pid, _stat(pid)) for pid in _pids())
        return {pid: int(row[1]) for pid, row in rows if row}
    pairs = [line.split() for line in _ps("-axo", "pid=,ppid=").splitlines()]
    return {int(pair[0]): int(pair[1]) for pair in pairs if len(pair) == 2}  # noqa: PLR2004


def _pids() -> "Iterator[int]":
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _stat(pid: int) -> "List[str]":
    """Return /proc/PID/stat from field 3 on (the name before it may hold anything), or nothing."""
    text = _read(f"/proc/{pid}/stat").decode("ascii", "replace")
    return text[text.rfind(")") + 1 :].split()


def _boot_id() -> str:
    if not _boot:
        _boot.append(_read("/proc/sys/kernel/random/boot_id").decode().strip()[:8])
    return _boot[0]


def _read(path: str) -> bytes:
    """Return a file of /proc; empty where its process has gone or is not ours to look at."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    parts = []
    try:
        part = os.read(fd, 65536)
        while part:
            parts.append(part)
            part = os.read(fd, 65536)
    except OSError:
        return b""
    finally:
        os.close(fd)
    return b"".join(parts)


def _ps(*arguments: str) -> str:
    """Return what `ps` prints, in the C locale."""
    import subprocess

    environment = dict(os.environ, LC_ALL="C")
    done = subprocess.run(
        ["ps", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    return done.stdout.decode("utf-8", "replace")
