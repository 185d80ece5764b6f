"""Data of runs in S3 (moto's): down, up, and an upload in parts that a kill -9 cuts short."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import fsspec
import httpx
import pytest
from s3_gate import S3Gate
from s3_server import s3_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from servers import RunningServer

API = "jupyter-exec/v1/"
SECRET = "hush-hush-of-s3"
SIZE = 36 * 2**20
PARTS = 5


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3_server() as url:
        yield url


def s3_run_server(make_server: Callable[..., RunningServer], address: str) -> RunningServer:
    options = {"key": "name", "secret": {"env": "S3_SECRET"}, "endpoint_url": address}
    store = {"url": "s3://shop/team", "options": options}
    return make_server(
        config={"ExecApp": {"datastores": {"shop": store}}}, env={"S3_SECRET": SECRET}
    )


def submit(server: RunningServer, references: dict[str, Any], command: str) -> str:
    named = {name: {"dataStoreName": "shop", **value} for name, value in references.items()}
    configuration = {"command": command, "dataReferences": named}
    answer = server.client.post(
        API + "runs", json={"source": {}, "definition": {"configuration": configuration}}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def stored(address: str, name: str) -> bytes:
    login = {"key": "name", "secret": SECRET, "endpoint_url": address}
    fs = fsspec.filesystem("s3", **login, skip_instance_cache=True)
    return bytes(fs.cat(f"shop/team/{name}"))


def test_down_and_up(make_server: Callable[..., RunningServer], address: str):
    large = bytes(range(256)) * 2**14 * 3
    for name, content in {"in/large": large, "in/sub/a%20b": b"x", "in/empty": b""}.items():
        url = f"{address}/shop/team/{name}"
        httpx.put(url, content=content, trust_env=False).raise_for_status()
    server = s3_run_server(make_server, address)
    references = {
        "data": {"mode": "Download", "pathOnDataStore": "in"},
        "kept": {"mode": "Upload", "pathOnDataStore": "out/$AZUREML_RUN_ID"},
    }
    code = (
        "cd $AZUREML_DATAREFERENCE_data; sha256sum large | head -c 64; cat 'sub/a b';"
        "wc -c < empty;"
        "cp -r . $AZUREML_DATAREFERENCE_kept; env | grep -c S3_SECRET"
    )
    run_id = submit(server, references, f"{code}; true")
    done = server.wait_for_end(run_id)
    assert done["status"] == "Completed", done["error"]
    assert server.log(run_id) == f"{hashlib.sha256(large).hexdigest()}x0\n0\n"
    assert stored(address, f"out/{run_id}/large") == large
    assert stored(address, f"out/{run_id}/sub/a b") == b"x"
    assert stored(address, f"out/{run_id}/empty") == b""
    again = server.wait_for_end(submit(server, references, "true"))
    assert again["status"] == "Completed", again["error"]
    log = server.log(again["runId"], "data.txt")
    assert "large, 12582912 bytes, from the cache" in log
    assert SECRET not in log + server.log_text()


def test_killed_between_two_parts(make_server: Callable[..., RunningServer], address: str):
    gate = S3Gate(address, let=2)
    server = s3_run_server(make_server, gate.url)
    where = {"pathOnCompute": "outputs", "pathOnDataStore": "kept"}
    code = f"head -c {SIZE} /dev/urandom | tee outputs/model | sha256sum | head -c 64"
    run_id = submit(server, {"x": {"mode": "Upload", **where}}, code)
    assert gate.held.wait(60)
    deadline = time.monotonic() + 60
    while len(gate.passed) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.run(run_id)["status"] == "Finalizing"
    server.kill9()
    assert httpx.get(f"{address}/shop/team/kept/model", trust_env=False).status_code == 404
    had = set(gate.passed)
    gate.let = 1000
    gate.open.set()
    server.start()
    done = server.wait_for_end(run_id)
    assert done["status"] == "Completed", done["error"]
    content = stored(address, "kept/model")
    assert len(content) == SIZE
    assert hashlib.sha256(content).hexdigest() == server.log(run_id)
    assert sorted(gate.passed) == list(range(1, PARTS + 1)), "a part was sent twice"
    assert set(gate.passed[2:]) == set(range(1, PARTS + 1)) - had
    log = server.log(run_id, "data.txt")
    assert "x: kept/model: 2 parts are there already" in log
    left = httpx.get(f"{address}/shop?uploads", trust_env=False).text
    assert "<UploadId>" not in left
    gate.close()
