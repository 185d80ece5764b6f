"""What a run has left, opened in JupyterLab's own viewers."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from files_of_runs import HOSTILE, NOTEBOOK, row, theme, wait

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator, Request

DATA = Path(__file__).parent / "data"
TIMEOUT_MS = 30_000

SCRIPT = """
import json, os, shutil, struct, sys, zlib

def png(path, width=320, height=200):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    lines = b"".join(
        b"\\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 128))
        for y in range(height)
    )
    with open(path, "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n"
                   + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))

os.makedirs("outputs/plots/by epoch", exist_ok=True)
png("outputs/plots/loss.png")
for n in (1, 2, 10):
    png(f"outputs/plots/by epoch/epoch-{n}.png", 64, 64)
for name in ("many.parquet", "kinds-zstd.parquet"):
    shutil.copy(name, "outputs")
with open("outputs/results.csv", "w") as file:
    file.write("epoch,loss\\n" + "".join(f"{n},{1 / (n + 1):.4f}\\n" for n in range(100)))
with open("outputs/notes.md", "w") as file:
    file.write("# Notes\\n\\nIt *went* well.\\n")
with open("outputs/report.html", "w") as file:
    file.write("<h1>Report</h1><script>document.body.append('SCRIPT HAS RUN'); "
               "try { parent.stung = true } catch (e) {}</script>")
with open("outputs/" + sys.argv[1], "w") as file:
    file.write("only text: " + sys.argv[1])
with open("outputs/model.bin", "wb") as file:
    file.write(bytes(range(256)) * 100)
with open("outputs/checkpoint.txt", "wb") as file:
    file.truncate(5_000_000_000)
