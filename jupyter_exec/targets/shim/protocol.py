"""The lines between the server and the shim, and the shim's order of work (floor: targets).

Standard library only, Python 3.6 and later. stdin, one JSON object a line:

    {"standby": {"command", "env", "cwd", "log"}}     optional, first: start it and hold its stdin
    {"job": {"attempt_dir", "marker", "time_limit_s", "grace_s", "use_standby", "ports",
             "replicas": [{"role", "index", "command", "env", "cwd", "log", "memory_bytes",
                           "decides"}], "masked": [values that no message repeats; optional],
             "usage": file that `usage.py` appends to; optional}}

End of file before the job ends the standby and the shim. With `use_standby` the standby is the
first replica: its log moves to the replica's, and it reads {"env", "cwd", "argv"} on its stdin.
stdout, one line:

    {"started": {"shim": {"pid", "started"}, "marker", "started_at", "ports",
                 "replicas": [{"role", "index", "pid", "started"}]}}
    {"error": {"code", "message"}}                       nothing runs, nothing is recorded

A job that is cancelled while its replicas start gets no more of them; those that it has are ended.

Files in `attempt_dir`: `shim.lock` (flock, held for life), `started.json`, `exit.json`.
"""

import _signal as signal  # type: ignore[import-not-found]  # see start.py
import errno
import fcntl
import os
import time

from jupyter_exec.targets.shim import proctree
from jupyter_exec.targets.shim.record import Record, dumps, loads, mask
from jupyter_exec.targets.shim.start import StartError, adopt_orphans, open_log, start
from jupyter_exec.targets.shim.supervisor import Bell, Replica, Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional

_RECORD_BYTES = 4096
_REPLICA_BYTES = 128


def serve() -> None:
    """Serve one job, then end this process; the caller does not get control back."""
    adopt_orphans()
    bell = Bell()
    lines = _Lines()
    line = lines.next(bell)
    standby = None
    try:
        if line is not None and "standby" in line:
            standby = _Standby(line["standby"])
            line = lines.next(bell, standby)
        if line is None:
            if standby:
                standby.end(bell)
            os._exit(0)
        attempt = _Attempt(line["job"])
        replicas = attempt.start(standby, bell)
    except StartError as problem:
        if standby:
            standby.end(bell)
        masked = (line or {}).get("job", {}).get("masked", [])
        _answer({"error": {"code": problem.code, "message": mask(problem.message, masked)}})
        os._exit(1)
    _answer({"started": attempt.started})
    attempt.supervise(replicas, bell)
    os._exit(0)


class _Lines:
    """JSON lines from stdin."""

    def __init__(self) -> None:
        self._data = b""

    def next(self, bell: Bell, standby: "Optional[_Standby]" = None) -> "Optional[Dict[str, Any]]":
        """Return the next line; None at end of file, on SIGTERM, or when the standby has died."""
        while b"\n" not in self._data:
            ready = bell.wait(None, 0)
            if bell.canceled or (standby and standby.has_ended()):
                return None
            if ready:
                data = os.read(0, 1 << 20)
                if not data:
                    return None
                self._data += data
        line, self._data = self._data.split(b"\n", 1)
        return dict(loads(line.decode()))


class _Standby:
    """A process that was started before it has a run.

    Args:
        plan: the standby line.

    Raises:
        StartError: it could not be started.
    """

    def __init__(self, plan: "Dict[str, Any]") -> None:
        self.log: "str" = plan["log"]
        log = open_log(self.log)
        reading, self._writing = os.pipe()
        try:
            self.pid = start(plan["command"], plan["env"], plan["cwd"], log, reading)
        except StartError:
            os.unlink(self.log)
            raise
        finally:
            os.close(log)
            os.close(reading)
        self._ended = False

    def has_ended(self) -> bool:
        """Say whether it died while it waited."""
        if not self._ended:
            self._ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return self._ended

    def assign(self, plan: "Dict[str, Any]") -> None:
        """Give it the work of a replica.

        Raises:
            StartError: `StandbyGone`, it cannot take it; nothing has happened.
        """
        if self.has_ended():
            raise StartError("StandbyGone", "the standby ended before it had a run")
        try:
            os.rename(self.log, plan["log"])
        except OSError as problem:
            raise StartError("LogUnwritable", f"{plan['log']}: {problem.strerror}") from None
        work = {"env": plan["env"], "cwd": plan["cwd"], "argv": plan["command"]}
        data = dumps(work).encode() + b"\n"
        try:
            while data:
                data = data[os.write(self._writing, data) :]
        except OSError:
            os.rename(plan["log"], self.log)
            raise StartError("StandbyGone", "the standby closed its stdin") from None
        os.close(self._writing)

    def end(self, bell: Bell) -> None:
        """Kill it with all its children and drop its log."""
        plan = {"role": "standby", "index": 0, "log": self.log, "decides": True}
        replica = Replica(plan, self.pid)
        if self._ended:
            replica.exit_code = 0
        bell.canceled = True
        job = {"marker": "", "grace_s": 0.0, "time_limit_s": None}
        Supervisor(job, [replica], bell).run()
        if os.path.exists(self.log):  # else it was given to a run
            os.unlink(self.log)


