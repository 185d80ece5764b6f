"""Folders become snapshots: what is taken, what is refused, and what an unchanged folder costs."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.errors import InvalidRequest, TooLarge
from jupyter_exec.sources.folder import snapshot_files, snapshot_folder
from jupyter_exec.sources.index import FolderIndex
from jupyter_exec.store.snapshots import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def read(store: SnapshotStore, snapshot_id: str, path: str) -> bytes:
    with store.open_file(snapshot_id, path) as file:
        return file.read()


def index_of(store: SnapshotStore) -> FolderIndex:
    (path,) = (store.root / "index").iterdir()
    index = FolderIndex.read(path)
    assert index is not None
    return index


def unchanged(store: SnapshotStore, folder: Path) -> bool:
    """Tell whether the next snapshot would be answered from the index."""
    return index_of(store).unchanged(str(folder.resolve()))


def test_a_folder_round_trips(store: SnapshotStore, folder: Path, tmp_path: Path) -> None:
    (folder / "train.py").chmod(0o755)
    (folder / "latest").symlink_to("src/deep")
    (folder / "empty").touch()
    (folder / "ünï çode").write_text("x")
    info = snapshot_folder(store, folder)
    assert (info.files, info.skipped) == (8, ())
    assert info.size_bytes == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    store.materialise(info.id, tmp_path / "work")
    for path in folder.rglob("*"):
        copy = tmp_path / "work" / path.relative_to(folder)
        if path.is_symlink():
            assert copy.readlink() == path.readlink()
        elif path.is_file():
            assert copy.read_bytes() == path.read_bytes()
            assert os.access(copy, os.X_OK) == (path.name == "train.py")


def test_names_that_are_no_utf8(store: SnapshotStore, folder: Path, tmp_path: Path) -> None:
    raw = os.fsencode(folder) + b"/caf\xe9.txt"
    Path(os.fsdecode(raw)).write_text("x")
    info = snapshot_folder(store, folder)
    age(folder)
    assert snapshot_folder(store, folder) == info
    store.materialise(info.id, tmp_path / "work")
    assert os.fsencode(tmp_path) + b"/work/caf\xe9.txt" in map(
        os.fsencode, (tmp_path / "work").iterdir()
    )


def test_a_file_that_changes_while_it_is_read(store: SnapshotStore, folder: Path) -> None:
    path = folder / "growing.bin"
    path.write_bytes(os.urandom(4_000_000))
    stop = threading.Event()

    def write() -> None:
        with path.open("r+b", buffering=0) as file:
            while not stop.is_set():
                file.seek(0)
                file.write(os.urandom(1_000_000))
                file.seek(0, os.SEEK_END)
                file.write(b"more")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            info = snapshot_folder(store, folder)
            entry = store.manifest(info.id).find("growing.bin")
            data = read(store, info.id, "growing.bin")
            with SnapshotStore(store.root.parent / "other").batch() as batch:
                again = batch.add_bytes("x", data)
            assert entry is not None
            assert (again.sha256, again.size) == (entry.sha256, entry.size)
            assert not unchanged(store, folder)
    finally:
        stop.set()
        writer.join()


def test_links_and_special_files(store: SnapshotStore, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (folder / "out").symlink_to("../secret")
    (folder / "absolute").symlink_to(tmp_path / "secret")
    (folder / "hop").symlink_to("out")
    (folder / "inside").symlink_to(folder.resolve() / "src" / "model.py")
    (folder / "src" / "sibling").symlink_to("../data")
    (folder / "dangling").symlink_to("not/yet")
    (folder / "round").symlink_to("round")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "sock"))
        info = snapshot_folder(store, folder)
    assert info.skipped == ("absolute", "hop", "out", "pipe", "round", "sock")
    links = {e.path: e.link for e in store.manifest(info.id).entries if e.link}
    assert links == {
        "inside": "src/model.py", "src/sibling": "../data", "dangling": "not/yet"
    }  # fmt: skip
    age(folder)
    assert snapshot_folder(store, folder) == info
    assert snapshot_folder(store, folder) == info
    assert unchanged(store, folder)
    (folder / "pipe").unlink()
    (folder / "pipe").write_text("a file now")
    assert "pipe" in paths(store, snapshot_folder(store, folder).id)


def test_overlay_is_put_on_top(store: SnapshotStore, folder: Path) -> None:
    plain = snapshot_folder(store, folder)
    info = snapshot_folder(store, folder, overlay={"train.py": b"new", "cell.py": b"cell"})
    assert info.files == 6
    assert read(store, info.id, "train.py") == b"new"
    assert read(store, info.id, "cell.py") == b"cell"
    age(folder)
    assert snapshot_folder(store, folder, overlay={"cell.py": b"cell", "train.py": b"new"}) == info
    assert unchanged(store, folder)
    assert snapshot_folder(store, folder, overlay={"train.py": b"newcell.py"}).id != info.id
    assert snapshot_folder(store, folder) == plain
    with pytest.raises(InvalidRequest, match=r"\.\."):
        snapshot_folder(store, folder, overlay={"../x": b""})
    with pytest.raises(InvalidRequest, match="both a file and a folder"):
        snapshot_folder(store, folder, overlay={"src": b""})


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (["train.py"], {"train.py"}),
        (["src"], {"src/model.py", "src/deep/layer.py"}),
        (["./src/", "train.py"], {"src/model.py", "src/deep/layer.py", "train.py"}),
        (["*.py"], {"train.py"}),
        (["**/*.py"], {"train.py", "src/model.py", "src/deep/layer.py"}),
        (["src/*"], {"src/model.py", "src/deep/layer.py"}),
        (["src/*.py"], {"src/model.py"}),
        (["s*/d*"], {"src/deep/layer.py"}),
        (["data/[b-z].csv"], {"data/b.csv"}),
        (["."], {"train.py", "src/model.py", "src/deep/layer.py", "data/a.csv", "data/b.csv"}),
        ([], set()),
    ],
)
def test_include(
    store: SnapshotStore, folder: Path, include: list[str], expected: set[str]
) -> None:
    assert paths(store, snapshot_folder(store, folder, include=include).id) == expected


def test_include_and_ignore_files(store: SnapshotStore, folder: Path) -> None:
    (folder / ".gitignore").write_text("data/\n*.csv\nsrc/deep\n")
    (folder / "data" / "note.txt").write_text("x")

    def take(*include: str) -> set[str]:
        return paths(store, snapshot_folder(store, folder, include=include).id)

    assert take("data/a.csv") == {"data/a.csv"}
    assert take("data") == {"data/note.txt"}
    assert take("src") == {"src/model.py"}
    assert take("src/deep") == {"src/deep/layer.py"}
    (folder / ".gitignore").write_text("/*\n!/src\n*.csv\nsrc/deep/**\n")
    assert take("data") == {"data/note.txt"}
    assert take("src/deep") == {"src/deep/layer.py"}
    with pytest.raises(InvalidRequest, match="matches no file"):
        take("data/*.csv")


@pytest.mark.parametrize("name", ["nothing.py", "../secret", "/etc/passwd", "no*thing", ""])
def test_include_that_names_nothing(store: SnapshotStore, folder: Path, name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        snapshot_folder(store, folder, include=["train.py", name])
    assert refused.value.target == "files"


def test_exclude_leaves_out_linked_folders(store: SnapshotStore, folder: Path) -> None:
    info = snapshot_folder(store, folder, exclude=["data/"], limit_files=3)
    assert paths(store, info.id) == {"train.py", "src/model.py", "src/deep/layer.py"}
    with pytest.raises(InvalidRequest):
        snapshot_folder(store, folder, exclude=["../data"])


def test_the_store_does_not_take_itself_in(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("x")
    store = SnapshotStore(tmp_path / ".data" / "snapshots")
    assert snapshot_folder(store, tmp_path).files == 1
    assert snapshot_folder(store, tmp_path).files == 1


def test_too_many_files(store: SnapshotStore, folder: Path) -> None:
    big = folder / "images" / "train"
    big.mkdir(parents=True)
    for i in range(2000):
        (big / f"{i}.png").touch()
    with pytest.raises(TooLarge) as refused:
        snapshot_folder(store, folder, limit_files=2000, limit_bytes=50_000_000)
    message = refused.value.message
    assert "the folder has 2,005 files with 112 B; more than 2,000 files or 50 MB" in message
    assert message.splitlines()[1].split() == ["0", "B", "images/train/", "(2,000", "files)"]
    for help_ in (".execignore", "--files", "--no-snapshot", "--link data/"):
        assert help_ in message
    assert not any(path.is_file() for path in store.root.rglob("*"))
    assert snapshot_folder(store, folder, limit_files=2005).files == 2005
    with pytest.raises(TooLarge):  # the index is no way round
        snapshot_folder(store, folder, limit_files=2004)


def test_too_many_bytes(store: SnapshotStore, folder: Path) -> None:
    with (folder / "data" / "big.bin").open("wb") as file:
        file.truncate(60_000_000)  # sparse
    with pytest.raises(TooLarge) as refused:
        snapshot_folder(store, folder, limit_bytes=50_000_000)
    assert "60 MB; more than 50 MB are" in refused.value.message
    assert refused.value.message.splitlines()[1].split() == ["60", "MB", "data/", "(3", "files)"]


def test_over_the_stores_limit_names_ten_files(tmp_path: Path, folder: Path) -> None:
    store = SnapshotStore(tmp_path / "small", max_bytes=2**20)
    for i in range(12):
        (folder / "data" / f"{i}.bin").write_bytes(bytes(100_000 + i))
    with pytest.raises(TooLarge) as refused:
        snapshot_folder(store, folder)
    lines = refused.value.message.splitlines()
    assert "may have 1 MiB" in lines[0]
    assert [line.split()[-1] for line in lines[1:11]] == [f"data/{i}.bin" for i in range(11, 1, -1)]
    assert not any(path.is_file() for path in store.root.rglob("*"))


def test_a_home_folder_is_refused_before_all_of_it_was_seen(
    store: SnapshotStore, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    for i in range(300):
        (home / f"d{i}").mkdir(parents=True)
        for j in range(100):
            os.link(home / "d0" / "0", home / f"d{i}" / f"{j}") if i + j else (
                home / "d0" / "0"
            ).touch()
    began = time.monotonic()
    with pytest.raises(TooLarge):
        snapshot_folder(store, home, limit_files=10)
    assert time.monotonic() - began < 5


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder, and not being root while the test runs, whom no permission stops."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() != 0:
        yield folder
    else:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(0)
    shutil.rmtree(folder)


def test_unreadable_files_and_folders_are_named(nobody: Path) -> None:
    store = SnapshotStore(nobody / "store")
    project = nobody / "project"
    (project / "locked").mkdir(parents=True)
    (project / "sub").mkdir()
    (project / "sub" / "secret.key").write_text("x")
    (project / "sub" / "secret.key").chmod(0)
    with pytest.raises(InvalidRequest, match=r"sub/secret\.key cannot be read.*Permission denied"):
        snapshot_folder(store, project)
    (project / ".execignore").write_text("/sub/secret.key\n")
    assert snapshot_folder(store, project).files == 1
    (project / "locked").chmod(0)
    try:
        with pytest.raises(InvalidRequest, match="the folder locked cannot be read"):
            snapshot_folder(store, project)
    finally:
        (project / "locked").chmod(0o700)


def test_no_folder(store: SnapshotStore, folder: Path) -> None:
    with pytest.raises(InvalidRequest, match="does not exist"):
        snapshot_folder(store, folder / "nowhere")
    with pytest.raises(InvalidRequest, match="is no folder"):
        snapshot_folder(store, folder / "train.py")


def test_files_in_memory(store: SnapshotStore) -> None:
    info = snapshot_files(store, {"nb.ipynb": b"{}", "lib/x.py": b""})
    assert (info.files, info.size_bytes) == (2, 2)
    assert read(store, info.id, "nb.ipynb") == b"{}"
    with pytest.raises(InvalidRequest):
        snapshot_files(store, {"/nb.ipynb": b"{}"})
