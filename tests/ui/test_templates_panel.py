"""The Templates section of the sidebar."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from filled_templates import MARKUP, execute, make, use_theme

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator

pytestmark = pytest.mark.timeout(240)
N: list[dict[str, Any]] = [{"name": "n", "type": "integer", "value": 1}]


def open_section(lab_page: LabPage, name: str) -> Locator:
    """Show the sidebar with this section alone open."""
    execute(lab_page, "show-sidebar")
    page = lab_page.page
    for title in ("Runs", "Templates", "Targets"):
        header = page.locator("#jp-exec-sidebar .jp-AccordionPanel-title", has_text=title)
        is_open = header.get_attribute("aria-expanded") == "true"
        if is_open != (title == name):
            header.click()
    return page.locator(f".jp-exec-{name.lower()}")


def test_without_templates_then_search_run_edit_delete(lab_page: LabPage) -> None:
    lab_page.open()
    page = lab_page.page
    section = open_section(lab_page, "Templates")
    section.get_by_text("No templates yet").wait_for()
    lab_page.shot("templates-none")
    make(lab_page, "first", N, description="Trains the small model on the big data set.")
    make(lab_page, "second", N)
    make(lab_page, f"third {MARKUP}", N, description=f"<b>bold</b> {MARKUP}")
    section.get_by_role("button", name="Refresh the templates").click()
    items = section.get_by_role("listitem")
    items.nth(2).wait_for()
    lab_page.shot("templates-three")
    search = section.get_by_role("searchbox")
    search.fill("small mod")
    items.nth(1).wait_for(state="detached")
    assert "first" in items.inner_text()
    search.fill("nothing like it")
    section.get_by_text("No template matches this.").wait_for()
    search.fill("")
    items.nth(2).wait_for()
    assert section.locator("b, img").count() == 0

    section.get_by_role("button", name="Run second").dblclick()
    page.get_by_role("form", name="Run second").get_by_role(
        "textbox", name="n", exact=True
    ).wait_for()
    assert page.get_by_role("tab", name="Run second").count() == 1
    section.get_by_role("button", name="More about second").click()
    lab_page.shot("templates-menu")
    page.get_by_role("menu").get_by_role("menuitem", name="Edit").click()
    page.get_by_role("tab", name="second", exact=True).wait_for()
    section.get_by_role("button", name="More about second").click()
    page.get_by_role("menu").get_by_role("menuitem", name="History").click()
    page.get_by_text("This is the first version.").wait_for()
    section.get_by_role("button", name="More about second").click()
    page.get_by_role("menu").get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Its versions and its runs stay").wait_for()
    lab_page.shot("templates-delete")
    dialog.get_by_role("button", name="Delete").click()
    items.nth(2).wait_for(state="detached")
    page.get_by_text("This template was deleted.").wait_for()
    page.get_by_role("button", name="Restore version 1").click()
    items.nth(2).wait_for()


def test_thousands(lab_page: LabPage) -> None:
    many = uuid.uuid4().hex[:6]  # a second try of this test finds the templates of the first
    for n in range(1200):
        make(lab_page, f"{many} {n:04}", N)
    requests: list[str] = []
    lab_page.page.on(
        "request",
        lambda request: requests.append(request.url) if "/v1/templates" in request.url else None,
    )
    lab_page.open()
    section = open_section(lab_page, "Templates")
    section.get_by_role("searchbox").fill(many)
    section.get_by_text(f"{many} 0000", exact=True).wait_for()
    assert len(requests) <= 3, requests
    assert section.get_by_role("listitem").count() < 60
    scroller = section.get_by_role("list")
    lab_page.page.wait_for_function(
        """([box, last]) => {
          box.scrollTop = box.scrollHeight;
          return [...box.querySelectorAll("button")].some(each => each.textContent === last);
        }""",
        arg=[scroller.element_handle(), f"{many} 1199"],
        timeout=60_000,
    )
    assert section.get_by_role("listitem").count() < 60
    lab_page.shot("templates-thousands")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_narrow(lab_page: LabPage, theme: str) -> None:
    make(lab_page, f"a name that is longer than a narrow sidebar {theme}", N, description="x " * 99)
    lab_page.open()
    use_theme(lab_page, theme)
    section = open_section(lab_page, "Templates")
    section.get_by_role("searchbox").fill(f"sidebar {theme}")
    section.get_by_role("listitem").nth(1).wait_for(state="detached")
    handle = lab_page.page.locator(".lm-SplitPanel-handle:visible").first
    box = handle.bounding_box()
    assert box is not None
    lab_page.page.mouse.move(box["x"] + 1, box["y"] + 300)
    lab_page.page.mouse.down()
    lab_page.page.mouse.move(180, box["y"] + 300)
    lab_page.page.mouse.up()
    lab_page.shot(f"templates-narrow-{theme}")
    assert section.get_by_role("button", name="Run a name").first.is_visible()
