"""A Docker daemon of the tests' own, and the images that they start containers from.

    python tests/docker_engine.py          start it, and print what DOCKER_HOST must be; it stays
    python tests/docker_engine.py stop     end it

The sessions of pytest on a machine share one daemon: the first starts it, the last ends it. It has
its own data, sockets and pid file, and never touches the machine's own daemon.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import docker
from docker_images import DockerEngine, cache, locked, make_images

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = ("dockerd", "containerd", "runc", "iptables", "ip", "debootstrap", "gcc")
RUN = Path("/run/jupyter_exec-tests")
_START_S = 60.0
_BIRTH_S = 10.0
_END_S = 30.0


class Daemon:
    """A dockerd with everything of its own.

    Args:
        data: where it keeps images and containers.
        run: for its sockets and its pid; short, for the names of sockets are short.
        networks: False = its containers reach nobody else, and it leaves the firewall alone. Two
            daemons that make networks drop each other's rules.
        args: further arguments of dockerd.
    """

    def __init__(
        self, data: Path, run: Path, *, networks: bool, args: tuple[str, ...] = ()
    ) -> None:
        self.url = f"unix://{run / 'docker.sock'}"
        self._data, self._run = data, run
        self._bridge = f"jxt{zlib.crc32(os.fsencode(run)):08x}"
        self._log, self._pid_file = run / "dockerd.log", run / "docker.pid"
        self._command = [
            "dockerd",
            f"--data-root={data}",
            f"--exec-root={run / 'exec'}",
            f"--pidfile={self._pid_file}",
            f"--host={self.url}",
            "--log-level=warn",
            # One of its own: a daemon with "none" removes docker0, which is another daemon's.
            f"--bridge={self._bridge}",
            *args,
        ]
        if not networks:
            self._command += ["--iptables=false", "--ip6tables=false"]

    @property
    def pid(self) -> int | None:
        """The daemon's process; None where there is none."""
        pid, words = _process(self._pid_file)
        return pid if f"--pidfile={self._pid_file}".encode() in words else None

    def start(self) -> None:
        """Start it unless it is there, and return when it answers.

        Raises:
            RuntimeError: it ended, or never answered; the message has its last words.
        """
        self._data.mkdir(parents=True, exist_ok=True)
        self._run.mkdir(parents=True, exist_ok=True)
        if self.pid is None:
            containerd = self._run / "exec" / "containerd" / "containerd.pid"
            for file in (self._pid_file, containerd):
                if not _process(file)[1]:  # killed; dockerd would take a zombie for alive
                    file.unlink(missing_ok=True)
            if not Path("/sys/class/net", self._bridge).exists():
                subprocess.run(["ip", "link", "add", self._bridge, "type", "bridge"], check=True)
            with self._log.open("ab") as log:
                command = ["setsid", "--fork", *self._command]
                subprocess.run(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True
                )
        began, born = time.monotonic(), False
        while not self._answers():
            born = born or self.pid is not None
            took_s = time.monotonic() - began
            if took_s > _START_S or (self.pid is None and (born or took_s > _BIRTH_S)):
                raise RuntimeError(f"dockerd does not answer: {self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and its containers where it is asked politely.

        Raises:
            RuntimeError: it does not end.
        """
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)
        until = time.monotonic() + _END_S
        while self.pid is not None:
            if time.monotonic() > until:
                raise RuntimeError(f"dockerd does not end: {self._log.read_text()[-2000:]}")
            time.sleep(0.02)
        if Path("/sys/class/net", self._bridge).exists():
            subprocess.run(["ip", "link", "delete", self._bridge], check=True)

    def remove(self) -> None:
        """End it at once, without its ten seconds, and remove all that it had."""
        self.stop(signal.SIGKILL)
        # What is there depends on how it has ended before.
        for words in (["umount", str(self._data)], ["ip", "link", "delete", self._bridge]):
            subprocess.run(words, capture_output=True, check=False)
        shutil.rmtree(self._data)
        shutil.rmtree(self._run)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as ping:  # the SDK leaves one open that fails
                ping.settimeout(5)
                ping.connect(self.url.removeprefix("unix://"))
                ping.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in ping.recv(64)
        except OSError:
            return False


def _process(pid_file: Path) -> tuple[int, list[bytes]]:
    """Return the pid in a file and the words of that process; none for a zombie."""
    try:
        pid = int(pid_file.read_text())
        return pid, Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except (OSError, ValueError):
        return 0, []


def shared() -> Daemon:
    """Return the daemon that all sessions share; it makes networks where nobody else's does."""
    networks = not Path("/run/docker.pid").exists()
    return Daemon(cache() / "data", RUN, networks=networks)


@contextmanager
def shared_engine() -> Iterator[DockerEngine]:
    """Have the shared daemon with its images; the last session to leave ends it."""
    RUN.mkdir(parents=True, exist_ok=True)
    daemon = shared()
    with (RUN / "sessions").open("a") as sessions:
        with locked(RUN / "lock"):
            daemon.start()
            make_images(daemon.url)
            fcntl.flock(sessions, fcntl.LOCK_SH)
        try:
            yield DockerEngine(daemon.url)
        finally:
            with locked(RUN / "lock"):
                fcntl.flock(sessions, fcntl.LOCK_UN)
                if not (RUN / "stays").exists() and _is_free(sessions.fileno()):
                    _empty(daemon.url)
                    daemon.stop()


@contextmanager
def own_daemon(*args: str, disk: str | None = None) -> Iterator[Daemon]:
    """Have a daemon that a test may kill, with the images; its containers have no network.

    Args:
        disk: how much it can keep, for example "64m"; it has the small image only, then.
    """
    RUN.mkdir(parents=True, exist_ok=True)
    run = Path(tempfile.mkdtemp(dir=RUN))
    data = Path(tempfile.mkdtemp(dir=cache()))
    daemon = Daemon(data, run, networks=False, args=args)
    if disk is not None:
        mount_small_disk(data, disk)
    try:
        daemon.start()
        make_images(daemon.url, small=disk is not None)
        yield daemon
    finally:
        daemon.start()  # ends what a killed one has left
        _empty(daemon.url)
        daemon.remove()


def mount_small_disk(folder: Path, size: str) -> None:
    """Make a folder a file system of its own, which is soon full."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    subprocess.run(words, check=True)


def _empty(url: str) -> None:
    """Remove what killed tests have left."""
    with closing(docker.DockerClient(base_url=url, timeout=60)) as client:
        for container in client.containers.list(all=True, ignore_removed=True):
            container.remove(v=True, force=True)
        client.networks.prune()
        client.volumes.prune()


def _is_free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main(words: list[str]) -> None:
    """Start or stop by hand."""
    RUN.mkdir(parents=True, exist_ok=True)
    daemon, stays = shared(), RUN / "stays"
    with locked(RUN / "lock"):
        if words == ["stop"]:
            stays.unlink(missing_ok=True)
            if daemon.pid is not None:
                _empty(daemon.url)
                daemon.stop()
        else:
            daemon.start()
            make_images(daemon.url)
            stays.touch()
            print(f"export DOCKER_HOST={daemon.url}")


if __name__ == "__main__":
    main(sys.argv[1:])
