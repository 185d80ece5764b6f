"""A folder is compared with a snapshot: a file is read once as long as it stays untouched."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.sources import hashed_files
from jupyter_exec.sources.hashed_files import HashedFiles
from jupyter_exec.store.manifest import Entry, Manifest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def readings(monkeypatch):
    """The handles of all files that were read."""
    found: list[int] = []
    read = hashed_files.hash_open_file

    def hash_open_file(handle: int) -> str:
        found.append(handle)
        return read(handle)

    monkeypatch.setattr(hashed_files, "hash_open_file", hash_open_file)
    return found


def hashed(path: Path, size: int) -> str:
    before = Manifest((Entry(path.name, size, "0" * 64),))
    return HashedFiles(before).add_file(path.name, str(path))[0].sha256


def test_an_untouched_file_is_read_once(tmp_path, readings, monkeypatch):
    path = tmp_path / "data.bin"
    path.write_bytes(b"a" * 100)
    old = path.stat().st_mtime - 100
    os.utime(path, (old, old))
    long_after = path.stat().st_ctime_ns + 10**11
    monkeypatch.setattr(hashed_files.time, "time_ns", lambda: long_after)
    answers = {hashed(path, 100) for _ in range(3)}
    assert (answers, len(readings)) == ({hashlib.sha256(b"a" * 100).hexdigest()}, 1)
    path.write_bytes(b"b" * 100)
    os.utime(path, (old, old))  # the same size and time; its ctime tells
    assert hashed(path, 100) == hashlib.sha256(b"b" * 100).hexdigest()


def test_a_file_that_was_written_just_now_is_read_again(tmp_path, readings, monkeypatch):
    path = tmp_path / "data.bin"
    path.write_bytes(b"a" * 100)
    just_after = path.stat().st_ctime_ns + 1_000_000
    monkeypatch.setattr(hashed_files.time, "time_ns", lambda: just_after)
    hashed(path, 100)
    hashed(path, 100)
    assert len(readings) == 2


def test_a_file_of_another_size_is_not_read(tmp_path, readings):
    path = tmp_path / "data.bin"
    path.write_bytes(b"a" * 100)
    assert (hashed(path, 99), readings) == ("", [])
