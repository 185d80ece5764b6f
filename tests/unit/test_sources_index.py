"""The index of a folder: it saves reading what has not changed, and never a change."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.errors import NotFound
from jupyter_exec.sources.folder import snapshot_folder
from jupyter_exec.sources.index import FolderIndex, trusted
from jupyter_exec.store.snapshots import SnapshotStore

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "data" / "snapshots")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path in ("train.py", "src/model.py", "src/deep/layer.py", "data/a.csv", "data/b.csv"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"content of {path}")
    return root


def age(folder: Path) -> None:
    """Wait until what lies in a folder is old enough to be trusted."""
    newest = max(path.lstat().st_ctime for path in folder.rglob("*"))
    while time.time() < newest + 0.05:
        time.sleep(0.01)


def paths(store: SnapshotStore, snapshot_id: str) -> set[str]:
    return {entry.path for entry in store.manifest(snapshot_id).entries}


def index_of(store: SnapshotStore) -> FolderIndex:
    (path,) = (store.root / "index").iterdir()
    index = FolderIndex.read(path)
    assert index is not None
    return index


def unchanged(store: SnapshotStore, folder: Path) -> bool:
    """Tell whether the next snapshot would be answered from the index."""
    return index_of(store).unchanged(str(folder.resolve()))


def test_an_unchanged_folder_is_answered_from_the_index(store: SnapshotStore, folder: Path) -> None:
    age(folder)
    info = snapshot_folder(store, folder)
    (index,) = (store.root / "index").iterdir()
    written = index.stat().st_mtime_ns
    shutil.rmtree(store.root / "incoming")  # nothing can be written now
    assert snapshot_folder(store, folder) == info
    assert index.stat().st_mtime_ns == written


def change_content(folder: Path) -> None:
    (folder / "train.py").write_text("another text")


def change_content_and_nothing_else(folder: Path) -> None:
    path = folder / "train.py"
    status = path.stat()
    path.write_bytes(b"X" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_one_of_the_same_size_and_time(folder: Path) -> None:
    path = folder / "train.py"
    status = path.stat()
    other = folder.parent / "other"
    other.write_bytes(b"Y" * status.st_size)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def replace_by_a_link(folder: Path) -> None:
    (folder / "train.py").rename(folder / "src" / "train.py")
    (folder / "train.py").symlink_to("src/train.py")


def replace_by_a_folder(folder: Path) -> None:
    (folder / "train.py").unlink()
    (folder / "train.py").mkdir()
    (folder / "train.py" / "x").write_text("x")


def replace_a_folder(folder: Path) -> None:
    shutil.rmtree(folder / "data")
    (folder / "data").write_text("x")


def replace_a_folder_by_a_link(folder: Path) -> None:
    (folder / "data").rename(folder / "src" / "data")
    (folder / "data").symlink_to("src/data")


def change_rules(folder: Path) -> None:
    (folder / ".execignore").write_text("data/\n")


def change_nested_rules(folder: Path) -> None:
    (folder / "src" / ".gitignore").write_text("deep/\n")


def make_it_an_environment(folder: Path) -> None:
    (folder / "src" / "pyvenv.cfg").touch()


@pytest.mark.parametrize(
    "change",
    [
        change_content,
        change_content_and_nothing_else,
        replace_by_one_of_the_same_size_and_time,
        replace_by_a_link,
        replace_by_a_folder,
        replace_a_folder,
        replace_a_folder_by_a_link,
        change_rules,
        change_nested_rules,
        make_it_an_environment,
        lambda folder: (folder / "new").touch(),
        lambda folder: (folder / "src" / "deep" / "new").touch(),
        lambda folder: (folder / "train.py").unlink(),
        lambda folder: (folder / "train.py").chmod(0o755),
        lambda folder: (folder / "train.py").rename(folder / "renamed.py"),
        lambda folder: shutil.rmtree(folder / "src" / "deep"),
    ],
)
def test_every_change_is_noticed(
    store: SnapshotStore, folder: Path, change, tmp_path: Path
) -> None:
    age(folder)
    first = snapshot_folder(store, folder)
    age(folder)
    assert unchanged(store, folder)
    change(folder)
    second = snapshot_folder(store, folder)
    fresh = snapshot_folder(SnapshotStore(tmp_path / "fresh"), folder)
    assert second == fresh
    assert second.id != first.id


def test_rules_that_change_below_what_is_left_out(store: SnapshotStore, folder: Path) -> None:
    (folder / ".gitignore").write_text(".gitignore\n*.csv\n")
    (folder / "data" / ".gitignore").write_text(".gitignore\n!a.csv\n")
    first = snapshot_folder(store, folder)
    assert "data/a.csv" in paths(store, first.id)
    age(folder)
    snapshot_folder(store, folder)
    (folder / "data" / ".gitignore").write_text(".gitignore\n!b.csv\n")
    assert "data/b.csv" in paths(store, snapshot_folder(store, folder).id)
    (folder / "data" / ".gitignore").unlink()
    assert "data/b.csv" not in paths(store, snapshot_folder(store, folder).id)
    (folder / ".gitignore").unlink()
    assert "data/b.csv" in paths(store, snapshot_folder(store, folder).id)


def test_what_is_left_out_may_become_something_else(store: SnapshotStore, folder: Path) -> None:
    (folder / ".execignore").write_text("thing/\n")
    (folder / "thing").mkdir()
    (folder / "thing" / "x").touch()
    (folder / "env").mkdir()
    (folder / "env" / "pyvenv.cfg").touch()
    first = snapshot_folder(store, folder)
    age(folder)
    assert snapshot_folder(store, folder) == first
    shutil.rmtree(folder / "thing")
    (folder / "thing").touch()
    second = snapshot_folder(store, folder)
    assert paths(store, second.id) - paths(store, first.id) == {"thing"}
    (folder / "env" / "pyvenv.cfg").rename(folder / "env" / "x.cfg")
    third = snapshot_folder(store, folder)
    assert paths(store, third.id) - paths(store, second.id) == {"env/x.cfg"}


def test_only_what_changed_is_read(store: SnapshotStore, folder: Path) -> None:
    age(folder)
    snapshot_folder(store, folder)
    age(folder)
    known = folder / "src" / "model.py"
    os.utime(known, ns=(0, known.stat().st_mtime_ns))
    snapshot_folder(store, folder)  # its ctime changed, so it is read
    age(folder)
    os.utime(folder / "data" / "a.csv")
    before = known.stat().st_atime_ns
    snapshot_folder(store, folder)
    assert known.stat().st_atime_ns == before


def test_a_file_written_just_before_is_not_trusted(store: SnapshotStore, folder: Path) -> None:
    (folder / "train.py").write_text("fresh")
    snapshot_folder(store, folder)
    assert not unchanged(store, folder)
    age(folder)
    snapshot_folder(store, folder)
    assert unchanged(store, folder)


def test_trust_depends_on_the_clock_of_the_file_system(folder: Path) -> None:
    status = (folder / "train.py").stat()
    latest = max(status.st_mtime_ns, status.st_ctime_ns)
    assert not trusted(status, latest)
    assert not trusted(status, latest + 10_000_000)
    assert trusted(status, latest + 2_200_000_000)
    times = {"st_mtime_ns": 100_000_000_000, "st_ctime_ns": 100_000_000_000}
    whole = os.stat_result((0o100644, 1, 1, 1, 0, 0, 5, 100, 100, 100), times)
    assert not trusted(whole, 101_900_000_000)
    assert trusted(whole, 102_200_000_000)


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_a_damaged_index_is_as_none(store: SnapshotStore, folder: Path, damage) -> None:
    age(folder)
    info = snapshot_folder(store, folder)
    (path,) = (store.root / "index").iterdir()
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if damage is None else damage)
    assert FolderIndex.read(path) is None
    assert snapshot_folder(store, folder) == info
    assert FolderIndex.read(path) is not None


def test_an_index_that_outlived_its_snapshot(
    store: SnapshotStore, folder: Path, tmp_path: Path
) -> None:
    age(folder)
    info = snapshot_folder(store, folder)
    store.gc(set(), grace_s=0)
    with pytest.raises(NotFound):
        store.manifest(info.id)
    assert unchanged(store, folder)
    assert snapshot_folder(store, folder) == info
    store.materialise(info.id, tmp_path / "work")
