"""The status widget, as somebody in JupyterLab sees it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Notebook
    from playwright.sync_api import Page

LOAD = "%load_ext jupyter_exec"
CARD = ".jp-exec-status"
TIMEOUT_MS = 60_000
WIDGETS = "application/vnd.jupyter.widget-state+json"

pytestmark = pytest.mark.timeout(240)


def wait_for_state(page: Page, status: str) -> None:
    page.wait_for_selector(f"{CARD}[data-status={status}]", timeout=TIMEOUT_MS)


def kept(page: Page) -> None:
    """Wait until the page has put the final state into the notebook."""
    page.wait_for_selector(f"{CARD}[data-kept]", timeout=TIMEOUT_MS)


def picture(page: Page, name: str) -> None:
    """Keep a screenshot where JUPYTER_EXEC_SHOTS names a folder for them."""
    folder = os.environ.get("JUPYTER_EXEC_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def waiting_for(gate: Path) -> str:
    return f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)"


def test_it_goes_from_queued_to_completed_while_the_kernel_is_busy(
    notebook: Notebook, tmp_path: Path
) -> None:
    blocker, running, leave = (tmp_path / name for name in ("blocker", "running", "leave"))
    notebook.write(
        LOAD,
        # It takes all processors, so that the next one waits.
        f"%%submit --name blocker --script --cpus {os.cpu_count()}\n{waiting_for(blocker)}",
        f"""%%submit --name watched
