"""A real JupyterLab in a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from needs import need
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

LAUNCH_MS = 60_000
_ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
# The first asks the internet; the second complains that its server part is switched off.
_DISABLED = ["@jupyterlab/apputils-extension:announcements", "@jupyterlab/scheduler"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # The one without windows takes a third less of the processors' time.
    program = shutil.which("chromium-headless-shell") or need("chromium", "scripts/engines")
    api = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install playwright"
    )
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


def start_lab(
    folder: Path, prepare: Callable[[RunningServer], None] | None = None
) -> RunningServer:
    """Start a Lab whose files all lie in a folder.

    Args:
        prepare: called before the start.
    """
    pytest.importorskip("jupyterlab", reason="needs JupyterLab: pip install jupyterlab")
    running = RunningServer(
        folder,
        lab=True,
        start=False,
        args=["--LabApp.expose_app_in_browser=True"],
    )
    settings = running.folder / "config" / "labconfig"
    settings.mkdir()
    # Whether Lab itself should be built again is not asked: each time that would start Node.
    page = {"disabledExtensions": dict.fromkeys(_DISABLED, True), "buildCheck": False}
    (settings / "page_config.json").write_text(json.dumps(page))
    if prepare is not None:
        prepare(running)
    running.start()
    return running


@pytest.fixture(scope="module")
def lab(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningServer]:
    """A server with JupyterLab; a module's `prepare_lab(server)` is called before its start."""
    prepare = getattr(request.module, "prepare_lab", None)
    running = start_lab(tmp_path_factory.mktemp("lab"), prepare)
    yield running
    running.close()


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[RunningServer]:
    """A Lab of this test's own, which it may kill."""
    running = start_lab(tmp_path)
    yield running
    running.close()


class Notebook:
    """A notebook open in Lab.

    Args:
        page: of the browser.
        lab: the server.
        name: without its ending.
    """

    def __init__(self, page: Page, lab: RunningServer, name: str) -> None:
        self.page = page
        self.lab = lab
        self.folder = lab.root_dir / name
        self.path = self.folder / f"{name}.ipynb"

    def write(self, *sources: str) -> None:
        cells = [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(sources)
        ]
        kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        document = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": kernelspec},
            "cells": cells,
        }
        self.folder.mkdir()
        self.path.write_text(json.dumps(document))

    def read(self) -> dict[str, Any]:
        return dict(json.loads(self.path.read_text()))

    def open(self) -> None:
        """Open it in a fresh Lab, and wait until its kernel is idle."""
        where = self.path.relative_to(self.lab.root_dir).as_posix()
        # A workspace of its own: Lab restores what was open in the last one.
        address = (
            f"{self.lab.url}lab/workspaces/{self.folder.name}/tree/{where}?token={self.lab.token}"
        )
        self.page.goto(f"{address}&reset")
        ready = self.page.locator(".jp-StatusBar-Widget", has_text="Python 3 (ipykernel) | Idle")
        ready.wait_for(timeout=LAUNCH_MS)

    def run(self, count: int) -> None:
        """Run the first cells, as Shift+Enter does."""
        self.page.locator(".jp-Notebook .jp-Cell").first.click()
        self.page.keyboard.press("Escape")
        for _ in range(count):
            self.page.keyboard.press("Shift+Enter")

    def kernel_state(self) -> str | None:
        indicator = self.page.locator(".jp-Notebook-ExecutionIndicator").first
        return indicator.get_attribute("data-status")

    def save(self) -> None:
        with self.page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ):
            self.page.keyboard.press("Control+s")

    def shot(self, name: str) -> None:
        """Take a picture, where pictures are wanted."""
        folder = os.environ.get("JUPYTER_EXEC_SHOTS")
        if folder:
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))

    def shut_down_kernel(self) -> None:
        for session in self.lab.client.get("api/sessions").json():
            self.lab.client.delete(f"api/sessions/{session['id']}").raise_for_status()


