"""A folder of this machine as a datastore: nothing leaves it, links neither (floor: datastores)."""

from __future__ import annotations

import os
import stat
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.datastores.config import LOCAL
from jupyter_exec.datastores.copying import copy_file
from jupyter_exec.datastores.request import TransferFault
from jupyter_exec.datastores.store import Entry, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_exec.datastores.request import OpenStore


class LocalStore(Store):
    """A folder; its files are copied, sharing their blocks where the disk can."""

    caches = False

    def __init__(self, described: OpenStore) -> None:
        self.described = described
        self._folder = Path(described.url.removeprefix(f"{LOCAL}://").removeprefix("local://"))

    def path(self, name: str) -> str:
        """Return the absolute path of a name."""
        return str(self._folder / name)

    def resolved(self, name: str) -> Path:
        """Return where a name really is; it need not be there.

        Raises:
            TransferFault: `DatastoreFailed`: a link leads out of the store.
        """
        return self._inside(self._folder / name)

    def _inside(self, path: Path) -> Path:
        try:
            real = path.resolve()
        except RuntimeError as error:  # a loop, before Python 3.13
            raise FileNotFoundError(path) from error
        if not real.is_relative_to(self._folder.resolve()):
            inside = path.is_relative_to(self._folder)
            shown = path.relative_to(self._folder if inside else self._folder.resolve())
            message = (
                f"{shown} of datastore {self.described.name!r} is a link that leaves it, and is "
                "not followed; nothing was transferred. Put what it leads to into the datastore, "
                "remove the link, or have the operator configure that folder as a datastore"
            )
            raise TransferFault("DatastoreFailed", message)
        return real

    def entries(self, name: str, *, folder: bool) -> list[Entry]:
        """List a file, or all files of a folder; links inside the store are followed."""
        top = self.resolved(name)
        if top.is_dir():
            return list(self._walk(top, "", (top,)))
        if folder or not top.exists():
            raise FileNotFoundError(name)
        return [self._file(top, "")]

    def _walk(self, folder: Path, before: str, above: tuple[Path, ...]) -> Iterator[Entry]:
        with os.scandir(folder) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
        for child in children:
            real = self._inside(Path(child.path)) if child.is_symlink() else Path(child.path)
            if real.is_dir():
                if real in above:
                    message = (
                        f"{before}{child.name} of datastore {self.described.name!r} is a link to a "
                        "folder it lies in: a loop; nothing was transferred. Remove it"
                    )
                    raise TransferFault("DatastoreFailed", message)
                yield from self._walk(real, f"{before}{child.name}/", (*above, real))
            elif real.is_file():
                yield self._file(real, f"{before}{child.name}")
            elif child.is_symlink():
                message = (
                    f"{before}{child.name} of datastore {self.described.name!r} is a dead link; "
                    "nothing was transferred. Remove it, or name the files besides it"
                )
                raise TransferFault("DatastoreFailed", message)

    def _file(self, path: Path, name: str) -> Entry:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            message = f"{name or path.name} of datastore {self.described.name!r} is no plain file"
            raise TransferFault("DatastoreFailed", message)
        return Entry(str(path), name, status.st_size, str(status.st_mtime_ns))

    def again(self, entry: Entry) -> Entry:
        """Return what a file is by now."""
        return self._file(Path(entry.path), entry.name)

    def read(self, entry: Entry, start: int, end: int) -> bytes:
        """Return some bytes of a file."""
        with Path(entry.path).open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def read_whole(self, entry: Entry, path: Path) -> None:
        """Copy a file."""
        copy_file(Path(entry.path), path)

    def exists(self, name: str) -> bool:
        """Tell whether something is there."""
        return os.path.lexists(self._folder / name)

    def put(self, source: Path, name: str, moved: Callable[[int], None]) -> None:
        """Copy a file into the store, by a name of its own until it is whole."""
        parent = self.resolved(name).parent
        parent.mkdir(parents=True, exist_ok=True)
        final = parent / Path(name).name
        part = parent / f".{uuid.uuid4().hex}.part"
        try:
            copy_file(source, part)
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)
        moved(source.stat().st_size)

    def check(self) -> None:
        """Raise what is in the way of using the store."""
        with os.scandir(self._folder):
            pass
