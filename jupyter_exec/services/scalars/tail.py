"""Follows what a run writes for TensorBoard and MLflow, and tells it as the run's metrics.

Floor: services. What is found is appended to the run's own report file, together with how far each
file has been read: one write, so that a killed server neither loses points nor tells them twice.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import re
import sqlite3
import threading
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from jupyter_exec.services.scalars.event_file import Broken, read_scalars
from jupyter_exec.services.scalars.files import DATABASES, tracked
from jupyter_exec.services.scalars.mlflow_store import read_database, read_metric, runs_of

if TYPE_CHECKING:
    from pathlib import Path

    Lines = list[dict[str, Any]]

log = logging.getLogger(__name__)

READ = "scalars"
"""Key of a line that tells how far files have been read: path -> offset."""

_PERIOD_S = 1.0
_REST = 30  # times as long as looking took
_PLAIN = {"outputs", "logs", "runs", "tb", "tensorboard", "tb_logs", "lightning_logs"}
_MADE_UP = re.compile(r"[A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d_.*|\d{8}[-_]\d{6}|version_\d+")


def metric_name(folder: PurePath, tag: str) -> str:
    """Return what a tag is called among the run's metrics.

    The folder of its event file tells apart what has the same tag (`train`, `validation`); names
    that are mere places, or made up by a writer, are left out.

    Args:
        folder: of the event file, relative to the working folder.
    """
    parts = [part for part in folder.parts if part not in _PLAIN and not _MADE_UP.fullmatch(part)]
    return "/".join([*parts, tag])


class ScalarTail:
    """What one run writes, from where it was left, by an earlier server too.

    Args:
        work: the run's working folder.
        report: the run's report file.
        started_at: epoch seconds; what is older came with the code.
    """

    def __init__(self, work: Path, report: Path, started_at: float) -> None:
        self._work = work
        self._report = report
        self._started_at = started_at
        self._offsets: dict[str, int] | None = None
        self._broken: set[str] = set()
        self._lock = threading.Lock()

    async def follow(self) -> None:
        """Tell what is new, again and again, until cancelled."""
        pause_s = _PERIOD_S
        while True:
            await asyncio.sleep(pause_s)
            began = time.monotonic()
            await asyncio.to_thread(self.drain)
            pause_s = max(_PERIOD_S, _REST * (time.monotonic() - began))

    def drain(self) -> None:
        """Tell everything that is there by now; blocks."""
        with self._lock:
            self._drain()

    def _drain(self) -> None:
        if self._offsets is None:
            self._offsets = _already_read(self._report)
        for path in tracked(self._work):
            shown = path.relative_to(self._work).as_posix()
            if shown not in self._broken:
                try:
                    self._read(path, shown)
                except (OSError, sqlite3.OperationalError) as problem:
                    log.debug("%s: later, as %s", shown, problem)  # locked, gone, or a full disk
                except (Broken, sqlite3.Error, ValueError) as problem:
                    self._broken.add(shown)
                    log.info("%s: no scalars in %s: %s", self._work.parent.name, shown, problem)

    def _read(self, path: Path, shown: str) -> None:
        """Tell what is new in one file, or in one folder of MLflow's."""
        if path.name == "mlruns":
            for run, name in runs_of(path).items():
                self._read_files(run / "metrics", name)
        elif path.name in DATABASES:
            self._all(path, shown, lambda at: _of_mlflow(*read_database(path, at)))
        else:
            folder = PurePath(shown).parent
            self._all(path, shown, lambda at: _of_events(folder, *read_scalars(path, at)))

    def _read_files(self, metrics: Path, run: str) -> None:
        for path in sorted(metrics.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            shown = path.relative_to(self._work).as_posix()
            name = path.relative_to(metrics).as_posix()

            def read(at: int, path: Path = path, name: str = name) -> tuple[Lines, int]:
                return _of_mlflow(*read_metric(path, run, name, at))

            self._all(path, shown, read)

    def _all(self, path: Path, shown: str, read: Any) -> None:
        """Read until nothing is new; what is older than the run is only noted."""
        offsets = self._offsets
        if offsets is None:
            return
        if shown not in offsets and path.stat().st_mtime < self._started_at:
            lines, end = read(0)
            while lines:
                lines, end = read(end)
            self._tell([], shown, end)
        while True:
            lines, end = read(offsets.get(shown, 0))
            if end == offsets.get(shown, 0):
                return
            self._tell(lines, shown, end)

    def _tell(self, lines: Lines, shown: str, end: int) -> None:
        """Append points, and how far that was.

        Raises:
            OSError: a full disk; nothing is told then, and it is tried again.
        """
        if self._offsets is None:
            return
        said = "".join(json.dumps(line) + "\n" for line in [*lines, {READ: {shown: end}}])
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self._report, flags, 0o600)
        try:
            os.write(file, said.encode("ascii"))
        finally:
            os.close(file)
        self._offsets[shown] = end


def _of_events(folder: PurePath, scalars: Any, end: int) -> tuple[Lines, int]:
    return [
        _line(metric_name(folder, one.tag), one.value, one.step, one.time) for one in scalars
    ], end


def _of_mlflow(metrics: Any, end: int) -> tuple[Lines, int]:
    return [
        _line(f"{one.run}/{one.name}" if one.run else one.name, one.value, one.step, one.time)
        for one in metrics
    ], end


def _line(name: str, value: float, step: int, moment: float) -> dict[str, Any]:
    """Return a line of the report file, as `current_run.py` writes it."""
    number: float | str = value
    if not math.isfinite(value):
        number = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return {"metric": name, "value": number, "step": step, "time": moment}


def _already_read(report: Path) -> dict[str, int]:
    """Return how far an earlier server has read."""
    offsets: dict[str, int] = {}
    mark = f'"{READ}"'.encode()
    try:
        with report.open("rb") as file:
            for line in file:
                if mark in line:
                    offsets |= _offsets_of(line)
    except OSError:
        return {}
    return offsets


def _offsets_of(line: bytes) -> dict[str, int]:
    try:
        said = json.loads(line)[READ]
        return {str(path): int(offset) for path, offset in said.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # a metric of that name
