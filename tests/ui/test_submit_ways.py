"""The ways to the dialog: palette, menu, launcher, settings; dark, narrow, and in Notebook 7."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from submit_dialog import SubmitDialog, ended, log, output, write_notebook
from ui.conftest import LabPage

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser
    from servers import RunningServer

DARK = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
SECTIONS = "accuracy: float = 0.9  # from 0 to 1\nrounds = 10\n"


def _folder(lab_page: LabPage) -> Path:
    folder = lab_page.lab.root_dir / lab_page.name
    folder.mkdir(exist_ok=True)
    return folder


def test_palette_and_run_menu(lab_page: LabPage) -> None:
    write_notebook(_folder(lab_page) / "n.ipynb", "print(1)")
    lab_page.open(f"{lab_page.name}/n.ipynb")
    page = lab_page.page
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    lab_page.palette("Run in Background")
    dialog = SubmitDialog(lab_page).wait()
    page.keyboard.press("Escape")
    dialog.node.wait_for(state="detached")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    entry = page.get_by_role("menuitem", name="Run Selected Cells in Background…")
    entry.wait_for()
    lab_page.shot("submit-run-menu")
    entry.click()
    dialog.wait()
    page.mouse.click(5, 400)  # beside the dialog: nothing is thrown away
    assert dialog.node.is_visible()
    dialog.node.get_by_role("button", name="Cancel").click()
    dialog.node.wait_for(state="detached")


def test_nothing_to_run(lab_page: LabPage) -> None:
    (_folder(lab_page) / "notes.md").write_text("# notes\n")
    lab_page.open()
    page = lab_page.page
    page.locator(".jp-Launcher").first.wait_for()
    for command in ("submit-file", "submit-cells", "rerun-with-changes"):
        enabled = page.evaluate(
            "id => window.jupyterapp.commands.isEnabled(id)", f"jupyter-exec:{command}"
        )
        assert not enabled, command


def test_launcher(lab_page: LabPage) -> None:
    (_folder(lab_page) / "main.py").write_text("print('from the launcher')\n")
    lab_page.open(lab_page.name)
    page = lab_page.page
    page.locator(".jp-LauncherCard[title^='Choose a notebook']").click()
    picker = page.locator(".jp-Open-Dialog, .jp-Dialog").first
    picker.locator(".jp-DirListing-item", has_text="main.py").click()
    lab_page.shot("submit-launcher")
    picker.get_by_role("button", name="Select").click()
    run = ended(lab_page, SubmitDialog(lab_page).wait().run()["runId"])
    assert log(lab_page, run["runId"]) == "from the launcher\n"


def test_defaults_of_settings(lab_page: LabPage) -> None:
    (_folder(lab_page) / "main.py").write_text("print(1)\n")
    lab_page.open(f"{lab_page.name}/main.py")
    page = lab_page.page
    values = {"defaultMemory": "3G", "openAfterSubmit": True, "defaultExperiment": "mine"}
    url = "lab/api/settings/jupyter-exec:plugin"
    client = lab_page.lab.client
    client.put(url, json={"raw": json.dumps(values)}).raise_for_status()
    try:
        lab_page.open(f"{lab_page.name}/main.py", query="")
        page.locator(".jp-FileEditor .cm-content").click()
        page.keyboard.press("Control+Shift+Enter")
        run = SubmitDialog(lab_page).wait().run()
        assert run["experiment"] == "mine"
        assert run["definition"]["configuration"]["resources"] == {"memory": 3 * 2**30}
        page.get_by_role("tab", name="Overview", selected=True).wait_for()
    finally:
        client.put(url, json={"raw": "{}"}).raise_for_status()


@pytest.mark.parametrize("width", [1280, 420])
def test_dark_and_narrow(lab_page: LabPage, width: int) -> None:
    name = "a-notebook-with-a-name-that-is-much-longer-than-anybody-would-want-to-type.ipynb"
    write_notebook(_folder(lab_page) / name, SECTIONS, "print(1)", parameters=0)
    lab_page.page.set_viewport_size({"width": width, "height": 800})
    lab_page.open(f"{lab_page.name}/{name}")
    page = lab_page.page
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    page.evaluate(DARK)
    page.evaluate("void window.jupyterapp.commands.execute('jupyter-exec:submit-file')")
    dialog = SubmitDialog(lab_page).wait()
    dialog.fill("accuracy", "high")
    dialog.more()
    dialog.fill("Memory", "lots")
    dialog.refused()
    lab_page.shot(f"submit-dark-{width}")
    dialog.fill("accuracy", "0.8")
    dialog.refused()
    lab_page.shot(f"submit-dark-more-{width}")
    overflow = dialog.node.locator(".jp-exec-submit").evaluate(
        "node => node.scrollWidth - node.clientWidth"
    )
    assert overflow == 0
    themes = "lab/api/settings/@jupyterlab/apputils-extension:themes"
    lab_page.lab.client.put(themes, json={"raw": "{}"}).raise_for_status()


def test_notebook_7(browser: Browser, lab: RunningServer) -> None:
    pytest.importorskip("notebook", reason="needs Notebook 7: pip install notebook")
    write_notebook(
        lab.root_dir / "seven" / "n.ipynb", "lr = 0.1", "print('seven', lr)", parameters=0
    )
    # Not the fixture's page: Notebook 7 has errors of its own while it starts.
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error.stack)))
    lab_page = LabPage(page, lab, "notebook-7")
    page.goto(f"{lab.url}notebooks/seven/n.ipynb?token={lab.token}")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.get_by_role("button", name="Run in the background, as it is now").click()
    dialog = SubmitDialog(lab_page).wait()
    dialog.fill("lr", "0.2")
    lab_page.shot("submit-notebook-7")
    run = ended(lab_page, dialog.run()["runId"])
    assert run["status"] == "Completed", run["error"]
    assert "seven 0.2" in output(lab_page, run["runId"], "n.ipynb")
    page.get_by_text("Submitted n.ipynb").wait_for()
    page.get_by_role("button", name="Open").first.click()
    page.get_by_role("tab", name="Overview", selected=True).wait_for()
    lab_page.shot("submit-notebook-7-opened")
    page.close()
    assert not [error for error in errors if "jupyter-exec" in error]