class _Attempt:
    """One attempt of a run: its lock, its records, its replicas.

    Args:
        job: the job line.

    Raises:
        StartError: `AlreadyRunning` where this attempt runs or has run; `DiskFull` where its end
            would get lost.
    """

    def __init__(self, job: "Dict[str, Any]") -> None:
        self._job = job
        self.started: "Dict[str, Any]" = {}
        folder = job["attempt_dir"]
        try:
            self._lock = _lock(os.path.join(folder, "shim.lock"))
            if any(
                os.path.exists(os.path.join(folder, name)) for name in ("started.json", "exit.json")
            ):
                raise StartError("AlreadyRunning", f"{folder}: this attempt was started before")
            size_bytes = _RECORD_BYTES + _REPLICA_BYTES * len(job["replicas"])
            self._exit = Record(os.path.join(folder, "exit.json"), size_bytes)
            self._start = Record(os.path.join(folder, "started.json"), size_bytes)
        except OSError as problem:
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
            code = "DiskFull" if full else "FolderUnwritable"
            raise StartError(code, f"{folder}: {problem.strerror}") from None

    def start(self, standby: "Optional[_Standby]", bell: Bell) -> "List[Replica]":
        """Start all replicas and record them; a cancel in between leaves out the rest.

        Raises:
            StartError: one could not be started; the others were ended.
        """
        replicas: "List[Replica]" = []
        plans = self._job["replicas"]
        try:
            for plan in plans:
                if replicas and bell.canceled:
                    break
                if standby and self._job["use_standby"] and not replicas:
                    standby.assign(plan)
                    pid = standby.pid
                else:
                    pid = _start_replica(plan)
                replicas.append(Replica(plan, pid))
        except StartError as problem:
            self._undo(replicas, bell)
            if len(plans) == 1:
                raise
            name = f"{plan['role']}-{plan['index']}"
            raise StartError(problem.code, f"{name}: {problem.message}") from None
        self.started = {
            "shim": _who(os.getpid()),
            "replicas": [
                dict(_who(replica.pid), role=replica.role, index=replica.index)
                for replica in replicas
            ],
            "marker": self._job["marker"],
            "ports": self._job.get("ports", []),  # for whoever finds this run without its server
            "started_at": time.time(),
        }
        self._start.write(self.started)
        return replicas

    def _undo(self, replicas: "List[Replica]", bell: Bell) -> None:
        """End what was started for an attempt that cannot start as a whole."""
        if replicas:
            bell.canceled = True
            Supervisor(self._job, replicas, bell).run()
        self._exit.discard()
        self._start.discard()

    def supervise(self, replicas: "List[Replica]", bell: Bell) -> None:
        """Watch the replicas to their end and record the outcome."""
        began = time.monotonic()
        try:
            cut_short = len(replicas) < len(self._job["replicas"])
            outcome = Supervisor(self._job, replicas, bell, cut_short=cut_short).run()
        except Exception as problem:  # noqa: BLE001 - the outermost frame: a fault of ours is an outcome too
            message = f"the run's supervisor failed: {problem!r}"
            outcome = {"code": "ShimError", "message": mask(message, self._job.get("masked", []))}
            for pid in proctree.descendants(os.getpid()):
                os.kill(pid, signal.SIGKILL)
        outcome["started_at"] = self.started["started_at"]
        outcome["ended_at"] = self.started["started_at"] + (time.monotonic() - began)
        self._exit.write(outcome)


def _start_replica(plan: "Dict[str, Any]") -> int:
    """Start one replica with nothing on stdin and its log on stdout and stderr."""
    log = open_log(plan["log"])
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return start(plan["command"], plan["env"], plan["cwd"], log, nothing)
    finally:
        os.close(log)
        os.close(nothing)


def _who(pid: int) -> "Dict[str, Any]":
    return {"pid": pid, "started": proctree.identity(pid)}


def _lock(path: str) -> int:
    """Take the attempt's lock for life.

    Raises:
        StartError: `AlreadyRunning`, another shim has it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for pause_s in (0.01, 0.05, 0.1, None):  # a server that looks holds it for an instant
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if pause_s is None:
                break
            time.sleep(pause_s)
        else:
            return fd
    raise StartError("AlreadyRunning", f"{path} is held by another shim")


def _answer(message: "Dict[str, Any]") -> None:
    """Tell the server, if it still listens, and let go of its pipes."""
    data = dumps(message).encode() + b"\n"
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:
        pass  # it died meanwhile; the next one reads started.json
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
