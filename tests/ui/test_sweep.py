"""A sweep in the tab "Children": its table, its pictures, live while it runs."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from submit_dialog import SubmitDialog
from sweeping import make_template, post_sweep, trials_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage
    from servers import RunningServer

LOSS = """
import math
rate = x
width = int(sys.argv[2])
if sys.argv[3] == "<b>broken</b>":
    sys.exit("the optimizer <b>broken</b> is not known")
for step in range(20):
    report(abs(math.log10(rate) + 2) / 3 + 8 / width / (step + 1), step)
"""
PARAMETERS = [
    {"name": "width", "type": "integer", "value": 64},
    {"name": "optimizer", "value": "adam"},
]


@pytest.fixture(scope="module")
def template(lab: RunningServer) -> str:
    arguments = ["{{width}}", "{{optimizer}}"]
    make_template(lab, "tune", LOSS, PARAMETERS, arguments)
    return "tune"


@pytest.fixture(scope="module")
def sweep(lab: RunningServer, template: str) -> str:
    """One that has ended: 18 trials, 6 of which have failed."""
    space = {
        "x": {"choice": [0.0001, 0.001, 0.01]},
        "width": {"choice": [16, 64]},
        "optimizer": {"choice": ["adam", "sgd", "<b>broken</b>"]},
    }
    run = post_sweep(lab, template, space=space, metric="loss", displayName="tune all")
    lab.wait_for_end(run["runId"], 240)
    return str(run["runId"])


def test_sweep_table(lab_page: LabPage, sweep: str) -> None:
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1150})
    lab_page.open()
    lab_page.open_run(sweep, "children")
    expect(page.get_by_text("18 of 18 ended")).to_be_visible()
    expect(page.get_by_text("6 failed", exact=True)).to_be_visible()
    expect(page.get_by_text("best loss: 0.00625")).to_be_visible()
    # The metric of a trial that has failed is missing.
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    expect(table.get_by_role("img", name="Best")).to_have_count(1)
    page.locator(".jp-exec-scatter-point").first.wait_for()
    lab_page.shot("sweep-light")

    table.get_by_role("columnheader", name="loss").get_by_role("button").click()
    first = table.locator("tbody tr:not([aria-hidden])").first
    expect(first.get_by_role("img", name="Best")).to_be_visible()
    table.get_by_role("columnheader", name="loss").get_by_role("button").click()
    expect(table.get_by_role("columnheader", name="loss")).to_have_attribute(
        "aria-sort", "descending"
    )

    # Dragging along an axis filters lines and table.
    axis = page.get_by_role("slider", name="Filter by width")
    box = axis.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(page.get_by_text("9 of 18 trials")).to_be_visible()
    lab_page.shot("sweep-brushed")
    page.get_by_role("button", name="Show all").click()
    axis.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)

    table.get_by_label("Select trial 1", exact=True).check()
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    table.get_by_role("button", name="Open trial 2", exact=True).click()
    page.locator(".lm-TabBar-tab.jp-mod-current", has_text=f"{sweep}_2").wait_for()
    page.get_by_role("tab", name="Children").wait_for(state="hidden")


def test_sweep_overview(lab_page: LabPage, sweep: str) -> None:
    """What was asked of a sweep; where its metrics and outputs are."""
    page = lab_page.page
    lab_page.open()
    lab_page.open_run(sweep)
    document = page.locator(".jp-exec-document:visible")
    children = document.get_by_role("tab", name="Children")
    expect(children).to_have_attribute("aria-selected", "true")
    for name in ("Metrics", "Outputs"):
        document.get_by_role("tab", name=name).click()
        document.get_by_text(f"A sweep has no {name.lower()} of its own").wait_for()
        lab_page.shot(f"sweep-{name.lower()}")
        document.get_by_role("button", name="Show trials").click()
        expect(children).to_have_attribute("aria-selected", "true")
    document.get_by_role("tab", name="Overview").click()
    for text in (
        re.compile(r"^tune, version \d+$"),
        "grid: all combinations in order",
        "as small as possible",
        "0.0001, 0.001, 0.01",
        "adam, sgd, <b>broken</b>",
        "Environment and resources of each trial",
        "Memory limit",
    ):
        expect(document.get_by_text(text, exact=True)).to_be_visible()
    lab_page.shot("sweep-overview")
    document.get_by_role("button", name=re.compile(r"^trial \d+$")).click()
    page.locator(".jp-exec-document:visible").get_by_role("button", name=sweep).wait_for()


def test_sweep_themes(lab_page: LabPage, sweep: str) -> None:
    page = lab_page.page
    page.set_viewport_size({"width": 1280, "height": 1150})
    lab_page.open()
    lab_page.open_run(sweep, "children")
    page.locator(".jp-exec-scatter-point").first.wait_for()
    for theme in ("JupyterLab Dark", "JupyterLab Dark High Contrast", "JupyterLab Light"):
        page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        lab_page.shot(f"sweep-{theme.lower().replace(' ', '-')}")
    page.set_viewport_size({"width": 640, "height": 1150})
    page.locator(".jp-exec-parallel-line").first.wait_for()
    lab_page.shot("sweep-narrow")


def test_sweep_live(lab_page: LabPage, template: str, tmp_path: Path) -> None:
    """The table follows the trials without asking more than once a second."""
    page = lab_page.page
    lab = lab_page.lab
    lab_page.open()
    waiting = (
        "import pathlib\nreport(x)\nwhile not pathlib.Path(sys.argv[2]).exists(): time.sleep(.1)"
    )
    end = tmp_path / "end"
    make_template(lab, "patient", waiting, arguments=[str(end)])
    body = {"space": {"x": {"choice": [3, 1, 2]}}, "metric": "loss", "maxParallel": 2}
    run = post_sweep(lab, "patient", **body)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    lab_page.open_run(run["runId"], "children")
    expect(page.get_by_text("0 of 3 ended")).to_be_visible()
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    expect(table.get_by_role("img", name="Running")).to_have_count(2, timeout=20_000)
    lab_page.shot("sweep-live")
    end.touch()
    expect(page.get_by_text("3 of 3 ended")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("best loss: 1")).to_be_visible()
    assert template
    assert sum("/trials" in url for url in asked) < 15


def test_what_is_done_with_a_sweep(lab_page: LabPage, sweep: str) -> None:
    """Its best parameters are used again, two of its trials compared."""
    page = lab_page.page
    lab_page.open()
    lab_page.open_run(sweep, "children")
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    best = lab_page.lab.run(trials_of(lab_page.lab, sweep)["best"])
    arguments = best["definition"]["configuration"]["command"][-3:]
    page.get_by_role("button", name="Use best parameters…").click()
    dialog = SubmitDialog(lab_page).wait()
    command = dialog.node.get_by_label("Command")
    assert shlex.split(command.input_value()) == best["definition"]["configuration"]["command"]
    dialog.fill("Name of the run", "the best, again")
    lab_page.shot("sweep-use-best")
    made = dialog.run()
    assert made["definition"]["configuration"]["command"][-3:] == arguments
    assert lab_page.lab.wait_for_end(made["runId"])["status"] == "Completed"

    table.get_by_label("Select trial 1", exact=True).check()
    table.get_by_label("Select trial 4", exact=True).check()
    page.get_by_role("button", name="Compare 2 trials").click()
    side_by_side = page.get_by_role("region", name="Runs side by side").get_by_role("table")
    expect(side_by_side.get_by_role("columnheader")).to_have_count(3)
    page.get_by_role("region", name="loss", exact=True).locator("canvas").wait_for()
    lab_page.shot("sweep-compare")


def test_cancel_a_sweep(lab_page: LabPage, tmp_path: Path) -> None:
    page, lab = lab_page.page, lab_page.lab
    waiting = "while not os.path.exists(sys.argv[2]): time.sleep(.05)"
    make_template(lab, "endless", waiting, arguments=[str(tmp_path / "never")])
    run = post_sweep(lab, "endless", space={"x": {"choice": [1, 2, 3, 4]}}, maxParallel=2)
    lab_page.open()
    lab_page.open_run(run["runId"], "children")
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    expect(table.get_by_role("img", name="Running")).to_have_count(2, timeout=20_000)
    page.get_by_role("button", name="Cancel sweep").click()
    expect(page.get_by_role("button", name="Cancel sweep")).to_have_count(0, timeout=30_000)
    state = page.locator(".jp-exec-header:visible .jp-exec-state")
    expect(state).to_have_text("Canceled", timeout=30_000)
    expect(table.get_by_role("img", name="Running")).to_have_count(0)
    lab_page.shot("sweep-canceled")
    statuses = {trial["status"] for trial in trials_of(lab, run["runId"])["trials"]}
    assert statuses == {"Canceled"}


def test_thousand_trials(lab_page: LabPage) -> None:
    """Rows are drawn where they are seen; a click sorts all of them."""
    page = lab_page.page
    lab = lab_page.lab
    make_template(lab, "quick", "report(x)")
    body = {"sampling": "manual", "metric": "loss", "goal": "maximize"}
    run = post_sweep(lab, "quick", **body)
    for number in range(12):
        answer = lab.client.post(
            f"jupyter-exec/v1/runs/{run['runId']}/trials", json={"params": {"x": number}}
        )
        assert answer.status_code == 201, answer.text
    lab.client.post(f"jupyter-exec/v1/runs/{run['runId']}/finish")
    lab.wait_for_end(run["runId"], 120)
    lab_page.open()

    # The answer to the one request is made a thousand trials long.
    def lengthen(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        body = answer.json()
        some = body["trials"]
        body["trials"] = [
            {**some[i % 12], "number": i + 1, "runId": f"{run['runId']}_{i + 1}", "metric": i / 10}
            for i in range(1000)
        ]
        route.fulfill(response=answer, json=body)  # type: ignore[attr-defined]

    page.route(re.compile(r"/trials(\?|$)"), lengthen)
    lab_page.open_run(run["runId"], "children")
    expect(page.get_by_text("1000 of 1000 ended")).to_be_visible()
    table = page.get_by_role("region", name="Trials", exact=True).get_by_role("table")
    rows = table.locator("tbody tr:not([aria-hidden])")
    expect(rows.first).to_be_visible()
    assert rows.count() < 60
    head = table.get_by_role("columnheader", name="loss").get_by_role("button")
    head.click()
    head.click()
    expect(rows.first).to_contain_text("99.9")
    lab_page.shot("sweep-thousand")
