"""Metric summaries and the trials of a sweep, as rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.errors import Conflict
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.run import Run
from jupyter_exec.store import events, metrics, runs, sweeps
from jupyter_exec.store.database import connect

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = connect(tmp_path / "exec.db", writable=True)
    yield made
    made.close()


def insert(connection: sqlite3.Connection, run_id: str, **more) -> Run:
    values = {
        "experiment": "e", "display_name": run_id, "status": RunStatus.QUEUED, "target": "local",
        "created_at": 1.0, "folder": run_id, "definition": {}, "request_hash": run_id,
    }  # fmt: skip
    return runs.insert(connection, Run(run_id=run_id, **{**values, **more}))


def points(*values, name="loss"):
    return [{"name": name, "value": value, "step": None, "time": None} for value in values]


def summary(connection: sqlite3.Connection, name="loss"):
    row = connection.execute(
        "SELECT last, minimum, maximum, points FROM metric_summaries WHERE name = ?", (name,)
    ).fetchone()
    return tuple(row) if row else None


def test_reports_are_summed_up(connection):
    insert(connection, "a")
    runs.save_report(connection, "a", 10, None, points(3, 1, 2.5))
    assert summary(connection) == (2.5, 1, 3, 3)
    runs.save_report(connection, "a", 20, None, points(7, "NaN", "Infinity", math.inf, math.nan))
    assert summary(connection) == (7, 1, 7, 4)
    runs.save_report(connection, "a", 30, None, points("-Infinity", name="other"))
    assert summary(connection, "other") is None
    runs.save_report(connection, "a", 40, None, points(2**70))
    assert summary(connection)[0] == 2.0**70


def test_all_points_are_summed_up_and_the_last_ones_told(connection):
    insert(connection, "a")
    runs.save_report(connection, "a", 10, None, points(*range(1000)))
    assert summary(connection) == (999, 0, 999, 1000)
    told = events.after(connection, 0, "a")[-1]["metrics"]
    assert [point["value"] for point in told] == list(range(800, 1000))


def test_made_up_names_do_not_fill_the_database(connection):
    insert(connection, "a")
    many = [point for n in range(metrics.MAX_METRICS + 50) for point in points(n, name=f"m{n}")]
    runs.save_points(connection, "a", many)
    runs.save_points(connection, "a", points(5, name="m0"))
    count = connection.execute("SELECT count(*) FROM metric_summaries").fetchone()[0]
    assert count == metrics.MAX_METRICS
    assert summary(connection, "m0") == (5, 0, 5, 2)


def test_a_summary_goes_with_its_run(connection):
    insert(connection, "a")
    runs.save_points(connection, "a", points(1))
    runs.transition(connection, "a", RunStatus.FAILED)
    runs.delete(connection, "a")
    assert summary(connection) is None
    runs.save_points(connection, "a", points(1))
    assert summary(connection) is None, "a report that came too late"


@pytest.mark.parametrize(
    ("run_id", "number"),
    [("s_1", 1), ("s_10000", 10000), ("s_01", None), ("s_", None), ("s", None), ("s_x", None),
     ("s_1_1", None), ("t_1", None), ("s_²", None), ("s_-1", None), ("s_0", None)],
)  # fmt: skip
def test_numbers_of_trials(run_id, number):
    assert sweeps.trial_number("s", run_id) == number


def test_trials_by_number_with_their_metric(connection):
    insert(connection, "s", definition={"sweep": {}})
    for number in (10, 2, 1):
        insert(connection, f"s_{number}", parent_run_id="s", template={"parameters": {"x": number}})
        runs.save_points(connection, f"s_{number}", points(number, number + 0.5))
    insert(connection, "again", parent_run_id="s")
    insert(connection, "s_3")
    runs.change(connection, "s_2", tags={"stopped": "median"})
    found = sweeps.trials(connection, "s", "loss")
    assert [(row.number, row.metric, row.hopeless) for row in found] == [
        (1, 1.5, False), (2, 2.5, True), (10, 10.5, False),
    ]  # fmt: skip
    assert not found[1].stopped_early, "not before it is cancelled"
    runs.transition(connection, "s_2", RunStatus.CANCEL_REQUESTED)
    runs.transition(connection, "s_2", RunStatus.CANCELED)
    assert sweeps.trials(connection, "s", "loss")[1].stopped_early
    assert [row.metric for row in sweeps.trials(connection, "s")] == [None] * 3
    told, last = sweeps.points(connection, "s_1")
    assert [point["value"] for point in told] == [1, 1.5]
    assert last == max(
        event["id"] for event in events.after(connection, 0, "s_1") if event["type"] == "metrics"
    )
    assert sweeps.points(connection, "s") == ([], 0)


def test_a_sweep_is_deleted_whole_or_not_at_all(connection):
    insert(connection, "s", definition={"sweep": {}})
    insert(connection, "s_1", parent_run_id="s")
    insert(connection, "s_2", parent_run_id="s")
    runs.transition(connection, "s_1", RunStatus.FAILED)
    with pytest.raises(Conflict, match="trial of the sweep s, which has not ended"):
        sweeps.delete(connection, "s_1")
    runs.transition(connection, "s", RunStatus.FAILED)
    connection.execute("BEGIN")
    with pytest.raises(Conflict, match="s_2 is Queued"):
        sweeps.delete(connection, "s")
    connection.execute("ROLLBACK")  # as Database does
    assert runs.get(connection, "s_1")
    assert [run.run_id for run in sweeps.delete(connection, "s_1")] == ["s_1"]
    runs.transition(connection, "s_2", RunStatus.FAILED)
    assert [run.run_id for run in sweeps.delete(connection, "s")] == ["s", "s_2"]
