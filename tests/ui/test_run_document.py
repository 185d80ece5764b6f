"""A run as a document of the main area: its header, its tabs, its overview."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.timeout(180)
HEADER = ".jp-exec-document .jp-exec-header"


def header(page: Page) -> Locator:
    return page.locator(f"{HEADER}:visible")


def wait_for_state(page: Page, word: str) -> None:
    header(page).locator(".jp-exec-state", has_text=re.compile(f"^{word}")).wait_for()


def main_tabs(page: Page, label: str) -> Locator:
    return page.locator("#jp-main-dock-panel .lm-TabBar-tab", has_text=label)


def gated(gate: Path, before: str = "", after: str = "") -> str:
    """Return a script that goes on when the file `gate` is there."""
    return (
        f"import os, time\n{before}\n"
        f"while not os.path.exists({str(gate)!r}): time.sleep(0.05)\n{after}"
    )


def test_it_shows_how_a_run_is_doing_and_what_was_asked(lab_page: LabPage, tmp_path: Path) -> None:
    page, gate, half = lab_page.page, tmp_path / "gate", tmp_path / "half"
    tell = "from jupyter_exec import current_run\ncurrent_run.progress({}, 8, 'epochs')"
    script = gated(half, tell.format(2), tell.format(4) + "\n" + gated(gate))
    name = "training <b>a long name</b> of a run that goes on and on and on"
    configuration = {
        "script": "main.py",
        "arguments": ["--learning-rate", "0.01", "a b"],
        "environment": {
            "environmentVariables": {"STAGE": "test", "MARKUP": "<img src=x onerror=alert(1)>"}
        },
    }
    run_id = lab_page.submit(
        script,
        displayName=name,
        experiment="documents",
        tags={"owner": "me", "<i>tag</i>": "x"},
        definition={"configuration": configuration},
    )
    lab_page.open()
    lab_page.open_run(run_id)
    wait_for_state(page, "Running")
    header(page).get_by_role("heading", name=name).wait_for()
    header(page).get_by_text("epochs · 2 / 8").wait_for()
    half.touch()
    header(page).get_by_text("epochs · 4 / 8").wait_for()
    panel = page.get_by_role("tabpanel")
    panel.get_by_text("'a b'").wait_for()
    panel.get_by_role("row", name="MARKUP <img src=x onerror=alert(1)>").wait_for()
    panel.get_by_role("row", name="STAGE test").wait_for()
    panel.locator(".jp-exec-timeline li", has_text="Running").wait_for()
    lab_page.shot("run-document-running")
    panel.get_by_role("button", name="Show JSON").click()
    shown = json.loads(panel.locator(".jp-exec-raw").inner_text())
    assert shown["configuration"]["arguments"] == ["--learning-rate", "0.01", "a b"]
    gate.touch()
    wait_for_state(page, "Completed")
    panel.locator(".jp-exec-timeline li", has_text="Completed").wait_for()
    assert main_tabs(page, name).locator(".jp-mod-Completed").count() == 1
    assert page.locator(".jp-exec-document b, .jp-exec-document img").count() == 0
    lab_page.shot("run-document-completed")


def test_cancel(lab_page: LabPage, tmp_path: Path) -> None:
    page = lab_page.page
    run_id = lab_page.submit(gated(tmp_path / "never"), displayName="to be canceled")
    lab_page.open()
    lab_page.open_run(run_id)
    wait_for_state(page, "Running")
    header(page).get_by_role("button", name="Cancel", exact=True).click()
    wait_for_state(page, "Canceled")
    assert lab_page.lab.run(run_id)["status"] == "Canceled"
    header(page).get_by_role("button", name="Delete…").wait_for()
    lab_page.shot("run-document-canceled")


def test_a_failed_run_tells_its_cause_and_leads_to_the_log(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit("print('before')\nraise ValueError('the <b>learning rate</b> is odd')")
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    lab_page.open_run(run_id)
    cause = header(page).get_by_role("alert")
    cause.get_by_text("ValueError: the <b>learning rate</b> is odd").wait_for()
    lab_page.shot("run-document-failed")
    cause.get_by_role("button", name="Show log").click()
    page.get_by_role("tab", name="Logs", selected=True).wait_for()
    page.locator(".jp-exec-log-line", has_text="raise ValueError").first.wait_for()
    lab_page.shot("run-document-failed-log")


def test_open_the_folder_that_the_code_came_from(lab_page: LabPage) -> None:
    page, lab = lab_page.page, lab_page.lab
    folder = lab.root_dir / "project"
    folder.mkdir()
    (folder / "train.py").write_text("print('hello')")
    (folder / "notes.md").touch()
    body = {"source": {"path": "project/train.py"}, "displayName": "from a folder"}
    run_id = lab.client.post("jupyter-exec/v1/runs", json=body).json()["runId"]
    elsewhere = lab_page.submit("print('no folder')", displayName="from nowhere")
    lab_page.open()
    lab_page.open_run(elsewhere)
    wait_for_state(page, "Completed")
    assert header(page).get_by_role("button", name="Open source folder").count() == 0
    lab_page.open_run(run_id)
    header(page).get_by_role("heading", name="from a folder").wait_for()
    header(page).get_by_role("button", name="Open source folder").click()
    browser = page.get_by_role("region", name="File Browser Section")
    browser.locator(".jp-DirListing-item", has_text="notes.md").wait_for()
    browser.locator(".jp-DirListing-item.jp-mod-selected", has_text="train.py").wait_for()
    lab_page.shot("run-document-source-folder")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    header(page).get_by_role("button", name="Open source folder").click()
    page.get_by_text("project/train.py is no longer there.").wait_for()


def test_open_the_outputs_folder(lab_page: LabPage) -> None:
    page = lab_page.page
    script = "open('outputs/<b>result.txt', 'w').write('left by the run')"
    run_id = lab_page.submit(script, displayName="with outputs")
    without = lab_page.submit("pass", displayName="without outputs")
    for each in (run_id, without):
        lab_page.lab.wait_for_end(each)
    lab_page.open()
    lab_page.open_run(without)
    wait_for_state(page, "Completed")
    lab_page.open_run(run_id)
    header(page).get_by_role("button", name="Open outputs folder").click()
    main_tabs(page, "Outputs of with outputs").wait_for()
    browser = page.locator(".jp-exec-outputs-browser")
    entry = browser.locator(".jp-DirListing-item", has_text="<b>result.txt")
    entry.wait_for()
    lab_page.shot("run-document-outputs-folder")
    entry.dblclick()
    page.locator(".cm-line", has_text="left by the run").wait_for()
    page.get_by_text("Output of run with outputs (completed), read-only").wait_for()
    # JupyterLab's own file browser stays where the user's files are.
    assert page.locator("#filebrowser .jp-DirListing-item", has_text="result").count() == 0
    lab_page.open_run(without)
    wait_for_state(page, "Completed")
    assert header(page).get_by_role("button", name="Open outputs folder").count() == 0


def test_run_again_opens_the_new_run(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit("print('hello')", displayName="repeated")
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    lab_page.open_run(run_id)
    header(page).get_by_role("button", name="Run again").click()
    page.wait_for_function(
        "() => document.querySelectorAll('#jp-main-dock-panel .jp-exec-document').length === 2"
    )
    wait_for_state(page, "Completed")
    newest = next(run for run in lab_page.lab.runs() if run["displayName"] == "repeated")
    assert newest["runId"] != run_id
    assert header(page).locator("code").inner_text() == newest["runId"]


def test_one_run_has_one_document_whose_tabs_go_by_keys(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit("print('hello')", displayName="once")
    lab_page.open()
    lab_page.open_run(run_id)
    lab_page.open_run(run_id)
    page.get_by_role("tab", name="Overview", selected=True).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("tab", name="Logs", selected=True).wait_for()
    assert page.get_by_role("tab", name="Logs").evaluate("it => it === document.activeElement")
    page.keyboard.press("Home")
    page.get_by_role("tab", name="Overview", selected=True).wait_for()
    panel = page.get_by_role("tabpanel", name="Overview")
    panel.wait_for()
    lab_page.open_run(run_id, "logs")
    page.get_by_role("tab", name="Logs", selected=True).wait_for()
    assert main_tabs(page, "once").count() == 1


def test_reload_in_the_middle(lab_page: LabPage, tmp_path: Path) -> None:
    page, gate = lab_page.page, tmp_path / "gate"
    script = gated(gate, "print('before the reload', flush=True)", "print('after', flush=True)")
    run_id = lab_page.submit(script, displayName="reloaded")
    lab_page.open()
    with page.expect_response(
        lambda answer: "/api/workspaces/" in answer.url and answer.request.method == "PUT"
    ):
        lab_page.open_run(run_id, "logs")
    page.locator(".jp-exec-log-line", has_text="before the reload").wait_for()
    lab_page.open(query="")
    page.get_by_role("tab", name="Logs", selected=True).wait_for()
    page.locator(".jp-exec-log-line", has_text="before the reload").wait_for()
    gate.touch()
    page.locator(".jp-exec-log-line", has_text="after").wait_for()
    wait_for_state(page, "Completed")
    assert main_tabs(page, "reloaded").count() == 1


def test_a_run_that_somebody_else_deletes_stays_readable(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit("print('the last words')", displayName="short-lived")
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    page.locator(".jp-exec-log-line", has_text="the last words").wait_for()
    lab_page.lab.client.delete(f"jupyter-exec/v1/runs/{run_id}").raise_for_status()
    header(page).get_by_text("This run was deleted.").wait_for()
    assert page.locator(".jp-exec-log-line", has_text="the last words").is_visible()
    buttons = header(page).locator(".jp-exec-actions button")
    assert buttons.count() > 2
    assert all(button.is_disabled() for button in buttons.all())
    panel = page.locator(".jp-exec-tabpanel")
    assert panel.get_by_role("link", name="Download").count() == 0
    lab_page.shot("run-document-deleted")
    page.get_by_role("tab", name="Outputs").click()
    panel.get_by_text("The outputs were deleted with the run").wait_for()
    assert panel.get_by_role("alert").count() == 0
    assert panel.get_by_role("link").count() == 0


def test_delete_asks_first(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit("print('x')", displayName="unloved")
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    lab_page.open_run(run_id)
    header(page).get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Delete unloved?").wait_for()
    dialog.locator("button:focus", has_text="Keep").wait_for()
    dialog.get_by_role("button", name="Delete").click()
    header(page).get_by_text("This run was deleted.").wait_for()
    assert lab_page.lab.client.get(f"jupyter-exec/v1/runs/{run_id}").status_code == 404


def test_a_run_that_is_not_there(lab_page: LabPage) -> None:
    lab_page.open()
    lab_page.open_run("no-such-run")
    lab_page.page.get_by_text("There is no run no-such-run").wait_for()
    lab_page.shot("run-document-unknown")


def test_a_queued_run_tells_its_place_and_what_it_waits_for(
    lab_page: LabPage, tmp_path: Path
) -> None:
    page, gate = lab_page.page, tmp_path / "gate"
    target = lab_page.lab.client.get("jupyter-exec/v1/targets").json()["targets"][0]
    asked = {"script": "main.py", "resources": {"cpus": target["capacity"]["cpus"]}}
    definition = {"configuration": asked}
    blocker = lab_page.submit(gated(gate), definition=definition)
    lab_page.lab.wait_for_status(blocker, "Running")
    waiting = [lab_page.submit("print(1)", definition=definition) for _ in range(2)]
    lab_page.open()
    lab_page.open_run(waiting[1])
    wait_for_state(page, "Queued, number 2")
    header(page).get_by_text("waits for cpus").wait_for()
    lab_page.shot("run-document-queued")
    lab_page.lab.client.post(f"jupyter-exec/v1/runs/{waiting[0]}/cancel").raise_for_status()
    wait_for_state(page, "Queued, number 1")
    gate.touch()
    wait_for_state(page, "Completed")


def test_dark_and_narrow(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit(
        "print('x')\nraise SystemExit('out of luck ' * 30)",
        displayName="a name that has no room in a narrow window",
    )
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    lab_page.open_run(run_id)
    wait_for_state(page, "Failed")
    dark = "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    page.evaluate(dark)
    page.locator("body[data-jp-theme-name='JupyterLab Dark']").wait_for(state="attached")
    lab_page.shot("run-document-dark")
    page.set_viewport_size({"width": 620, "height": 800})
    wait_for_state(page, "Failed")
    over = "it => it.scrollWidth > it.clientWidth"
    assert not page.locator(".jp-exec-header").evaluate(over)
    lab_page.shot("run-document-narrow")
