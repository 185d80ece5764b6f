"""Metrics of MLflow's own stores, as they grow: `mlflow.db`, `mlruns` (floor: services; blocking).

Sources: mlflow/store/tracking/dbmodels/models.py (tables `metrics`, `runs`) and
mlflow/store/tracking/file_store.py (`<experiment>/<run>/metrics/<name>`, whose lines are
`timestamp value step`).
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_BUSY_S = 0.2
_MOST_ROWS = 20_000
_MOST_META = 20_000
_METRICS = """
    SELECT metrics.rowid, key, value, is_nan, timestamp, step, run_uuid FROM metrics
    WHERE metrics.rowid > ? ORDER BY metrics.rowid LIMIT ?
"""
_RUNS = "SELECT run_uuid, name FROM runs ORDER BY start_time, run_uuid"


@dataclass(frozen=True)
class Metric:
    """One value of MLflow's; `time` in epoch seconds.

    Attributes:
        run: name of its run in MLflow, "" for the first of them.
    """

    run: str
    name: str
    value: float
    step: int
    time: float


def read_database(path: Path, offset: int) -> tuple[list[Metric], int]:
    """Return the metrics behind a row, and the last row of them.

    Raises:
        sqlite3.Error: it is none of MLflow's databases, or somebody writes to it now.
    """
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S)
    try:
        rows = connection.execute(_METRICS, (offset, _MOST_ROWS)).fetchall()
        names = dict(connection.execute(_RUNS)) if rows else {}
    finally:
        connection.close()
    runs = {run: "" if at == 0 else name or run[:8] for at, (run, name) in enumerate(names.items())}
    found = [
        Metric(runs.get(run, run[:8]), key, math.nan if is_nan else value, step, timestamp / 1000)
        for _, key, value, is_nan, timestamp, step, run in rows
    ]
    return found, rows[-1][0] if rows else offset


def runs_of(folder: Path) -> dict[Path, str]:
    """Return the runs of `mlruns`: folder -> name, "" for the first."""
    begun = []
    for about in folder.glob("*/*/meta.yaml"):
        try:
            if about.is_symlink() or not about.is_file():
                continue
            meta = yaml.safe_load(about.read_text()[:_MOST_META])
            begun.append((int(meta["start_time"]), about.parent, str(meta.get("run_name") or "")))
        except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
            continue  # it is being written
    return {
        run: "" if at == 0 else name or run.name[:8]
        for at, (_, run, name) in enumerate(sorted(begun))
    }


def read_metric(path: Path, run: str, name: str, offset: int) -> tuple[list[Metric], int]:
    """Return the whole lines of a metric's file from an offset on, and where they end.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        lines, newline, _ = file.read().rpartition(b"\n")
    found = []
    for line in lines.splitlines():
        words = line.split()
        try:
            moment, value = int(words[0]) / 1000, float(words[1])
            found.append(Metric(run, name, value, int(words[2]) if words[2:] else 0, moment))
        except (ValueError, IndexError):
            continue
    return found, offset + len(lines) + len(newline)
