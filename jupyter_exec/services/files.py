"""What a run leaves on disk: logs and outputs (floor: services; blocking, called in threads).

A name that comes from outside is resolved and must lie inside the run's own folder.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import NotFound
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.run import Run, isoformat
from jupyter_exec.model.wire import parse
from jupyter_exec.services.merged.clock import LogClock, are_beside, replica_logs
from jupyter_exec.services.merged.segment import REPLICA_LOG
from jupyter_exec.services.merged.view import RunLog
from jupyter_exec.services.metrics import read_metrics
from jupyter_exec.services.workspace import kept_folders
from jupyter_exec.services.zip_stream import zip_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_exec.store.paths import DataPaths, RunPaths


def _inside(folder: Path, name: str, what: str) -> Path:
    """Return a regular file inside `folder`, or raise NotFound."""
    try:
        path = (folder / name).resolve(strict=True)
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):
        pass
    message = f"the run has no {what} {name[:200]!r}"
    raise NotFound(message, what)


def _finish_clock(paths: RunPaths) -> None:
    """Note what nobody has noted: the server was not there at the end, or older than such notes."""
    with suppress(OSError):  # it has no logs, or they are just being deleted
        names = replica_logs(paths.logs)
        if not paths.clock.exists() and not are_beside(names):
            return
        noted = paths.clock.lstat().st_mtime_ns if paths.clock.exists() else -1
        if any((paths.logs / name).lstat().st_mtime_ns >= noted for name in names):
            LogClock(paths.logs, paths.clock).drain(final=True)
            os.utime(paths.clock)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


class RunFiles:
    """Logs, outputs and metrics of runs."""

    def __init__(self, paths: DataPaths) -> None:
        self._paths = paths
        self._merging = threading.Lock()

    def _of(self, run: Run) -> RunPaths:
        return self._paths.run(run.folder)

    def logs(self, run: Run) -> list[dict[str, Any]]:
        """List the logs of a run, replicas of the newest attempt first."""
        folder = self._of(run).logs
        entries = []
        for path in folder.glob("*.txt") if folder.is_dir() else ():
            found = REPLICA_LOG.fullmatch(path.name)
            status = path.stat()
            entries.append(
                {
                    "name": path.name,
                    "role": found["role"] if found else None,
                    "index": int(found["index"]) if found else None,
                    "attempt": int(found["retry"] or 0) + 1 if found else None,
                    "sizeBytes": status.st_size,
                    "modifiedAt": isoformat(status.st_mtime),
                }
            )
        return sorted(
            entries, key=lambda e: (-(e["attempt"] or 0), e["role"] or "", e["index"] or 0)
        )

    def log(self, run: Run, name: str) -> Path:
        """Return the path of one log; it need not exist yet while the run has not ended.

        Raises:
            NotFound: the run has no such log.
        """
        folder = self._of(run).logs
        if not run.ended and re.fullmatch(r"[\w.-]+\.txt", name):
            return folder / name
        return _inside(folder, name, "log")

    def merged(self, run: Run) -> RunLog:
        """Return what all replicas print, by time; of a run with one, its attempts in order."""
        paths = self._of(run)
        if run.ended:
            with self._merging:
                _finish_clock(paths)
        return RunLog(paths.logs, paths.clock)

    def _roots(self, run: Run) -> list[tuple[str, Path]]:
        """Return where outputs lie, and what stands before their names."""
        work = self._of(run).work
        history = parse(RunDefinition, run.definition).configuration.history
        return [
            ("" if name == "outputs" else f"{name}/", work / name) for name in kept_folders(history)
        ]

    def outputs(self, run: Run) -> list[dict[str, Any]]:
        """List every output file by path with its size, but for names that are no UTF-8."""
        entries: dict[str, dict[str, Any]] = {}
        for prefix, root in self._roots(run):
            for folder, _, files in os.walk(root):
                for name in files:
                    path = Path(folder, name)
                    if path.is_symlink() or not path.is_file():
                        continue
                    shown = prefix + path.relative_to(root).as_posix()
                    if not _is_text(shown):
                        continue  # neither JSON nor a zip can carry such a name
                    status = path.stat()
                    entries.setdefault(
                        shown,
                        {
                            "path": shown,
                            "sizeBytes": status.st_size,
                            "modifiedAt": isoformat(status.st_mtime),
                        },
                    )
        return [entries[path] for path in sorted(entries)]

    def output(self, run: Run, path: str) -> Path:
        """Return the file of one output.

        Raises:
            NotFound: the run has no such output.
        """
        for prefix, root in self._roots(run):
            if path.startswith(prefix):
                try:
                    return _inside(root, path[len(prefix) :], "output")
                except NotFound:
                    continue
        message = f"the run has no output {path[:200]!r}"
        raise NotFound(message, "path")

    def outputs_zip(self, run: Run) -> Iterator[bytes]:
        """Yield a zip of all outputs while it is being packed."""
        return zip_blocks(self._output_files(run))

    def _output_files(self, run: Run) -> Iterator[tuple[str, Path]]:
        for entry in self.outputs(run):
            try:
                yield entry["path"], self.output(run, entry["path"])
            except NotFound:
                continue  # deleted since it was listed

    def diff(self, run: Run) -> Path:
        """Return the file with what was not committed when the snapshot was taken.

        Raises:
            NotFound: everything was, or there was no repository.
        """
        return _inside(self._of(run).root, self._of(run).diff.name, "diff")

    def usage(self, run: Run) -> Path:
        """Return the file about what the run uses; there is none before its first second is over.

        Nor of a run on another machine.
        """
        return self._of(run).usage

    def metrics(
        self, run: Run, points: int | None = None, name: str | None = None
    ) -> dict[str, Any]:
        """Return what the run has logged by metric; see read_metrics."""
        return {**read_metrics(self._of(run).metrics, points, name), "progress": run.progress}
