"""Which trial of a sweep is the best."""

from __future__ import annotations

from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.sweep import SweepPlan
from jupyter_exec.services.sweeps.service import best_trial
from jupyter_exec.store.sweeps import TrialRow

DONE, FAILED, STOPPED = RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED


def row(number, status, metric, *, hopeless=False) -> TrialRow:
    return TrialRow(f"s_{number}", number, status, {}, metric, hopeless, None, None, None, None)


def best(*rows: TrialRow, goal="minimize"):
    plan = SweepPlan.model_validate({"template": "t", "version": 1, "metric": "m", "goal": goal})
    found = best_trial(plan, rows)
    return found and found.number


def test_the_best_of_those_that_completed():
    rows = [row(1, DONE, 3), row(2, DONE, 1), row(3, FAILED, 0), row(4, DONE, None)]
    rows += [row(5, STOPPED, 0, hopeless=True), row(6, STOPPED, 0), row(7, RunStatus.RUNNING, 0)]
    assert best(*rows) == 2
    assert best(*rows, goal="maximize") == 1


def test_of_equals_the_first():
    assert best(row(1, DONE, 2), row(2, DONE, 1), row(3, DONE, 1)) == 2
    assert best(row(1, DONE, 1), row(2, DONE, 1), goal="maximize") == 1


def test_those_stopped_early_count_where_none_completed():
    rows = [row(1, STOPPED, 1), row(2, STOPPED, 3, hopeless=True), row(3, FAILED, 0)]
    assert best(*rows) == 2
    assert best(row(4, DONE, None), *rows) == 2
    assert best(row(1, STOPPED, 1), row(2, FAILED, 1)) is None
    assert best() is None
