"""A big folder that has not changed, submitted again."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from bench.harness import Plan, Row, alternate, say, timed
from bench.places import Ours

if TYPE_CHECKING:
    from pathlib import Path

BIG_FILES = 100


def folder(plan: Plan) -> list[Row]:
    """Measure POST of an unchanged folder against `git status` in it."""
    files, size_mb = plan.size(10_000, 2_000), plan.size(1024, 50)
    ours = Ours(plan.folder / "folder")
    place = ours.root / "big"
    say(f"  making {files} files, {size_mb} MiB")
    make_folder(place, files, size_mb * 2**20)
    make_repository(place)
    body = {"definition": {"configuration": {"command": "true"}}, "source": {"path": "big"}}
    ours.start()
    try:
        connection = ours.connect()

        def again() -> float:
            answered, _ = ours.measure(body)
            newest = connection.json("GET", f"{ours.runs}?limit=1")["runs"][0]["runId"]
            connection.json("DELETE", f"{ours.runs}/{newest}")
            ours.marked.settle()
            return answered

        def git_status() -> float:
            command = ["git", "status", "--porcelain"]
            return timed(
                lambda: subprocess.run(command, cwd=place, check=True, capture_output=True)
            )

        say(f"  first: {again():.1f} s")
        git_status()
        measured = alternate(plan.rounds, ours=again, git=git_status)
    finally:
        ours.end()
    what = f"unchanged folder, {files:,} files / {size_mb:,} MiB, submitted again: POST answers"
    return [Row(what, measured["ours"], peer="`git status`", theirs=measured["git"], limit=1.5)]


def make_folder(place: Path, files: int, size_bytes: int) -> None:
    """Write small files and some big ones, 100 a folder, of random content."""
    small = 4_000
    big = (size_bytes - small * (files - BIG_FILES)) // BIG_FILES
    for number in range(files):
        path = place / f"{number // 100:03}" / f"{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(big if number % (files // BIG_FILES) == 0 else small))


def make_repository(place: Path) -> None:
    """Commit everything; what is big is not compressed, that would only cost time."""
    for words in (
        ["init", "--quiet"],
        ["-c", "core.compression=0", "add", "."],
        ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "--quiet", "-m", "all"],
    ):
        subprocess.run(["git", *words], cwd=place, check=True)
