"""What a run says about itself while it runs: metrics and progress (floor: services).

The run appends JSON lines to one file; we follow the file and tell the listeners. The file itself
is the record of all metrics, so a million points cost the database nothing.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_exec.store import runs

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal

POLL_S = 0.2
BLOCK_BYTES = 1 << 18
LABEL_LENGTH = 200


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
        label = progress.get("label")
        return {
            "progress": {
                "done": _count(progress.get("done")),
                "total": _count(progress.get("total")),
                "label": label[:LABEL_LENGTH] if isinstance(label, str) else None,
            }
        }
    name, value = said.get("metric"), _value(said.get("value"))
    if not isinstance(name, str) or value is None:
        return None
    step, moment = _count(said.get("step")), _count(said.get("time"))
    return {"name": name[:LABEL_LENGTH], "value": value, "step": step, "time": moment}


def _value(value: Any) -> float | int | str | None:
    """Return a metric's value; NaN and the infinities as text, since JSON has no words for them."""
    if isinstance(value, str):
        return value[:LABEL_LENGTH]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if math.isfinite(number):
        return value
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _count(value: Any) -> float | int | None:
    """Return a number that counts something; None for anything else."""
    found = _value(value)
    return found if isinstance(found, int | float) and found >= 0 else None


class ReportTail:
    """Follows the report file of one run from where it was left, by an earlier server too."""

    def __init__(self, path: Path, run: Run, journal: Journal) -> None:
        self._path = path
        self._run_id = run.run_id
        self._journal = journal
        self._offset = run.reported_bytes

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
            await self._journal.write(
                runs.save_report,
                self._run_id,
                self._offset,
                progress[-1] if progress else None,
                points,
            )

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
