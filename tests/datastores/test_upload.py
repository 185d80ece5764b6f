"""Uploads: whole, refused where something is there, gone on with after an interruption."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import fsspec
import pytest
from transfers import Mover, opened

from jupyter_exec.datastores import mishaps
from jupyter_exec.datastores.local import LocalStore
from jupyter_exec.datastores.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(mishaps, "_LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def left(mover: Mover) -> Mover:
    """A run that has left files."""
    (mover.work / "out" / "sub").mkdir(parents=True)
    (mover.work / "out" / "model").write_bytes(b"m" * 100)
    (mover.work / "out" / "sub" / "empty").write_bytes(b"")
    return mover


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


def stored(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_a_tree_and_a_file(left, shelf: Path):
    shop = opened(f"file://{shelf}")
    assert "placed" in left.put(shop, "runs/1", "out")
    assert "placed" in left.put(shop, "best", "out/model")
    left.state.unlink()
    assert "placed" in left.put(shop, "kept/", "out/model")
    assert stored(shelf) == {
        "runs/1/model": b"m" * 100,
        "runs/1/sub/empty": b"",
        "best": b"m" * 100,
        "kept/model": b"m" * 100,
    }
    assert "upload done: 100 bytes" in left.log_text()


def test_memory(left):
    try:
        assert "placed" in left.put(opened("memory://shelf"), "a", "out")
        fs = fsspec.filesystem("memory")
        assert fs.cat("/shelf/a/model") == b"m" * 100
        assert fs.size("/shelf/a/sub/empty") == 0
        left.state.unlink()
        answer = left.put(opened("memory://shelf"), "a", "out")
        assert answer["code"] == "UploadRefused"
    finally:
        fs.rm("/shelf", recursive=True)


def test_nothing_is_replaced_unasked(left, shelf: Path):
    (shelf / "a" / "sub").mkdir(parents=True)
    (shelf / "a" / "sub" / "empty").write_text("theirs")
    shop = opened(f"file://{shelf}")
    answer = left.put(shop, "a", "out")
    assert answer["code"] == "UploadRefused"
    assert "a/sub/empty of datastore 'shop' would be replaced; nothing" in answer["error"]
    assert stored(shelf) == {"a/sub/empty": b"theirs"}
    assert "placed" in left.put(shop, "a", "out", overwrite=True)
    assert stored(shelf) == {"a/model": b"m" * 100, "a/sub/empty": b""}


def test_it_goes_on_where_it_was(left, shelf: Path, monkeypatch):
    shop = opened(f"file://{shelf}")
    put, names = LocalStore.put, []

    def cut_short(self, source, name, moved):
        if names:
            raise NotADirectoryError(20, "Not a directory")
        names.append(name)
        put(self, source, name, moved)

    monkeypatch.setattr(LocalStore, "put", cut_short)
    monkeypatch.setattr("jupyter_exec.datastores.work.FILES_AT_ONCE", 1)
    assert left.put(shop, "a", "out")["code"] == "UploadFailed"
    assert len(stored(shelf)) == 1
    with left.state.open("a") as state:
        state.write('\n{"done": ["x", "a/cu')  # killed while it wrote
    again = []

    def noted(self, source, name, moved):
        again.append(name)
        put(self, source, name, moved)

    monkeypatch.setattr(LocalStore, "put", noted)
    assert "placed" in left.put(shop, "a", "out"), "it refuses to replace what it has written"
    assert len(stored(shelf)) == 2
    assert len(again) == 1
    assert names != again


def test_what_leads_out_stays(left, shelf: Path, tmp_path: Path):
    (tmp_path / "secret").write_text("s")
    (left.work / "out" / "far").symlink_to(tmp_path / "secret")
    (left.work / "out" / "folder").symlink_to(tmp_path)
    (left.work / "out" / "near").symlink_to("model")
    os.mkfifo(left.work / "out" / "pipe")
    shop = opened(f"file://{shelf}")
    assert "placed" in left.put(shop, "a", "out")
    assert sorted(stored(shelf)) == ["a/model", "a/near", "a/sub/empty"]
    for name in ("far", "folder", "pipe"):
        assert f"left out {name}" in left.log_text()
    (left.work / "away").symlink_to(tmp_path)
    answer = left.put(shop, "b", "away")
    assert answer["code"] == "UploadFailed"
    assert "link that leaves the run" in answer["error"]
    (shelf / "way").symlink_to(tmp_path)
    answer = left.put(shop, "way/x", "out/model", overwrite=True)
    assert "link that leaves it" in answer["error"]
    assert not (tmp_path / "x").exists()


def test_a_run_that_left_nothing(left, shelf: Path):
    answer = left.put(opened(f"file://{shelf}"), "a", "gone")
    message = "dataReferences.x: the run has left nothing at gone"
    assert answer == {"error": message, "code": "UploadFailed"}
    (left.work / "void").mkdir()
    assert "placed" in left.put(opened(f"file://{shelf}"), "a", "void")


def test_an_upload_is_tried_again(left, monkeypatch):
    put, failures = Store.put, [OSError("reset"), OSError("reset")]

    def shaky(self, source, name, moved):
        moved(50)
        if failures:
            raise failures.pop()
        put(self, source, name, moved)

    monkeypatch.setattr(Store, "put", shaky)
    try:
        answer = left.put(opened("memory://shelf"), "model", "out/model")
        assert "placed" in answer
        assert "OSError: reset; trying again" in left.log_text()
    finally:
        fsspec.filesystem("memory").rm("/shelf", recursive=True)
    assert json.loads(left.state.read_text().splitlines()[-1])["done"][1] == "model"
