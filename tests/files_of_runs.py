"""What the tests of outputs and of code have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator

# Names that would be markup, were they shown as HTML.
HOSTILE = "<img src=x onerror=alert(1)>.txt"

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {
            "cell_type": "markdown",
            "id": "title",
            "metadata": {},
            "source": "# The monthly report",
        },
        {
            "cell_type": "code",
            "id": "sum",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": "print('the sum is', sum(range(10)))",
        },
    ],
}


def wait(lab_page: LabPage, run_id: str, status: str = "Completed") -> None:
    """Follow the run's events until it has ended."""
    with lab_page.lab.client.stream(
        "GET",
        f"jupyter-exec/v1/runs/{run_id}/events",
        headers={"Accept": "text/event-stream"},
        timeout=120,
    ) as stream:
        for _ in stream.iter_lines():
            pass
    run = lab_page.lab.client.get(f"jupyter-exec/v1/runs/{run_id}").json()
    assert run["status"] == status, run


def row(lab_page: LabPage, name: str) -> Locator:
    return lab_page.page.get_by_role("treeitem").filter(
        has=lab_page.page.get_by_text(name, exact=True)
    )


def theme(lab_page: LabPage, name: str) -> None:
    """Change the theme, which Lab keeps for the tests after this one: "Light" or "Dark"."""
    lab_page.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        f"JupyterLab {name}",
    )
    is_light = str(name == "Light").lower()
    lab_page.page.locator(f"body[data-jp-theme-light={is_light}]").wait_for(state="attached")
    lab_page.page.locator("#jupyterlab-splash").wait_for(state="detached")
