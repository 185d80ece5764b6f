"""The labextension in Notebook 7, which has some of Lab's parts and not others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

LAUNCH_MS = 60_000
NOTEBOOK = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}


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
