"""What `%runs` shows: a table, as text in terminals and as HTML in notebooks (floor: magics)."""

from __future__ import annotations

import html
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.client import Run

_HEAD = ("Status", "Name", "Experiment", "Target", "Started", "Time", "Run id")
_WIDEST = 40
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400
_COLOURS = {
    "Completed": "var(--jp-success-color1, #2e7d32)",
    "Failed": "var(--jp-error-color1, #c62828)",
    "Canceled": "var(--jp-ui-font-color2, #666)",
    "NotResponding": "var(--jp-warn-color1, #b26a00)",
    "CancelRequested": "var(--jp-warn-color1, #b26a00)",
}
_BUSY = "var(--jp-brand-color1, #1976d2)"


class RunTable:
    """Some runs, newest first; `table[0]` is the newest.

    Args:
        runs: what is shown.
        total: how many there are of this kind.
    """

    def __init__(self, runs: Sequence[Run], total: int) -> None:
        self.runs = list(runs)
        self.total = total

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, position: int) -> Run:
        return self.runs[position]

    def __repr__(self) -> str:
        if not self.runs:
            return "No runs."
        return "\n".join([aligned([_HEAD, *map(row, self.runs)]), *self._more()])

    def _repr_html_(self) -> str:
        if not self.runs:
            return "<em>No runs.</em>"
        left = "style='text-align: left'"
        head = "".join(f"<th {left}>{text}</th>" for text in _HEAD)
        body = "".join(f"<tr>{_cells(run, left)}</tr>" for run in self.runs)
        more = "".join(f"<div>{line}</div>" for line in self._more())
        table = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        return f"<table class='jp-exec-runs'>{table}</table>{more}"

    def _more(self) -> list[str]:
        left = self.total - len(self.runs)
        return [f"... and {left} more: %runs -n {self.total}"] if left > 0 else []


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, in columns; what is very long is cut."""
    short = [[_shorten(text) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*short, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in short
    )


def row(run: Run) -> tuple[str, ...]:
    """Return a run's cells."""
    return (
        run.status,
        run.name,
        run.experiment,
        run.target,
        ago(run.started_at or run.created_at),
        _elapsed(run.started_at, run.ended_at),
        run.run_id,
    )


def _cells(run: Run, left: str) -> str:
    status, *others = row(run)
    colour = _COLOURS.get(status, _BUSY)
    title = html.escape(run.error.message, quote=True) if run.error else ""
    first = f"<td {left} title='{title}'><b style='color: {colour}'>{html.escape(status)}</b></td>"
    return first + "".join(f"<td {left}>{html.escape(text)}</td>" for text in others)


def _shorten(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WIDEST or " " not in flat else flat[: _WIDEST - 1] + "…"


def ago(moment: datetime | None) -> str:
    """Say how long ago something was; after a day, when."""
    if moment is None:
        return ""
    seconds = (datetime.now(timezone.utc) - moment).total_seconds()
    units = ((_MINUTE_S, 1, "s"), (_HOUR_S, _MINUTE_S, "min"), (_DAY_S, _HOUR_S, "h"))
    for limit, unit, name in units:
        if seconds < limit:
            return f"{max(0, int(seconds / unit))} {name} ago"
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def _elapsed(started: datetime | None, ended: datetime | None) -> str:
    if started is None:
        return ""
    seconds = max(0, int(((ended or datetime.now(timezone.utc)) - started).total_seconds()))
    hours, rest = divmod(seconds, _HOUR_S)
    minutes, seconds = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
