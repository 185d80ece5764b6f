"""The dialog that submits, used as a person uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator
    from ui.conftest import LabPage

KERNELSPEC = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def write_notebook(path: Path, *sources: str, parameters: int | None = None) -> None:
    """Write a notebook of code cells; the one at `parameters` is tagged so."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {"tags": ["parameters"]} if number == parameters else {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": KERNELSPEC},
        "cells": cells,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


class SubmitDialog:
    """The dialog.

    Args:
        lab_page: where it opens.
    """

    def __init__(self, lab_page: LabPage) -> None:
        self.lab_page = lab_page
        self.sent: Any = None
        self.node: Locator = lab_page.page.locator(".jp-exec-submit-dialog")

    def wait(self) -> SubmitDialog:
        self.node.wait_for()
        return self

    def fill(self, label: str, text: str) -> None:
        self.node.get_by_label(label, exact=True).fill(text)

    def more(self) -> None:
        """Show what is below "More"."""
        self.node.get_by_role("button", name="More").click()

    def run(self) -> dict[str, Any]:
        """Submit; returns the run that was made. `sent` is what the server got."""
        page = self.lab_page.page
        with page.expect_response(_makes_a_run) as answer:
            self.node.get_by_role("button", name="Run", exact=True).click()
        assert answer.value.status == 201, answer.value.text()
        self.sent = answer.value.request.post_data_json
        self.node.wait_for(state="detached")
        return dict(answer.value.json())

    def refused(self) -> None:
        """Submit what is wrong, and wait until the dialog has said so."""
        form = self.node.locator("[data-exec-refusals]")
        before = int(form.get_attribute("data-exec-refusals") or 0)
        self.node.get_by_role("button", name="Run", exact=True).click()
        self.node.locator(f"[data-exec-refusals='{before + 1}']").wait_for()


def _makes_a_run(answer: Any) -> bool:
    path = answer.url.split("?")[0]
    return answer.request.method == "POST" and (path.endswith(("/jupyter-exec/v1/runs", "/rerun")))


def ended(lab_page: LabPage, run_id: str) -> dict[str, Any]:
    """Wait on the run's event stream until it has ended; returns the run."""
    client = lab_page.lab.client
    headers = {"Accept": "text/event-stream"}
    url = f"jupyter-exec/v1/runs/{run_id}"
    with client.stream("GET", f"{url}/events", headers=headers, timeout=90) as answer:
        for _ in answer.iter_lines():
            pass
    return dict(client.get(url).json())


def output(lab_page: LabPage, run_id: str, path: str) -> str:
    answer = lab_page.lab.client.get(f"jupyter-exec/v1/runs/{run_id}/outputs/{path}")
    answer.raise_for_status()
    return str(answer.text)


def log(lab_page: LabPage, run_id: str, name: str = "main-0.txt") -> str:
    answer = lab_page.lab.client.get(f"jupyter-exec/v1/runs/{run_id}/logs/{name}")
    answer.raise_for_status()
    return str(answer.text)
