"""The median stopping rule, against its definition."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from jupyter_exec.model.sweep import SweepPlan
from jupyter_exec.services.sweeps.early_stopping import MAX_POINTS, Curve, MedianRule


def rule(**changes) -> MedianRule:
    plan = {"template": "t", "version": 1, "metric": "loss", "minTrials": 1, "minSteps": 1}
    return MedianRule(SweepPlan.model_validate({**plan, **changes}))


def points(*values, steps=None, name="loss"):
    steps = steps or [None] * len(values)
    return [
        {"name": name, "value": value, "step": step, "time": 0.0}
        for value, step in zip(values, steps, strict=True)
    ]


def test_worse_than_the_median_of_the_averages_up_to_the_same_step():
    judge = rule()
    for trial, values in {1: (4, 2, 0), 2: (6, 4, 2), 3: (9, 9, 9)}.items():
        judge.report(trial, points(*values))
    # Averages up to step 2: 3, 5, 9; their median is 5.
    judge.report(4, points(7, 5.1))
    assert judge.is_hopeless(4, {1, 2, 3})
    judge.report(5, points(7, 5))
    assert not judge.is_hopeless(5, {1, 2, 3}), "it must be strictly worse"
    judge.report(4, points(4.9))
    # Step 3: averages 2, 4, 9; the best so far is 4.9.
    assert judge.is_hopeless(4, {1, 2, 3})
    judge.report(5, points(3))
    assert not judge.is_hopeless(5, {1, 2, 3})


def test_its_best_value_counts_and_not_its_last():
    judge = rule()
    judge.report(1, points(5, 5, 5))
    judge.report(2, points(1, 100, 100))
    assert not judge.is_hopeless(2, {1})


def test_maximize():
    judge = rule(goal="maximize")
    judge.report(1, points(0.5, 0.7))
    judge.report(2, points(0.1, 0.2))
    judge.report(3, points(0.1, 0.9))
    assert judge.is_hopeless(2, {1})
    assert not judge.is_hopeless(3, {1})


def test_min_trials_and_min_steps():
    judge = rule(minTrials=2, minSteps=3)
    judge.report(1, points(1, 1, 1))
    judge.report(2, points(1, 1, 1))
    judge.report(3, points(9, 9))
    assert not judge.is_hopeless(3, {1, 2}), "two steps only"
    judge.report(3, points(9))
    assert not judge.is_hopeless(3, {1}), "one completed trial only"
    assert judge.is_hopeless(3, {1, 2})


def test_a_trial_is_not_compared_with_itself_or_with_one_that_said_nothing():
    judge = rule(minTrials=1)
    judge.report(1, points(9))
    assert not judge.is_hopeless(1, {1})
    assert not judge.is_hopeless(1, {1, 2})
    assert not judge.is_hopeless(7, {1})


def test_what_is_no_number_and_other_metrics_are_left_out():
    judge = rule()
    assert not judge.report(1, points("NaN", "Infinity", True, math.nan, math.inf))
    assert not judge.report(1, points(1, name="accuracy"))
    assert not judge.is_hopeless(1, set())
    assert judge.report(1, points("NaN", 1))


def test_steps_decide_where_others_are_looked_at():
    judge = rule()
    judge.report(1, points(10, 2, 0, steps=[10, 20, 30]))
    judge.report(2, points(7, steps=[20]))  # up to 20 the other has 6 on average
    assert judge.is_hopeless(2, {1})
    judge.report(3, points(7, steps=[10]))
    assert not judge.is_hopeless(3, {1})
    judge.report(4, points(99, steps=[5]))  # the other had nothing by then
    assert not judge.is_hopeless(4, {1})


@pytest.mark.parametrize("seed", range(20))
def test_a_curve_in_any_order_is_the_mean_of_what_lies_before(seed):
    chance = random.Random(seed)
    given = [(chance.randrange(40), chance.uniform(-5, 5)) for _ in range(60)]
    curve = Curve()
    for step, value in given:
        curve.add(value, step)
    for step in range(-1, 41):
        values = [value for where, value in given if where <= step]
        average = curve.average(step)
        if values:
            assert average == pytest.approx(statistics.fmean(values))
        else:
            assert average is None


def test_a_curve_does_not_grow_for_ever():
    curve = Curve()
    for _ in range(MAX_POINTS + 10):
        curve.add(1.0, None)
    assert len(curve) == MAX_POINTS
    assert curve.average(math.inf) == 1.0
