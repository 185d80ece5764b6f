"""The logs of several replicas by time, in the tab "Logs"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import LabPage

pytestmark = pytest.mark.timeout(240)


def test_all_replicas_by_time_and_one_of_them(lab_page: LabPage) -> None:
    page = lab_page.page
    wait = "until [ -e go-{0} ]; do sleep 0.02; done; echo step {0}; "
    chief, worker = wait.format(0) + wait.format(2), wait.format(1) + "sleep infinity"
    spec = {
        name: {"replicas": 1, "resources": "cpu=100m", "cmd": line}
        for name, line in (
            ("Chief", chief + "until [ -e end ]; do sleep 0.02; done"),
            ("Worker", worker),
        )
    }
    experiment = {"meta": {"framework": "TensorFlow", "cmd": "true"}, "spec": spec}
    body = {"definition": {"configuration": {"experiment": experiment}}}
    answer = lab_page.lab.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run_id = answer.json()["runId"]
    lab_page.lab.wait_for_status(run_id, "Running")
    work = max(lab_page.lab.data_dir.glob("runs/*/work"), key=lambda path: path.stat().st_mtime)
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    picker = page.get_by_role("combobox", name="Log", exact=True)
    picker.wait_for()
    assert picker.locator("option:checked").text_content() == "All, by time"
    page.get_by_text("Nothing was printed yet.").wait_for()
    lines = page.locator(".jp-exec-log-text")
    said = []
    for number, name in ((0, "chief-0"), (1, "worker-0"), (2, "chief-0")):
        (work / f"go-{number}").touch()
        said.append(f"{name} | step {number}")
        lines.get_by_text(said[-1], exact=True).wait_for()
    assert lines.all_text_contents() == said
    lab_page.shot("run-log-merged")
    picker.select_option("worker-0.txt")
    lines.get_by_text("step 1", exact=True).wait_for()
    assert lines.all_text_contents() == ["step 1"]
    picker.select_option(label="All, by time")
    (work / "end").touch()
    lines.get_by_text(said[-1], exact=True).wait_for()
    page.locator(".jp-exec-log-status[data-state=ended]").wait_for()
    assert lines.all_text_contents() == said
