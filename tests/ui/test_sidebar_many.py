"""The sidebar with 100,000 runs, and under many events."""

from __future__ import annotations

import statistics
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from bench.rows_list import fill_ours
from runs_panel import RunsPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import LabPage
    from servers import RunningServer

# The rows are written before the first test.
pytestmark = pytest.mark.timeout(600)

RUNS = 100_000
MOST_ROWS = 60
EVENTS_A_SECOND = 20
MEASURED_S = 6
ROUNDS = 3
MOST_LATE_S = 0.5
# Of one core, above what the page takes while nothing happens.
MOST_CPU = 0.05


def prepare_lab(lab: RunningServer) -> None:
    fill_ours(lab.data_dir, RUNS)


@pytest.fixture
def asked(lab_page: LabPage) -> list[str]:
    """What the page asks of our routes."""
    asked: list[str] = []

    def note(request: object) -> None:
        url = str(getattr(request, "url", ""))
        if "/jupyter-exec/v1/" in url:
            asked.append(url.split("/jupyter-exec/v1/")[1])

    lab_page.page.on("request", note)
    return asked


def test_three_requests_and_few_rows(lab_page: LabPage, asked: list[str]) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    panel.count.get_by_text("100,000 runs").wait_for()
    panel.row("run 99999 of the grid").wait_for()
    assert len(asked) <= 3, asked
    assert panel.rows().count() < MOST_ROWS
    lab_page.shot("sidebar-many")

    # Down through 20 pages.
    for page in range(2, 21):
        panel.tree.evaluate("node => { node.scrollTop = node.scrollHeight; }")
        loaded = panel.tree.locator(f"[data-run-id][aria-posinset='{100 * (page - 1) + 1}']")
        loaded.wait_for()
        assert panel.rows().count() < MOST_ROWS
    assert len([route for route in asked if route.startswith("runs?")]) <= 23

    # What is seen stays when a run comes in above.
    first = panel.tree.locator("[aria-posinset='1901']")
    first.scroll_into_view_if_needed()
    name = first.locator(".jp-exec-row-name").inner_text()
    before = first.bounding_box()
    lab_page.submit("pass", displayName="newest")
    panel.count.get_by_text("100,001 runs").wait_for()
    moved = panel.tree.locator("[aria-posinset='1902']", has_text=name)
    moved.wait_for()
    after = moved.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) <= 1


def test_filter_many(lab_page: LabPage, asked: list[str]) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    panel.count.get_by_text("runs").wait_for()
    asked.clear()
    panel.search.press_sequentially("run 7777 of")
    panel.count.get_by_text("1 run found").wait_for()
    assert len(asked) <= 2, asked
    panel.search.fill("")
    lab_page.page.get_by_role("button", name="Group by experiment").click()
    panel.count.get_by_text("experiments").wait_for()
    lab_page.shot("sidebar-many-groups")
    assert panel.tree.get_by_role("treeitem").count() < MOST_ROWS
    lab_page.page.get_by_role("button", name="Group by experiment").click()


class MainThread:
    """The main thread of the page, which is what a slow view would block.

    Its time on a processor counts, not the time that its tasks take: these also wait for
    processors that other programs use.

    Args:
        lab_page: whose page is looked at.
    """

    def __init__(self, lab_page: LabPage) -> None:
        context = lab_page.page.context
        self._session = context.new_cdp_session(lab_page.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def read(self) -> dict[str, float]:
        """Return seconds by metric since the page was opened."""
        found = self._session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in found}

    def shares(self, while_: Callable[[], None]) -> dict[str, float]:
        """Return what parts of a core were used meanwhile: all of it, scripts, styles, layout."""
        before, begin = self.read(), time.monotonic()
        while_()
        after, took = self.read(), time.monotonic() - begin
        names = ("Task", "Script", "RecalcStyle", "Layout")
        return {
            name: (after[f"{name}Duration"] - before[f"{name}Duration"]) / took for name in names
        }


def _rename(lab_page: LabPage, ids: list[str], first: int, count: int) -> None:
    """Make so many events, at an even pace."""
    never = threading.Event()  # it only paces
    begin = time.monotonic()
    for number in range(count):
        body = {"displayName": f"renamed {first + number}"}
        run_id = ids[number % len(ids)]
        lab_page.lab.client.patch(f"jupyter-exec/v1/runs/{run_id}", json=body).raise_for_status()
        never.wait(max(0, begin + (number + 1) / EVENTS_A_SECOND - time.monotonic()))


@pytest.mark.alone
def test_twenty_events_a_second(lab_page: LabPage, record_property: Callable[..., None]) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    panel.rows().first.wait_for()
    ids = panel.rows().evaluate_all("rows => rows.map(row => row.dataset.runId)")[:10]
    thread = MainThread(lab_page)
    count = MEASURED_S * EVENTS_A_SECOND
    more = []
    # The best of some: now and then V8 collects all garbage of Lab.
    for first in range(0, ROUNDS * count, count):
        idle = thread.shares(lambda: lab_page.page.wait_for_timeout(2000))
        busy = thread.shares(partial(_rename, lab_page, ids, first, count))
        panel.row(f"renamed {first + count - 1}").wait_for()
        more.append(busy["Task"] - idle["Task"])
        split = ", ".join(f"{name} {share:.1%}" for name, share in busy.items())
        print(f"idle {idle['Task']:.1%}, at {EVENTS_A_SECOND} events a second: {split}")
        if more[-1] < MOST_CPU:
            break
    record_property("more", more)
    assert min(more) < MOST_CPU


@pytest.mark.alone
def test_change_is_seen_while_others_come(lab_page: LabPage) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    panel.rows().first.wait_for()
    ids = panel.rows().evaluate_all("rows => rows.map(row => row.dataset.runId)")[:10]
    late = []
    for number in range(20):
        name = f"seen {number}"
        _rename(lab_page, ids[1:], 1000 + number, 3)
        begin = time.monotonic()
        lab_page.lab.client.patch(f"jupyter-exec/v1/runs/{ids[0]}", json={"displayName": name})
        panel.row(name).wait_for()
        late.append(time.monotonic() - begin)
    print(f"seen after {statistics.median(late):.2f} s, at most {max(late):.2f} s")
    assert statistics.median(late) < MOST_LATE_S


def test_narrow(lab_page: LabPage) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    panel.rows().first.wait_for()
    handle = lab_page.page.locator("#jp-main-split-panel > .lm-SplitPanel-handle").first
    box = handle.bounding_box()
    assert box is not None
    mouse = lab_page.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + 300)
    mouse.down()
    mouse.move(60, box["y"] + 300, steps=5)
    mouse.up()
    lab_page.page.get_by_role("button", name="Filters").click()
    panel.select(*panel.names()[:2])
    lab_page.shot("sidebar-narrow")
    for part in (panel.tree, panel.bulk, lab_page.page.locator(".jp-exec-filter")):
        wide = part.evaluate("node => node.scrollWidth - node.clientWidth")
        assert wide <= 0
    theme = (
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    lab_page.page.evaluate(theme)
    lab_page.page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    lab_page.shot("sidebar-dark")
    assert panel.faults() == []
