"""Uploaded archives: what comes in, and that nothing bad gets anywhere."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_exec.errors import ExecError, InvalidRequest, TooLarge
from jupyter_exec.sources import upload
from jupyter_exec.sources.upload import snapshot_zip
from jupyter_exec.store.snapshots import SnapshotStore


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots", max_bytes=20_000_000)


def entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.filename = info.orig_filename = name  # ZipInfo tidies names; attackers do not
    info.external_attr = mode << 16
    info.create_system = 3
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # duplicate names
        for name, data in entries:
            archive.writestr(entry(name) if isinstance(name, str) else name, data)
    buffer.seek(0)
    return buffer


def left(store: SnapshotStore) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


def refused(store: SnapshotStore, source: io.BytesIO | Path, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        snapshot_zip(store, source)
    assert left(store) == []
    assert list((store.root / "incoming").iterdir()) == []


def test_an_archive_becomes_a_snapshot(store: SnapshotStore, tmp_path: Path) -> None:
    source = packed(
        ("src/", b""),
        ("src/train.py", b"print(1)"),
        (entry("run.sh", 0o100755), b"#!/bin/sh\n"),
        (entry("src/run", 0o120777), b"../run.sh"),
        ("./dot/é.txt", b""),
    )
    info = snapshot_zip(store, source)
    assert (info.files, info.size_bytes) == (4, 18)
    store.materialise(info.id, tmp_path / "work")
    assert (tmp_path / "work" / "src" / "run").readlink() == Path("../run.sh")
    assert os.access(tmp_path / "work" / "run.sh", os.X_OK)
    assert not os.access(tmp_path / "work" / "src" / "train.py", os.X_OK)
    assert (tmp_path / "work" / "dot" / "é.txt").read_bytes() == b""


def test_a_file_on_disk_as_common_tools_make_it(store: SnapshotStore, tmp_path: Path) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "x.py").write_text("x")
    archive = shutil.make_archive(str(tmp_path / "made"), "zip", tmp_path / "tree")
    info = snapshot_zip(store, Path(archive))
    assert [e.path for e in store.manifest(info.id).entries] == ["sub/x.py"]


def test_an_empty_archive_is_fine(store: SnapshotStore) -> None:
    assert snapshot_zip(store, packed()).files == 0


def test_overlay_replaces(store: SnapshotStore) -> None:
    info = snapshot_zip(store, packed(("a", b"old"), ("b", b"b")), {"a": b"new", "c": b"c"})
    with store.open_file(info.id, "a") as file:
        assert file.read() == b"new"
    assert info.files == 3


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil", r"'\.\.'"),
        ("a/../../evil", r"'\.\.'"),
        ("a/..", r"'\.\.'"),
        ("../", r"'\.\.'"),
        ("/etc/passwd", "absolute"),
        ("//server/share", "absolute"),
        ("C:/Windows/evil", "absolute"),
        ("c:evil", "absolute"),
        ("..\\evil", "separated by"),
        ("a\\b", "separated by"),
        ("a\0.py", "control"),
        ("a\n.py", "control"),
        ("a//b", "empty parts"),
        ("x" * 300, "255 bytes"),
    ],
)
def test_names_that_are_up_to_something(store: SnapshotStore, name: str, why: str) -> None:
    refused(store, packed(("first.py", b"x"), (name, b"evil")), why)


@pytest.mark.parametrize(
    "target", [b"/etc/passwd", b"../x", b"sub/../../x", b"", b"a\xff", b"hop/x"]
)
def test_links_out_of_the_tree(store: SnapshotStore, target: bytes) -> None:
    links = {"sub/hop": b"..", "hop": b"sub/../..", "link": target}
    source = packed(("x", b"1"), *[(entry(name, 0o120777), to) for name, to in links.items()])
    refused(store, source, "points out of|damaged")


def test_links_that_are_too_long_to_be_true(store: SnapshotStore) -> None:
    refused(store, packed((entry("link", 0o120777), b"x" * 5000)), "impossible length")


def test_devices(store: SnapshotStore) -> None:
    refused(store, packed((entry("null", stat.S_IFCHR | 0o666), b"")), "neither")


def test_names_that_clash(store: SnapshotStore) -> None:
    refused(store, packed(("a", b"1"), ("a", b"2")), "twice")
    refused(store, packed(("a", b"1"), ("./a", b"2")), "twice")
    refused(store, packed(("a", b"1"), ("a/", b"")), "both a file and a folder")
    refused(store, packed(("a", b"1"), ("a/b", b"2")), "both a file and a folder")
    assert snapshot_zip(store, packed(("a", b"1"), ("A", b"2"))).files == 2


def test_bombs(store: SnapshotStore, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(store, packed(("zeros", bytes(15_000_000))), "zip bomb")
    many = packed(*[(f"f{i}", b"") for i in range(20)])
    monkeypatch.setattr(upload, "MAX_ENTRIES", 19)
    with pytest.raises(TooLarge, match="20 entries; at most 19"):
        snapshot_zip(store, many)


def test_larger_than_a_snapshot_may_be(store: SnapshotStore) -> None:
    block = os.urandom(1_000_000)
    source = packed(*[(f"f{i:02}", block) for i in range(21)])
    with pytest.raises(TooLarge, match=r"21 MB unpacked, but a snapshot may have 20 MB"):
        snapshot_zip(store, source)
    assert left(store) == []


def test_sizes_that_lie(store: SnapshotStore) -> None:
    data = bytearray(packed(("zeros", bytes(5_000_000))).getvalue())
    at = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 100)  # the size in the central directory
    refused(store, io.BytesIO(data), "damaged")


def test_encrypted(store: SnapshotStore) -> None:
    data = bytearray(packed(("secret", b"x")).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    refused(store, io.BytesIO(data), "encrypted")


def test_a_method_that_nobody_knows(store: SnapshotStore) -> None:
    data = bytearray(packed(("x", b"x")).getvalue())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + offset] = 99
    refused(store, io.BytesIO(data), "damaged")


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04", b"\x1f\x8b" + bytes(100)])
def test_what_is_no_zip(store: SnapshotStore, data: bytes, tmp_path: Path) -> None:
    refused(store, io.BytesIO(data), "no zip")
    (tmp_path / "upload").write_bytes(data)
    refused(store, tmp_path / "upload", "no zip")


def test_every_truncation_is_noticed(store: SnapshotStore) -> None:
    data = packed(("a.py", os.urandom(300)), ("b.py", b"text" * 50)).getvalue()
    for length in range(len(data)):
        refused(store, io.BytesIO(data[:length]), "damaged")


def test_a_flipped_bit_in_the_content_is_noticed(store: SnapshotStore) -> None:
    data = bytearray(packed(("first", os.urandom(100)), ("a", os.urandom(5000))).getvalue())
    data[3000] ^= 1
    refused(store, io.BytesIO(data), "damaged")


NAMES = st.lists(
    st.sampled_from(["..", ".", "", "a", "b", "C:", "\\", "link", "é", "\0"]),
    min_size=1,
    max_size=5,
).map("/".join)
ENTRIES = st.lists(
    st.tuples(NAMES, st.sampled_from([0o100644, 0o120777]), NAMES.map(str.encode)), max_size=6
)


@settings(max_examples=300, deadline=None)
@given(ENTRIES)
def test_no_archive_gets_out_of_its_folder(entries: list[tuple[str, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        store = SnapshotStore(root / "store")
        source = packed(*[(entry(name, mode), data) for name, mode, data in entries if name])
        try:
            info = snapshot_zip(store, source)
        except ExecError:
            assert left(store) == []
            return
        work = root / "deep" / "work"
        store.materialise(info.id, work)
        for path in root.rglob("*"):
            assert (
                path.is_relative_to(store.root)
                or work.is_relative_to(path)
                or (os.path.realpath(path).startswith(str(work)))
            ), path


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_archive_is_refused_or_read_but_never_an_accident(data: st.DataObject) -> None:
    whole = packed(("a.py", b"text" * 20), ("b/c", bytes(range(200)))).getvalue()
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        store = SnapshotStore(Path(folder) / "store", max_bytes=1_000_000)
        path = Path(folder) / "upload.zip"
        path.write_bytes(broken)
        for source in (io.BytesIO(broken), path):
            try:
                snapshot_zip(store, source)
            except (InvalidRequest, TooLarge):
                assert list((store.root / "incoming").iterdir()) == []
