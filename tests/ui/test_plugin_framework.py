"""A framework of a plug-in: chosen in the dialog, really run; its page is a link everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from proxied import put_proxy_before
from submit_dialog import SubmitDialog, ended, log

if TYPE_CHECKING:
    from playwright.sync_api import Locator
    from servers import RunningServer
    from ui.conftest import LabPage, Notebook

pytestmark = pytest.mark.timeout(240)
PLUGIN = """
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import command_of, job_of
from jupyter_exec.model.job import Role


class Serves(Launcher):
    def need(self, configuration):
        return configuration.resources.need().times(configuration.node_count)

    def plan(self, configuration, context):
        role = Role(
            "web",
            command_of(configuration, context),
            configuration.node_count,
            resources=configuration.resources.need(),
            listens=True,
        )
        return job_of((role,), configuration, context)

    def replica_env(self, configuration, addresses, replica):
        return {"PORT": str(addresses[replica].port), "NUMBER": str(replica[1])}

    def pages(self, configuration, addresses):
        return {
            "Page <b>0</b>": f"http://{addresses['web', 0]}/hello?of=0",
            "Bad": "javascript:alert(1)",
        }
"""
SERVES = """
import os, pathlib, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(f"{self.path} of the run".encode())

server = HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("process", os.environ["NUMBER"], flush=True)
while not pathlib.Path("outputs/go").exists():
    time.sleep(0.05)
"""


def prepare_lab(server: RunningServer) -> None:
    """Install the plug-in, and the proxy; called before Lab's start."""
    folder = server.folder / "plugin"
    (folder / "serves-1.0.dist-info").mkdir(parents=True)
    (folder / "serves.py").write_text(PLUGIN)
    about = {
        "METADATA": "Metadata-Version: 2.1\nName: serves\nVersion: 1.0\n",
        "entry_points.txt": "[jupyter_exec.launchers]\nserves = serves:Serves\n",
    }
    for name, text in about.items():
        (folder / "serves-1.0.dist-info" / name).write_text(text)
    put_proxy_before(server, folder)


def let_end(server: RunningServer) -> None:
    """Let all runs end that serve."""
    for work in server.data_dir.glob("runs/*/work"):
        (work / "outputs" / "go").touch()


def opened(page_link: Locator) -> str:
    """Click on a link to a page of the run; returns what is there."""
    assert page_link.get_attribute("rel") == "noopener noreferrer"
    with page_link.page.expect_popup() as popup:
        page_link.click()
    popup.value.wait_for_load_state()
    address, text = popup.value.url, popup.value.inner_text("body")
    popup.value.close()
    assert "/proxy/" in address
    return text


def test_it_is_offered_and_run(lab_page: LabPage) -> None:
    page = lab_page.page
    (lab_page.lab.root_dir / "main.py").write_text(SERVES)
    lab_page.open("main.py")
    page.locator(".jp-FileEditor .cm-content").first.click()
    page.keyboard.press("Control+Shift+Enter")
    dialog = SubmitDialog(lab_page).wait()
    dialog.node.get_by_role("button", name="Several processes").click()
    section = dialog.node.locator(".jp-exec-submit-several")
    names = section.get_by_label("Framework").locator("option").all_inner_texts()
    known = ["Python", "PyTorch", "TensorFlow", "PySpark", "XGBoost", "Cntk"]
    assert names == ["None in particular", *known, "serves"]
    section.get_by_label("Framework").select_option("serves")
    assert section.get_by_label("Communicator").locator("option").all_inner_texts() == [
        "None is needed"
    ]
    # It counts nodes only.
    assert section.get_by_label("Processes", exact=True).is_disabled()
    dialog.fill("Nodes", "2")
    dialog.more()
    dialog.fill("CPUs", "0.1")
    lab_page.shot("submit-plugin-framework")
    run = dialog.run()
    sent = dialog.sent["definition"]["configuration"]
    assert (sent["framework"], sent["nodeCount"]) == ("serves", 2)
    assert not {"communicator", "mpi"} & sent.keys()

    lab_page.open_run(run["runId"])
    pages = page.get_by_label("Pages of the run")
    pages.wait_for(timeout=60_000)
    assert pages.get_by_role("link").all_inner_texts() == ["Page <b>0</b>"]
    color = "it => getComputedStyle(it).color"
    snapshot = page.locator(".jp-exec-overview button.jp-exec-link").first
    assert pages.get_by_role("link").evaluate(color) == snapshot.evaluate(color)
    texts = page.locator(".jp-exec-overview dl").first.locator("dt, dd").all_inner_texts()
    told = dict(zip(texts[::2], texts[1::2], strict=True))
    assert (told["Framework"], told["Nodes"]) == ("serves", "2")
    lab_page.shot("header-pages")
    until_served(lab_page, run["runId"])
    assert opened(pages.get_by_role("link")) == "/hello?of=0 of the run"
    let_end(lab_page.lab)
    assert ended(lab_page, run["runId"])["status"] == "Completed"
    pages.wait_for(state="detached")
    assert log(lab_page, run["runId"], "web-1.txt") == "process 1\n"


def until_served(lab_page: LabPage, run_id: str) -> None:
    """Wait until the first process listens, which its log tells."""
    path = f"jupyter-exec/v1/runs/{run_id}/logs/web-0.txt?follow=1"
    with lab_page.lab.client.stream("GET", path, timeout=60) as answer:
        assert next(answer.iter_text())


def test_the_widget_links_to_its_page(notebook: Notebook) -> None:
    script = f"%%submit --script --framework serves --cpus 0.1 --name serving\n{SERVES}"
    notebook.write("%load_ext jupyter_exec", script)
    notebook.open()
    page = notebook.page
    notebook.run(2)
    card = page.locator(".jp-exec-status")
    card.locator(".jp-exec-status-log").get_by_text("process 0").wait_for(timeout=60_000)
    pages = card.get_by_label("Pages of the run")
    assert pages.get_by_role("link").all_inner_texts() == ["Page <b>0</b>"]
    assert opened(pages.get_by_role("link")) == "/hello?of=0 of the run"
    notebook.shot("widget-pages")
    let_end(notebook.lab)
    page.wait_for_selector(".jp-exec-status[data-status=Completed]", timeout=60_000)
    pages.wait_for(state="hidden")
