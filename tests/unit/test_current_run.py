from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_exec import current_run


@pytest.fixture
def metrics(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    monkeypatch.setenv("JUPYTER_EXEC_METRICS", str(path))
    return path


def lines(path):
    return [json.loads(line, parse_constant=pytest.fail) for line in path.read_text().splitlines()]


class Scalar:
    """What NumPy's and PyTorch's scalars have in common."""

    def __float__(self):
        return 2.5

    def __index__(self):
        return 7


def test_nothing_happens_outside_a_run(tmp_path, monkeypatch):
    monkeypatch.delenv("JUPYTER_EXEC_METRICS", raising=False)
    monkeypatch.delenv("JUPYTER_EXEC_RUN_ID", raising=False)
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)
    monkeypatch.chdir(tmp_path)
    current_run.log_metric("loss", 1)
    current_run.log_metrics({"a": 1, "b": 2}, step=1)
    current_run.progress(1, 2)
    assert list(tmp_path.iterdir()) == []
    assert current_run.run_id is None
    assert current_run.output_dir == str(tmp_path / "outputs")


def test_the_environment_counts_at_the_time_of_use(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AZUREML_OUTPUT_DIRECTORY", "./elsewhere")
    monkeypatch.setenv("JUPYTER_EXEC_RUN_ID", "exp_1")
    assert current_run.output_dir == str(tmp_path / "elsewhere")
    assert current_run.run_id == "exp_1"
    for name in ("first", "second"):
        monkeypatch.setenv("JUPYTER_EXEC_METRICS", str(tmp_path / name))
        current_run.log_metric(name, 1)
        assert lines(tmp_path / name)[0]["metric"] == name


def test_metrics(metrics):
    current_run.log_metric("loss", 0.25, step=3)
    current_run.log_metrics({"höhe": Scalar(), "on": True}, step=Scalar())
    found = lines(metrics)
    assert [(e["metric"], e["value"], e["step"]) for e in found] == [
        ("loss", 0.25, 3),
        ("höhe", 2.5, 7),
        ("on", 1.0, 7),
    ]
    assert all(isinstance(entry["time"], float) for entry in found)


def test_what_json_has_no_number_for_is_a_word(metrics):
    for value in ("nan", "inf", "-inf"):
        current_run.log_metric("loss", float(value))
    assert [entry["value"] for entry in lines(metrics)] == ["NaN", "Infinity", "-Infinity"]


def test_progress(metrics):
    current_run.progress(1)
    current_run.progress(2.5, 10, "epoch 3")
    assert [entry["progress"] for entry in lines(metrics)] == [
        {"done": 1, "total": None, "label": None},
        {"done": 2.5, "total": 10, "label": "epoch 3"},
    ]


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: current_run.log_metric(3, 1), "name"),
        (lambda: current_run.log_metric("loss", "0.1"), "loss"),
        (lambda: current_run.log_metric("loss", None), "loss"),
        (lambda: current_run.log_metric("loss", [1, 2]), "loss"),
        (lambda: current_run.log_metric("loss", 1, step="3"), "step"),
        (lambda: current_run.log_metric("loss", 1, step=1.5), "step"),
        (lambda: current_run.log_metric("loss", 1, step=True), "step"),
        (lambda: current_run.log_metrics([("loss", 1)]), "metrics"),
        (lambda: current_run.log_metrics({"good": 1, "bad": "x"}), "bad"),
        (lambda: current_run.progress("1"), "done"),
        (lambda: current_run.progress(1, float("nan")), "total"),
        (lambda: current_run.progress(1, 2, 3), "label"),
    ],
)
def test_another_type_is_refused_by_name(metrics, call, argument):
    with pytest.raises(TypeError, match=argument):
        call()
    assert not metrics.exists()


def test_it_cannot_be_assigned_by_mistake():
    with pytest.raises(AttributeError):
        current_run.run_id = "other"


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_EXEC_METRICS", str(tmp_path / "missing" / "file"))
    with pytest.warns(RuntimeWarning, match="not reported"):
        current_run.log_metric("loss", 1)


def _report(name):
    for step in range(200):
        current_run.log_metric(name, step, step)


def test_threads_and_processes_report_at_once(metrics):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_report, args=(f"process {n}",)) for n in range(2)]
    workers += [threading.Thread(target=_report, args=(f"thread {n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = lines(metrics)
    assert len(found) == 6 * 200
    for name in {entry["metric"] for entry in found}:
        assert [e["step"] for e in found if e["metric"] == name] == list(range(200))


def test_a_fork_reports_too(metrics):
    code = """
import os
from jupyter_exec import current_run
current_run.log_metric("parent", 1)
child = os.fork()
if child == 0:
    current_run.log_metric("child", 1)
    os._exit(0)
os.waitpid(child, 0)
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))
    assert {entry["metric"] for entry in lines(metrics)} == {"parent", "child"}


def test_it_needs_the_standard_library_only(metrics):
    source = Path(current_run.__file__)
    code = f"import runpy; runpy.run_path({str(source)!r}, run_name='__main__')"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
