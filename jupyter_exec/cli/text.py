"""Runs, times and sizes as a terminal shows them (floor: faces)."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.frameworks import several_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.client import Run

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_KILO = 1000


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


def say_json(value: Any) -> None:
    """Print a value as JSON."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns; the last one is as long as it is."""
    everything = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in everything) for column in range(len(header) - 1)]
    lines = []
    for row in everything:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Write a time span as `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min` or `3 d 4 h`."""
    if seconds < 10:  # noqa: PLR2004 - tenths matter below ten seconds
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def size(size_bytes: float) -> str:
    """Write a size as `512 B`, `1.5 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < _KILO:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= _KILO
    return f"{size_bytes:.1f} TB"


def elapsed(run: Run) -> str:
    """Return how long a run takes or took; before its start, nothing."""
    if run.started_at is None:
        return ""
    return duration(((run.ended_at or _now()) - run.started_at).total_seconds())


def ago(moment: datetime | None) -> str:
    """Return how long ago something was."""
    return "" if moment is None else f"{duration((_now() - moment).total_seconds())} ago"


def count(number: int, noun: str) -> str:
    """Write `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def progress(run: Run) -> str:
    """Return a run's progress: `3/7 label`; a label with numbers of its own stands alone."""
    now = run.progress or {}
    if now.get("done") is None:
        return ""
    label = str(now.get("label") or "")
    if any(sign.isdigit() for sign in label):
        return label
    total = f"/{now['total']:g}" if now.get("total") else ""
    return f"{now['done']:g}{total} {label}".rstrip()


def state(run: Run) -> str:
    """Return a run's state, with its place where it waits."""
    position = run.queue_position
    return f"{run.status} ({position})" if position else run.status


def submitted(run: Run) -> str:
    """Return the line that a run which was just made begins with."""
    taken = run.json.get("snapshot") or {}
    files = ""
    if taken.get("files"):
        files = f" with {count(taken['files'], 'file')}, {size(taken.get('sizeBytes') or 0)}"
    several = several_words((run.json.get("definition") or {}).get("configuration") or {})
    return f"Submitted {run.run_id}{files}{f' ({several})' if several else ''}"


def summary(run: Run) -> str:
    """Return the line that a run ends with: state, cause, and where its outputs are."""
    outputs = run.outputs()
    line = run.status
    if run.started_at is not None and run.ended_at is not None:
        line += f" {'in' if run.status == 'Completed' else 'after'} {elapsed(run)}"
    if run.error is not None:
        line += f": {run.error.message}"
    if outputs:
        names = ", ".join(output.path for output in outputs[:3])
        names += ", ..." if len(outputs) > 3 else ""  # noqa: PLR2004 - as many as are named
        line += f"; left {names}: jupyter exec outputs {run.run_id} --download ."
    return line


def _now() -> datetime:
    return datetime.now(timezone.utc)
