"""A run's environment, its data, and whether it is pinned, in its document and in the sidebar."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from filled_templates import execute, use_theme
from local_packages import SlowPackage, index_variables, make_wheel
from runs_panel import RunsPanel

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage
    from playwright.sync_api import Locator, Page
    from servers import RunningServer

pytestmark = pytest.mark.timeout(240)
MARKUP = "<img src=x onerror=alert(1)>"


def prepare_lab(lab: RunningServer) -> None:
    """Give the server packages, and datastores."""
    packages = lab.folder / "packages"
    lab.env |= index_variables(packages)
    make_wheel(packages / "wheels", "demo", "1.0")
    store = lab.folder / "store"
    store.mkdir()
    (store / "in.csv").write_text("1,2\n")
    path = lab.folder / "config" / "jupyter_server_config.json"
    config = json.loads(path.read_text())
    config["ExecApp"]["datastores"] = {
        "disk": {"url": store.as_uri()},
        "away": {"url": "http://127.0.0.1:9", "read_only": True},
    }
    path.write_text(json.dumps(config))


def definition(*requirements: str, **more: Any) -> dict[str, Any]:
    conda = {"dependencies": ["python", {"pip": list(requirements)}]}
    python = {"userManagedDependencies": False, "condaDependencies": conda}
    environment = {"python": python, **more.pop("environment", {})}
    return {"configuration": {"script": "main.py", "environment": environment, **more}}


def header(page: Page) -> Locator:
    return page.locator(".jp-exec-header:visible")


def tab(page: Page, name: str) -> Locator:
    page.locator(".jp-exec-document:visible").get_by_role("tab", name=name).click()
    return page.locator(".jp-exec-tabpanel:visible")


def test_a_build_is_seen_while_it_goes_on(lab_page: LabPage, tmp_path: Path) -> None:
    page = lab_page.page
    slow = SlowPackage(tmp_path / "slow")
    named = {"name": "mine", "version": "2"}
    asked = definition(slow.requirement, "demo", environment=named)
    run_id = lab_page.submit("import demo", definition=asked, displayName="built")
    slow.wait_until_started()
    lab_page.open()
    lab_page.open_run(run_id)
    preparing = header(page).locator(".jp-exec-preparing")
    preparing.get_by_text("Getting the environment ready").wait_for()
    preparing.locator("code", has_text="slow @ file:").wait_for()
    lab_page.shot("environment-preparing")
    preparing.get_by_role("button", name="Show").click()
    panel = page.locator(".jp-exec-tabpanel[data-tab=environment]")
    panel.get_by_text("It is not ready yet.").wait_for()
    panel.locator(".jp-exec-log-line", has_text="uv pip").first.wait_for()
    lab_page.shot("environment-building")
    slow.let_go()
    panel.get_by_text("Virtual environment of pip packages").wait_for()
    preparing.wait_for(state="detached")
    panel.get_by_text("mine, version 2").wait_for()
    built = lab_page.lab.wait_for_end(run_id)
    panel.get_by_text(built["environment"]["hash"], exact=True).wait_for()
    panel.get_by_text("2 packages", exact=True).wait_for()
    assert panel.locator(".jp-exec-lock").count() == 0
    panel.get_by_role("button", name="Show the lock").click()
    assert "demo==1.0" in panel.locator(".jp-exec-lock").inner_text()
    lab_page.shot("environment-built")
    use_theme(lab_page, "Dark")
    page.set_viewport_size({"width": 620, "height": 800})
    lab_page.shot("environment-dark-narrow")
    assert not panel.evaluate("it => it.scrollWidth > it.clientWidth")


def test_a_run_without_one_has_no_tab(lab_page: LabPage) -> None:
    run_id = lab_page.submit("pass")
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    lab_page.open_run(run_id)
    lab_page.page.get_by_role("tab", name="Code").wait_for()
    assert lab_page.page.get_by_role("tab", name="Environment").count() == 0


def test_data_of_a_run(lab_page: LabPage) -> None:
    page = lab_page.page
    references = {
        "raw": {
            "dataStoreName": "disk",
            "mode": "Download",
            "pathOnDataStore": "in.csv",
            "pathOnCompute": "data/in.csv",
        },
        "results": {"dataStoreName": "disk", "mode": "Upload", "overwrite": True},
    }
    asked = {"configuration": {"script": "main.py", "dataReferences": references}}
    script = "open('dataReferences/results/out.txt', 'w').write(open('data/in.csv').read())"
    run_id = lab_page.submit(script, definition=asked, displayName="with data")
    run = lab_page.lab.wait_for_end(run_id)
    assert run["status"] == "Completed", run
    lab_page.open()
    lab_page.open_run(run_id)
    panel = tab(page, "Overview")
    panel.get_by_role("row", name="raw Download, before it runs disk : in.csv data/in").wait_for()
    upload = f"results Upload, after it ran, overwrites disk : {run_id}/ dataReferences/results"
    panel.get_by_role("row", name=upload).wait_for()
    panel.get_by_role("button", name="Show transfers").click()
    panel.locator(".jp-exec-log-line", has_text="in.csv").first.wait_for()
    panel.get_by_role("button", name="Hide transfers").scroll_into_view_if_needed()
    lab_page.shot("data-of-a-run")


def test_a_pin_is_seen_in_other_pages(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = lab_page.submit("pass", displayName=f"kept {MARKUP}")
    other = lab_page.submit("pass", displayName="also kept")
    for each in (run_id, other):
        lab_page.lab.wait_for_end(each)
    lab_page.open()
    runs = RunsPanel(page)
    runs.open()
    lab_page.open_run(run_id)
    header(page).get_by_role("button", name="Pin", exact=True).click()
    header(page).get_by_text("Pinned").wait_for()
    row = page.locator(f".jp-exec-row[data-run-id='{run_id}']")
    row.locator(".jp-exec-pin").wait_for()
    assert "pinned" in (row.get_attribute("aria-label") or "")
    assert lab_page.lab.run(run_id)["pinned"] is True
    lab_page.shot("pinned")

    # Somebody else pins one, and lets the other go.
    client = lab_page.lab.client
    client.patch(f"jupyter-exec/v1/runs/{other}", json={"pinned": True}).raise_for_status()
    page.locator(f".jp-exec-row[data-run-id='{other}'] .jp-exec-pin").wait_for()
    client.patch(f"jupyter-exec/v1/runs/{run_id}", json={"pinned": False}).raise_for_status()
    row.locator(".jp-exec-pin").wait_for(state="detached")
    header(page).get_by_role("button", name="Pin", exact=True).wait_for()

    row.click(button="right")
    page.get_by_role("menuitem", name="Pin Run").click()
    row.locator(".jp-exec-pin").wait_for()
    for each in (run_id, other):
        page.locator(f".jp-exec-row[data-run-id='{each}']").click(modifiers=["Control"])
    runs.bulk.get_by_role("button", name="Unpin").click()
    page.locator(".jp-exec-row .jp-exec-pin").first.wait_for(state="detached")
    assert [lab_page.lab.run(each)["pinned"] for each in (run_id, other)] == [False, False]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_environments_and_datastores_in_the_sidebar(lab_page: LabPage, theme: str) -> None:
    page = lab_page.page
    asked = definition("demo", environment={"name": "shown", "version": "1"})
    run_id = lab_page.submit("import demo", definition=asked, displayName="uses it")
    assert lab_page.lab.wait_for_end(run_id)["status"] == "Completed"
    lab_page.open()
    use_theme(lab_page, theme)
    execute(lab_page, "show-sidebar")
    for title in ("Runs", "Environments and Data"):
        page.locator("#jp-exec-sidebar .jp-AccordionPanel-title", has_text=title).click()
    section = page.locator(".jp-exec-provisions")
    named = section.get_by_role("region", name="Named environments")
    named.locator("li", has_text="shown").get_by_text("version 1").wait_for()
    built = section.get_by_role("region", name="Built environments")
    built.locator("li", has_text="Python 3.").first.wait_for()
    stores = section.get_by_role("region", name="Datastores")
    stores.locator("li", has_text="away").get_by_text("read-only").wait_for()
    lab_page.shot(f"provisions-{theme}")
    stores.get_by_role("button", name="Check").click()
    stores.locator("li", has_text="disk").get_by_text("answers").wait_for()
    stores.locator("li .jp-exec-provision-error").wait_for()
    lab_page.shot(f"provisions-checked-{theme}")
    built.get_by_role("button", name="run").first.click()
    page.get_by_role("tab", name="Environment", selected=True).wait_for()
