"""Every notebook of the documentation runs, as a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


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
