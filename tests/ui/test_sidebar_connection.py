"""The sidebar when the server goes away and comes back, and in two tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_panel import STEPS, RunsPanel

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage


def test_server_killed_and_restarted(lab_page: LabPage, tmp_path: Path) -> None:
    panel = RunsPanel(lab_page.page)
    lab_page.open()
    panel.open()
    lab_page.open_run(lab_page.submit(STEPS, str(tmp_path), "2", displayName="survivor"))
    panel.row("survivor", "Running").get_by_role("progressbar").wait_for()
    loads: list[str] = []
    lab_page.page.on("framenavigated", lambda frame: loads.append(frame.url))

    lab_page.lab.kill9()
    notice = lab_page.page.get_by_text("Disconnected; trying again")
    notice.wait_for()
    lab_page.let_server_go()
    header = lab_page.page.locator(".jp-exec-header")
    header.get_by_role("status").get_by_text("Disconnected", exact=True).wait_for()
    cancel = header.get_by_role("button", name="Cancel")
    assert cancel.is_disabled()
    assert "does not answer" in (cancel.get_attribute("title") or "")
    lab_page.shot("sidebar-disconnected")
    with lab_page.page.expect_request("**/jupyter-exec/v1/events*"):
        lab_page.page.get_by_role("button", name="Try now").click()
    # The run goes on, and ends, without a server.
    for step in range(3):
        (tmp_path / str(step)).touch()
    lab_page.lab.start()
    notice.wait_for(state="detached")
    panel.row("survivor", "Completed").wait_for()
    lab_page.submit("pass", displayName="afterwards")
    panel.row("afterwards", "Completed").wait_for()
    assert loads == []
    lab_page.shot("sidebar-caught-up")


def test_two_tabs(lab_page: LabPage) -> None:
    lab_page.open()
    other = lab_page.page.context.new_page()
    other.goto(lab_page.page.url)
    panels = [RunsPanel(lab_page.page), RunsPanel(other)]
    lab_page.submit("pass", displayName="seen twice")
    for panel in panels:
        panel.open()
        panel.row("seen twice", "Completed").wait_for()
    panels[0].row("seen twice").click(button="right")
    lab_page.page.get_by_role("menuitem", name="Delete").click()
    lab_page.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for panel in panels:
        panel.row("seen twice").wait_for(state="detached")
