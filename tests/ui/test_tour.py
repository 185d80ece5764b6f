"""The whole tour, as a new user makes it: submit, watch, fail, cancel, template, sweep, compare."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from runs_panel import RunsPanel
from submit_dialog import SubmitDialog, write_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.timeout(400)
PARAMETERS = "lr = 0.1  # how far each step goes\nsteps = 40\nwait_for = ''  # a file to wait for"
TRAIN = """\
import math, pathlib, time
from jupyter_exec import current_run
if lr > 1:
    raise ValueError(f"the learning rate {lr} is too large")
for step in range(steps):
    current_run.log_metrics({"loss": math.exp(-step * lr) + lr / 5}, step=step)
    print("step", step, flush=True)
    current_run.progress(step + 1, steps, "steps")
    while step == steps // 2 and wait_for and not pathlib.Path(wait_for).exists():
        time.sleep(0.05)
"""
END_MS = 60_000


def head(page: Page) -> Locator:
    return page.locator(".jp-exec-document .jp-exec-header:visible")


def state(page: Page, word: str) -> None:
    found = head(page).locator(".jp-exec-state", has_text=re.compile(f"^{word}"))
    found.wait_for(timeout=END_MS)


def submit(lab_page: LabPage, name: str, **values: str) -> str:
    """Submit the notebook that is open by its toolbar, and open the run by the notification."""
    page = lab_page.page
    page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text="train.ipynb").click()
    page.get_by_role("button", name="Run in the background, as it is now").click()
    dialog = SubmitDialog(lab_page).wait()
    dialog.fill("Name of the run", name)
    for label, value in values.items():
        dialog.fill(label, value)
    lab_page.shot(f"tour-{name.replace(' ', '-')}-dialog")
    run_id = str(dialog.run()["runId"])
    # That it was submitted, or already that it has ended.
    toast = page.locator(".Toastify__toast", has_text=name)
    toast.get_by_role("button", name="Open").last.click()
    head(page).get_by_role("heading", name=name).wait_for()
    return run_id


def watch(lab_page: LabPage, go: Path) -> None:
    """Submit the open notebook, and watch it."""
    page, panel = lab_page.page, RunsPanel(lab_page.page)
    submit(lab_page, "first try", lr="0.2", wait_for=str(go))
    head(page).get_by_text("steps · 21 / 40").wait_for(timeout=END_MS)
    panel.row("first try", "Running").wait_for()
    page.locator(".jp-exec-area svg").first.wait_for()
    lab_page.shot("tour-2-watch")
    page.get_by_role("tab", name="Logs").click()
    page.locator(".jp-exec-log-line", has_text="step 20").wait_for()
    lab_page.shot("tour-3-log")
    page.get_by_role("tab", name="Metrics").click()
    page.get_by_role("region", name="loss", exact=True).locator("canvas").wait_for()
    go.touch()
    state(page, "Completed")
    lab_page.shot("tour-4-metrics")
    page.get_by_role("tab", name="Outputs").click()
    page.get_by_text("train.ipynb").last.wait_for()
    lab_page.shot("tour-5-outputs")


def fail(lab_page: LabPage) -> None:
    """Fail one, and read the cause."""
    page, panel = lab_page.page, RunsPanel(lab_page.page)
    submit(lab_page, "much faster", lr="5", wait_for="")
    cause = head(page).get_by_role("alert")
    cause.get_by_text("ValueError: the learning rate 5.0 is too large").wait_for(timeout=END_MS)
    panel.row("much faster", "Failed").wait_for()
    lab_page.shot("tour-6-failed")
    cause.get_by_role("button", name="Show log").click()
    page.locator(".jp-exec-log-line", has_text="ValueError").first.wait_for()
    lab_page.shot("tour-7-failed-log")


def cancel(lab_page: LabPage, never: Path) -> None:
    """Cancel one."""
    page, panel = lab_page.page, RunsPanel(lab_page.page)
    submit(lab_page, "for ever", lr="0.1", wait_for=str(never))
    state(page, "Running")
    head(page).get_by_text("steps · 21 / 40").wait_for(timeout=END_MS)
    head(page).get_by_role("button", name="Cancel", exact=True).click()
    state(page, "Canceled")
    panel.row("for ever", "Canceled").wait_for()
    lab_page.shot("tour-8-canceled")


def make_template(lab_page: LabPage) -> None:
    """Save the first as a template, and run that by its form."""
    page, panel = lab_page.page, RunsPanel(lab_page.page)
    panel.row("first try", "Completed").dblclick()
    head(page).get_by_role("heading", name="first try").wait_for()
    head(page).get_by_role("button", name="Save as template").click()
    editor = page.locator(".jp-exec-template-editor:visible")
    editor.locator(".cm-content").get_by_text("parameters").first.wait_for()
    lab_page.shot("tour-9-template")
    editor.get_by_role("button", name="Save").click()
    editor.get_by_text("Saved", exact=True).wait_for()
    editor.get_by_role("button", name="Run…").click()
    form = page.get_by_role("form", name="Run")
    form.get_by_role("textbox", name="lr").fill("0.3")
    form.get_by_role("textbox", name="Run name").fill("by its form")
    lab_page.shot("tour-10-form")
    form.get_by_role("button", name="Run", exact=True).click()
    head(page).get_by_role("heading", name="by its form").wait_for()
    state(page, "Completed")
    lab_page.shot("tour-11-by-its-form")


def sweep(lab_page: LabPage) -> None:
    """Try several values."""
    page = lab_page.page
    form = page.get_by_role("form", name="Run")
    page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text="Run first try").click()
    form.get_by_role("switch", name="Sweep").check()
    form.get_by_role("combobox", name="Values of lr").select_option("a list")
    form.get_by_role("textbox", name="lr").fill("0.05, 0.1, 0.2, 0.4")
    form.get_by_role("textbox", name="Run name").fill("best rate")
    form.get_by_role("textbox", name="Metric").fill("loss")
    lab_page.shot("tour-12-sweep-form")
    form.get_by_role("button", name="Start sweep").click()
    head(page).get_by_role("heading", name="best rate").wait_for()
    page.get_by_role("tab", name="Children").click()
    page.get_by_text("4 of 4 ended").wait_for(timeout=2 * END_MS)
    state(page, "Completed")
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    expect(table.get_by_role("img", name="Best")).to_have_count(1)
    lab_page.shot("tour-13-sweep")


def compare(lab_page: LabPage) -> None:
    """Compare two trials."""
    page = lab_page.page
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    table.get_by_label("Select trial 1", exact=True).check()
    table.get_by_label("Select trial 4", exact=True).check()
    page.get_by_role("button", name="Compare 2 trials").click()
    side_by_side = page.get_by_role("region", name="Runs side by side").get_by_role("table")
    rate = side_by_side.get_by_role("row", name="lr")
    expect(rate.get_by_role("cell")).to_have_text(["0.05", "0.4"])
    page.get_by_role("region", name="loss", exact=True).locator("canvas").wait_for()
    lab_page.shot("tour-14-compare")


def test_tour(lab_page: LabPage) -> None:
    page, lab = lab_page.page, lab_page.lab
    page.set_viewport_size({"width": 1440, "height": 1000})
    folder = lab.root_dir / "tour"
    write_notebook(folder / "train.ipynb", PARAMETERS, TRAIN, parameters=0)
    lab_page.open("tour/train.ipynb")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    RunsPanel(page).open()
    lab_page.shot("tour-1-start")
    watch(lab_page, folder / "go")
    fail(lab_page)
    cancel(lab_page, folder / "never")
    make_template(lab_page)
    sweep(lab_page)
    compare(lab_page)
