"""Unified diffs: git makes the other text of one by them."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from needs import need

from jupyter_exec.model.unified import MOST_LINES, unified_diff

if TYPE_CHECKING:
    from pathlib import Path

LINES = ["a\n"] * 5 + ["b\n", "\n", "c \x0c\u2028\r\n"]  # much the same: lines match in many ways
TEXTS = st.lists(st.sampled_from(LINES), max_size=30).map("".join)


def test_head_and_hunk():
    assert unified_diff("1\n2\n3", "1\n4\n3\n", "x.py") == (
        "--- a/x.py\n+++ b/x.py\n"
        "@@ -1,3 +1,3 @@\n 1\n-2\n-3\n\\ No newline at end of file\n+4\n+3\n"
    )
    assert unified_diff(None, "1\n", "x") == "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+1\n"
    assert unified_diff("\n\na\na\na\na\n", "\na\na\na\na\na\n", "x") == (
        "--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n \n-\n+a\n a\n a\n a\n"
    )
    assert unified_diff("1\n", None, "x") == "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n"


def test_git_makes_one_of_the_other(tmp_path: Path):
    git = need("git", "apt-get install git")

    @settings(deadline=None, max_examples=300)
    @given(TEXTS, TEXTS, st.booleans())
    def check(before: str, after: str, cut: bool) -> None:
        after = after.rstrip("\n") if cut else after
        if before == after:
            return
        file = tmp_path / "x"
        file.write_text(before, newline="")
        diff = unified_diff(before, after, "x")
        assert diff is not None
        command = [git, "apply", "--whitespace=nowarn", "-"]
        subprocess.run(command, input=diff.encode(), cwd=tmp_path, check=True)
        assert file.read_bytes() == after.encode()

    check()


def test_a_change_in_a_large_file_is_quick_and_many_are_refused():
    lines = [f"line {number}\n" for number in range(100_000)]
    text = "".join(lines)
    began = time.monotonic()
    diff = unified_diff(text, text.replace("line 70000\n", "other\n"), "x")
    assert time.monotonic() - began < 2
    assert diff is not None
    assert "@@ -69998,7 +69998,7 @@" in diff
    assert unified_diff(text, text.replace("9\n", "8\n"), "x") is None
    assert unified_diff(None, text, "x") is not None
    few = lines[:MOST_LINES]
    began = time.monotonic()
    changed = ["other\n" if number % 2 else line for number, line in enumerate(few)]
    assert unified_diff("".join(few), "".join(changed), "x") is not None
    assert time.monotonic() - began < 10
