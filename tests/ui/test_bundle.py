"""What a page of Lab loads of the labextension before anybody opens something."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Response

ROOT = Path(__file__).parents[2]
OURS = "/lab/extensions/jupyter-exec/"
LARGEST_BYTES = 150_000


def test_the_first_paint_loads_little_and_nothing_from_elsewhere(lab_page: LabPage) -> None:
    subprocess.run([ROOT / "scripts" / "labextension"], check=True)  # as it is shipped
    answers: list[Response] = []
    lab_page.page.on("response", answers.append)
    lab_page.open()
    lab_page.page.wait_for_load_state("networkidle")
    sizes = {
        urlsplit(answer.url).path.partition(OURS)[2]: len(answer.body())
        for answer in answers
        if OURS in answer.url
    }
    assert any(name.startswith("static/remoteEntry.") for name in sizes), sizes
    assert sum(sizes.values()) < LARGEST_BYTES, sizes

    run_id = lab_page.submit("print('hello')")
    lab_page.open_run(run_id)
    lab_page.page.locator(".jp-exec-document").wait_for()
    hosts = {urlsplit(answer.url).netloc for answer in answers} - {""}
    assert hosts == {urlsplit(lab_page.lab.url).netloc}
