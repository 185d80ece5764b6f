"""Where everything lies on disk; the only file that names it (floor: store).

See notebooks/structure.md, "On disk". Folders of runs are named by a UUID: a run id may be longer
than a file name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class RunPaths:
    """The folder of one run."""

    root: Path

    @property
    def work(self) -> Path:
        """Working folder: the snapshot, with `outputs` and `logs` inside."""
        return self.root / "work"

    @property
    def outputs(self) -> Path:
        """What the run leaves: `./outputs` in its working folder."""
        return self.work / "outputs"

    @property
    def logs(self) -> Path:
        """Stdout and stderr of the replicas, and the environment's build log."""
        return self.root / "logs"

    @property
    def clock(self) -> Path:
        """JSON lines: the order in which the logs grew, of a run that has several."""
        return self.root / "clock.jsonl"

    @property
    def metrics(self) -> Path:
        """JSON lines that the run appends: metrics and progress ($JUPYTER_EXEC_METRICS)."""
        return self.root / "metrics.jsonl"

    @property
    def usage(self) -> Path:
        """JSON lines about memory, CPU time and processes, of all attempts; see `shim/usage.py`."""
        return self.root / "usage.jsonl"

    @property
    def diff(self) -> Path:
        """The uncommitted changes of the source's git repository."""
        return self.root / "uncommitted.diff"

    @property
    def mounts(self) -> Path:
        """Where stores are mounted that a run sees in place."""
        return self.root / "mounts"

    @property
    def tensorboard(self) -> Path:
        """Links to what TensorBoard shows of the run."""
        return self.root / "tensorboard"

    @property
    def uploads(self) -> Path:
        """JSON lines: which uploads to datastores were begun and done."""
        return self.root / "uploads.jsonl"

    def attempt(self, number: int) -> Path:
        """Folder of one attempt: job.json, shim.lock, started.json, exit.json."""
        return self.root / "attempts" / str(number)

    def log(self, role: str, index: int, attempt: int) -> Path:
        """Log file of one replica in one attempt (1 = the first)."""
        return self.log_pattern(attempt).with_name(f"{role}-{index}{_retry(attempt)}.txt")

    def log_pattern(self, attempt: int) -> Path:
        """Log files of one attempt, with `{}` for the replica."""
        return self.logs / f"{{}}{_retry(attempt)}.txt"

    def failed(self, attempt: int) -> Path:
        """Lines of ranks in one attempt, in order: `rank-3 came`, and at its end `rank-3 1`."""
        return self.attempt(attempt) / "failed.txt"

    @property
    def environment_log(self) -> Path:
        """What building the environment printed."""
        return self.logs / "environment.txt"

    @property
    def data_log(self) -> Path:
        """What was transferred from and to datastores."""
        return self.logs / "data.txt"


def _retry(attempt: int) -> str:
    return "" if attempt == 1 else f".retry-{attempt - 1}"


@dataclass(frozen=True)
class DataPaths:
    """The data directory of a server."""

    root: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "exec.db"

    @property
    def server_lock(self) -> Path:
        """Locked by the one server that writes."""
        return self.root / "server.lock"

    @property
    def snapshots(self) -> Path:
        """Root of the snapshot store."""
        return self.root / "snapshots"

    @property
    def environments(self) -> Path:
        """Built environments, by content hash."""
        return self.root / "environments"

    @property
    def downloads(self) -> Path:
        """Downloads from datastores that are kept, by content."""
        return self.root / "downloads"

    @property
    def prepared(self) -> Path:
        """What launchers have fetched for runs, such as the packages of Spark."""
        return self.root / "prepared"

    @property
    def standby(self) -> Path:
        """Logs of processes that wait for a run."""
        return self.root / "standby"

    def run(self, folder: str) -> RunPaths:
        """Folder of one run."""
        return RunPaths(self.root / "runs" / folder)

    def create(self) -> None:
        """Make the data directory and its rooms, readable by their owner only."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for folder in (self.snapshots, self.environments, self.standby, self.root / "runs"):
            folder.mkdir(mode=0o700, exist_ok=True)
