"""Find runs in the sidebar: filters, groups, children."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from runs_panel import RunsPanel

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Response


@pytest.fixture
def panel(lab_page: LabPage) -> RunsPanel:
    """A list with runs of two experiments; one run has two children."""
    if not lab_page.lab.runs():
        submit = lab_page.submit
        parent = submit("pass", displayName="grid", experiment="tuning")
        for number in range(2):
            tags = {"lr": f"0.{number}"}
            child = {"displayName": f"trial {number}", "tags": tags, "parentRunId": parent}
            submit("pass", experiment="tuning", **child)
        ids = [
            submit("pass", displayName="report", experiment="monthly", tags={"owner": "me"}),
            submit("raise SystemExit(1)", displayName="report", experiment="monthly"),
        ]
        for run_id in ids:
            lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    panel = RunsPanel(lab_page.page)
    panel.open()
    panel.count.get_by_text("3 runs", exact=True).wait_for()
    return panel


def test_find_by_text(lab_page: LabPage, panel: RunsPanel) -> None:
    assert panel.names() == ["report", "report", "grid"]
    panel.search.fill("TRIAL")
    panel.count.get_by_text("2 runs found").wait_for()
    assert panel.names() == ["trial 1", "trial 0"]
    panel.search.fill("no such run")
    lab_page.page.get_by_text("No run matches").wait_for()
    lab_page.shot("sidebar-no-match")
    lab_page.page.get_by_role("button", name="Clear filters").click()
    panel.count.get_by_text("3 runs", exact=True).wait_for()
    assert panel.search.input_value() == ""


def test_find_by_pickers(lab_page: LabPage, panel: RunsPanel) -> None:
    page = lab_page.page
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("State").select_option("Failed")
    panel.count.get_by_text("1 run found").wait_for()
    page.get_by_label("State").select_option("All")
    page.get_by_role("combobox", name="Experiment").fill("monthly")
    panel.count.get_by_text("2 runs found").wait_for()
    page.get_by_role("combobox", name="Tag").fill("owner=me")
    panel.count.get_by_text("1 run found").wait_for()
    page.get_by_role("combobox", name="Target").select_option("local")
    page.get_by_role("button", name="Filters (3 set)").wait_for()
    lab_page.shot("sidebar-filters")
    assert panel.faults() == []


def test_run_that_comes_to_match_appears(lab_page: LabPage, panel: RunsPanel) -> None:
    page = lab_page.page
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("State").select_option("Canceled")
    page.get_by_text("No run matches").wait_for()
    run_id = lab_page.submit("import time; time.sleep(600)", displayName="stopped")
    lab_page.lab.wait_for_status(run_id, "Running")
    lab_page.lab.client.post(f"jupyter-exec/v1/runs/{run_id}/cancel")
    panel.row("stopped", "Canceled").wait_for()
    lab_page.lab.client.delete(f"jupyter-exec/v1/runs/{run_id}")
    panel.row("stopped").wait_for(state="detached")


def test_children_below_their_parent(lab_page: LabPage, panel: RunsPanel) -> None:
    panel.search.fill("grid")
    panel.count.get_by_text("1 run found").wait_for()
    # A list cannot tell whether a run has children; a text also finds the children.
    panel.search.fill("tuning")
    panel.count.get_by_text("3 runs found").wait_for()
    row = panel.row("grid")
    row.locator("[data-part=caret]").click()
    panel.tree.locator("[aria-level='2']").nth(1).wait_for()
    assert panel.names() == ["trial 1", "trial 0", "grid", "trial 1", "trial 0"]
    lab_page.shot("sidebar-children")


def _remembers_groups(answer: Response) -> bool:
    asked = answer.request
    return asked.method == "PUT" and '"grouping":"experiment"' in (asked.post_data or "")


def test_group_by_experiment(lab_page: LabPage, panel: RunsPanel) -> None:
    page = lab_page.page
    # Lab itself waits a little before it stores what is to be remembered.
    with page.expect_response(_remembers_groups):
        page.get_by_role("button", name="Group by experiment").click()
        panel.count.get_by_text("2 experiments").wait_for()
    group = panel.tree.get_by_role("treeitem", name="monthly, 2 runs, 1 failed")
    group.click()
    panel.tree.locator("[aria-level='2']").nth(1).wait_for()
    assert panel.names() == ["report", "report"]
    lab_page.shot("sidebar-groups")
    assert panel.faults() == []
    # It is remembered.
    lab_page.open(query="")
    panel.open()
    panel.count.get_by_text("2 experiments").wait_for()
    page.get_by_role("button", name="Group by experiment").click()
    panel.count.get_by_text("3 runs", exact=True).wait_for()
