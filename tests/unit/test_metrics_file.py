"""Metrics read from a report file: all of them, thinned, one of them; and large answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.handlers.encoding import encode, is_large
from jupyter_exec.services.metrics import read_metrics

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, **metrics: list[Any]) -> Path:
    lines = [
        json.dumps({"metric": name, "value": value, "step": step})
        for name, values in metrics.items()
        for step, value in enumerate(values)
    ]
    path.write_text("".join(line + "\n" for line in lines))
    return path


def test_a_long_metric_is_thinned_and_keeps_what_stands_out(tmp_path):
    values: list[Any] = [0.5] * 50_000
    values[0], values[31_234], values[31_235], values[40_000] = 3, 9.0, -9.0, float("nan")
    found = read_metrics(write(tmp_path / "m", loss=values, acc=[1, 2, 3]), points=100)
    points = found["metrics"]["loss"]
    assert 20 <= len(points) <= 100
    steps = [point["step"] for point in points]
    assert steps == sorted(set(steps))
    assert steps[0] == 0
    assert {31_234, 31_235, 40_000, 49_999} <= set(steps)
    assert [point["value"] for point in found["metrics"]["acc"]] == [1, 2, 3]
    assert found["total"] == {"loss": 50_000, "acc": 3}
    assert found["truncated"] is False


@pytest.mark.parametrize("count", [9, 10, 11, 12, 100, 101, 4097])
@pytest.mark.parametrize("points", [10, 13, 100])
def test_never_more_points_than_asked_and_all_where_they_fit(tmp_path, count, points):
    values = [value * (-1) ** value for value in range(count)]
    found = read_metrics(write(tmp_path / "m", loss=values), points)["metrics"]["loss"]
    assert len(found) == count if count <= points else len(found) <= points
    assert (found[0]["step"], found[-1]["step"]) == (0, count - 1)


def test_texts_are_thinned_too(tmp_path):
    found = read_metrics(write(tmp_path / "m", phase=["a"] * 1000 + ["b"]), 10)["metrics"]["phase"]
    assert len(found) <= 10
    assert found[-1]["value"] == "b"


def test_what_an_answer_has_no_room_for_is_told(tmp_path):
    path = write(tmp_path / "m", loss=[1, 2, 3, 4], acc=[5])
    found = read_metrics(path, limit=4)
    assert [point["value"] for point in found["metrics"]["loss"]] == [1, 2, 3, 4]
    assert "acc" not in found["metrics"]
    assert found["total"] == {"loss": 4, "acc": 1}
    assert found["truncated"] is True
    assert read_metrics(path, limit=5)["truncated"] is False


def test_one_metric_by_name(tmp_path):
    path = write(tmp_path / "m", loss=[1], acc=[5])
    assert read_metrics(path, name="acc") == {
        "metrics": {"acc": [{"value": 5, "step": 0, "time": None}]},
        "total": {"acc": 1},
        "truncated": False,
    }
    assert read_metrics(tmp_path / "none")["metrics"] == {}


@pytest.mark.parametrize(
    "values",
    [
        {},
        [],
        {"a": {}, "b": [1, None, "é"]},
        {"a": list(range(20_000)), "b": {}},
        {"a": [{"value": i, "step": [i]} for i in range(5000)]},
        [[list(range(9000)), []], {}],
        {str(i): {"x": [i]} for i in range(6000)},
        ["x" * 10_000_000],
    ],
)
def test_answers_of_any_size_are_the_same_json(values):
    assert encode(values).decode() == json.dumps(values, ensure_ascii=False)


def test_lone_surrogates_are_escaped():
    assert json.loads(encode({"\ud800": ["é", "\udfff"]})) == {"\ud800": ["é", "\udfff"]}
    assert not is_large({"a": [1, 2, 3]})
    assert is_large([[0] * 4, [0] * 5000])
