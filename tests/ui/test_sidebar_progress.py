"""Watch runs in the sidebar: from an empty list to one that moves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runs_panel import STEPS, RunsPanel

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage


def test_watch_a_run_in_the_list(lab_page: LabPage, tmp_path: Path) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    lab_page.page.get_by_text("No runs yet").wait_for()
    lab_page.shot("sidebar-empty")

    lab_page.submit(STEPS, str(tmp_path), "4", displayName="train")
    row = panel.row("train", "Running")
    row.wait_for()
    bar = row.get_by_role("progressbar")
    for step in range(4):
        lab_page.page.locator(f"[role=progressbar][aria-valuenow='{25 * step}']").wait_for()
        assert bar.get_attribute("aria-label") == f"epochs {step}/4"
        if step == 2:
            item = lab_page.page.locator(".jp-exec-statusitem-button")
            assert item.inner_text().strip() == "1 active"
            lab_page.shot("sidebar-progress")
        (tmp_path / str(step)).touch()
    (tmp_path / "4").touch()
    panel.row("train", "Completed").wait_for()
    bar.wait_for(state="detached")
    lab_page.page.locator(".Toastify__toast", has_text="train has completed.").wait_for()


def test_failure_tells_its_cause(lab_page: LabPage) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    lab_page.submit("raise SystemExit(3)", displayName="<b>bold</b> & a name that is far too long")
    item = lab_page.page.locator(".jp-exec-statusitem-button")
    item.filter(has_text="1 failed").wait_for()
    toast = lab_page.page.locator(".Toastify__toast", has_text="has failed")
    toast.wait_for()
    assert "<b>bold</b> & a name that is far too lo… has failed: exit code 3" in toast.inner_text()
    lab_page.shot("notification-failed")

    item.click()
    row = panel.row("<b>bold</b> & a name that is far too long", "Failed")
    row.wait_for()
    assert row.locator(".jp-exec-row-detail").inner_text() == "exit code 3"
    item.filter(has_not_text="failed").wait_for()
    lab_page.shot("sidebar-failed")

    toast.get_by_role("button", name="Open").click()
    lab_page.page.get_by_role("tab", name="Overview", selected=True).wait_for()


def test_many_ends_are_summed_up(lab_page: LabPage) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    # Another tab of the browser, which was asleep meanwhile.
    other = lab_page.page.context.new_page()
    other.goto(lab_page.page.url)
    other.locator(".jp-exec-statusitem-button").wait_for()
    lab_page.page.context.set_offline(True)
    runs = [lab_page.submit("pass", displayName=f"quick {number}") for number in range(4)]
    for run_id in runs:
        lab_page.lab.wait_for_end(run_id)
    lab_page.page.context.set_offline(False)
    for page in (lab_page.page, other):
        toast = page.locator(".Toastify__toast")
        toast.filter(has_text=re.compile("^4 runs have ended; none of them failed")).wait_for()
        assert toast.count() == 1
    panel.open()
    panel.row("quick 3", "Completed").wait_for()
