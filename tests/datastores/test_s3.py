"""The same against an S3 server of this machine (moto's)."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import httpx
import pytest
from s3_server import s3_server
from transfers import Mover, opened

from jupyter_exec.datastores.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LARGE = random.Random(6).randbytes(9 * 2**20 + 1)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3_server() as url:
        yield url


def options(address: str) -> dict:
    return {"key": "name", "secret": {"env": "WORD"}, "endpoint_url": address}


def test_down_and_up(address: str, mover: Mover, tmp_path: Path):
    (mover.work / "out" / "sub").mkdir(parents=True)
    (mover.work / "out" / "large").write_bytes(LARGE)
    (mover.work / "out" / "sub" / "a b").write_bytes(b"x")
    (mover.work / "out" / "sub" / "empty").write_bytes(b"")
    shop = opened("s3://shop/prefix", options=options(address))
    assert "placed" in mover.put(shop, "runs/1", "out"), mover.log_text()
    assert "placed" in mover.get(shop, "runs/1", "in"), mover.log_text()
    files = mover.files()
    assert files["in/large"] == LARGE
    assert {name: content for name, content in files.items() if name.startswith("in/s")} == {
        "in/sub/a b": b"x",
        "in/sub/empty": b"",
    }
    assert "placed" in mover.get(shop, "runs/1/large", "again")
    assert "from the cache" in mover.log_text()
    mover.state.unlink()
    answer = mover.put(shop, "runs/1", "out")
    assert answer["code"] == "UploadRefused"
    assert "runs/1/large" in answer["error"]
    assert mover.get(shop, "none", "in")["error"].endswith("none: it does not exist")
    whole = opened("s3://shop", options=options(address))
    assert "placed" in mover.get(whole, "", "whole")
    assert "whole/prefix/runs/1/sub/a b" in mover.files()
    assert mover.move("check", whole)["placed"] == {}
    other = opened("s3://other", options=options(address))
    assert "it does not exist" in mover.move("check", other)["error"]


def test_the_checksum_of_s3(address: str, mover: Mover, monkeypatch):
    shop = opened("s3://shop/sums", options=options(address))
    (mover.work / "a").write_bytes(b"content")
    mover.put(shop, "a", "a")
    # What arrives has the right size, and is not what was sent.
    monkeypatch.setattr(Store, "read", lambda _self, _entry, start, end: b"x" * (end - start))
    answer = mover.get(shop, "a", "b")
    assert answer["code"] == "DownloadFailed"
    assert "its checksum (md5) is" in answer["error"]
    assert not (mover.work / "b").exists()


def test_names_that_lead_out(address: str, mover: Mover):
    httpx.put(f"{address}/shop/evil/..%2f..%2fup", content=b"x", trust_env=False)
    listing = httpx.get(f"{address}/shop?list-type=2&prefix=evil", trust_env=False).text
    assert "../up" in listing
    answer = mover.get(opened("s3://shop/evil", options=options(address)), "", "in")
    assert answer["code"] == "DownloadFailed"
    assert "leaves its folder" in answer["error"]
    assert not mover.files()


def test_parts_that_are_gone_are_sent_again(address: str, mover: Mover):
    """A lifecycle rule has cleared an upload that was cut short."""
    large = LARGE * 2
    (mover.work / "large").write_bytes(large)
    status = (mover.work / "large").stat()
    shop = opened("s3://shop/gone", options=options(address))
    done = ["x", "large", status.st_size, status.st_mtime_ns]
    mover.state.write_text(json.dumps({"begun": done, "upload": "an-id-of-before"}))
    assert "placed" in mover.put(shop, "large", "large", overwrite=True), mover.log_text()
    assert "placed" in mover.get(shop, "large", "again")
    assert (mover.work / "again").read_bytes() == large
