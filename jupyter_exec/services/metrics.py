"""The metrics that a run has logged, whole or thinned (floor: services; called in threads).

The file is read in blocks, and between them other threads have their turn: a million points take
seconds, and the server answers meanwhile.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.services.reports import parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Point = dict[str, Any]
    Numbered = tuple[int, Point]

MOST_POINTS = 1_000_000  # in one answer
_MOST_EMPTY = 10_000  # metrics that are told of though an answer has room for none of their points
_LINES_BYTES = 1 << 16


class _Bucket:
    """Neighbouring points, of which three stay: the least, the greatest, the first that is odd.

    Odd are NaN, the infinities and texts.
    """

    def __init__(self) -> None:
        self.low: Numbered | None = None
        self.high: Numbered | None = None
        self.odd: Numbered | None = None

    def add(self, numbered: Numbered) -> None:
        """Keep the point where it is one of the three."""
        value = numbered[1]["value"]
        if isinstance(value, str):
            self.odd = self.odd or numbered
            return
        if self.low is None or value < self.low[1]["value"]:
            self.low = numbered
        if self.high is None or value > self.high[1]["value"]:
            self.high = numbered

    def kept(self) -> dict[int, Point]:
        """Return what stays, by its number."""
        return dict(each for each in (self.low, self.high, self.odd) if each is not None)


class _Series:
    """The points of one metric: all of them, or when they become too many, some of each bucket.

    Where there are too many buckets, each two neighbours become one; so the file is read once and
    the memory has a bound, however long it is.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._points: list[Point] = []
        self._buckets: list[_Bucket] = []
        self._width = 1
        self._last: Numbered | None = None
        self.total = 0

    @property
    def thinned(self) -> bool:
        """Tell whether it takes points without growing."""
        return self._last is not None

    def add(self, point: Point) -> None:
        """Take a point."""
        number, self.total = self.total, self.total + 1
        if self.thinned:
            self._into_bucket((number, point))
            return
        self._points.append(point)
        if self._most is not None and len(self._points) > self._most:
            for numbered in enumerate(self._points):
                self._into_bucket(numbered)
            del self._points[1:]

    def _into_bucket(self, numbered: Numbered) -> None:
        self._last = numbered
        if numbered[0] // self._width >= max(1, ((self._most or 0) - 2) // 3):
            self._width *= 2
            halved = []
            for index in range(0, len(self._buckets), 2):
                merged = _Bucket()
                for bucket in self._buckets[index : index + 2]:
                    for each in sorted(bucket.kept().items()):
                        merged.add(each)
                halved.append(merged)
            self._buckets = halved
        if numbered[0] // self._width >= len(self._buckets):
            self._buckets.append(_Bucket())
        self._buckets[-1].add(numbered)

    def points(self) -> list[Point]:
        """Return what is left, in its order; the first and the last point always are."""
        if self._last is None:
            return self._points
        kept = {0: self._points[0], self._last[0]: self._last[1]}
        for bucket in self._buckets:
            kept |= bucket.kept()
        return [kept[number] for number in sorted(kept)]


def read_metrics(
    path: Path, points: int | None = None, name: str | None = None, limit: int = MOST_POINTS
) -> dict[str, Any]:
    """Return `metrics`: points by metric; `total`: how many each has; `truncated`. Blocking.

    Args:
        points: of each metric at most so many; None = all.
        name: only this metric.
        limit: of all metrics together; `truncated` tells that points are missing for it.
    """
    found: dict[str, _Series] = {}
    held, truncated = 0, False
    for said in _points_of(path):
        called = said.pop("name")
        if name is not None and called != name:
            continue
        series = found.get(called)
        if series is None:
            if held >= limit and len(found) >= _MOST_EMPTY:
                truncated = True
                continue
            series = found[called] = _Series(points)
        if held < limit or series.thinned:
            series.add(said)
            held += not series.thinned
        else:
            series.total += 1
            truncated = True
    return {
        "metrics": {called: kept for called, series in found.items() if (kept := series.points())},
        "total": {called: series.total for called, series in found.items()},
        "truncated": truncated,
    }


def _points_of(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the points of a report file; none where there is no file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while lines := file.readlines(_LINES_BYTES):
            for line in lines:
                said = parse_line(line)
                if said and "name" in said:
                    yield said
            time.sleep(0)