"""


def overlay(*names: str) -> dict[str, Any]:
    return {
        name: {"base64": base64.b64encode((DATA / name).read_bytes()).decode()} for name in names
    }


def make(lab_page: LabPage) -> str:
    """A finished run with outputs of every kind."""
    body = {
        "displayName": "train <b>it</b>",
        "definition": {"configuration": {"script": "main.py", "arguments": [HOSTILE]}},
        "overlay": {
            "main.py": {"text": SCRIPT},
            **overlay("many.parquet", "kinds-zstd.parquet"),
        },
    }
    answer = lab_page.lab.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run_id = str(answer.json()["runId"])
    wait(lab_page, run_id)
    return run_id


def test_outputs_are_listed_with_pictures(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    run_id = make(lab_page)
    lab_page.open_run(run_id, "outputs")
    page.get_by_text("12 files").wait_for()
    row(lab_page, "loss.png").click()
    page.get_by_role("img", name="loss.png").wait_for()
    page.wait_for_function(
        "document.querySelector('.jp-exec-preview-picture').naturalWidth === 320"
    )
    page.wait_for_function("document.querySelector('.jp-exec-thumbnail').naturalWidth > 0")
    lab_page.shot("outputs-light")
    theme(lab_page, "Dark")
    lab_page.shot("outputs-dark")
    page.set_viewport_size({"width": 760, "height": 700})
    page.get_by_role("img", name="loss.png").wait_for()
    lab_page.shot("outputs-narrow")


def test_outputs_are_opened_in_the_viewers_of_lab(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    run_id = make(lab_page)
    lab_page.open_run(run_id, "outputs")
    row(lab_page, "loss.png").wait_for()

    back = page.get_by_role("tab", name="Outputs").first

    def opened(name: str, what: str) -> Locator:
        """Open a file with the mouse, and wait for what its viewer shows."""
        if not back.is_visible():
            page.evaluate(
                "id => window.jupyterapp.commands.execute('jupyter-exec:open-run', {runId: id})",
                run_id,
            )
            back.wait_for()
        row(lab_page, name).dblclick()
        shown = page.locator(what).locator("visible=true").first
        shown.wait_for(timeout=TIMEOUT_MS)
        banner = page.locator(".jp-exec-banner:visible")
        banner.get_by_text("Output of run train <b>it</b> (completed)").wait_for()
        assert page.get_by_role("dialog").count() == 0
        return shown

    opened("loss.png", ".jp-ImageViewer img")
    lab_page.shot("output-image")
    opened("results.csv", ".jp-CSVViewer")
    lab_page.shot("output-csv")
    opened("many.parquet", ".jp-CSVViewer")
    page.get_by_text("The first 10,000 of 12,345 rows").wait_for()
    lab_page.shot("output-parquet")
    opened("kinds-zstd.parquet", ".jp-CSVViewer")
    assert not page.locator(".jp-exec-banner:visible", has_text="The first").count()
    lab_page.shot("output-parquet-kinds")
    opened("notes.md", ".jp-MarkdownViewer h1:has-text('Notes')")
    shown = opened("report.html", ".jp-HTMLViewer iframe")
    frame = shown.element_handle().content_frame()
    assert frame is not None
    frame.get_by_text("Report").wait_for()
    assert "SCRIPT HAS RUN" not in frame.content().replace("append('SCRIPT HAS RUN')", "")
    assert page.evaluate("window.stung") is None
    lab_page.shot("output-html")
    opened(HOSTILE, f".jp-FileEditor :text({json.dumps('only text: ' + HOSTILE)})")
    assert page.locator("img[src=x]").count() == 0
    lab_page.shot("output-text")

    # Typing changes nothing.
    page.locator(".jp-FileEditor:visible .cm-content").click()
    page.keyboard.type("changed")
    assert page.locator(".jp-FileEditor:visible .cm-content").inner_text().strip() == (
        "only text: " + HOSTILE
    )

    page.locator(".jp-exec-banner:visible").get_by_role("button", name="Open run").click()
    page.get_by_role("tree", name="Outputs").wait_for()


def test_what_is_too_large_or_not_text_is_offered_for_download(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    run_id = make(lab_page)
    lab_page.open_run(run_id, "outputs")
    row(lab_page, "checkpoint.txt").wait_for()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - it is looked at
    # By keyboard: letters go to the next name that begins with them.
    page.get_by_role("tree", name="Outputs").focus()
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("checkpoint.txt has 5.0 GB").wait_for()
    lab_page.shot("output-too-large")
    assert not [each.url for each in sent if "/outputs/" in each.url]
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "checkpoint.txt"
    download.value.cancel()

    row(lab_page, "model.bin").dblclick()
    dialog.get_by_text("JupyterLab has no viewer for model.bin").wait_for()
    lab_page.shot("output-binary")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    assert download.value.path().stat().st_size == 25_600

    # Whoever asks the drive itself gets the same answer, and nothing is loaded.
    sent.clear()
    error = page.evaluate(
        """path => window.jupyterapp.serviceManager.contents
             .get(path, {content: true, type: 'file', format: 'text'})
             .then(() => null, error => error.message)""",
        f"exec:{run_id}/checkpoint.txt",
    )
    assert "Files above 50.0 MB are not loaded" in error
    assert not [each.url for each in sent if "checkpoint.txt" in each.url]

    address = f"{lab_page.lab.url}jupyter-exec/v1/runs/{run_id}/outputs/checkpoint.txt"
    request = urllib.request.Request(
        address, headers={"Authorization": f"token {lab_page.lab.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers["Content-Length"] == "5000000000"


def test_everything_is_downloaded_as_a_zip(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    run_id = lab_page.submit(
        "import os\nos.makedirs('outputs/a b')\nopen('outputs/a b/ü.txt', 'w').write('x')"
    )
    wait(lab_page, run_id)
    lab_page.open_run(run_id, "outputs")
    with lab_page.page.expect_download() as download:
        lab_page.page.get_by_role("link", name="Download all (zip)").click()
    assert download.value.suggested_filename.endswith("-outputs.zip")
    assert download.value.path().read_bytes().startswith(b"PK")


def test_an_executed_notebook_is_read_only_and_can_be_copied(lab_page: LabPage) -> None:
    body = {
        "displayName": "A report with a name that is much longer than anybody would want to "
        "read in one line above a notebook, whatever the width of the window",
        "definition": {"configuration": {"script": "report.ipynb"}},
        "source": {"notebook": NOTEBOOK, "name": "report.ipynb"},
    }
    answer = lab_page.lab.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run_id = str(answer.json()["runId"])
    wait(lab_page, run_id)
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    lab_page.open_run(run_id, "outputs")
    row(lab_page, "report.ipynb").dblclick()
    page.get_by_text("the sum is 45").wait_for(timeout=TIMEOUT_MS)
    banner = page.locator(".jp-exec-banner:visible")
    banner.get_by_text("Output of run A report").wait_for()
    lab_page.shot("executed-notebook")
    theme(lab_page, "Dark")
    lab_page.shot("executed-notebook-dark")

    # Nothing can be changed, and no kernel was started.
    page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content").click()
    page.keyboard.type("changed")
    code = page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content")
    assert code.inner_text().strip() == "print('the sum is', sum(range(10)))"
    assert lab_page.lab.client.get("api/sessions").json() == []
    assert page.get_by_role("dialog").count() == 0

    for name in ("report.ipynb", "report-Copy1.ipynb"):
        with page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/contents/" in answer.url
        ) as saved:
            banner.get_by_role("button", name="Save a copy").click()
        assert f"/api/contents/{name}?" in saved.value.url
        banner.wait_for(state="hidden")
        copied = lab_page.lab.client.get(f"api/contents/{name}").json()
        assert copied["writable"]
        assert "the sum is 45" in json.dumps(copied["content"])
        lab_page.shot(f"saved-{name}")
        with page.expect_response(
            lambda answer: answer.request.method == "PUT" and "/api/workspaces/" in answer.url
        ):
            page.evaluate(
                "args => window.jupyterapp.commands.execute('jupyter-exec:open-output', args)",
                {"runId": run_id, "path": "report.ipynb"},
            )
        banner.wait_for()

    # What was open is open again after a reload, read-only; the address knows nothing of our drive.
    assert "exec:" not in page.evaluate("decodeURIComponent(location.pathname)")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.reload()
    banner.get_by_text("Output of run A report").wait_for(timeout=TIMEOUT_MS)
    page.get_by_text("the sum is 45").locator("visible=true").wait_for()
    page.evaluate("window.jupyterapp.restored")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    assert page.get_by_role("dialog").count() == 0
    # Nor does an address that does know it open a dialog.
    lab_page.open(f"exec:{run_id}/report.ipynb", query="")
    banner.get_by_text("Output of run A report").wait_for(timeout=TIMEOUT_MS)
    page.evaluate("window.jupyterapp.restored")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    assert page.get_by_role("dialog").count() == 0
    assert not [text for text in said if "failed to find filebrowser" in text]
    assert not [
        each["path"]
        for each in lab_page.lab.client.get("api/sessions").json()
        if each["path"].startswith("exec:")
    ]


def test_ten_thousand_outputs(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    run_id = lab_page.submit(
        "import os\n"
        "for n in range(10_000):\n"
        "    os.makedirs(f'outputs/part {n // 1000}', exist_ok=True)\n"
        "    open(f'outputs/part {n // 1000}/file-{n}.txt', 'w').write('x')\n"
    )
    wait(lab_page, run_id)
    lab_page.open_run(run_id, "outputs")
    page = lab_page.page
    page.get_by_text("10,000 files").wait_for()
    tree = page.get_by_role("tree", name="Outputs")
    for n in range(10):
        row(lab_page, f"part {n}").first.click()
        if n < 9:
            page.keyboard.press("ArrowLeft")
    page.keyboard.press("End")
    row(lab_page, "file-9999.txt").wait_for()
    assert tree.get_by_role("treeitem").count() < 100
    lab_page.shot("outputs-many")


def test_outputs_appear_while_the_run_is_running(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    run_id = lab_page.submit(
        "import os, sys, time\n"
        "path = os.environ['JUPYTER_EXEC_METRICS']\n"
        "print(path, flush=True)\n"
        "while not os.path.exists(sys.argv[1]):\n"
        "    time.sleep(0.05)\n"
        "open('outputs/first.txt', 'w').write('1')\n"
        'open(path, \'a\').write(\'{"metric": "loss", "value": 1}\\n\')\n'
        "while not os.path.exists(sys.argv[1] + '2'):\n"
        "    time.sleep(0.05)\n",
        str(lab_page.lab.folder / "go"),
    )
    lab_page.open_run(run_id, "outputs")
    page = lab_page.page
    page.get_by_text("No outputs yet").wait_for()
    lab_page.shot("outputs-none-yet")
    (lab_page.lab.folder / "go").touch()
    row(lab_page, "first.txt").wait_for()
    (lab_page.lab.folder / "go2").touch()
    wait(lab_page, run_id)


def test_a_run_without_outputs_says_how_to_write_them(lab_page: LabPage) -> None:
    lab_page.open()
    theme(lab_page, "Light")
    run_id = lab_page.submit("print('nothing')")
    wait(lab_page, run_id)
    lab_page.open_run(run_id, "outputs")
    lab_page.page.get_by_text("This run has left no outputs").wait_for()
    lab_page.shot("outputs-none")