import json
print("\\x1b[31mred <b>not bold</b>\\x1b[0m", flush=True)
import os
with open(os.environ["JUPYTER_EXEC_METRICS"], "a") as file:
    for step in range(5):
        point = {{"metric": "loss", "value": 1 / (step + 1), "step": step}}
        file.write(json.dumps(point) + "\\n")
{waiting_for(running)}
os.makedirs("outputs", exist_ok=True)
open("outputs/model.bin", "wb").write(b"x" * 5000)""",
        f"{waiting_for(leave)}\nprint('free again')",
    )
    notebook.open()
    page = notebook.page
    notebook.run(4)
    watched = page.locator(CARD).nth(1)
    page.wait_for_selector(f"{CARD}[data-status=Queued]", timeout=TIMEOUT_MS)
    assert watched.get_attribute("data-status") == "Queued"
    assert notebook.kernel_state() == "busy"
    picture(page, "queued")

    blocker.touch()
    page.wait_for_selector(
        f"{CARD}[data-status=Running][aria-label='Run watched']", timeout=TIMEOUT_MS
    )
    log = watched.locator(".jp-exec-status-log")
    log.get_by_text("red <b>not bold</b>").wait_for(timeout=TIMEOUT_MS)
    assert log.locator("b").count() == 0
    assert log.locator(".jp-exec-ansi-fg-red").inner_text() == "red <b>not bold</b>"
    watched.locator(".jp-exec-metric", has_text="loss").wait_for(timeout=TIMEOUT_MS)
    picture(page, "running")

    running.touch()
    page.wait_for_selector(
        f"{CARD}[data-status=Completed][aria-label='Run watched']", timeout=TIMEOUT_MS
    )
    output = watched.get_by_role("link", name="model.bin")
    output.wait_for(timeout=TIMEOUT_MS)
    assert notebook.kernel_state() == "busy", "all of that happened while the kernel was busy"
    assert watched.locator(".jp-exec-metric-value").inner_text() == "0.2"
    href = output.evaluate("link => link.href")
    assert page.request.get(href).body() == b"x" * 5000
    picture(page, "completed")

    leave.touch()
    page.locator(".jp-OutputArea-output", has_text="free again").wait_for(timeout=TIMEOUT_MS)


def test_reopened_without_its_kernel_it_shows_the_final_state(notebook: Notebook) -> None:
    notebook.write(LOAD, "%%submit --name kept --wait\nprint('the last words')")
    notebook.open()
    page = notebook.page
    notebook.run(2)
    wait_for_state(page, "Completed")
    kept(page)
    notebook.save()

    document = notebook.read()
    assert notebook.lab.token not in json.dumps(document)
    (output,) = document["cells"][1]["outputs"]
    text = "".join(output["data"]["text/plain"])
    assert "✓ Completed  kept" in text
    assert "the last words" in text
    models = document["metadata"]["widgets"][WIDGETS]["state"].values()
    assert [m["state"]["state"]["run"]["status"] for m in models if "run_id" in m["state"]] == [
        "Completed"
    ]

    notebook.shut_down_kernel()
    notebook.open()
    wait_for_state(page, "Completed")
    page.locator(f"{CARD} .jp-exec-status-log", has_text="the last words").wait_for()
    assert "model not found" not in page.locator(".jp-Notebook").inner_text()
    picture(page, "reopened")


def test_reopened_after_the_run_was_deleted_it_still_shows_what_is_known(
    notebook: Notebook,
) -> None:
    notebook.write(LOAD, "%%submit --name gone --wait\nprint('words')")
    notebook.open()
    page = notebook.page
    notebook.run(2)
    wait_for_state(page, "Completed")
    kept(page)
    notebook.save()
    notebook.shut_down_kernel()
    (run,) = (run for run in notebook.lab.runs() if run["displayName"] == "gone")
    notebook.lab.client.delete(f"jupyter-exec/v1/runs/{run['runId']}").raise_for_status()
    notebook.open()
    wait_for_state(page, "Completed")
    assert "words" in page.locator(f"{CARD} .jp-exec-status-log").inner_text()


def test_cancel_and_rerun_by_keyboard(notebook: Notebook) -> None:
    notebook.write(LOAD, "%%submit --name long\nimport time\ntime.sleep(600)")
    notebook.open()
    page = notebook.page
    notebook.run(2)
    wait_for_state(page, "Running")
    button = page.get_by_role("button", name="Cancel run long")
    button.focus()
    page.keyboard.press("Enter")
    wait_for_state(page, "Canceled")
    page.wait_for_function("document.activeElement.matches('.jp-exec-status-button')")
    picture(page, "canceled")
    again = page.get_by_role("button", name="Re-run run long", disabled=False)
    again.focus()
    page.keyboard.press("Space")
    wait_for_state(page, "Running")
    runs = [run for run in notebook.lab.runs() if run["displayName"] == "long"]
    assert [run["status"] for run in runs] == ["Running", "Canceled"]
    assert runs[0]["runId"] in page.locator(f"{CARD} .jp-exec-status-where").inner_text()
    page.get_by_role("button", name="Cancel run long").click()
    wait_for_state(page, "Canceled")


def test_a_failure_tells_its_cause(notebook: Notebook) -> None:
    notebook.write(LOAD, "%%submit --script\nprint('before')\nraise SystemExit(3)")
    notebook.open()
    page = notebook.page
    notebook.run(2)
    wait_for_state(page, "Failed")
    cause = page.locator(f"{CARD} .jp-exec-status-cause")
    cause.wait_for(timeout=TIMEOUT_MS)
    assert "exit code 3" in cause.inner_text().lower()
    assert cause.bounding_box()["height"] < 40, "one line"
    picture(page, "failed")


def test_a_long_log_links_to_the_whole(notebook: Notebook) -> None:
    notebook.write(LOAD, "%%submit --script\nfor n in range(20_000): print('line', n)")
    notebook.open()
    page = notebook.page
    notebook.run(2)
    wait_for_state(page, "Completed")
    link = page.get_by_role("link", name="full log")
    link.wait_for(timeout=TIMEOUT_MS)
    picture(page, "long-log")
    whole = page.request.get(link.evaluate("link => link.href")).text()
    assert whole.startswith("line 0\n")
    assert whole.endswith("line 19999\n")


def test_reopened_with_its_kernel_it_goes_on(notebook: Notebook, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    notebook.write(LOAD, f"%%submit --name on\n{waiting_for(gate)}\nprint('came back')")
    notebook.open()
    page = notebook.page
    notebook.run(2)
    wait_for_state(page, "Running")
    notebook.save()
    notebook.open()
    wait_for_state(page, "Running")
    gate.touch()
    wait_for_state(page, "Completed")
    page.locator(f"{CARD} .jp-exec-status-log", has_text="came back").wait_for(timeout=TIMEOUT_MS)
    kept(page)
    assert page.locator(CARD).count() == 1
