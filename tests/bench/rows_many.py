"""Fifty notebooks at once: answers, time, memory."""

from __future__ import annotations

import statistics
from typing import NamedTuple

from bench.harness import Plan, Row, alternate
from bench.places import Ours, Place, Scheduler, write_notebook
from bench.processes import Peak
from bench.rows_single import SUBMIT_NOTEBOOK

MEGABYTE = 1e6


class Burst(NamedTuple):
    """What a burst costs: the median time of an answer, the time until all ended, the memory."""

    answered_s: float
    ended_s: float
    peak_mb: float
    failed: int


def many(plan: Plan) -> list[Row]:
    """Measure a burst of notebooks against jupyter-scheduler."""
    count = plan.size(50, 6)
    ours, theirs = Ours(plan.folder / "many"), Scheduler(plan.folder / "many-scheduler")

    def burst_of_ours() -> Burst:
        with _peak(ours) as peak:
            answered, ended = ours.measure_many(count, SUBMIT_NOTEBOOK)
        return Burst(statistics.median(answered), ended, peak.highest / MEGABYTE, 0)

    def burst_of_theirs() -> Burst:
        with _peak(theirs) as peak:
            answered, ended, failed = theirs.measure_many(count, "trivial.ipynb")
        return Burst(statistics.median(answered), ended, peak.highest / MEGABYTE, failed)

    for place in (ours, theirs):
        write_notebook(place.root)
        place.start()
    try:
        ours.measure(SUBMIT_NOTEBOOK)
        theirs.measure("trivial.ipynb")
        measured = alternate(plan.heavy_rounds, ours=burst_of_ours, scheduler=burst_of_theirs)
    finally:
        ours.end()
        theirs.end()

    columns = {name: list(zip(*bursts, strict=True)) for name, bursts in measured.items()}
    failed = sum(columns["scheduler"][3])
    remark = f"jupyter-scheduler failed {failed:g} of its jobs" if failed else ""
    what = (
        f"POST answers, {count} posted at once",
        f"{count} trivial notebooks at once, until the last has ended",
        f"{count} trivial notebooks at once, peak memory (PSS of all processes)",
    )
    limits = (0.07, 0.2, 0.17)
    return [
        Row(
            what[column],
            columns["ours"][column],
            unit="MB" if column == 2 else "s",
            peer="jupyter-scheduler",
            theirs=columns["scheduler"][column],
            limit=limits[column],
            remark=remark if column == 1 else "",
        )
        for column in range(3)
    ]


def _peak(place: Place) -> Peak:
    place.marked.settle()
    return Peak(place.marked.pss_bytes)
