"""The Targets section of the sidebar: what runs, what waits and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from filled_templates import MARKUP, execute, use_theme

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage
    from playwright.sync_api import Locator

pytestmark = pytest.mark.timeout(240)
WAIT = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.05)"


def submit(lab_page: LabPage, gate: Path, name: str, cpus: float) -> str:
    configuration: dict[str, Any] = {
        "script": "main.py",
        "arguments": [str(gate)],
        "resources": {"cpus": cpus},
    }
    return lab_page.submit(WAIT, displayName=name, definition={"configuration": configuration})


def open_targets(lab_page: LabPage) -> Locator:
    execute(lab_page, "show-sidebar")
    page = lab_page.page
    for title in ("Runs", "Targets"):
        page.locator("#jp-exec-sidebar .jp-AccordionPanel-title", has_text=title).click()
    return page.locator(".jp-exec-targets")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_running_and_waiting(lab_page: LabPage, tmp_path: Path, theme: str) -> None:
    cpus = float(os.cpu_count() or 1)
    gate = tmp_path / "gate"
    big = submit(lab_page, gate, f"the big one {MARKUP}", cpus)
    lab_page.lab.wait_for_status(big, "Running")
    next_one = submit(lab_page, gate, "waits its turn", cpus)
    lab_page.lab.wait_for_status(next_one, "Queued")
    lab_page.open()
    use_theme(lab_page, theme)
    page = lab_page.page
    requests: list[str] = []
    page.on(
        "request",
        lambda request: (
            requests.append(request.url)
            if request.url.split("?")[0].endswith("/v1/targets")
            else None
        ),
    )
    section = open_targets(lab_page)
    section.get_by_text("waits for free CPUs").wait_for()
    meter = section.get_by_role("meter", name="CPUs")
    assert meter.get_attribute("aria-valuenow") == f"{cpus:g}"
    section.get_by_text("Running: 1").wait_for()
    section.get_by_text("Waiting: 1").wait_for()
    section.get_by_text("Runs containers; capacity and queue are those of local.").wait_for()
    lab_page.shot(f"targets-{theme}")
    assert section.locator("img").count() == 0
    section.get_by_role("button", name="the big one").click()
    page.get_by_role("tab", name="Overview", selected=True).wait_for()

    # It follows what happens, and asks for nothing while nobody looks.
    gate.touch()
    section.get_by_text("Running: 0").wait_for()
    section.get_by_text("Waiting: 0").wait_for()
    page.locator("#jp-exec-sidebar .jp-AccordionPanel-title", has_text="Targets").click()
    section.wait_for(state="hidden")
    before = len(requests)
    unseen = submit(lab_page, gate, "unseen", 0.1)
    lab_page.lab.wait_for_end(unseen)
    # The page has heard of it.
    page.locator("#jp-exec-sidebar .jp-AccordionPanel-title", has_text="Runs").click()
    page.locator("#jp-exec-sidebar").get_by_text("unseen").first.wait_for()
    assert len(requests) == before
    page.locator("#jp-exec-sidebar .jp-AccordionPanel-title", has_text="Targets").click()
    section.get_by_role("meter", name="CPUs").wait_for()
    assert section.get_by_text("unseen").count() == 0
