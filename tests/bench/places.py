"""The servers that are measured: ours and jupyter-scheduler's, each in a process of its own."""

from __future__ import annotations

import json
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from servers import TERMINAL, RunningServer

from bench.http_client import Connection, EventStream, at_once
from bench.processes import MARKER, Marked

if TYPE_CHECKING:
    from collections.abc import Mapping

TESTS = Path(__file__).parent.parent
EXTENSIONS = (
    "bench.lag_extension",
    "jupyter_exec",
    "jupyter_lsp",
    "jupyter_scheduler",
    "jupyter_server_terminals",
    "jupyterlab",
    "notebook_shim",
)
ALL_ENDED_S = 600.0


class Place:
    """A Jupyter server with chosen extensions and no others.

    Args:
        folder: for everything of this server.
        extensions: their names.
        config: further traits.
    """

    def __init__(
        self, folder: Path, *extensions: str, config: Mapping[str, Any] | None = None
    ) -> None:
        marker = uuid.uuid4().hex
        chosen = json.dumps({name: name in extensions for name in EXTENSIONS})
        traits = {name: dict(values) for name, values in (config or {}).items()}
        traits.setdefault("ServerApp", {}).update(jpserver_extensions=json.loads(chosen))
        self.server = RunningServer(
            folder,
            config=traits,
            env={MARKER: marker, "JUPYTER_PREFER_ENV_PATH": "0", "PYTHONPATH": str(TESTS)},
            start=False,
        )
        self.marked = Marked(marker)
        self.root = self.server.root_dir

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.server.start()

    @property
    def pid(self) -> int:
        """Process of the server itself.

        Raises:
            RuntimeError: it does not run.
        """
        if self.server.process is None:
            message = "the server does not run"
            raise RuntimeError(message)
        return self.server.process.pid

    def connect(self) -> Connection:
        """Return a new connection."""
        return Connection(self.server.port, self.server.token)

    def end(self) -> None:
        """End the server and everything that it started."""
        self.server.kill9()
        self.marked.kill()
        self.server.client.close()


class Ours(Place):
    """A server with our extension."""

    runs = "/jupyter-exec/v1/runs"

    def __init__(self, folder: Path, *more: str, **traits: Any) -> None:
        super().__init__(folder, "jupyter_exec", *more, config={"ExecApp": traits})

    def events(self) -> EventStream:
        """Return the events of all runs, from now on."""
        return EventStream(self.server.port, self.server.token, "/jupyter-exec/v1/events")

    def measure(self, body: object) -> tuple[float, float]:
        """Submit a run; return the seconds until the answer, and until Completed was told.

        Raises:
            RuntimeError: it did not complete.
        """
        self.marked.settle()
        connection, stream = self.connect(), self.events()
        begin = time.perf_counter()
        run = connection.json("POST", self.runs, body)
        answered = time.perf_counter() - begin
        for event in stream:
            if event["runId"] == run["runId"] and event.get("status") in TERMINAL:
                break
        ended = time.perf_counter() - begin
        connection.close()
        stream.close()
        if event["status"] != "Completed":
            message = f"the run ended with {event}"
            raise RuntimeError(message)
        return answered, ended

    def measure_many(self, count: int, body: object, path: str = runs) -> tuple[list[float], float]:
        """POST `count` runs at once; return the seconds until each answer, and until all ended.

        Raises:
            RuntimeError: one did not complete.
        """
        self.marked.settle()
        connections, stream = [self.connect() for _ in range(count)], self.events()
        begin = time.perf_counter()
        answered = at_once(connections, path, body)
        completed = 0
        for event in stream:
            if event.get("status") in TERMINAL:
                if event["status"] != "Completed":
                    message = f"a run ended with {event}"
                    raise RuntimeError(message)
                completed += 1
                if completed == count:
                    break
        ended = time.perf_counter() - begin
        for each in (*connections, stream):
            each.close()
        return answered, ended


class Scheduler(Place):
    """A server with jupyter-scheduler."""

    jobs = "/scheduler/jobs"

    def __init__(self, folder: Path) -> None:
        self.database = folder / "scheduler.sqlite"
        config = {"SchedulerApp": {"db_url": f"sqlite:///{self.database}"}}
        super().__init__(folder, "jupyter_scheduler", config=config)

    def measure(self, notebook: str) -> tuple[float, float]:
        """Create a job; return the seconds until the answer, and until it was COMPLETED.

        Raises:
            RuntimeError: it did not complete.
        """
        self.marked.settle()
        connection = self.connect()
        begin = time.perf_counter()
        job = connection.json("POST", self.jobs, _job(notebook))
        answered = time.perf_counter() - begin
        status = ""
        while status not in {"COMPLETED", "FAILED"}:  # a job that has not begun is "STOPPED"
            time.sleep(0.05)  # it has no events
            status = connection.json("GET", f"{self.jobs}/{job['job_id']}")["status"]
        ended = time.perf_counter() - begin
        connection.close()
        if status != "COMPLETED":
            message = f"the job ended with {status}:\n{self.server.log_text()[-3000:]}"
            raise RuntimeError(message)
        return answered, ended

    def measure_many(self, count: int, notebook: str) -> tuple[list[float], float, int]:
        """Create `count` jobs at once; return the seconds until each answer and until all ended.

        The last value tells how many failed: it has no limit on how many run at once.
        """
        self.marked.settle()
        connections = [self.connect() for _ in range(count)]
        before = self._counts(connections[0])
        begin = time.perf_counter()
        answered = at_once(connections, self.jobs, _job(notebook))
        completed = failed = 0
        now = before
        while completed + failed < count and time.perf_counter() - begin < ALL_ENDED_S:
            time.sleep(0.25)
            with suppress(RuntimeError):  # under this load it answers some requests with 500
                now = self._counts(connections[0])
            completed, failed = (a - b for a, b in zip(now, before, strict=True))
        ended = time.perf_counter() - begin
        for each in connections:
            each.close()
        return answered, ended, count - completed

    def _counts(self, connection: Connection) -> tuple[int, int]:
        completed, failed = (
            connection.json("GET", f"{self.jobs}/count?status={status}")["count"]
            for status in ("COMPLETED", "FAILED")
        )
        return completed, failed


def _job(notebook: str) -> dict[str, Any]:
    return {
        "name": notebook,
        "input_uri": notebook,
        "runtime_environment_name": Path(sys.executable).name,
        "output_formats": ["ipynb"],
    }


def notebook(*cells: str) -> dict[str, Any]:
    """Return a notebook of code cells, for the kernel of this interpreter."""
    import nbformat.v4

    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    return dict(made)


def write_notebook(folder: Path, name: str = "trivial.ipynb") -> Path:
    """Write the trivial notebook into a folder."""
    path = folder / name
    path.write_text(json.dumps(notebook("x = 1 + 1\nx")))
    return path