class LabPage:
    """A page of Lab, used as a person uses it.

    Args:
        page: of the browser.
        lab: the server.
        name: of the test; names the workspace and the screenshots.
    """

    def __init__(self, page: Page, lab: RunningServer, name: str) -> None:
        self.page = page
        self.lab = lab
        self.name = name
        self.errors: list[str] = []  # that nobody caught; a test fails where some are left
        self.server_goes_away = False

    def expects(self, error: str) -> bool:
        """Tell whether Lab itself complains of a server that goes away; what is ours counts."""
        gone = re.match("TypeError: Failed to fetch|ChunkLoadError", error)
        return bool(self.server_goes_away and gone and "extensions/jupyter-exec" not in error)

    def open(self, path: str = "", *, app: str = "lab", query: str = "&reset") -> None:
        """Open Lab in a workspace of its own, with a file where one is named, and wait for it."""
        tree = f"/tree/{path}" if path else ""
        where = f"lab/workspaces/{self.name}{tree}" if app == "lab" else app
        self.page.goto(f"{self.lab.url}{where}?token={self.lab.token}{query}")
        self.page.locator("#jp-main-statusbar, #jp-MainLogo").first.wait_for(timeout=LAUNCH_MS)
        # What Lab opens by itself, such as the launcher, takes the focus when it comes.
        self.page.evaluate("window.jupyterapp.restored.then(() => null)")
        if app == "lab" and "reset" in query:
            self.page.locator("#jp-main-dock-panel .lm-DockPanel-widget").first.wait_for(
                timeout=LAUNCH_MS
            )

    def let_server_go(self) -> None:
        """Expect what Lab itself says of a server that is away; close its dialog about it."""
        self.server_goes_away = True
        self.page.add_locator_handler(
            self.page.get_by_role("dialog", name="Server Connection Error"),
            lambda dialog: dialog.get_by_role("button").last.click(),
        )

    def palette(self, label: str) -> None:
        """Run a command of the palette by its label."""
        from playwright.sync_api import TimeoutError as TookTooLong

        palette = self.page.locator("#modal-command-palette")
        chosen = palette.locator(".lm-CommandPalette-item.lm-mod-active", has_text=label)
        # Lab closes it when something else takes the focus, as a notebook does that has its kernel.
        until = time.monotonic() + LAUNCH_MS / 1000
        done = False
        while not done:
            assert time.monotonic() < until, "the palette does not stay open"
            self.page.evaluate(
                "() => void window.jupyterapp.commands.execute('apputils:activate-command-palette')"
            )
            with suppress(TookTooLong):
                palette.locator("input").fill(label, timeout=2_000)
                chosen.wait_for(timeout=2_000)
                chosen.click(timeout=2_000)
                done = True

    def submit(self, script: str, *arguments: str, **more: Any) -> str:
        """Submit a script's text as a run; returns its id."""
        body = {
            "definition": {"configuration": {"script": "main.py", "arguments": list(arguments)}},
            "overlay": {"main.py": {"text": script}},
            **more,
        }
        answer = self.lab.client.post("jupyter-exec/v1/runs", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["runId"])

    def open_run(self, run_id: str, tab: str | None = None) -> None:
        """Open a run's document by its command."""
        self.page.evaluate(
            "args => window.jupyterapp.commands.execute('jupyter-exec:open-run', args)",
            {"runId": run_id, **({"tab": tab} if tab else {})},
        )

    def shot(self, name: str) -> None:
        """Take a picture, where pictures are wanted."""
        folder = os.environ.get("JUPYTER_EXEC_SHOTS")
        if folder:
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def lab_page(browser: Browser, lab: RunningServer, request: Any) -> Iterator[LabPage]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")[:40]
    used = LabPage(page, lab, name)
    page.on("pageerror", lambda error: used.errors.append(error.stack or str(error)))
    yield used
    context.close()
    assert not [error for error in used.errors if not used.expects(error)]


@pytest.fixture
def notebook(browser: Browser, lab: RunningServer, request: Any) -> Iterator[Notebook]:
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    # Lab's addresses take no brackets of parametrised tests.
    name = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")[:40]
    yield Notebook(page, lab, name)
    folder = os.environ.get("JUPYTER_EXEC_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"end-of-{name}.png"))
    context.close()
    assert not errors
