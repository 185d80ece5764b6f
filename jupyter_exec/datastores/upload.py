"""From the working folder of a run that has ended into a datastore (floor: datastores; blocks).

What was begun is written down first, file by file, so that an upload that a restart has cut short
is gone on with, and does not refuse to replace what it has written itself.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.request import Item, TransferFault
from jupyter_exec.datastores.s3_parts import PartsUpload, goes_in_parts
from jupyter_exec.datastores.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jupyter_exec.datastores.store import Store
    from jupyter_exec.datastores.work import Work

FAILED, REFUSED = "UploadFailed", "UploadRefused"
_NAMED = 3


@dataclass(frozen=True)
class Leaving:
    """One file that a run leaves to a store."""

    item: Item
    store: Store
    source: Path
    remote: str


def upload(items: Iterable[Item], folder: Path, state: Path, work: Work) -> None:
    """Bring everything to where it shall go.

    Raises:
        TransferFault: naming the reference, the file and the cause; `UploadRefused` where a file
            is there already.
    """
    log = UploadLog(state)
    found = []
    for item in items:
        with work.naming(FAILED, item, item.store.shown_url):
            found.append((item, list(_leaving(item, folder, work))))
    leaving = [each for _, files in found for each in files]
    _check_apart(leaving)
    for item, files in found:
        with work.naming(FAILED, item, item.store.shown_url):
            _claim(item, files, log, work)
    work.total = sum(each.source.stat().st_size for each in leaving)
    work.each(lambda each: _put(each, log, work), leaving, FAILED, _shown)


def _shown(each: Leaving) -> tuple[Item, str]:
    return each.item, f"{each.store.described.shown_url.rstrip('/')}/{each.remote}"


def _leaving(item: Item, folder: Path, work: Work) -> Iterator[Leaving]:
    """Yield the files of one reference.

    Raises:
        TransferFault: `UploadFailed`: the run has left nothing there.
    """
    root = folder.resolve()
    top = (folder / item.place).resolve()
    if not top.is_relative_to(root):
        raise TransferFault(FAILED, f"{item.place} is a link that leaves the run")
    store = open_store(item.store)
    if top.is_file():
        remote = item.remote
        if item.remote_is_folder:
            remote = f"{remote}/{top.name}".lstrip("/")
        yield Leaving(item, store, top, remote)
        return
    if not top.is_dir():
        message = f"the run has left nothing at {item.place}"
        raise TransferFault(FAILED, message)
    for path in _files(top, root, item, work):
        name = path.relative_to(top).as_posix()
        yield Leaving(item, store, path, f"{item.remote}/{name}".lstrip("/"))


def _files(top: Path, root: Path, item: Item, work: Work) -> Iterator[Path]:
    """Yield what is a file, or a link to one inside the run's folder; tell what is left out."""
    for parent, folders, files in os.walk(top):
        for name in folders:
            if Path(parent, name).is_symlink():
                work.say(f"{item.name}: left out {Path(parent, name).name}: a link to a folder")
        for name in sorted(files):
            path = Path(parent, name)
            if not path.resolve().is_relative_to(root):
                work.say(f"{item.name}: left out {name}: a link that leaves the run's folder")
            elif not path.exists() or not stat.S_ISREG(path.stat().st_mode):
                work.say(f"{item.name}: left out {name}: neither a file nor a link to one")
            else:
                yield path


def _check_apart(leaving: Iterable[Leaving]) -> None:
    """Refuse two references that would write the same file.

    Raises:
        TransferFault: `UploadRefused`, naming both and the file.
    """
    writers: dict[tuple[str, str], str] = {}
    for each in leaving:
        place = each.item.store.name, each.remote
        other = writers.setdefault(place, each.item.field)
        if other != each.item.field:
            message = (
                f"{other} and {each.item.field} would both write {each.remote} of datastore "
                f"{place[0]!r}; nothing was uploaded. Give each another pathOnDataStore"
            )
            raise TransferFault(REFUSED, message)


def _claim(item: Item, files: list[Leaving], log: UploadLog, work: Work) -> None:
    """Make sure that nothing is replaced that shall not be.

    Raises:
        TransferFault: `UploadRefused`, naming what is there.
    """
    if item.overwrite or log.claimed(item.name) or not files:
        return
    store = files[0].store
    if len(files) == 1:
        there = work.patience.call(item.name, lambda: store.exists(files[0].remote))
        taken = [files[0].remote] if there else []
    else:
        names = work.patience.call(item.name, lambda: store.names(item.remote))
        before = f"{item.remote}/".lstrip("/")
        taken = [each.remote for each in files if each.remote.removeprefix(before) in names]
    if taken:
        more = f" and {len(taken) - _NAMED} more" if len(taken) > _NAMED else ""
        message = (
            f"{', '.join(taken[:_NAMED])}{more} of datastore {item.store.name!r} "
            "would be replaced; nothing was uploaded. Set overwrite, or another pathOnDataStore"
        )
        raise TransferFault(REFUSED, message)
    log.claim(item.name)


def _put(each: Leaving, log: UploadLog, work: Work) -> None:
    status = each.source.stat()
    done = [each.item.name, each.remote, status.st_size, status.st_mtime_ns]
    if log.is_done(done):
        work.moved(status.st_size)
        return
    sent = 0

    def moved(count: int) -> None:
        nonlocal sent
        sent += count
        work.moved(count)

    def once() -> None:
        nonlocal sent
        work.moved(-sent)
        sent = 0
        each.store.put(each.source, each.remote, moved)

    what = f"{each.item.name}: {each.remote}"
    if goes_in_parts(each.store, status.st_size):
        parts = PartsUpload(each.store, each.source, each.remote, what, work.moved)
        parts.run(log.begun(done), lambda upload: log.begin(done, upload), work)
        each.store.check_size(each.remote, status.st_size)
    else:
        work.patience.call(what, once)
    log.done(done)
    work.say(f"{each.item.name}: {each.remote}, {status.st_size} bytes")


class UploadLog:
    """What an upload has begun and done, in a file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._claimed: set[str] = set()
        self._done: set[tuple[Any, ...]] = set()
        self._begun: dict[tuple[Any, ...], str] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                said = json.loads(line)
            except ValueError:  # the line at which it was cut short
                continue
            if "claimed" in said:
                self._claimed.add(said["claimed"])
            elif "begun" in said:
                self._begun[tuple(said["begun"])] = said["upload"]
            else:
                self._done.add(tuple(said["done"]))

    def claimed(self, name: str) -> bool:
        """Tell whether a reference was found to replace nothing."""
        return name in self._claimed

    def is_done(self, what: list[Any]) -> bool:
        """Tell whether a file is where it shall be."""
        return tuple(what) in self._done

    def begun(self, what: list[Any]) -> str | None:
        """Return the id of a store's own upload of a file in parts, which was cut short."""
        return self._begun.get(tuple(what))

    def begin(self, what: list[Any], upload: str) -> None:
        """Note that parts of a file go to a store."""
        self._write({"begun": what, "upload": upload})

    def claim(self, name: str) -> None:
        """Note that a reference replaces nothing; from now on its files may be there."""
        self._write({"claimed": name})

    def done(self, what: list[Any]) -> None:
        """Note that a file is where it shall be."""
        self._write({"done": what})

    def _write(self, said: dict[str, Any]) -> None:
        with self._lock, self._path.open("a") as file:
            file.write(f"\n{json.dumps(said)}")
            file.flush()
            if "done" not in said:  # a file that is uploaded twice does no harm
                os.fsync(file.fileno())
