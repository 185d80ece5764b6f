"""A row of the table, and measuring in turns: ours, the peer, ours, the peer, ..."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: of what takes seconds.
        heavy_rounds: of what takes minutes.
        quick: smaller sizes, to see that everything works; the rows say so.
        folder: for everything that is written.
    """

    rounds: int
    heavy_rounds: int
    quick: bool
    folder: Path

    def size(self, full: int, quick: int) -> int:
        """Return how many of something there shall be."""
        return quick if self.quick else full


@dataclass
class Row:
    """One line of the table.

    Attributes:
        what: what was measured, with its size.
        ours, theirs: one figure a round, in the same order; `theirs` empty where there is no peer.
        unit: of the figures: "s", "MB" or "%".
        by: what `limit` is compared with: the median of ours / theirs, that of ours - theirs, or
            our figure at `quantile`.
        limit: None where nothing must be reached.
        quantile: 0.5 = median.
        remark: said below the table.
    """

    what: str
    ours: Sequence[float]
    unit: Literal["s", "MB", "%"] = "s"
    peer: str = ""
    theirs: Sequence[float] = field(default_factory=list)
    by: Literal["ratio", "difference", "value"] = "ratio"
    limit: float | None = None
    quantile: float = 0.5
    remark: str = ""

    @property
    def ratio(self) -> float | None:
        """Median over the rounds of ours / theirs."""
        pairs = list(zip(self.ours, self.theirs, strict=False))
        return statistics.median(a / b for a, b in pairs) if pairs else None

    @property
    def figure(self) -> float:
        """What the limit is compared with."""
        if self.by == "ratio":
            return self.ratio or 0.0
        if self.by == "difference":
            pairs = zip(self.ours, self.theirs, strict=True)
            return statistics.median(a - b for a, b in pairs)
        return at_quantile(self.ours, self.quantile)

    @property
    def reached(self) -> bool | None:
        """Tell whether it is as good as it must be; None where nothing must be reached."""
        return None if self.limit is None else self.figure <= self.limit


def at_quantile(values: Sequence[float], quantile: float) -> float:
    """Return the value that this share of the values does not exceed."""
    if quantile == 0.5:
        return statistics.median(values)
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(quantile * (len(ordered) - 1)))]


def alternate(rounds: int, **measures: Callable[[], T]) -> dict[str, list[T]]:
    """Call each in turn, `rounds` times over, and return what they returned, by name."""
    results: dict[str, list[T]] = {name: [] for name in measures}
    for number in range(rounds):
        for name, measure in measures.items():
            results[name].append(measure())
            say(f"  {number + 1}/{rounds} {name}: {results[name][-1]}")
    return results


def timed(call: Callable[[], object]) -> float:
    """Return how many seconds a call takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)
