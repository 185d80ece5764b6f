"""The labextension in Notebook 7, which has some of Lab's parts and not others."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

LAUNCH_MS = 60_000
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": KERNEL}, "cells": []}


@pytest.fixture(scope="module")
def notebook_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    pytest.importorskip("notebook", reason="needs Notebook 7: pip install notebook")
    running = RunningServer(
        tmp_path_factory.mktemp("notebook"),
        application="notebook",
        args=["--JupyterNotebookApp.expose_app_in_browser=True"],
    )
    (running.root_dir / "work.ipynb").write_text(json.dumps(NOTEBOOK))
    yield running
    running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("where", ["tree", "notebooks/work.ipynb", "edit/work.ipynb"])
def test_its_pages_load_us_without_complaints(
    page: Page, notebook_server: RunningServer, where: str
) -> None:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(error.stack or str(error)))
    page.on(
        "console",
        lambda message: said.append(message.text) if message.type == "error" else None,
    )
    with page.expect_response(
        lambda answer: "/jupyter-exec/v1/events" in answer.url, timeout=LAUNCH_MS
    ) as following:
        page.goto(f"{notebook_server.url}{where}?token={notebook_server.token}")
    assert following.value.ok
    page.locator("#jp-MainLogo, #jp-NotebookLogo").first.wait_for(timeout=LAUNCH_MS)
    page.evaluate("window.jupyterapp.restored")
    ours = page.evaluate(
        "window.jupyterapp.listPlugins().filter(id => id.startsWith('jupyter-exec:'))"
    )
    assert "jupyter-exec:model" in ours
    active = page.evaluate("ids => ids.filter(id => window.jupyterapp.isPluginActivated(id))", ours)
    assert active == ours
    # Notebook itself complains of routes that this server lacks; what is ours has our name in it.
    assert not [text for text in said if "jupyter-exec" in text], said


def test_a_run_is_shown_beside_the_notebook(page: Page, notebook_server: RunningServer) -> None:
    answer = notebook_server.client.post(
        "jupyter-exec/v1/runs",
        json={
            "definition": {"configuration": {"script": "main.py"}},
            "overlay": {"main.py": {"text": "print('hello from the run')"}},
        },
    )
    run_id = answer.raise_for_status().json()["runId"]
    notebook_server.wait_for_end(run_id)
    page.goto(f"{notebook_server.url}notebooks/work.ipynb?token={notebook_server.token}")
    page.locator("#jp-NotebookLogo, .jp-NotebookPanel").first.wait_for(timeout=LAUNCH_MS)
    page.evaluate("window.jupyterapp.restored")
    page.evaluate(
        "runId => window.jupyterapp.commands.execute('jupyter-exec:open-run', {runId})", run_id
    )
    document = page.locator(".jp-exec-document")
    document.wait_for()
    document.get_by_role("tab", name="Logs").click()
    document.get_by_text("hello from the run").wait_for()
    box = document.bounding_box()
    assert box is not None
    shown = page.viewport_size or {}
    assert box["width"] >= 0.4 * shown["width"]
    assert box["height"] >= 0.6 * shown["height"]
    assert box["x"] + box["width"] <= shown["width"] + 1  # rounded
    cells = page.locator(".jp-NotebookPanel").bounding_box()
    assert cells is not None
    assert cells["width"] >= 0.4 * shown["width"]
    folder = os.environ.get("JUPYTER_EXEC_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / "notebook-7-run.png"))


# Without a kernel, which would still be starting at the end.
@pytest.mark.parametrize("where", ["tree", "edit/work.ipynb"])
def test_the_runs_are_found_in_the_view_menu(
    page: Page, notebook_server: RunningServer, where: str
) -> None:
    page.goto(f"{notebook_server.url}{where}?token={notebook_server.token}")
    page.locator("#jp-MainLogo, #jp-NotebookLogo").first.wait_for(timeout=LAUNCH_MS)
    page.evaluate("window.jupyterapp.restored")
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name="Show Runs").click()
    page.get_by_role("searchbox", name="Filter runs").wait_for()
