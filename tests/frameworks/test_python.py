"""Framework Python, one process: what most people run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from framework_runs import API, finish, logs

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

TRAINING = """
    import argparse, json, os, pickle
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split

    parser = argparse.ArgumentParser()
    parser.add_argument("--C", type=float, action="append")
    options = parser.parse_args()
    X, y = load_iris(return_X_y=True)
    train, test, train_y, test_y = train_test_split(X, y, random_state=0)
    with open(os.environ["JUPYTER_EXEC_METRICS"], "a") as metrics:
        for step, C in enumerate(options.C):
            model = LogisticRegression(C=C, max_iter=1000).fit(train, train_y)
            accuracy = model.score(test, test_y)
            print(json.dumps({"metric": "accuracy", "value": accuracy, "step": step}), file=metrics)
    with open(os.environ["AZUREML_OUTPUT_DIRECTORY"] + "/model.pkl", "wb") as file:
        pickle.dump(model, file)
    print("trained with", len(train), "flowers")
"""
USE = (
    "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).predict([[5, 3.4, 1.5, 0.2]]))"
)


def test_training(server: RunningServer, learning_python: str, tmp_path: Path) -> None:
    arguments = ["--C", 0.001, "--C", 1]
    run = finish(server, TRAINING, learning_python, arguments=arguments)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    assert logs(server, run) == {"main-0": "trained with 112 flowers\n"}
    address = f"{API}runs/{run['runId']}"
    metrics = server.client.get(f"{address}/metrics").json()["metrics"]
    assert metrics.keys() == {"accuracy"}
    first, second = metrics["accuracy"]
    assert (first["step"], second["step"]) == (0, 1)
    assert first["value"] < 0.8
    assert second["value"] > 0.95
    model = server.client.get(f"{address}/outputs/model.pkl").raise_for_status().content
    (tmp_path / "model.pkl").write_bytes(model)
    use = [learning_python, "-c", USE, str(tmp_path / "model.pkl")]
    told = subprocess.run(use, capture_output=True, text=True, check=True).stdout
    assert told == "[0]\n"
