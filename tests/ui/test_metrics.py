"""A run's metrics as charts: live, logarithmic, smoothed, as texts, and very many points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator

LOSSES = """
import math
from jupyter_exec import current_run
for step in range(400):
    loss = 2 * math.exp(-step / 80) + 0.1 * math.sin(step * 7) + 0.15
    current_run.log_metric("train/loss", loss, step=step)
    current_run.log_metric("train/accuracy", 1 - loss / 3, step=step)
for step in range(0, 400, 40):
    current_run.log_metric("val/loss", 2 * math.exp(-step / 90) + 0.2, step=step)
current_run.log_metric("params", 1234567, step=0)
"""

STEPS = """
import pathlib, sys, time
from jupyter_exec import current_run
for step in range(int(sys.argv[2])):
    current_run.log_metric("loss", 1 / (step + 1), step=step)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.05)
current_run.log_metric("loss", 0.001, step=1000)
"""

ODD = """
import json, os
lines = [("loss", v) for v in (1.0, "NaN", 0.5, 0.4, "Infinity", 0.3, "-Infinity", 0, -0.1)]
lines += [("phase", v) for v in ("warm-up", "train", "<img src=x onerror=alert(1)> done")]
lines += [("<b>only nan</b> " + "long " * 30, "NaN")]
with open(os.environ["JUPYTER_EXEC_METRICS"], "a") as file:
    for step, (name, value) in enumerate(lines):
        file.write(json.dumps({"metric": name, "value": value, "step": step}) + "\\n")
"""

MANY = """
import json, math, os, random
random.seed(0)
with open(os.environ["JUPYTER_EXEC_METRICS"], "a") as file:
    for step in range(100_000):
        value = 5 if step == 54_321 else math.exp(-step / 30_000) + random.random() / 5
        file.write(json.dumps({"metric": "loss", "value": value, "step": step}) + "\\n")
