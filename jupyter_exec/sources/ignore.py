"""What of a folder is left out of its snapshot (floor: sources).

`.execignore` decides; where there is none `.amlignore`; where there is none either, git's rules:
the `.gitignore` of the folder, those below it and those above it up to the repository's root, and
`.git/info/exclude`. Environments, caches and version control are left out whatever these say.

Source: gitignore(5); Azure ML's https://aka.ms/ignorefile for `.amlignore`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    import re
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
    """

    path: str
    base: str
    prefix: str
    text: bytes

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
        inner = self.prefix + (path[len(self.base) + 1 :] if self.base else path)
        text = f"{inner}/" if is_folder else inner
        for pattern in reversed(self._spec.patterns):
            regex = pattern.regex
            if pattern.include is not None and regex is not None and _matches(regex, text):
                return pattern.include
        return None


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
        """Return the rules below a folder asked for by name: those that leave it out rest."""
        kept = tuple(rules for rules in self.files if not rules.decides(folder, is_folder=True))
        return IgnoreRules(kept, nested=self.nested)

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
    # What leaves out the folder itself would leave out all of it, and it was asked for.
    return [r for r in above if r and not (r.prefix and _leaves_out(r))] + found


def _below(outer: Path, root: str) -> str:
    """Return the prefix that leads from a folder down to the root; "" from the root itself."""
    return "" if str(outer) == root else f"{Path(root).relative_to(outer).as_posix()}/"


def _leaves_out(rules: RuleFile) -> bool:
    """Tell whether rules from above leave out the snapshot's folder itself, or one it lies in."""
    names = rules.prefix[:-1].split("/")
    own = RuleFile(rules.path, "", "", rules.text)
    return any(own.decides("/".join(names[: end + 1]), is_folder=True) for end in range(len(names)))


def _read(path: str, base: str = "", prefix: str = "") -> RuleFile | None:
    """Read a file of rules; None if there is none."""
    try:
        return RuleFile(path, base, prefix, Path(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InvalidRequest(message) from error


def _matches(regex: re.Pattern[str], text: str) -> bool:
    """Tell whether pathspec's form of a pattern matches a path itself, not a folder it lies in.

    `GitIgnoreSpec.check_file` mixes the two; git asks about each folder before it enters it, as the
    walk does, and so for git `*`, `!*/`, `!*.py` is all Python files.

    Args:
        regex: its group `ps_d` is the slash after a folder that matches.
        text: the path, with a slash at its end if it is a folder.
    """
    if _FOLDER_MARK in regex.groupindex:
        return any(match.end() == len(text) for match in regex.finditer(text))
    found = regex.search(text)  # of "*", or of "a/**", which is not about "a/" itself
    return found is not None and (found.end() < len(text) or not text.endswith("/"))


@lru_cache(maxsize=64)
def _compiled(text: bytes) -> GitIgnoreSpec:
    """Parse rules; pathspec is imported here because most servers' first request needs none."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(text.decode("utf-8-sig", "replace").splitlines())
