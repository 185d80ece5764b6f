"""Kill -9 of the server while data is on its way: nothing is lost, taken for whole, or refused."""

from __future__ import annotations

import hashlib
import random
import time
from typing import TYPE_CHECKING

from web_store import WebStore

if TYPE_CHECKING:
    from pathlib import Path

    from servers import RunningServer

API = "jupyter-exec/v1/"
LARGE = random.Random(7).randbytes(40 * 2**20)
FILES = 4000


def submit(server: RunningServer, name: str, mode: str, **more: str) -> str:
    reference = {"dataStoreName": "shop", "mode": mode, **more}
    code = more.pop("command")
    reference.pop("command")
    configuration = {"command": code, "dataReferences": {name: reference}}
    answer = server.client.post(
        API + "runs", json={"source": {}, "definition": {"configuration": configuration}}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def test_killed_while_it_downloads(make_server):
    web = WebStore({"/large": LARGE})
    web.gate_at = 24 * 2**20
    server = make_server(config={"ExecApp": {"datastores": {"shop": {"url": web.url}}}})
    code = "sha256sum < $AZUREML_DATAREFERENCE_x | head -c 64"
    run_id = submit(server, "x", "Download", pathOnDataStore="large", command=code)
    assert web.waiting.wait(60)
    assert server.run(run_id)["status"] == "Preparing"
    server.kill9()
    (part,) = (server.data_dir / "downloads").rglob("*.part")
    had = part.stat().st_size
    assert 2**24 <= had < len(LARGE)
    assert not list(server.data_dir.glob("runs/*/work/dataReferences/x/large"))
    web.gate_at, web.asked, web.sent = None, [], 0
    web.gate.set()
    server.start()
    done = server.wait_for_end(run_id)
    assert done["status"] == "Completed", done["error"]
    assert server.log(run_id) == hashlib.sha256(LARGE).hexdigest()
    starts = [int(each.split("=")[1].split("-")[0]) for each in web.ranges_of("/large") if each]
    assert min(starts) >= had, "what had arrived was fetched again"
    web.close()


def uploading(make_server, shelf: Path) -> tuple[RunningServer, str]:
    """A run whose upload has begun, and takes a while."""
    shelf.mkdir()
    server = make_server(config={"ExecApp": {"datastores": {"shop": {"url": f"file://{shelf}"}}}})
    code = f"for i in $(seq {FILES}); do echo $i > outputs/$i; done"
    where = {"pathOnCompute": "outputs", "pathOnDataStore": "kept"}
    run_id = submit(server, "x", "Upload", command=code, **where)
    deadline = time.monotonic() + 60
    while not (shelf / "kept").is_dir() or not any((shelf / "kept").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return server, run_id


def test_cancelled_while_it_uploads(make_server, tmp_path: Path):
    server, run_id = uploading(make_server, tmp_path / "shelf")
    assert server.run(run_id)["status"] == "Finalizing"
    server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    done = server.wait_for_end(run_id, 5)
    assert done["status"] == "Canceled"
    assert done["exitCode"] == 0
    there = len(list((tmp_path / "shelf" / "kept").iterdir()))
    assert 0 < there < FILES, "it was quicker than the cancel"


def test_killed_while_it_uploads(make_server, tmp_path: Path):
    shelf = tmp_path / "shelf"
    server, run_id = uploading(make_server, shelf)
    server.kill9()
    (state,) = server.data_dir.glob("runs/*/uploads.jsonl")
    assert state.read_text().count('"done"') < FILES, "it was quicker than the kill"
    server.start()
    done = server.wait_for_end(run_id)
    assert done["status"] == "Completed", done["error"]
    kept = {path.name: path.read_text() for path in (shelf / "kept").iterdir()}
    assert {name: text for name, text in kept.items() if not name.startswith(".")} == {
        str(i): f"{i}\n" for i in range(1, FILES + 1)
    }
