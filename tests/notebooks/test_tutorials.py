"""Every notebook of the documentation runs: as a run, or in a kernel beside a server."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path

import nbformat
import pytest
from framework_environments import python_with
from nbclient import NotebookClient
from needs import need

FOLDER = Path(__file__).parents[2] / "notebooks"
# Somebody's own work with runs, not a run itself.
INTERACTIVE = ("distributed", "environments", "optuna", "templates")
NOTEBOOKS = sorted(path for path in FOLDER.glob("*.ipynb") if path.stem not in INTERACTIVE)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_of_the_documentation(server, notebook: Path):
    shutil.copy(notebook, server.root_dir / notebook.name)
    answer = server.client.post("jupyter-exec/v1/runs", json={"source": {"path": notebook.name}})
    run = server.wait_for_end(answer.raise_for_status().json()["runId"], 100)
    assert run["status"] == "Completed", run["error"]
    address = f"jupyter-exec/v1/runs/{run['runId']}/outputs/{notebook.name}"
    executed = json.loads(server.client.get(address).text)
    codes = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in codes)
    assert any(cell["outputs"] for cell in codes)


def test_quickstart_reports_what_it_does(server):
    source = next(path for path in NOTEBOOKS if path.stem == "quickstart")
    shutil.copy(source, server.root_dir / source.name)
    body = {
        "source": {"path": source.name},
        "definition": {"configuration": {"parameters": {"darts": 1000, "rounds": 4}}},
    }
    answer = server.client.post("jupyter-exec/v1/runs", json=body).raise_for_status().json()
    run = server.wait_for_end(answer["runId"])
    assert run["status"] == "Completed", run["error"]
    metrics = server.client.get(f"jupyter-exec/v1/runs/{run['runId']}/metrics").json()["metrics"]
    assert [point["step"] for point in metrics["pi"]] == [1, 2, 3, 4]
    outputs = server.client.get(f"jupyter-exec/v1/runs/{run['runId']}/outputs").json()["outputs"]
    assert [entry["path"] for entry in outputs] == ["pi.json", "quickstart.ipynb"]


def test_templates_as_a_new_user_tries_them(server, monkeypatch):
    executed = interactive("templates", server, monkeypatch)
    shown = [outputs_of(cell) for cell in executed.cells if cell.cell_type == "code"]
    said = "\n".join(output for outputs in shown for output in outputs.get("text/plain", []))
    assert any("application/vnd.jupyter.widget-view+json" in outputs for outputs in shown)
    assert any("image/png" in outputs for outputs in shown), "there is no plot"
    assert "learning_rate" in said
    sweeps = server.client.get("jupyter-exec/v1/runs?q=fit-a-curve&limit=100").json()["runs"]
    parents = [run for run in sweeps if run["definition"].get("sweep")]
    assert sorted(run["definition"]["sweep"]["count"] for run in parents) == [4, 20]
    assert {run["status"] for run in parents} == {"Completed"}
    assert server.client.get("jupyter-exec/v1/templates").json()["templates"] == []


def test_optuna_drives_a_sweep(server, monkeypatch):
    executed = interactive("optuna", server, monkeypatch)
    printed = "".join(
        output.text
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
    assert "20 trials, best " in printed
    best = float(printed.partition("best ")[2].split()[0])
    assert best < 5, "twenty trials of a sampler that learns do better than chance"


def test_environments_and_containers(make_server, docker_engine, monkeypatch):
    engine = {"type": "docker", "engine_url": docker_engine.url}
    targets = {"local": {"type": "local"}, "docker": engine}
    server = make_server(config={"ExecApp": {"compute_targets": targets}})
    monkeypatch.setenv("EXAMPLE_IMAGE", docker_engine.image)
    executed = interactive("environments", server, monkeypatch)
    shown = [outputs_of(cell) for cell in executed.cells if cell.cell_type == "code"]
    assert [outputs["text/plain"][-1:] for outputs in shown if outputs].count(["True"]) == 2
    runs = server.client.get("jupyter-exec/v1/runs").json()["runs"]
    assert [run["status"] for run in runs] == ["Completed"] * 4
    assert [run["target"] for run in runs] == ["docker", "local", "local", "local"]
    first_lines = [server.log(run["runId"]).splitlines()[0] for run in runs]
    assert [line.endswith(f" on {platform.node()}") for line in first_lines] == [False] + [True] * 3


def test_from_one_process_to_many(server, monkeypatch):
    need("mpirun", "apt-get install openmpi-bin")
    need("java", "apt-get install openjdk-17-jre-headless")
    for example, environment in (("TORCH", "torch"), ("MPI", "learning"), ("SPARK", "spark")):
        monkeypatch.setenv(f"EXAMPLE_{example}", python_with(environment))
    executed = interactive("distributed", server, monkeypatch)
    runs = server.client.get("jupyter-exec/v1/runs?q=distributed").json()["runs"]
    ended = {run["displayName"]: run["status"] for run in runs}
    assert ended == {
        "alone": "Completed",
        "together": "Completed",
        "unlucky": "Failed",
        "pi": "Completed",
        "words": "Completed",
    }
    shown = [outputs_of(cell) for cell in executed.cells if cell.cell_type == "code"]
    (losses,) = [
        json.loads(text)
        for outputs in shown
        for text in outputs.get("text/plain", [])
        if text.startswith("[")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    printed = "".join(
        output.text
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
    assert "rank-1: ValueError: no such layer: 7 (exit code 1)" in printed
    assert "rank 3 of 4: 3.141593" in printed
    assert "('be', 2)" in printed


def interactive(name: str, server, monkeypatch) -> nbformat.NotebookNode:
    """Execute a notebook of the documentation in a kernel that finds the server, and return it."""
    for variable, value in {
        "JUPYTER_EXEC_URL": server.url,
        "JUPYTER_EXEC_TOKEN": server.token,
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }.items():
        monkeypatch.setenv(variable, value)
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    folder = server.root_dir / name
    folder.mkdir()
    client = NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    executed: nbformat.NotebookNode = client.execute()
    return executed


def outputs_of(cell: nbformat.NotebookNode) -> dict[str, list[str]]:
    """Return what a cell shows, by media type."""
    shown: dict[str, list[str]] = {}
    for output in cell.outputs:
        for kind, content in output.get("data", {}).items():
            shown.setdefault(kind, []).append(str(content))
    return shown
