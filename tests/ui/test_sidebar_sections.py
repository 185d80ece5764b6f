"""Open and close the sections of the sidebar: each that is open can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runs_panel import RunsPanel

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Response

LEAST_PX = 80
HEIGHTS = """() => ['runs', 'templates', 'targets'].map(name => {
    const node = document.getElementById(`jp-exec-section-${name}`);
    return node.classList.contains('lm-mod-hidden') ? 0 : node.offsetHeight;
})"""


def _heights(lab_page: LabPage, *is_open: bool) -> list[int]:
    """The heights of the three sections, once those that are to be open have theirs."""
    wanted = [str(each).lower() for each in is_open]
    lab_page.page.wait_for_function(
        f"() => {{ const open = [{', '.join(wanted)}]; const found = ({HEIGHTS})();"
        f" return found.every((px, at) => open[at] ? px >= {LEAST_PX} : px === 0); }}",
        timeout=10_000,
    )
    return list(lab_page.page.evaluate(HEIGHTS))


def _remembers_that_runs_is_closed(answer: Response) -> bool:
    asked = answer.request
    return asked.method == "PUT" and "jp-exec-section-runs" in (asked.post_data or "")


def test_every_open_section_has_room(lab_page: LabPage) -> None:
    lab_page.open()
    RunsPanel(lab_page.page).open()
    titles = lab_page.page.locator(".jp-exec-sidebar .lm-AccordionPanel-title")
    runs, templates, targets = (titles.nth(index) for index in range(3))
    all_of_it = _heights(lab_page, True, False, False)[0]
    templates.click()
    _heights(lab_page, True, True, False)
    targets.click()
    heights = _heights(lab_page, True, True, True)
    lab_page.shot("sidebar-sections")
    assert heights[0] > 2 * heights[1]
    assert sum(heights) > 0.9 * all_of_it

    with lab_page.page.expect_response(_remembers_that_runs_is_closed):
        runs.click()
    _heights(lab_page, False, True, True)
    lab_page.open(query="")
    lab_page.page.locator("#jp-exec-section-templates").wait_for()
    _heights(lab_page, False, True, True)
    runs.click()
    _heights(lab_page, True, True, True)
    lab_page.page.set_viewport_size({"width": 1280, "height": 520})
    _heights(lab_page, True, True, True)
