"""A zip that is packed while it is sent."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.services.zip_stream import BLOCK_BYTES, zip_blocks

if TYPE_CHECKING:
    from pathlib import Path


def opened(blocks: list[bytes]) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(blocks)))


def test_blocks_are_small_and_make_a_whole_zip(tmp_path: Path) -> None:
    random = os.urandom(10 * BLOCK_BYTES + 7)
    (tmp_path / "random").write_bytes(random)
    (tmp_path / "empty").touch()
    blocks = list(zip_blocks([("a/b \u00e9", tmp_path / "random"), ("c", tmp_path / "empty")]))
    assert len(blocks) >= 10
    assert max(map(len, blocks)) <= 3 * BLOCK_BYTES
    with opened(blocks) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a/b \u00e9", "c"]
        assert archive.read("a/b \u00e9") == random


def test_nothing_makes_an_empty_zip() -> None:
    with opened(list(zip_blocks([]))) as archive:
        assert archive.namelist() == []


def test_a_file_that_is_gone_is_left_out_and_one_that_grows_is_cut(tmp_path: Path) -> None:
    growing = tmp_path / "growing"
    size = 4 * BLOCK_BYTES
    growing.write_bytes(os.urandom(size))
    blocks = zip_blocks([("gone", tmp_path / "gone"), ("growing", growing)])
    first = next(blocks)
    with growing.open("ab") as file:
        file.write(b"more")
    with opened([first, *blocks]) as archive:
        assert archive.testzip() is None
        assert [(entry.filename, entry.file_size) for entry in archive.infolist()] == [
            ("growing", size)
        ]


def test_a_file_older_than_zip_itself(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("x")
    os.utime(path, (0, 0))
    with opened(list(zip_blocks([("old", path)]))) as archive:
        assert archive.infolist()[0].date_time[0] == 1980


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        list(zip_blocks([("a", tmp_path)]))
