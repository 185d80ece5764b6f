"""Ignore rules, compared with what git itself says about the same folder."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.sources.ignore import IgnoreRules
from jupyter_exec.sources.selection import Selection
from jupyter_exec.sources.walk import Limits, Walk

if TYPE_CHECKING:
    from pathlib import Path

TREE = [
    "a.py", "b.txt", "notes.md", "data/x.csv", "data/keep.csv", "data/deep/y.csv", "src/a.py",
    "src/gen/b.py", "src/gen/c.txt", "build/out.o", "lib/build/out.o", "x/build", "foo/bar/x",
    "foo/bar/baz/y", "foo/z", "we ird/#hash", "we ird/!bang", "log/a.log", "log/b.log.txt", "é.txt",
]  # fmt: skip


def make(root: Path, files: dict[str, str] | list[str]) -> None:
    texts = files if isinstance(files, dict) else dict.fromkeys(files, "x")
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def taken(root: Path) -> set[str]:
    real = str(root.resolve())
    selection = Selection(real, None, ())
    return set(Walk(real, IgnoreRules.of_folder(real), selection, Limits(), {}).files)


def by_git(root: Path) -> set[str]:
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
        text=True,
    )
    return set(out.stdout.split("\0")) - {""}


def init(root: Path) -> None:
    subprocess.run(["git", "init", "-q", root], check=True)


@pytest.mark.parametrize(
    "rules",
    [
        "*.txt",
        "data/",
        "data/*\n!data/keep.csv",
        "data/\n!data/keep.csv",
        "/a.py",
        "a.py",
        "build",
        "build/",
        "/build/",
        "**/gen/*.py",
        "src/**",
        "src/**/b.py",
        "*\n!*/\n!*.py",
        "/*\n!/src\n!/foo/",
        "foo/*\n!foo/bar/",
        "foo/bar/*\n!foo/bar/baz",
        "\\#hash\n\\!bang",
        "# comment\n\n  \nlog/*.log",
        "*.log*\n!b.log.txt",
        "we ird/",
        "[ab].*",
        "?.py",
        "é.txt",
        "data/**/y.csv",
        "a/../b",
        "/",
        "x/build/",
        "*/\n!src/",
        "src/**/",
        "**/\n!src/",
    ],
)
def test_gitignore_means_what_it_means_to_git(tmp_path: Path, rules: str) -> None:
    make(tmp_path, TREE)
    (tmp_path / ".gitignore").write_text(rules + "\n")
    init(tmp_path)
    assert taken(tmp_path) == by_git(tmp_path)


def test_nested_and_outer_gitignores(tmp_path: Path) -> None:
    make(tmp_path, {f"proj/{path}": "x" for path in TREE})
    make(
        tmp_path,
        {
            ".gitignore": "*.csv\n/proj/b.txt\nbuild/\n",
            "proj/.gitignore": "!x.csv\n*.md\n",
            "proj/src/.gitignore": "/gen/*\n!/gen/c.txt\n",
            "proj/src/gen/.gitignore": "!b.py\n",
            "proj/foo/.gitignore": "bar\n",
            "proj/foo/bar/.gitignore": "!x\n",
        },
    )
    init(tmp_path)
    (tmp_path / ".git" / "info" / "exclude").write_text("log/\n")
    assert taken(tmp_path / "proj") == by_git(tmp_path / "proj")
    assert taken(tmp_path / "proj" / "src") == by_git(tmp_path / "proj" / "src")
    assert taken(tmp_path) == by_git(tmp_path)


def test_a_folder_that_its_repository_ignores_can_be_submitted(tmp_path: Path) -> None:
    make(tmp_path, {".gitignore": "scratch/\n*.o\n", "scratch/x.py": "x", "scratch/y.o": "x"})
    make(tmp_path, {"scratch/sub/z.py": "x"})
    init(tmp_path)
    assert taken(tmp_path / "scratch") == {"x.py", "sub/z.py"}


def test_the_first_ignore_file_decides_alone(tmp_path: Path) -> None:
    make(tmp_path, ["a", "b", "c", "sub/a", "sub/c"])
    make(tmp_path, {".gitignore": "a\n", "sub/.gitignore": "c\n"})
    assert taken(tmp_path) == {".gitignore", "b", "c", "sub/.gitignore"}
    (tmp_path / ".amlignore").write_text("b\n")
    assert {"a", "c", "sub/a", "sub/c"} == {p for p in taken(tmp_path) if "ignore" not in p}
    (tmp_path / ".execignore").write_text("\ufeffc\r\n", encoding="utf-8")
    assert {"a", "b", "sub/a"} == {p for p in taken(tmp_path) if "ignore" not in p}


def test_environments_and_caches_are_left_out_whatever_the_rules_say(tmp_path: Path) -> None:
    make(
        tmp_path,
        [
            "keep.py", "my env/pyvenv.cfg", "my env/lib/x.py", "conda/conda-meta/history", "m.pyc",
            "conda/bin/python", ".hg/x", ".svn/x", ".ipynb_checkpoints/n.ipynb", ".DS_Store",
            "pkg/__pycache__/m.py", "pkg/.mypy_cache/x", "pkg/.pytest_cache/x", "pkg/.ruff_cache/x",
            "web/node_modules/x/index.js", "sub/.git",
        ],
    )  # fmt: skip
    (tmp_path / ".execignore").write_text("!*.pyc\n!__pycache__/\n")
    init(tmp_path)
    assert taken(tmp_path) == {"keep.py", ".execignore"}


def test_an_environment_that_is_submitted_itself_is_taken(tmp_path: Path) -> None:
    make(tmp_path, ["pyvenv.cfg", "lib/x.py"])
    assert taken(tmp_path) == {"pyvenv.cfg", "lib/x.py"}


def test_a_pattern_that_makes_no_sense_names_its_file(tmp_path: Path) -> None:
    make(tmp_path, {"a": "x", ".execignore": "!\n"})
    with pytest.raises(InvalidRequest, match=r"\.execignore: .*'!'"):
        taken(tmp_path)


def test_left_out_folders_are_not_entered(tmp_path: Path) -> None:
    make(tmp_path, {"a": "x", ".execignore": "big/\n", "big/deep/x": "x"})
    real = str(tmp_path.resolve())
    walk = Walk(real, IgnoreRules.of_folder(real), Selection(real, None, ()), Limits(), {})
    assert [folder.path for folder in walk.folders] == [""]
