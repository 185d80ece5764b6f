"""A sweep's trials: a pure function of its plan."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.sweep import MAX_TRIALS, Space, SweepPlan, SweepRequest, plan_sweep
from jupyter_exec.model.wire import parse


def request(**body) -> SweepRequest:
    return parse(SweepRequest, body)


def plan(**body) -> SweepPlan:
    return plan_sweep(request(**body), "t", 3)


def space(**body) -> Space:
    return parse(Space, body)


def test_a_grid_goes_through_all_combinations_the_last_parameter_quickest():
    made = plan(space={"a": {"choice": ["x", "y"]}, "b": {"range": [3]}})
    assert (made.sampling, made.count, made.template, made.version) == ("grid", 6, "t", 3)
    assert [(trial["a"], trial["b"]) for trial in made.trials()] == list(
        itertools.product("xy", range(3))
    )
    assert len(list(plan(space={"a": {"range": [9]}}, trials=4).trials())) == 4


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ([3], [0, 1, 2]),
        ([1, 4], [1, 2, 3]),
        ([10, 0, -4], [10, 6, 2]),
        ([0, 0.3, 0.1], [0.0, 0.1, 0.2]),
        ([0.1, 0.75, 0.2], [0.1, 0.3, 0.5, 0.7]),
        ([0, 3e-13, 1e-13], [0.0, 1e-13, 2e-13]),
        ([1, 2.5], [1, 2]),
        ([1, 0, -0.25], [1.0, 0.75, 0.5, 0.25]),
    ],
)
def test_ranges(written, values):
    found = space(range=written).listed()
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "exactly one"),
        ({"choice": [1], "range": [3]}, "exactly one"),
        ({"choice": []}, "at least 1"),
        ({"choice": [1, None]}, "null is no value"),
        ({"range": []}, "at least 1"),
        ({"range": [0]}, "empty"),
        ({"range": [1, 2, 0]}, "must not be 0"),
        ({"range": [0, 10_001]}, "more than 10000"),
        ({"range": [-1e308, 1e308, 1e-300]}, "more than 10000"),
        ({"range": [0, float("inf")]}, "finite"),
        ({"range": [float("nan")]}, "finite"),
        ({"uniform": [1, 1]}, "below the second"),
        ({"uniform": [2, 1]}, "below the second"),
        ({"uniform": [-1.7e308, 1.7e308]}, "finite"),
        ({"uniform": [0, float("nan")]}, "finite"),
        ({"loguniform": [0, 1]}, "above 0"),
        ({"loguniform": [-1, 1]}, "above 0"),
        ({"uniform": [1, 2, 3]}, "more than 2"),
        ({"choice": [0] * (MAX_TRIALS + 1)}, "more than 10000"),
    ],
)
def test_spaces_that_cannot_be(body, says):
    with pytest.raises(InvalidRequest) as caught:
        space(**body)
    assert says in caught.value.message


def test_a_plain_list_is_a_choice():
    made = request(space={"a": ["x", "y"], "b": {"range": [2]}})
    assert made.space["a"] == space(choice=["x", "y"])
    assert made == request(space={"a": {"choice": ["x", "y"]}, "b": {"range": [2]}})


@pytest.mark.parametrize("values", [5, "1,2", None, True, {}, {"values": [1]}])
def test_what_is_no_space_is_told_the_four_ways(values):
    with pytest.raises(InvalidRequest) as caught:
        request(space={"lr": values})
    (fault,) = caught.value.faults
    assert fault.target == "space.lr"
    for way in ("choice", "range", "uniform", "loguniform"):
        assert f'{{"{way}": [' in fault.message


def test_what_is_endless_is_drawn_and_the_same_each_time():
    body = {
        "space": {"lr": {"loguniform": [1e-5, 1e-1]}, "drop": {"uniform": [0, 1]}},
        "seed": 7,
        "trials": 50,
    }
    made = plan(**body)
    assert (made.sampling, made.count) == ("random", 50)
    stored = parse(SweepPlan, json.loads(json.dumps(made.to_json())))
    assert list(stored.trials()) == list(made.trials()) == list(plan(**body).trials())
    assert list(made.trials()) != list(plan(**{**body, "seed": 8}).trials())
    more = list(plan(**{**body, "trials": 60}).trials())
    assert more[:50] == list(made.trials()), "more trials only follow"
    rates = [trial["lr"] for trial in made.trials()]
    assert all(1e-5 <= rate <= 1e-1 for rate in rates)
    assert sum(rate < 1e-3 for rate in rates) in range(15, 36), "evenly over the logarithm"


def test_random_has_twenty_trials_unless_told():
    assert plan(space={"a": {"uniform": [0, 1]}}).count == 20
    assert plan(space={"a": {"choice": [1, 2]}}, sampling="random").count == 20


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers())
def test_a_drawn_value_lies_between_its_bounds(one, other, seed):
    low, high = sorted((one, other))
    if low == high:
        return
    for way in ("uniform", "loguniform"):
        made = plan(space={"x": {way: [low, high]}}, trials=5, seed=seed)
        assert all(low <= trial["x"] <= high for trial in made.trials())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "space"),
        ({"space": {"a": {"range": [3]}}, "params": {"a": 1}}, "params and in space"),
        ({"space": {"a": {"range": [3]}}, "earlyStopping": "median"}, "needs a metric"),
        ({"space": {"a": {"range": [3]}}, "trials": 0}, "greater than or equal to 1"),
        ({"space": {"a": {"range": [3]}}, "trials": MAX_TRIALS + 1}, "less than or equal"),
        ({"space": {"a": {"range": [3]}}, "sampling": "bayes"}, "grid, random, manual"),
        ({"space": {"a": {"range": [3]}}, "goal": "best"}, "minimize, maximize"),
        ({"space": {"a": {"range": [3]}}, "maxParallel": 0}, "greater than or equal to 1"),
    ],
)
def test_requests_that_cannot_be(body, says):
    with pytest.raises(InvalidRequest) as caught:
        request(**body)
    assert says in caught.value.message


def test_a_grid_has_limits():
    with pytest.raises(ValueError, match="uniform or loguniform"):
        plan(space={"a": {"uniform": [0, 1]}}, sampling="grid")
    large = {"a": {"range": [1000]}, "b": {"range": [1000]}}
    with pytest.raises(ValueError, match="1000000 trials"):
        plan(space=large)
    assert len(list(plan(space=large, trials=30).trials())) == 30


def test_a_manual_sweep_has_no_trials_of_its_own():
    made = plan(sampling="manual", params={"a": 1})
    assert (made.count, list(made.trials())) == (None, [])
