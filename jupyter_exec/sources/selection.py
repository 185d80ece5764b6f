"""Which paths of a folder a request asks for: `--files`, and what it links (floor: sources)."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GLOB = frozenset("*?[")


class Selection:
    """What a request asks for and what not.

    A name of `include` that exists is meant literally and outranks ignore files; a folder means
    all that is in it. Others are globs relative to the folder: `*` stays within one name, `**`
    stands for any number of folders.

    Args:
        root: the folder, an absolute real path.
        include: names and globs; None for everything.
        exclude: names of folders or files that are left out.

    Raises:
        InvalidRequest: a name does not exist or leads out of the folder.
    """

    def __init__(self, root: str, include: Sequence[str] | None, exclude: Sequence[str]) -> None:
        self._root = root
        self._exclude = {self._relative(name, "link") for name in exclude}
        self._literals: set[str] = set()
        self._globs: list[tuple[str, list[str]]] = []
        self._everything = include is None
        for name in include or ():
            self._include(name)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells this selection from others of the same folder."""
        globs = sorted(glob for glob, _ in self._globs)
        return self._everything, sorted(self._literals), globs, sorted(self._exclude)

    def leaves_out(self, path: str) -> bool:
        """Tell whether a path is left out whatever else holds."""
        return path in self._exclude

    def names(self, path: str) -> bool:
        """Tell whether a path, or something below it, was asked for by name."""
        return any(one == path or one.startswith(f"{path}/") for one in self._literals)

    def takes(self, path: str) -> bool:
        """Tell whether a file of this path is asked for."""
        return self._everything or self._matches(path, partial=False)

    def enters(self, path: str) -> bool:
        """Tell whether something below a folder of this path may be asked for."""
        return self._everything or self.names(path) or self._matches(path, partial=True)

    def check_used(self, paths: Iterable[str]) -> None:
        """Raise InvalidRequest if a glob matched none of the files that were taken."""
        if self._globs:
            split = [path.split("/") for path in paths]
            for glob, segments in self._globs:
                if not any(_match(segments, path, partial=False) for path in split):
                    message = f"{glob!r} matches no file in {self._root}"
                    raise InvalidRequest(message, "files")

    def _include(self, name: str) -> None:
        relative = self._relative(name, "files")
        if relative == ".":
            self._everything = True
        elif os.path.lexists(f"{self._root}/{relative}"):
            self._literals.add(relative)
        elif GLOB.isdisjoint(relative):
            message = f"{name!r} does not exist in {self._root}"
            raise InvalidRequest(message, "files")
        else:
            self._globs.append((name, relative.split("/")))

    def _relative(self, name: str, target: str) -> str:
        """Return a name as a normal POSIX path relative to the folder."""
        path = os.path.normpath(Path(self._root, name))
        if name and (path == self._root or path.startswith(self._root.rstrip("/") + "/")):
            return os.path.relpath(path, self._root)
        message = f"{name!r} is not inside {self._root}"
        raise InvalidRequest(message, target)

    def _matches(self, path: str, *, partial: bool) -> bool:
        segments = path.split("/")
        ends = [i for i, char in enumerate(path) if char == "/"]
        if not self._literals.isdisjoint({path, *(path[:end] for end in ends)}):
            return True
        return any(_match(glob, segments, partial=partial) for _, glob in self._globs)


def _match(glob: list[str], path: list[str], *, partial: bool) -> bool:
    """Tell whether a glob matches a path or a folder that it lies in.

    Args:
        glob: its segments.
        path: its segments.
        partial: say yes as well if the path is a folder in which something may match.
    """
    if not glob:
        return True
    if not path:
        return partial
    if glob[0] == "**":
        return _match(glob[1:], path, partial=partial) or _match(glob, path[1:], partial=partial)
    return fnmatchcase(path[0], glob[0]) and _match(glob[1:], path[1:], partial=partial)
