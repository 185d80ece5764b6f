"""A disk that is full while data comes: the run says so, and nothing half is taken for whole."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from needs import need
from servers import RunningServer
from web_store import WebStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = "jupyter-exec/v1/runs"
DISK = 8 * 2**20
LARGE, SMALL = b"x" * (DISK + 2**22), b"y" * (DISK // 2)


@pytest.fixture
def web() -> Iterator[WebStore]:
    store = WebStore({"/large": LARGE, "/small": SMALL})
    yield store
    store.close()


@pytest.fixture(params=["downloads", "runs"])
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder of the data directory on a small disk of its own."""
    folder = tmp_path / "server" / "data" / str(request.param)
    folder.mkdir(mode=0o700, parents=True)
    mount = [need("mount", "apt-get install mount"), "-t", "tmpfs", "-o", f"size={DISK}"]
    command = [*mount, "tmpfs", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"needs to mount a tmpfs: {done.stderr.strip()}; to get it: be root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def run(server: RunningServer, store: str, name: str) -> dict[str, Any]:
    reference = {"dataStoreName": store, "mode": "Download", "pathOnDataStore": name}
    configuration = {
        "command": "wc -c < $AZUREML_DATAREFERENCE_x",
        "dataReferences": {"x": reference},
    }
    body = {"source": {}, "definition": {"configuration": configuration}}
    answer = server.client.post(RUNS, json=body)
    assert answer.status_code == 201, answer.text
    return server.wait_for_end(answer.json()["runId"])


def test_a_full_disk(small_disk: Path, web: WebStore, tmp_path: Path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "large").write_bytes(LARGE)
    stores = {"web": {"url": web.url}, "disk": {"url": f"file://{folder}"}}
    server = RunningServer(tmp_path / "server", config={"ExecApp": {"datastores": stores}})
    try:
        for store in ("web", "disk") if small_disk.name == "runs" else ("web",):
            done = run(server, store, "large")
            assert done["status"] == "Failed"
            assert done["error"]["code"] == "DownloadFailed"
            message = done["error"]["message"]
            assert message.startswith("dataReferences.x: ")
            assert "large: the disk is full: make room" in message
            left = [path for path in small_disk.rglob("*") if path.is_file()]
            assert sum(path.stat().st_size for path in left) < 2**16, "it keeps the disk full"
        done = run(server, "web", "small")
        assert done["status"] == "Completed", done["error"]
        assert server.log(done["runId"]) == f"{len(SMALL)}\n"
    finally:
        server.close()
