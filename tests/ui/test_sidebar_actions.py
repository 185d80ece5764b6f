"""Do things to runs from the sidebar: one, many, by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_panel import RunsPanel

if TYPE_CHECKING:
    from conftest import LabPage

SLEEP = "import time; time.sleep(600)"


def _open(lab_page: LabPage, *names: str, script: str = "pass") -> tuple[RunsPanel, list[str]]:
    ids = [lab_page.submit(script, displayName=name) for name in names]
    lab_page.open()
    panel = RunsPanel(lab_page.page)
    panel.open()
    state = "Running" if script == SLEEP else "Completed"
    for name in names:
        panel.row(name, state).wait_for()
    return panel, ids


def test_tag_and_delete_many(lab_page: LabPage) -> None:
    panel, ids = _open(lab_page, "a1", "a2", "a3")
    panel.select("a1", "a3")
    panel.bulk.get_by_text("2 selected").wait_for()
    assert panel.bulk.get_by_role("button", name="Cancel").is_disabled()  # both have ended
    lab_page.shot("sidebar-selected")
    count = panel.bulk.get_by_role("status")
    for width in (250, 200):
        lab_page.page.evaluate(
            "width => { document.querySelector('.jp-exec-runs').style.width = `${width}px`; }",
            width,
        )
        assert count.evaluate("node => node.scrollWidth <= node.clientWidth"), width
        box, bar = count.bounding_box(), panel.bulk.bounding_box()
        assert box is not None
        assert bar is not None
        assert bar["height"] < 40, "one line"
        lab_page.shot(f"sidebar-selected-{width}")
    lab_page.page.evaluate("document.querySelector('.jp-exec-runs').style.width = ''")
    assert panel.faults() == []
    panel.bulk.get_by_role("button", name="Tag").click()
    dialog = lab_page.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("keep")
    dialog.get_by_label("Value").fill("<i>yes</i>")
    lab_page.shot("sidebar-tag")
    dialog.get_by_role("button", name="Apply").click()
    lab_page.page.get_by_role("button", name="Filters").click()
    dialog.wait_for(state="detached")
    lab_page.page.get_by_role("combobox", name="Tag").fill("keep=<i>yes</i>")
    panel.count.wait_for(state="detached")  # the selection is still there
    panel.row("a2").wait_for(state="detached")
    assert lab_page.lab.run(ids[0])["tags"] == {"keep": "<i>yes</i>"}

    panel.bulk.get_by_role("button", name="Delete").click()
    dialog.get_by_text("Delete 2 runs?").wait_for()
    dialog.locator("button:focus", has_text="Keep").wait_for()
    lab_page.shot("sidebar-delete")
    dialog.get_by_role("button", name="Keep").click()
    panel.bulk.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    lab_page.page.get_by_text("No run matches").wait_for()
    panel.bulk.wait_for(state="detached")
    left = {run["runId"] for run in lab_page.lab.runs()}
    assert ids[1] in left
    assert not left & {ids[0], ids[2]}


def test_cancel_many_and_what_cannot_be_done(lab_page: LabPage) -> None:
    panel, _ = _open(lab_page, "b1", "b2", script=SLEEP)
    panel.row("b2").click(modifiers=["Control"])
    panel.row("b1").click(modifiers=["Shift"])
    panel.bulk.get_by_text("2 selected").wait_for()
    panel.bulk.get_by_role("button", name="Delete").click()
    dialog = lab_page.page.get_by_role("dialog")
    dialog.get_by_text("2 of them have not ended").wait_for()
    dialog.get_by_role("button", name="Delete").click()
    dialog.get_by_text("Not done for 2 of 2").wait_for()
    lab_page.shot("sidebar-not-done")
    dialog.get_by_role("button", name="Close").click()
    panel.bulk.get_by_role("button", name="Cancel").click()
    for name in ("b1", "b2"):
        panel.row(name, "Canceled").wait_for()


def test_menu_of_a_run(lab_page: LabPage) -> None:
    panel, ids = _open(lab_page, "c1")
    panel.row("c1").click(button="right")
    menu = lab_page.page.locator(".jp-exec-runmenu")
    menu.get_by_role("menuitem", name="Copy Run ID").wait_for()
    lab_page.shot("sidebar-menu")
    menu.get_by_role("menuitem", name="Delete").click()
    dialog = lab_page.page.get_by_role("dialog")
    dialog.get_by_text("Delete c1?").wait_for()
    dialog.get_by_role("button", name="Delete").click()
    panel.row("c1").wait_for(state="detached")
    assert ids[0] not in {run["runId"] for run in lab_page.lab.runs()}


def test_a_click_keeps_the_keyboard_in_the_list(lab_page: LabPage) -> None:
    panel, _ = _open(lab_page, "e1", "e2", "e3")
    press = lab_page.page.keyboard.press
    panel.row("e3").get_by_text("now").wait_for()
    panel.row("e3").click()
    lab_page.page.get_by_role("tab", name="Overview", selected=True).wait_for()
    lab_page.page.locator(".jp-exec-tree:focus").wait_for()
    press("ArrowDown")
    panel.tree.locator(".jp-mod-active").filter(has_text="e2").wait_for()
    press("Enter")
    document = lab_page.page.locator(".jp-exec-document:visible")
    document.get_by_role("heading", name="e2").wait_for()
    lab_page.page.locator(".jp-exec-document:focus-within").wait_for()


def test_by_keyboard(lab_page: LabPage) -> None:
    panel, _ = _open(lab_page, "d1", "d2", "d3")
    press = lab_page.page.keyboard.press
    # From the filter over its buttons into the list, where the newest run is the first row.
    panel.search.focus()
    for _ in range(4):
        press("Tab")
    assert panel.tree.evaluate("node => node === document.activeElement")
    active = panel.tree.locator(".jp-mod-active")
    active.filter(has_text="d3").wait_for()
    press("ArrowDown")
    active.filter(has_text="d2").wait_for()
    lab_page.shot("sidebar-keyboard")
    assert panel.tree.get_attribute("aria-activedescendant") == active.get_attribute("id")
    press(" ")
    panel.bulk.get_by_text("1 selected").wait_for()
    press("Shift+ArrowDown")
    panel.bulk.get_by_text("2 selected").wait_for()
    assert panel.row("d1").get_attribute("aria-selected") == "true"
    press("Delete")
    dialog = lab_page.page.get_by_role("dialog")
    dialog.get_by_text("Delete 2 runs?").wait_for()
    dialog.locator("button:focus").wait_for()
    press("Escape")
    dialog.wait_for(state="detached")
    lab_page.page.locator(".jp-exec-tree:focus").wait_for()
    press("Escape")
    panel.bulk.wait_for(state="detached")
    press("Home")
    press("Enter")
    lab_page.page.get_by_role("tab", name="Overview", selected=True).wait_for()
