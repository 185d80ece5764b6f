"""What a training writes for TensorBoard and MLflow is among the run's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from framework_runs import API, finish, submit

if TYPE_CHECKING:
    from servers import RunningServer

MLFLOW = """
    import mlflow
    with mlflow.start_run():
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metric("odd", float("nan"))
        with mlflow.start_run(nested=True, run_name="fold 1"):
            mlflow.log_metric("loss", 7.0)
"""


def metrics(server: RunningServer, run: dict[str, Any]) -> dict[str, list[tuple[Any, Any]]]:
    answer = server.client.get(f"{API}runs/{run['runId']}/metrics").json()
    return {
        name: [(point["step"], point["value"]) for point in points]
        for name, points in answer["metrics"].items()
    }


def test_summary_writer(server: RunningServer, tracking_python: str) -> None:
    script = """
        import numpy
        from torch.utils.tensorboard import SummaryWriter
        one, other = SummaryWriter(), SummaryWriter("outputs/tb/validation")
        for step in range(3):
            one.add_scalar("loss", 1 / 2 ** step, step)
        other.add_scalar("loss", 0.75, 2)
        one.add_histogram("weights", numpy.arange(9), 1)
        one.close(); other.close()
    """
    run = finish(server, script, tracking_python)
    assert run["status"] == "Completed", server.log(run["runId"])
    assert metrics(server, run) == {
        "loss": [(0, 1), (1, 0.5), (2, 0.25)],
        "validation/loss": [(2, 0.75)],
    }
    outputs = server.client.get(f"{API}runs/{run['runId']}/outputs").json()["outputs"]
    kept = [entry["path"] for entry in outputs]
    assert any(path.startswith("runs/") and "tfevents" in path for path in kept), kept


@pytest.mark.parametrize(
    "variables",
    [{}, {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_TRACKING_URI": "./outputs/mlruns"}],
)
def test_mlflow(server: RunningServer, tracking_python: str, variables: dict[str, str]) -> None:
    run = finish(server, MLFLOW, tracking_python, variables=variables)
    assert run["status"] == "Completed", server.log(run["runId"])
    assert metrics(server, run) == {
        "loss": [(0, 1), (1, 0.5), (2, 1 / 3)],
        "odd": [(0, "NaN")],
        "fold 1/loss": [(0, 7)],
    }


def test_a_restarted_server_neither_loses_nor_repeats(
    server: RunningServer, tracking_python: str
) -> None:
    script = """
        import os, time
        from torch.utils.tensorboard import SummaryWriter
        writer = SummaryWriter("outputs")
        writer.add_scalar("loss", 1, 1)
        writer.flush()
        while not os.path.exists("outputs/go"):
            time.sleep(0.05)
        writer.add_scalar("loss", 2, 2)
        writer.close()
    """
    run = server.run(submit(server, script, tracking_python))
    for event in server.events(run["runId"], 60):
        if event["type"] == "metrics":
            break
    server.kill9()
    (folder,) = [path.parent for path in server.data_dir.glob("runs/*/work/train.py")]
    (folder / "outputs" / "go").touch()
    server.start()
    ended = server.wait_for_end(run["runId"])
    assert ended["status"] == "Completed"
    assert metrics(server, ended) == {"loss": [(1, 1), (2, 2)]}
