"""What a run says about itself while it runs: metrics and progress (floor: services).

The run appends JSON lines to one file; we follow the file and tell the listeners. The file itself
is the record of all metrics, so a million points cost the database nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_exec.store import events, runs

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.services.journal import Journal

POLL_S = 0.2
BLOCK_BYTES = 1 << 18
POINTS_PER_EVENT = 200


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return what one line says: a point, or {"progress": ...}; None for anything else."""
    try:
        said = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, Mapping):
        return None
    progress = said.get("progress")
    if isinstance(progress, Mapping):
        return {"progress": {key: progress.get(key) for key in ("done", "total", "label")}}
    name, value = said.get("metric"), said.get("value")
    if isinstance(name, str) and isinstance(value, int | float | str):
        return {
            "name": name[:200],
            "value": value,
            "step": said.get("step"),
            "time": said.get("time"),
        }
    return None


class ReportTail:
    """Follows the report file of one run from where it was left."""

    def __init__(self, path: Path, run_id: str, journal: Journal) -> None:
        self._path = path
        self._run_id = run_id
        self._journal = journal
        self._offset = 0

    def skip(self) -> None:
        """Take what is there as told already (after a restart)."""
        self._offset = self._path.stat().st_size if self._path.exists() else 0

    async def follow(self) -> None:
        """Tell what is new, again and again, until cancelled."""
        while True:
            await asyncio.sleep(POLL_S)
            await self.drain()

    async def drain(self) -> None:
        """Tell everything that is in the file by now."""
        while lines := self._lines():
            said = [item for item in map(parse_line, lines) if item]
            progress = [item["progress"] for item in said if "progress" in item]
            points = [item for item in said if "name" in item]
            if progress:
                await self._journal.write(runs.save_progress, self._run_id, progress[-1])
            if points:
                data = {"metrics": points[-POINTS_PER_EVENT:]}
                await self._journal.write(events.append, self._run_id, "metrics", data)

    def _lines(self) -> list[bytes]:
        try:
            size = self._path.stat().st_size
        except OSError:
            return []
        if size <= self._offset:
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            block = file.read(BLOCK_BYTES)
        whole, _, rest = block.rpartition(b"\n")
        if not whole and len(rest) < BLOCK_BYTES:
            return []
        self._offset += len(whole) + 1 if whole else len(rest)
        return whole.split(b"\n") if whole else [b""]


def read_metrics(path: Path, limit: int = 1_000_000) -> dict[str, list[dict[str, Any]]]:
    """Return all points by metric, in their order, at most `limit` of them. Blocking."""
    series: dict[str, list[dict[str, Any]]] = {}
    if not path.exists():
        return series
    with path.open("rb") as file:
        for count, line in enumerate(file):
            said = parse_line(line)
            if said and "name" in said:
                series.setdefault(said.pop("name"), []).append(said)
            if count >= limit:
                break
    return series