"""


def chart(lab_page: LabPage, name: str) -> Locator:
    return lab_page.page.get_by_role("region", name=name, exact=True)


def number(card: Locator, label: str) -> Locator:
    """One of the numbers above a chart."""
    return card.locator("dl > div", has_text=label).locator("dd")


def test_curves(lab_page: LabPage) -> None:
    page = lab_page.page
    lab_page.open()
    run_id = lab_page.submit(LOSSES)
    lab_page.lab.wait_for_end(run_id)
    lab_page.open_run(run_id, "metrics")
    card = chart(lab_page, "train/loss")
    expect(number(card, "Points")).to_have_text("400")
    card.locator("canvas").wait_for()
    lab_page.shot("metrics-light")

    page.get_by_label("Log y").check()
    page.get_by_label("Smoothing").focus()
    page.get_by_label("Smoothing").fill("0.9")
    plot = card.get_by_role("img")
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    expect(card.get_by_text("step ")).to_be_visible()
    expect(card.get_by_text("(raw ")).to_be_visible()
    lab_page.shot("metrics-log-smooth")

    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=4)
    page.mouse.up()
    card.get_by_role("button", name="Reset zoom").wait_for()
    lab_page.shot("metrics-zoomed")
    card.get_by_role("button", name="Reset zoom").click()
    expect(card.get_by_role("button", name="Reset zoom")).to_have_count(0)

    # The same with the keyboard.
    plot.focus()
    page.keyboard.press("Home")
    expect(card.get_by_text("step 0")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(card.get_by_text("step 1", exact=True)).to_be_visible()
    page.keyboard.press("+")
    card.get_by_role("button", name="Reset zoom").wait_for()
    page.keyboard.press("Escape")
    expect(card.get_by_role("button", name="Reset zoom")).to_have_count(0)

    # What was chosen is there after a reload, in another run's charts, too.
    lab_page.open()
    lab_page.open_run(run_id, "metrics")
    expect(page.get_by_label("Log y")).to_be_checked()
    page.get_by_label("Horizontal axis").select_option("time")
    page.get_by_label("Log y").uncheck()
    chart(lab_page, "train/loss").locator("canvas").wait_for()
    lab_page.shot("metrics-time")


def test_themes(lab_page: LabPage) -> None:
    page = lab_page.page
    lab_page.open()
    run_id = lab_page.submit(LOSSES)
    lab_page.lab.wait_for_end(run_id)
    lab_page.open_run(run_id, "metrics")
    chart(lab_page, "train/loss").locator("canvas").wait_for()
    for theme in ("JupyterLab Dark", "JupyterLab Dark High Contrast"):
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        chart(lab_page, "train/loss").locator("canvas").wait_for()
        lab_page.shot(f"metrics-{theme.lower().replace(' ', '-')}")
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        "JupyterLab Light",
    )
    page.locator("body[data-jp-theme-name='JupyterLab Light']").wait_for(state="attached")
    page.set_viewport_size({"width": 620, "height": 800})
    chart(lab_page, "train/loss").locator("canvas").wait_for()
    lab_page.shot("metrics-narrow")


def test_live(lab_page: LabPage, tmp_path: Path) -> None:
    """New points come by events: nothing is read again before the run ends."""
    page = lab_page.page
    lab_page.open()
    end = tmp_path / "end"
    run_id = lab_page.submit(STEPS, str(end), "50")
    lab_page.lab.wait_for_status(run_id, "Running")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    lab_page.open_run(run_id, "metrics")
    card = chart(lab_page, "loss")
    expect(number(card, "Points")).to_have_text("50")
    lab_page.shot("metrics-live")
    end.touch()
    expect(number(card, "Last")).to_have_text("0.001")
    expect(number(card, "Points")).to_have_text("51")
    lab_page.lab.wait_for_end(run_id)
    assert sum("/metrics" in url for url in asked) <= 2


def test_empty(lab_page: LabPage) -> None:
    lab_page.open()
    run_id = lab_page.submit("print('nothing')")
    lab_page.lab.wait_for_end(run_id)
    lab_page.open_run(run_id, "metrics")
    lab_page.page.get_by_text("This run logged no metrics").wait_for()
    expect(lab_page.page.get_by_text("current_run.log_metric")).to_be_visible()
    lab_page.shot("metrics-empty")


def test_values_that_are_no_numbers(lab_page: LabPage) -> None:
    """NaN and infinities are marked, texts are shown, markup is text."""
    page = lab_page.page
    lab_page.open()
    run_id = lab_page.submit(ODD)
    lab_page.lab.wait_for_end(run_id)
    lab_page.open_run(run_id, "metrics")
    card = chart(lab_page, "loss")
    expect(number(card, "Not finite")).to_have_text("3")
    phase = chart(lab_page, "phase")
    expect(phase.get_by_text("<img src=x onerror=alert(1)> done")).to_have_count(2)
    expect(phase.locator("img")).to_have_count(0)
    lab_page.shot("metrics-odd")
    page.get_by_label("Log y").check()
    expect(card.get_by_text("2 points are not above 0")).to_be_visible()
    card.get_by_role("button", name="Table").click()
    expect(card.get_by_role("cell", name="NaN")).to_be_visible()
    lab_page.shot("metrics-odd-table")


@pytest.mark.alone
def test_many_points(lab_page: LabPage) -> None:
    """100,000 points: the peak is seen, hovering and zooming stay fluid, CSV has them all."""
    page = lab_page.page
    lab_page.open()
    run_id = lab_page.submit(MANY)
    lab_page.lab.wait_for_end(run_id)
    lab_page.open_run(run_id, "metrics")
    card = chart(lab_page, "loss")
    expect(card.get_by_text("of 100,000 points shown")).to_be_visible(timeout=30_000)
    expect(number(card, "Max")).to_have_text("5")
    box = card.get_by_role("img").bounding_box()
    assert box is not None
    page.evaluate(
        """() => {
            window.longest = 0;
            new PerformanceObserver(list => {
                for (const entry of list.getEntries())
                    window.longest = Math.max(window.longest, entry.duration);
            }).observe({type: 'longtask'});
        }"""
    )
    for share in range(10, 95, 2):
        page.mouse.move(box["x"] + box["width"] * share / 100, box["y"] + 60)
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=5)
    page.mouse.up()
    card.get_by_role("button", name="Reset zoom").wait_for()
    lab_page.shot("metrics-many-zoomed")
    card.get_by_role("button", name="Reset zoom").click()
    longest = page.evaluate("window.longest")
    assert longest < 250, f"something took {longest} ms"
    lab_page.shot("metrics-many")
    with page.expect_download() as saved:
        card.get_by_role("button", name="CSV").click()
    lines = Path(saved.value.path()).read_text().splitlines()
    assert len(lines) == 100_001
    assert "54321,5" in lines
