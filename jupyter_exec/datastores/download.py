"""From a datastore into the working folder of a run (floor: datastores; blocks)."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.datastores.cache import key_of
from jupyter_exec.datastores.fetching import fetch_file
from jupyter_exec.datastores.request import Item, TransferFault
from jupyter_exec.datastores.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jupyter_exec.datastores.cache import DownloadCache
    from jupyter_exec.datastores.store import Entry, Store
    from jupyter_exec.datastores.work import Work

REFUSED = "DownloadRefused"


@dataclass(frozen=True)
class Wanted:
    """One file that a run wants."""

    item: Item
    store: Store
    entry: Entry
    target: Path


def download(items: Iterable[Item], folder: Path, cache: DownloadCache, work: Work) -> None:
    """Fetch everything that a run wants.

    Raises:
        TransferFault: naming the reference, the file and the cause.
    """
    wanted = [each for item in items for each in _wanted(item, folder, work)]
    work.total = sum(each.entry.size or 0 for each in wanted)
    work.each(lambda each: _fetch(each, cache, work), wanted, "DownloadFailed", _shown)
    with suppress(OSError):  # what is too much now is found by the next collection
        cache.collect()


def _shown(each: Wanted) -> tuple[Item, str]:
    return each.item, each.entry.path


def _wanted(item: Item, folder: Path, work: Work) -> list[Wanted]:
    """List the files of one reference, with their places."""
    where = f"{item.store.shown_url.rstrip('/')}/{item.remote}".rstrip("/")
    with work.naming("DownloadFailed", item, where):
        store = open_store(item.store)
        entries = work.patience.call(
            f"{item.name}: {where}",
            lambda: store.entries(item.remote, folder=item.remote_is_folder),
        )
        single = len(entries) == 1 and not entries[0].name
        place = item.place
        if single and item.place_is_folder:
            place = f"{place}/{Path(item.remote).name}".lstrip("/")
        work.placed[item.name] = place
        size = sum(entry.size or 0 for entry in entries)
        work.say(f"{item.name}: {len(entries)} files, {size} bytes, from {where} to {place or '.'}")
        if not single:
            make_folder(folder, place)
        return [
            Wanted(item, store, entry, _target(item, folder, place, entry)) for entry in entries
        ]


def _target(item: Item, folder: Path, place: str, entry: Entry) -> Path:
    """Return where a file goes, with its parents made.

    Raises:
        TransferFault: `DownloadRefused`: something is there.
    """
    name = "/".join(filter(None, (place, entry.name)))
    if not name:
        raise TransferFault(REFUSED, "a file cannot take the place of the folder")
    target = make_folder(folder, name.rpartition("/")[0]) / name.rpartition("/")[2]
    if target.is_dir() and not target.is_symlink():
        raise TransferFault(REFUSED, f"{name} is a folder of the run")
    if os.path.lexists(target) and not item.overwrite:
        message = f"{name} is in the run's folder already; set overwrite, or another pathOnCompute"
        raise TransferFault(REFUSED, message)
    return target


def make_folder(folder: Path, name: str) -> Path:
    """Make a folder below another one, through no link.

    Raises:
        TransferFault: `DownloadRefused`: a link or a file is in its way.
    """
    for part in name.split("/") if name else ():
        folder = folder / part
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            message = f"{name} cannot be a folder: {part} is a link or a file"
            raise TransferFault(REFUSED, message)
        folder.mkdir(exist_ok=True)
    return folder


def _fetch(each: Wanted, cache: DownloadCache, work: Work) -> None:
    """Put one file into its place: whole, under its name, or not at all."""
    store, entry = each.store, each.entry
    arriving = each.target.with_name(f".{uuid.uuid4().hex}.part")
    key = key_of(store.described, entry) if store.caches else None

    def fetch(part: Path) -> None:
        fetch_file(store, entry, part, work.blocks, work.patience, work.moved)

    try:
        how = ""
        if key is not None and cache.keeps(entry.size or 0):
            if cache.copy(key, arriving, fetch, work.patience):
                work.moved(entry.size or 0)
                how = ", from the cache"
        elif store.caches:
            fetch(arriving)
        else:
            _copy(store, entry, arriving, work)
        arriving.replace(each.target)
    finally:
        arriving.unlink(missing_ok=True)
    work.say(
        f"{each.item.name}: {entry.name or entry.path}, {each.target.stat().st_size} bytes{how}"
    )


def _copy(store: Store, entry: Entry, target: Path, work: Work) -> None:
    """Copy a file of this machine; one that changes meanwhile is copied again."""

    def once() -> None:
        target.unlink(missing_ok=True)
        before = store.again(entry)
        store.read_whole(entry, target)
        after = store.again(entry)
        if (before.version, before.size) != (after.version, target.stat().st_size):
            message = "it changes while it is copied"
            raise OSError(message)

    work.patience.call(entry.path, once)
    work.moved(target.stat().st_size)
