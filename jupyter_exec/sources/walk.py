"""One pass over a folder: what of it goes into the snapshot (floor: sources; blocking).

Folders that are left out are not entered, and no link is followed.
"""

# os.scandir gives types and states of 10,000 files in the time pathlib needs for 1,000:
# ruff: noqa: PTH115

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.sources.ignore import GIT_FILE, is_environment, left_out_by_default

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.sources.ignore import IgnoreRules
    from jupyter_exec.sources.selection import Selection

# What an entry of a folder is. FILE, PROGRAM, LINK and SPECIAL are looked at again by the index.
FOLDER = "d"
FILE = "f"
PROGRAM = "x"
LINK = "l"
SPECIAL = "s"
LEFT_OUT = "-"
LEFT_OUT_FOLDER = "="
ENVIRONMENT = "v"

_OVERTIME_S = 0.5  # how long a walk goes on after a limit is passed, to be able to name the largest


@dataclass
class Folder:
    """One folder that was entered.

    Attributes:
        path: relative to the root; "" is the root.
        names: all its entries, in the order in which the file system gives them.
        kinds: one letter for each name.
        states: what lstat says, for those of kind FILE, PROGRAM, LINK and SPECIAL, in that order.
    """

    path: str
    names: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    states: list[os.stat_result] = field(default_factory=list)


@dataclass
class Limits:
    """How much a folder may hold before the walk is broken off; None means any."""

    files: int | None = None
    size_bytes: int | None = None

    def hold(self, files: int, size_bytes: int) -> bool:
        """Tell whether so much is within the limits."""
        return (self.files is None or files <= self.files) and (
            self.size_bytes is None or size_bytes <= self.size_bytes
        )


class Walk:
    """The result of walking a folder.

    Args:
        root: absolute real path of the folder.
        rules: what is left out.
        selection: what is asked for.
        limits: where to break off.
        known: kinds of paths from an earlier walk by the same rules, which saves matching them.

    Attributes:
        folders: those entered.
        files: path -> state of the regular files.
        links: path -> target of the symbolic links.
        specials: paths of pipes, sockets and devices.
        nested_rules: path -> digest of the rules that were found below the root.
        within_limits: False if the folder holds more than `limits`; then `complete` tells whether
            all of it was seen all the same.

    Raises:
        InvalidRequest: a folder cannot be read, or a rule makes no sense.
    """

    def __init__(
        self,
        root: str,
        rules: IgnoreRules,
        selection: Selection,
        limits: Limits,
        known: dict[str, str],
    ) -> None:
        self.folders: list[Folder] = []
        self.files: dict[str, os.stat_result] = {}
        self.links: dict[str, str] = {}
        self.specials: list[str] = []
        self.nested_rules: dict[str, str] = {}
        self.within_limits = True
        self.complete = True
        self.size_bytes = 0
        self._root = root
        self._selection = selection
        self._limits = limits
        self._deadline = 0.0
        waiting = [("", rules, known)]
        while waiting and self.complete:
            waiting.extend(self._enter(*waiting.pop()))

    def totals(self) -> dict[str, tuple[int, int]]:
        """Return files and bytes below every folder, by path; the root is ""."""
        counts: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for path, state in self.files.items():
            folder = path
            while folder:
                folder = folder.rpartition("/")[0]
                counts[folder] += 1
                sizes[folder] += state.st_size
        return {folder: (count, sizes[folder]) for folder, count in counts.items()}

    def _enter(
        self, path: str, rules: IgnoreRules, known: dict[str, str]
    ) -> list[tuple[str, IgnoreRules, dict[str, str]]]:
        """Look through one folder; return what is to be entered next."""
        folder = Folder(path)
        further: list[str] = []
        entries = self._list(path)
        if path and any(entry.name == GIT_FILE for entry in entries):
            narrower = rules.entering(self._root, path, has_rules=True)
            if narrower is not rules:
                self.nested_rules[narrower.files[-1].path] = narrower.files[-1].digest
                if f"{path}/{GIT_FILE}" not in known:
                    known = {}
                rules = narrower
        prefix = f"{path}/" if path else ""
        for entry in entries:
            inner = prefix + entry.name
            kind = self._kind(entry, inner, rules, known.get(inner, ""))
            if kind == FOLDER:
                further.append(inner)
            elif kind in {FILE, LINK, SPECIAL}:
                kind = self._take(folder, entry, inner, kind)
                if not kind:
                    continue  # it has gone meanwhile
                if not self.within_limits and time.monotonic() > self._deadline:
                    self.complete = False
                    break
            folder.names.append(entry.name)
            folder.kinds.append(kind)
        self.folders.append(folder)
        return [
            (inner, rules.asked_for(inner) if self._selection.names(inner) else rules, known)
            for inner in further
        ]

    def _list(self, path: str) -> Sequence[os.DirEntry[str]]:
        try:
            with os.scandir(f"{self._root}/{path}") as entries:
                return list(entries)
        except FileNotFoundError:
            return []
        except OSError as error:
            name = path or self._root
            message = (
                f"the folder {name} cannot be read ({error.strerror}); leave it out by a line "
                f"/{path}/ in .execignore, or name what you need with --files"
            )
            raise InvalidRequest(message, "files") from error

    def _kind(self, entry: os.DirEntry[str], path: str, rules: IgnoreRules, known: str) -> str:
        """Decide about one entry."""
        is_folder = entry.is_dir(follow_symlinks=False)
        select = self._selection
        asked = select.enters(path) if is_folder else select.takes(path)
        out = LEFT_OUT_FOLDER if is_folder else LEFT_OUT
        if not asked or select.leaves_out(path):
            return out
        if not select.names(path):
            if is_folder and is_environment(f"{self._root}/{path}"):
                return ENVIRONMENT
            if left_out_by_default(entry.name, is_folder=is_folder):
                return out
            # An earlier decision holds if it was about a folder as well, or about a file as well.
            if known == ENVIRONMENT or (known in {FOLDER, LEFT_OUT_FOLDER}) != is_folder:
                known = ""
            if known == out or (not known and rules.ignores(path, is_folder=is_folder)):
                return out
        if is_folder:
            return FOLDER
        return LINK if entry.is_symlink() else FILE if entry.is_file() else SPECIAL

    def _take(self, folder: Folder, entry: os.DirEntry[str], path: str, kind: str) -> str:
        """Note one entry; return its kind, "" if it has gone."""
        try:
            state = entry.stat(follow_symlinks=False)
            if kind == LINK:
                self.links[path] = os.readlink(f"{self._root}/{path}")
        except OSError:
            return ""
        if kind == SPECIAL:
            self.specials.append(path)
        elif kind == FILE:
            if state.st_mode & stat.S_IXUSR:
                kind = PROGRAM
            self.files[path] = state
            self.size_bytes += state.st_size
            if self.within_limits and not self._limits.hold(len(self.files), self.size_bytes):
                self.within_limits = False
                self._deadline = time.monotonic() + _OVERTIME_S
        folder.states.append(state)
        return kind
