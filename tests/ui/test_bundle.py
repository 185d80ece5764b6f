"""What a page of Lab loads of the labextension before anybody opens something."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
OURS = "/lab/extensions/jupyter-exec/"
LARGEST_BYTES = 130_000


def loaded(page: Page) -> dict[str, int]:
    """Return the addresses of all that the page has loaded, with their sizes, not compressed."""
    entries = page.evaluate(
        "performance.getEntriesByType('resource').map(e => [e.name, e.decodedBodySize])"
    )
    return {address: int(size) for address, size in entries}


def test_the_first_paint_loads_little_and_nothing_from_elsewhere(lab_page: LabPage) -> None:
    page = lab_page.page
    subprocess.run([ROOT / "scripts" / "labextension"], check=True)  # as it is shipped
    page.add_init_script("performance.setResourceTimingBufferSize(10000)")
    with page.expect_response(lambda answer: "/jupyter-exec/v1/events" in answer.url):
        lab_page.open()
    page.evaluate("window.jupyterapp.restored.then(() => new Promise(requestIdleCallback))")
    ours = {
        urlsplit(address).path.partition(OURS)[2]: size
        for address, size in loaded(page).items()
        if OURS in address
    }
    assert any(name.startswith("static/remoteEntry.") for name in ours), ours
    assert all(ours.values()), ours
    assert sum(ours.values()) < LARGEST_BYTES, ours

    with page.expect_request_finished(lambda sent: "jupyter-exec/v1/runs/" in sent.url):
        lab_page.open_run(lab_page.submit("print('hello')"))
    page.locator(".jp-exec-document").wait_for()
    elsewhere = [
        address
        for address in loaded(page)
        if urlsplit(address).netloc not in {"", urlsplit(lab_page.lab.url).netloc}
    ]
    assert not elsewhere
