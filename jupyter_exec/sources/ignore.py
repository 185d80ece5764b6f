"""What of a folder is left out of its snapshot (floor: sources).

`.execignore` decides; where there is none `.amlignore`; where there is none either, git's rules:
the `.gitignore` of the folder, those below it and those above it up to the repository's root, and
`.git/info/exclude`. Environments, caches and version control are left out whatever these say.

Source: gitignore(5); Azure ML's https://aka.ms/ignorefile for `.amlignore`.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pathspec import GitIgnoreSpec

OWN_FILES = (".execignore", ".amlignore")
GIT_FILE = ".gitignore"

_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        "__pycache__",
        "node_modules",
    }
)
_FILES = frozenset({".DS_Store", ".git"})  # in a submodule or a worktree .git is a file
_SUFFIXES = (".pyc", ".pyo")
_FOLDER_MARK = "ps_d"
_FOLDERS_BELOW = re.compile(r"(^!?|/)\*\*/\s*$")


def left_out_by_default(name: str, *, is_folder: bool) -> bool:
    """Tell whether a file or folder of this name is not taken unless it is asked for by name."""
    if is_folder:
        return name in _FOLDERS
    return name in _FILES or name.endswith(_SUFFIXES)


def is_environment(folder: str) -> bool:
    """Tell whether a folder is a virtual environment (PEP 405) or a conda environment."""
    return os.access(f"{folder}/pyvenv.cfg", os.F_OK) or os.access(f"{folder}/conda-meta", os.F_OK)


@dataclass(frozen=True)
class RuleFile:
    """One file of rules.

    Attributes:
        path: where it lies.
        base: the folder that its patterns are relative to, seen from the snapshot's folder: "" is
            that folder itself, "a/b" one below it.
        prefix: for rules that come from above: the snapshot's folder seen from theirs, with a slash
            at the end; else "".
        text: its content.
        resting: numbers of patterns that do not count here.
    """

    path: str
    base: str
    prefix: str
    text: bytes
    resting: frozenset[int] = frozenset()

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(self.text).hexdigest()

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        try:
            return _compiled(self.text)
        except ValueError as error:
            message = f"{self.path}: {error}"
            raise InvalidRequest(message) from error

    def decides(self, path: str, *, is_folder: bool) -> bool | None:
        """Say whether these rules leave a path out (True), take it in (False) or do not say (None).

        Raises:
            InvalidRequest: the file holds a pattern that makes no sense.
        """
        text = self._inner(path) + ("/" if is_folder else "")
        patterns = self._spec.patterns
        for at in range(len(patterns) - 1, -1, -1):
            regex = patterns[at].regex
            if regex is not None and at not in self.resting and _matches(regex, text):
                return patterns[at].include
        return None

    def asked_for(self, folder: str) -> RuleFile:
        """Return these rules without the patterns that would leave out a folder, or all in it.

        Args:
            folder: relative to the snapshot's folder; "" is that folder itself.
        """
        names = self._inner(folder).strip("/").split("/")
        texts = ["/".join(names[:end]) + "/" for end in range(1, len(names) + 1)]
        resting = {
            at
            for at, pattern in enumerate(self._spec.patterns)
            if pattern.include
            and pattern.regex is not None
            and any(_matches(pattern.regex, text, contents=True) for text in texts)
        }
        return replace(self, resting=self.resting | resting) if resting else self

    def _inner(self, path: str) -> str:
        """Return a path as these rules see it."""
        return self.prefix + (path[len(self.base) + 1 :] if self.base else path)


class IgnoreRules:
    """The rules that hold in one folder: those of the snapshot's folder and of all between.

    Args:
        files: later ones outrank earlier ones.
        nested: whether a `.gitignore` further down counts.
    """

    def __init__(self, files: tuple[RuleFile, ...], *, nested: bool) -> None:
        self.files = files
        self.nested = nested

    @classmethod
    def of_folder(cls, root: str) -> IgnoreRules:
        """Find the rules of a snapshot's folder, an absolute path; nothing is parsed yet."""
        for name in OWN_FILES:
            own = _read(f"{root}/{name}")
            if own is not None:
                return cls((own,), nested=False)
        return cls(tuple(_git_rules(root)), nested=True)

    def ignores(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether a path, relative to the snapshot's folder, is left out."""
        for rules in reversed(self.files):
            decision = rules.decides(path, is_folder=is_folder)
            if decision is not None:
                return decision
        return False

    def entering(self, root: str, folder: str, *, has_rules: bool) -> IgnoreRules:
        """Return the rules that hold in a folder further down.

        Args:
            root: the snapshot's folder.
            folder: the one that is entered, relative to it.
            has_rules: whether a file `.gitignore` lies in it.
        """
        own = _read(f"{root}/{folder}/{GIT_FILE}", folder) if has_rules and self.nested else None
        return self if own is None else IgnoreRules((*self.files, own), nested=True)

    def asked_for(self, folder: str) -> IgnoreRules:
        """Return the rules below a folder that was asked for by name."""
        files = tuple(rules.asked_for(folder) for rules in self.files)
        return IgnoreRules(files, nested=self.nested)

    def digests(self) -> Mapping[str, str]:
        """Return path -> digest of all these files, by which a change of the rules is noticed."""
        return {rules.path: rules.digest for rules in self.files}


def digest_of(path: str) -> str | None:
    """Return the digest of a file of rules as it is now; None where there is none."""
    rules = _read(path)
    return None if rules is None else rules.digest


def _git_rules(root: str) -> list[RuleFile]:
    """Read git's rules that hold in a folder, weakest first; outside a repository only its own."""
    own = _read(f"{root}/{GIT_FILE}")
    found = [] if own is None else [own]
    outer = Path(root)
    while not (outer / ".git").exists():
        if outer == outer.parent:
            return found
        outer = outer.parent
    above: list[RuleFile | None] = [_read(f"{outer}/.git/info/exclude", prefix=_below(outer, root))]
    between = [outer, *reversed([p for p in Path(root).parents if outer in p.parents])]
    above += [_read(f"{p}/{GIT_FILE}", prefix=_below(p, root)) for p in between if str(p) != root]
    return [rules.asked_for("") if rules.prefix else rules for rules in above if rules] + found


def _below(outer: Path, root: str) -> str:
    """Return the prefix that leads from a folder down to the root; "" from the root itself."""
    return "" if str(outer) == root else f"{Path(root).relative_to(outer).as_posix()}/"


def _read(path: str, base: str = "", prefix: str = "") -> RuleFile | None:
    """Read a file of rules; None if there is none."""
    try:
        return RuleFile(path, base, prefix, Path(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InvalidRequest(message) from error


def _matches(regex: re.Pattern[str], text: str, *, contents: bool = False) -> bool:
    """Tell whether pathspec's form of a pattern matches a path itself, not a folder it lies in.

    `GitIgnoreSpec.check_file` mixes the two; git asks about each folder before it enters it, as the
    walk does, and so for git `*`, `!*/`, `!*.py` is all Python files.

    Args:
        regex: its group `ps_d` is the slash after a folder that matches.
        text: the path, with a slash at its end if it is a folder.
        contents: whether matching all that is in a folder counts as well.
    """
    if _FOLDER_MARK in regex.groupindex:
        return any(match.end() == len(text) for match in regex.finditer(text))
    found = regex.search(text)  # of "*", or of "a/**", which is not about "a/" itself
    return found is not None and (contents or found.end() < len(text) or not text.endswith("/"))


@lru_cache(maxsize=64)
def _compiled(text: bytes) -> GitIgnoreSpec:
    """Parse rules; pathspec is imported here because most servers' first request needs none."""
    from pathspec import GitIgnoreSpec

    lines = text.decode("utf-8-sig", "replace").splitlines()
    # pathspec takes "a/**/" for all that is in a; for git, and so spelled out, it is the folders.
    return GitIgnoreSpec.from_lines([_FOLDERS_BELOW.sub(r"\1**/*/", line) for line in lines])
