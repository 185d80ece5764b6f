"""Real Jupyter servers for tests: one process, isolated from whatever this machine has set up.

`RunningServer` needs no pytest; the fixtures `server` and `make_server` in `conftest.py` make them.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

START_S = 60.0
TERMINAL = ("Completed", "Failed", "Canceled")
_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "COVERAGE_PROCESS_START",
)
_LISTED = 1000


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on.

    It is below those that Linux gives to whoever asks for any port: until a server listens there,
    and while it restarts, only another test that draws the same number could take it.
    """
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class RunningServer:
    """A Jupyter server with our extension, in a process of its own.

    Args:
        folder: everything of this server lies below it: configuration, home, logs, and by default
            the two next.
        root_dir: what the server shows.
        data_dir: `ExecApp.data_dir`.
        token: for `Authorization: token ...`.
        base_url: with slashes at both ends.
        lab: start `jupyter lab` instead of a bare server.
        application: the module of another application that is a server, for example "notebook".
        args: further arguments of the command line.
        config: traits, {"ClassName": {"trait": value}}.
        env: further environment variables.
        python: the interpreter, where it is not that of the tests.
        start: False where the test starts it by itself.
    """

    def __init__(
        self,
        folder: Path,
        *,
        root_dir: Path | None = None,
        data_dir: Path | None = None,
        token: str = "secret-of-the-tests",
        base_url: str = "/",
        lab: bool = False,
        application: str = "jupyter_server",
        args: Sequence[str] = (),
        config: Mapping[str, Mapping[str, Any]] | None = None,
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        start: bool = True,
    ) -> None:
        self.folder = folder
        self.root_dir = root_dir or folder / "root"
        self.data_dir = data_dir or folder / "data"
        self.token = token
        self.base_url = base_url
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._module = "jupyterlab" if lab else application
        self._python = python
        self._args = list(args)
        self._log = folder / "server.log"
        for path in (self.root_dir, self.data_dir, folder / "home", folder / "config"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write_config(config or {})
        self.env = self._environment(env or {})
        self.client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"token {token}"},
            timeout=30,
            trust_env=False,
        )
        if start:
            self.start()

    @property
    def url(self) -> str:
        """Address with the base URL, with a slash at its end."""
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    def _write_config(self, more: Mapping[str, Mapping[str, Any]]) -> None:
        config: dict[str, dict[str, Any]] = {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_exec": True, **self._others()},
                "allow_root": True,
                "open_browser": False,
                "ip": "127.0.0.1",
                "port": self.port,
                "port_retries": 0,
                "base_url": self.base_url,
                "root_dir": str(self.root_dir),
            },
            "IdentityProvider": {"token": self.token},
            "ExecApp": {"data_dir": str(self.data_dir)},
        }
        for name, traits in more.items():
            config.setdefault(name, {}).update(traits)
        path = self.folder / "config" / "jupyter_server_config.json"
        path.write_text(json.dumps(config))

    def _others(self) -> dict[str, bool]:
        """Leave out what else is installed here; JupyterLab stays where it is asked for."""
        names = ["jupyter_lsp", "jupyter_scheduler", "jupyter_server_terminals"]
        if self._module == "jupyter_server":
            names += ["jupyterlab", "notebook", "notebook_shim"]
        return dict.fromkeys(names, False)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        folder = self.folder
        return {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "HOME": str(folder / "home"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "lab" / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "lab" / "workspaces"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "DOCKER_HOST": f"unix://{folder}/no-engine",  # never the machine's own
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def start(self) -> None:
        """Start the process, on the same port each time, and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [self._python, "-m", self._module, *self._args],
                cwd=self.root_dir,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while True:
            with suppress(httpx.TransportError):
                if self.client.get("api", timeout=5).status_code == httpx.codes.OK:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                message = f"the server did not start:\n{self.log_text()}"
                raise RuntimeError(message)
            time.sleep(0.02)  # a port that opens can only be tried again

    def log_text(self) -> str:
        """Return what the server has printed since the first start."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def kill9(self) -> None:
        """End the server, and nothing else, with SIGKILL."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """End the server politely; its runs go on."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            message = f"the server did not end after signal {number}:\n{self.log_text()}"
            raise RuntimeError(message) from None

    def restart(self, *, kill: bool = False) -> None:
        """End the server and start it again, on the same port."""
        self._signal(signal.SIGKILL if kill else signal.SIGTERM)
        self.start()

    def close(self) -> None:
        """End every run that has not ended, and the server."""
        if self.process is not None and self.process.poll() is None:
            with suppress(httpx.HTTPError):
                for run in self.runs():
                    if run["status"] not in TERMINAL:
                        self.client.post(f"jupyter-exec/v1/runs/{run['runId']}/cancel")
                        self.wait_for_status(run["runId"], TERMINAL, 20)
        self.stop()
        self.client.close()

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, newest first."""
        answer = self.client.get(
            "jupyter-exec/v1/runs", params={"limit": _LISTED}
        ).raise_for_status()
        return list(answer.json()["runs"])

    def run(self, run_id: str) -> dict[str, Any]:
        """Return one run."""
        return dict(self.client.get(f"jupyter-exec/v1/runs/{run_id}").raise_for_status().json())

    def events(self, run_id: str, timeout_s: float, since: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the events of a run from the event stream, first the past ones, until it has ended.

        Raises:
            TimeoutError: `timeout_s` seconds have passed.
        """
        deadline = time.monotonic() + timeout_s
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(since)}
        address = f"jupyter-exec/v1/runs/{run_id}/events"
        timeout = httpx.Timeout(10, read=timeout_s)
        try:
            with self.client.stream("GET", address, headers=headers, timeout=timeout) as answer:
                answer.raise_for_status()
                for line in answer.iter_lines():
                    if line.startswith("data:"):
                        yield json.loads(line[5:])
                    if time.monotonic() > deadline:
                        raise TimeoutError
        except httpx.ReadTimeout:
            raise TimeoutError from None

    def wait_for_status(
        self, run_id: str, statuses: str | Collection[str], timeout_s: float = 60
    ) -> dict[str, Any]:
        """Return the run as soon as its event stream says that it has, or had, such a state."""
        wanted = (statuses,) if isinstance(statuses, str) else tuple(statuses)
        seen = []
        with suppress(TimeoutError):
            for event in self.events(run_id, timeout_s):
                if "status" in event:
                    seen.append(event["status"])
                    if event["status"] in wanted:
                        return self.run(run_id)
        message = (
            f"{run_id} is not {' or '.join(wanted)} in {timeout_s} s, but {' '.join(seen)}\n"
            f"{json.dumps(self.run(run_id), indent=1)}\n{self.log_text()[-5000:]}"
        )
        raise AssertionError(message)

    def wait_for_end(self, run_id: str, timeout_s: float = 60) -> dict[str, Any]:
        """Return the run when it has ended."""
        return self.wait_for_status(run_id, TERMINAL, timeout_s)

    def log(self, run_id: str, name: str = "main-0.txt") -> str:
        """Return one log of a run."""
        answer = self.client.get(f"jupyter-exec/v1/runs/{run_id}/logs/{name}")
        return answer.raise_for_status().text
