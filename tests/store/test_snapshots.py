"""The snapshot store on a real disk: ids, copies, refusals, crashes, collection."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from jupyter_exec.errors import InvalidRequest, NotFound, TooLarge
from jupyter_exec.store.manifest import NAMESPACE, Entry, Manifest, follow
from jupyter_exec.store.sizes import human_limit, human_size
from jupyter_exec.store.snapshots import SnapshotInfo, SnapshotStore


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def commit(store: SnapshotStore, files: dict[str, bytes], **links: str) -> SnapshotInfo:
    with store.batch() as batch:
        for path, data in files.items():
            batch.add_bytes(path, data)
        for path, target in links.items():
            batch.add_link(path, target)
        return batch.commit()


def kept(store: SnapshotStore, room: str) -> list[Path]:
    return [path for path in (store.root / room).rglob("*") if path.is_file()]


def test_id_is_the_uuid5_of_the_canonical_manifest(store: SnapshotStore) -> None:
    info = commit(store, {"b.py": b"2", "a/a.py": b"1"}, link="a/a.py")
    text = (store.root / "manifests" / f"{info.id}.json").read_text()
    assert info.id == str(uuid.uuid5(NAMESPACE, text))
    one, two = (hashlib.sha256(data).hexdigest() for data in (b"1", b"2"))
    assert text == (
        '{"entries":['
        f'{{"mode":"0644","path":"a/a.py","sha256":"{one}","size":1}},'
        f'{{"mode":"0644","path":"b.py","sha256":"{two}","size":1}},'
        '{"link":"a/a.py","path":"link"}],"version":1}'
    )
    assert (info.files, info.size_bytes) == (3, 2)


def test_the_same_tree_has_the_same_id_in_any_order(store: SnapshotStore) -> None:
    first = commit(store, {"a": b"1", "b": b"2"})
    assert commit(store, {"b": b"2", "a": b"1"}) == first
    assert commit(store, {"a": b"1", "b": b"3"}).id != first.id


def test_the_namespace_never_changes() -> None:
    assert Manifest.of([]).to_bytes() == b'{"entries":[],"version":1}'
    assert str(NAMESPACE) == "9f8be2b4-ef40-45a6-90de-ecc23aa8a8b1"


def test_equal_contents_are_kept_once(store: SnapshotStore) -> None:
    commit(store, {f"copy{i}": b"same" for i in range(5)})
    commit(store, {"another": b"same"})
    assert len(kept(store, "blobs")) == 1


def test_materialise_makes_copies_that_a_run_may_write(
    store: SnapshotStore, tmp_path: Path
) -> None:
    with store.batch() as batch:
        batch.add_bytes("run.sh", b"#!/bin/sh\necho hello\n", executable=True)
        batch.add_bytes("deep/er/data.bin", os.urandom(3_000_000))
        batch.add_bytes("empty", b"")
        batch.add_link("deep/run", "../run.sh")
        info = batch.commit()
    out = tmp_path / "work"
    store.materialise(info.id, out)
    said = subprocess.run([out / "deep" / "run"], capture_output=True, check=True, text=True)
    assert said.stdout == "hello\n"
    assert (out / "empty").read_bytes() == b""
    assert (out / "deep" / "er" / "data.bin").stat().st_nlink == 1
    (out / "run.sh").write_text("changed")
    (out / "deep" / "er" / "data.bin").write_bytes(b"changed")
    again = tmp_path / "again"
    store.materialise(info.id, again)
    assert (again / "run.sh").read_text().startswith("#!/bin/sh")
    assert (again / "deep" / "er" / "data.bin").stat().st_size == 3_000_000


def test_materialise_over_an_interrupted_one(store: SnapshotStore, tmp_path: Path) -> None:
    info = commit(store, {"a/b": b"new", "c": b"c"}, link="c")
    out = tmp_path / "work"
    (out / "a").mkdir(parents=True)
    (out / "a" / "b").write_bytes(b"half")
    (out / "link").symlink_to("nowhere")
    (out / "outputs").mkdir()
    store.materialise(info.id, out)
    assert (out / "a" / "b").read_bytes() == b"new"
    assert (out / "link").read_bytes() == b"c"
    assert (out / "outputs").is_dir()


def test_materialise_writes_nothing_through_links(store: SnapshotStore, tmp_path: Path) -> None:
    info = commit(store, {"a/b": b"data", "c": b"data"})
    outside = tmp_path / "outside"
    outside.mkdir()
    victim = outside / "victim"
    victim.write_bytes(b"precious")
    out = tmp_path / "work"
    out.mkdir()
    (out / "c").symlink_to(victim)
    store.materialise(info.id, out)
    assert victim.read_bytes() == b"precious"
    assert (out / "c").read_bytes() == b"data"
    (out / "a" / "b").unlink()
    (out / "a").rmdir()
    (out / "a").symlink_to(outside)
    with pytest.raises(InvalidRequest, match="leads out of"):
        store.materialise(info.id, out)
    assert [path.name for path in outside.iterdir()] == ["victim"]


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a/./b", "nul\0", "x" * 256, "..",
     "a/" * 1100 + "a"],
)  # fmt: skip
def test_paths_that_are_not_plain_are_refused(store: SnapshotStore, path: str) -> None:
    with store.batch() as batch, pytest.raises(InvalidRequest):
        batch.add_bytes(path, b"x")
    with pytest.raises(InvalidRequest):
        store.commit([Entry(path, 1, "0" * 64)])


@pytest.mark.parametrize(
    "links",
    [
        {"a": "/etc/passwd"},
        {"a": "../x"},
        {"a": "b", "b": "../x"},
        {"a": "a"},
        {"a": ""},
        # Lexically "d/e/../../../x" of "p" is harmless; but d/e is a link to the root.
        {"d/e": "..", "p": "d/e/../x"},
    ],
)
def test_links_out_of_the_tree_are_refused(store: SnapshotStore, links: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest, match="points out of"):
        commit(store, {"x": b"1"}, **links)
    assert kept(store, "blobs") == kept(store, "manifests") == []


def test_follow_goes_the_way_the_kernel_goes(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "x").write_text("x")
    links = {"a/up": "b/../..", "a/b/x": "../up/x", "short": "a/b"}
    for path, target in links.items():
        (tmp_path / path).symlink_to(target)
    for path in ("a/b/x", "short/x", "a/up/a/up/x", "short/../up/x"):
        assert os.path.realpath(tmp_path / path) == str(tmp_path / follow("", path, links)), path


def test_a_file_cannot_be_a_folder_too(store: SnapshotStore) -> None:
    with pytest.raises(InvalidRequest, match="both a file and a folder"):
        commit(store, {"a": b"1", "a/b": b"2"})
    with pytest.raises(InvalidRequest, match="both a file and a folder"):
        commit(store, {"a/b": b"2"}, a=".")
    with store.batch() as batch:
        batch.add_bytes("a", b"1")
        with pytest.raises(InvalidRequest, match="twice"):
            batch.add_bytes("a", b"1")


def test_over_the_limit_names_the_largest(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path / "snapshots", max_bytes=10_000)
    with pytest.raises(TooLarge) as refused:
        commit(store, {f"f{i:02}": bytes([i]) * i * 100 for i in range(20)})
    lines = refused.value.message.splitlines()
    assert "10 kB" in lines[0]
    assert lines[1].split() == ["1.4", "kB", "f14"]
    assert len(lines) == 11
    assert kept(store, "blobs") == kept(store, "incoming") == []


@pytest.mark.parametrize(
    "snapshot_id",
    ["../../../etc/passwd", "x", "", "a" * 36, "{0}", "9f8be2b4ef4045a690deecc23aa8a8b1"],
)
def test_an_id_is_never_a_path(store: SnapshotStore, snapshot_id: str) -> None:
    assert not store.exists(snapshot_id)
    for ask in (store.manifest, store.delete, store.touch):
        with pytest.raises(InvalidRequest, match="snapshot id"):
            ask(snapshot_id)


def test_unknown_snapshots_and_files(store: SnapshotStore) -> None:
    with pytest.raises(NotFound, match="no snapshot"):
        store.manifest(str(uuid.uuid4()))
    info = commit(store, {"sub/f.py": b"text"}, link="sub")
    assert store.exists(info.id)
    assert store.exists(info.id.upper())
    with store.open_file(info.id, "link/f.py") as file:
        assert file.read() == b"text"
    assert store.has_file(info.id, "sub/f.py")
    assert store.has_file(info.id, "link/f.py")
    for path in ("sub", "f.py", "../sub/f.py", "link", "", 'sub/f.py","sha256":"'):
        assert not store.has_file(info.id, path), path
        with pytest.raises(NotFound, match="has no file"):
            store.open_file(info.id, path)


def test_damage_is_noticed_and_mended_by_the_next_snapshot(
    store: SnapshotStore, tmp_path: Path
) -> None:
    info = commit(store, {"f": b"content"})
    (blob,) = kept(store, "blobs")
    blob.write_bytes(b"con")  # what a power cut may leave
    with pytest.raises(NotFound, match="is lost"):
        store.materialise(info.id, tmp_path / "work")
    commit(store, {"f": b"content"})
    store.materialise(info.id, tmp_path / "work")
    (manifest,) = kept(store, "manifests")
    manifest.write_bytes(manifest.read_bytes().replace(b'"f"', b'"g"'))
    with pytest.raises(NotFound, match="damaged"):
        store.manifest(info.id)


def test_an_abandoned_batch_leaves_nothing(store: SnapshotStore) -> None:
    def fail() -> None:
        with store.batch() as batch:
            batch.add_bytes("f", b"1")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with store.batch() as batch:
        batch.add_bytes("f", b"1")
    assert list((store.root / "incoming").iterdir()) == kept(store, "blobs") == []


CRASHING = """
import os, signal, sys
from pathlib import Path
from jupyter_exec.store.snapshots import SnapshotStore
store = SnapshotStore(Path(sys.argv[1]))
with store.batch() as batch:
    for i in range(50):
        batch.add_bytes(f"f{i}", os.urandom(1000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_crash_leaves_only_incoming_which_the_next_opening_clears(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    died = subprocess.run(
        [sys.executable, "-c", CRASHING, root],
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert died.returncode == -signal.SIGKILL
    beside = SnapshotStore(root, read_only=True)
    assert len(kept(beside, "incoming")) == 50
    assert kept(beside, "blobs") == kept(beside, "manifests") == []
    assert kept(SnapshotStore(root), "incoming") == []


def test_gc_keeps_what_is_named_and_what_is_young(store: SnapshotStore, tmp_path: Path) -> None:
    keep = commit(store, {"shared": b"shared", "kept": b"kept"})
    drop = commit(store, {"shared": b"shared", "gone": b"gone"})
    assert store.gc(set()).snapshots == 0
    result = store.gc({keep.id.upper()}, grace_s=0)
    assert (result.snapshots, result.blobs, result.size_bytes) == (1, 1, 4)
    assert not store.exists(drop.id)
    store.materialise(keep.id, tmp_path / "work")
    store.delete(keep.id)
    assert store.gc(set(), grace_s=0).blobs == 2
    with pytest.raises(NotFound):
        store.delete(keep.id)


def test_gc_beside_a_batch_that_relies_on_old_contents(
    store: SnapshotStore, tmp_path: Path
) -> None:
    commit(store, {"f": b"wanted"})
    with store.batch() as batch:
        batch.add_bytes("g", b"wanted")
        assert store.gc(set(), grace_s=0).blobs == 0
        info = batch.commit()
    store.materialise(info.id, tmp_path / "work")


def test_gc_and_snapshots_at_once_lose_nothing(store: SnapshotStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            store.gc(set(), grace_s=3600)

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for i in range(200):
            content = {"same": b"same", f"f{i % 7}": b"%d" % (i % 7)}
            info = commit(store, content)
            store.materialise(info.id, tmp_path / "work")
            store.delete(info.id)
    finally:
        stop.set()
        collector.join()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1550, "1.6 kB"),
        (999_960, "1 MB"),
        (5e15, "5000 TB"),
    ],
)
def test_human_size(size: int, text: str) -> None:
    assert human_size(int(size)) == text


def test_human_limit() -> None:
    assert human_limit(2 * 2**30) == "2 GiB"
    assert human_limit(50_000_000) == "50 MB"
