"""The median stopping rule: which trials are not worth going on with (floor: services; pure).

Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section
3.2.2: a trial is stopped at step s if its best value by then is strictly worse than the median of
the running averages that all completed trials had up to step s.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jupyter_exec.model.sweep import SweepPlan

MAX_POINTS = 20_000  # of one trial; what comes after them changes its average little


def number(value: Any) -> float | None:
    """Return a reported value as a number; None for NaN, the infinities, and what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


class Curve:
    """What one trial has reported of the metric, by step.

    Points without a step are counted: the first is step 1.
    """

    def __init__(self) -> None:
        self._steps = array("d")
        self._sums = array("d")  # of all values up to and with each point

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def step(self) -> float:
        """The last step there is; -inf without any."""
        return self._steps[-1] if self._steps else -math.inf

    def add(self, value: float, step: float | None) -> None:
        """Take one more point; one that comes late finds its place."""
        if len(self) >= MAX_POINTS:
            return
        where = float(len(self) + 1 if step is None else step)
        index = bisect_right(self._steps, where)
        self._steps.insert(index, where)
        self._sums.insert(index, (self._sums[index - 1] if index else 0.0) + value)
        for later in range(index + 1, len(self._sums)):
            self._sums[later] += value

    def average(self, step: float) -> float | None:
        """Return the mean of the values up to a step; None where there are none."""
        count = bisect_right(self._steps, step)
        return self._sums[count - 1] / count if count else None


class MedianRule:
    """Judges the trials of one sweep."""

    def __init__(self, plan: SweepPlan) -> None:
        self._metric = plan.metric
        self._sign = -1.0 if plan.goal == "maximize" else 1.0  # so that less is always better
        self._min_trials = plan.min_trials
        self._min_steps = plan.min_steps
        self._curves: dict[int, Curve] = {}
        self._best: dict[int, float] = {}

    def report(self, trial: int, points: Collection[Mapping[str, Any]]) -> bool:
        """Take points that a trial has reported; tell whether the metric was among them."""
        news = False
        for point in points:
            value = number(point["value"])
            if point["name"] != self._metric or value is None:
                continue
            news = True
            value *= self._sign
            self._curves.setdefault(trial, Curve()).add(value, number(point["step"]))
            self._best[trial] = min(value, self._best.get(trial, math.inf))
        return news

    def is_hopeless(self, trial: int, completed: Collection[int]) -> bool:
        """Tell whether to stop a trial.

        Args:
            completed: the trials that ran to their end by themselves.
        """
        curve = self._curves.get(trial)
        if curve is None or len(curve) < self._min_steps:
            return False
        averages = [
            average
            for other in completed
            if other != trial and other in self._curves
            if (average := self._curves[other].average(curve.step)) is not None
        ]
        return len(averages) >= self._min_trials and self._best[trial] > median(averages)
