"""Runs side by side: what differs, metrics over each other, code; few and many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import LabPage

TRAIN = """
import math, sys
from jupyter_exec import current_run
rate = float(sys.argv[2])
for step in range(100):
    loss = math.exp(-step * rate) + 0.05 * math.sin(step) * rate + rate / 10
    current_run.log_metrics({"loss": loss, "accuracy": 1 - loss / 2}, step=step)
"""
LONG = "<b>baseline</b> " + "with a name that is much too long for any column " * 2


def train(lab_page: LabPage, rate: float, name: str, script: str = TRAIN, **more: object) -> str:
    """Submit a training; returns its id."""
    environment = {"environmentVariables": {"MODE": f"mode {rate}"}}
    body = {
        "displayName": name,
        "definition": {
            "configuration": {
                "script": "main.py",
                "arguments": ["--rate", str(rate)],
                "environment": environment,
            }
        },
        "overlay": {"main.py": {"text": script}},
        **more,
    }
    answer = lab_page.lab.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def compare(lab_page: LabPage, *run_ids: str) -> None:
    lab_page.page.evaluate(
        "runIds => window.jupyterapp.commands.execute('jupyter-exec:compare', {runIds})",
        list(run_ids),
    )


def change_theme(lab_page: LabPage, theme: str) -> None:
    lab_page.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    lab_page.page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
    lab_page.page.locator("#jupyterlab-splash").wait_for(state="detached")


def test_compare_two(lab_page: LabPage) -> None:
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1150})
    lab_page.open()
    first = train(lab_page, 0.05, LONG)
    second = train(lab_page, 0.1, "faster", TRAIN.replace("* rate + rate", "* rate - rate"))
    for run_id in (first, second):
        lab_page.lab.wait_for_end(run_id)
    compare(lab_page, first, second)
    table = page.get_by_role("region", name="Runs side by side").get_by_role("table")
    expect(table.get_by_role("columnheader", name="<b>baseline</b>")).to_be_visible()
    rate = table.get_by_role("row", name="--rate")
    expect(rate.get_by_role("cell")).to_have_text(["0.05", "0.1"])
    expect(table.get_by_role("row", name="$MODE")).to_be_visible()
    expect(table.get_by_role("row", name="script")).to_have_count(0)
    loss = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name="loss"))
    expect(loss.get_by_role("cell").nth(1).get_by_role("img", name="Best")).to_be_visible()
    chart = page.get_by_role("region", name="loss", exact=True)
    chart.locator("canvas").wait_for()
    lab_page.shot("compare-two")

    # What is the same shows on demand.
    page.get_by_label("Show what is the same, too").check()
    expect(table.get_by_role("row", name="script")).to_be_visible()
    page.get_by_label("Show what is the same, too").uncheck()

    # Less or more is better: a click turns it.
    loss.get_by_role("button").click()
    expect(loss.get_by_role("cell").nth(0).get_by_role("img", name="Best")).to_be_visible()

    # Code.
    page.get_by_role("button", name="Compare code").click()
    differences = page.get_by_role("region", name="Code", exact=True)
    expect(differences.get_by_text("main.py")).to_be_visible()
    expect(differences.locator("[data-kind='added']").first).to_be_visible()
    differences.scroll_into_view_if_needed()
    lab_page.shot("compare-code")


def test_change_what_is_compared(lab_page: LabPage) -> None:
    page = lab_page.page
    lab_page.open()
    names = (LONG, "faster", "added later")
    first, second, third = (train(lab_page, 0.05 * 2**n, name) for n, name in enumerate(names))
    for run_id in (first, second, third):
        lab_page.lab.wait_for_end(run_id)
    compare(lab_page, first, second)
    table = page.get_by_role("region", name="Runs side by side").get_by_role("table")
    rate = table.get_by_role("row", name="--rate")
    chart = page.get_by_role("region", name="loss", exact=True)

    # One more, by its name, with the keyboard.
    box = page.get_by_role("combobox", name="Add a run")
    box.click()
    box.fill("added")
    page.get_by_role("option", name="added later").wait_for()
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(1)
    lab_page.shot("compare-picker")
    page.keyboard.press("Enter")
    expect(rate.get_by_role("cell")).to_have_text(["0.05", "0.1", "0.2"])

    # A line can be hidden, and a run removed; the rest is there after a reload.
    key = chart.get_by_role("button", name="faster")
    key.click()
    expect(key).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Remove faster from the comparison").click()
    expect(rate.get_by_role("cell")).to_have_text(["0.05", "0.2"])
    with page.expect_response(
        lambda answer: answer.request.method == "PUT" and "/api/workspaces" in answer.url
    ):
        page.get_by_role("button", name="Compare code").click()
    lab_page.open(query="")
    expect(rate.get_by_role("cell")).to_have_text(["0.05", "0.2"])

    # Deleted by somebody else.
    lab_page.lab.client.delete(f"jupyter-exec/v1/runs/{third}").raise_for_status()
    expect(page.get_by_text("This run was deleted.")).to_be_visible()
    expect(rate.get_by_role("cell")).to_have_text(["0.05", "0.2"])
    lab_page.shot("compare-deleted")


def test_compare_twelve(lab_page: LabPage) -> None:
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1150})
    lab_page.open()
    ids = [train(lab_page, 0.02 * (n + 1), f"training {n + 1}") for n in range(12)]
    for run_id in ids:
        lab_page.lab.wait_for_end(run_id, 120)
    compare(lab_page, *ids)
    table = page.get_by_role("region", name="Runs side by side").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(13)
    expect(table.get_by_role("row", name="--rate").get_by_role("cell")).to_have_count(12)
    chart = page.get_by_role("region", name="loss", exact=True)
    expect(chart.locator(".jp-exec-chart-key")).to_have_count(12)
    chart.locator("canvas").wait_for()
    lab_page.shot("compare-twelve")
    for theme in ("JupyterLab Dark", "JupyterLab Dark High Contrast", "JupyterLab Light"):
        change_theme(lab_page, theme)
        chart.locator("canvas").wait_for()
        lab_page.shot(f"compare-{theme.lower().replace(' ', '-')}")
    page.set_viewport_size({"width": 640, "height": 1000})
    lab_page.shot("compare-narrow")


def test_compare_live(lab_page: LabPage) -> None:
    """A run that has not ended, one without metrics, and one that does not exist."""
    page = lab_page.page
    lab_page.open()
    first = train(lab_page, 0.1, "training")
    second = lab_page.submit("print('no metrics')")
    compare(lab_page, first, second, "no-such-run")
    expect(page.get_by_text("This run was deleted.")).to_be_visible()
    chart = page.get_by_role("region", name="loss", exact=True)
    expect(chart).to_be_visible(timeout=30_000)
    lab_page.lab.wait_for_end(second)
    table = page.get_by_role("region", name="Runs side by side").get_by_role("table")
    expect(table.get_by_role("img", name="Completed")).to_have_count(2)
    lab_page.shot("compare-live")


def test_compare_nothing(lab_page: LabPage) -> None:
    lab_page.open()
    lab_page.palette("Compare Runs")
    expect(lab_page.page.get_by_text("Nothing to compare yet")).to_be_visible()
    lab_page.shot("compare-empty")
