"""The table in Markdown, and putting it into a page."""

from __future__ import annotations

import os
import platform
import statistics
import time
from typing import TYPE_CHECKING

from bench.harness import Row, at_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
_VERDICTS = {True: "ok", False: "**missed**", None: ""}
_MILLISECONDS_BELOW_S = 0.995


def table(rows: Sequence[Row], rounds: str) -> str:
    """Return the table with a line on how it was measured, and the remarks below it."""
    how = (
        f"Medians (least to most), measured in turns in one run of `scripts/bench`: {rounds}; "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}. "
        "The ratio is the median of the rounds' ratios."
    )
    lines = [
        "| what | jupyter_exec | peer | measured | to be reached | |",
        "|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
        how,
    ]
    remarks = [f"- {row.what}: {row.remark}" for row in rows if row.remark]
    return "\n".join([*lines, *([""] if remarks else []), *remarks]) + "\n"


def _line(row: Row) -> str:
    peer = f"{row.peer} {_spread(row.theirs, row.unit)}" if row.theirs else row.peer
    cells = [row.what, _spread(row.ours, row.unit), peer, _measured(row), _limit(row)]
    return f"| {' | '.join(cells)} | {_VERDICTS[row.reached]} |"


def _spread(values: Sequence[float], unit: str) -> str:
    middle = amount(statistics.median(values), unit)
    if len(values) == 1:
        return middle
    return f"{middle} ({amount(min(values), unit)} to {amount(max(values), unit)})"


def _measured(row: Row) -> str:
    if row.by == "ratio":
        return f"{row.ratio:.2g} x" if row.ratio is not None else ""
    if row.by == "difference":
        return ("+" if row.figure >= 0 else "") + amount(row.figure, row.unit)
    if row.quantile == 0.5:
        return amount(row.figure, row.unit)
    return f"p{row.quantile * 100:g}: {amount(at_quantile(row.ours, row.quantile), row.unit)}"


def _limit(row: Row) -> str:
    if row.limit is None:
        return ""
    if row.by == "ratio":
        return f"{row.limit:g} x"
    return ("+" if row.by == "difference" else "") + amount(row.limit, row.unit)


def amount(value: float, unit: str) -> str:
    """Return a figure as people write it: 12 ms, 1.5 s, 980 MB, 3.1 %."""
    if unit == "s" and abs(value) < _MILLISECONDS_BELOW_S:
        return f"{_short(value * 1000)} ms"
    return f"{_short(value)} {unit}"


def _short(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 10 else f"{value:.0f}"


def write_between_markers(page: Path, text: str) -> None:
    """Replace what stands between the markers of a page.

    Raises:
        ValueError: the page does not have both, in this order.
    """
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"{page} has no {BEGIN} ... {END}"
        raise ValueError(message)
    page.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
