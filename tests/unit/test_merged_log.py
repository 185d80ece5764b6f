"""Several logs as one: in the order in which they grew, by ranges, whatever lies there."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_exec.model.job import Job, Role
from jupyter_exec.services.merged import clock as clock_module
from jupyter_exec.services.merged.clock import LogClock, has_several_logs, replica_logs
from jupyter_exec.services.merged.segment import SEGMENT_BYTES, parse_segment
from jupyter_exec.services.merged.view import MergedLog, RunLog


class Logs:
    """The logs of a run that is going on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "logs"
        self.folder.mkdir()
        self.path = folder / "clock.jsonl"
        self.clock = LogClock(self.folder, self.path)
        self.clock.begin()
        self.view = MergedLog(self.folder, self.path)

    def write(self, name: str, text: bytes) -> None:
        with (self.folder / f"{name}.txt").open("ab") as file:
            file.write(text)

    def restart(self) -> None:
        """Be another server."""
        self.clock = LogClock(self.folder, self.path)

    def text(self) -> bytes:
        return whole(self.view)


def whole(view: MergedLog, block: int = 1 << 16) -> bytes:
    parts, offset = [], 0
    while part := view.read(offset, block):
        parts.append(part)
        offset += len(part)
    assert offset == view.size()
    return b"".join(parts)


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


def test_steps_are_in_order_and_replicas_within_one(logs: Logs) -> None:
    logs.write("worker-10", b"ten\n")
    logs.write("worker-2", b"two\n")
    logs.write("chief-0", b"a\n\nb\n")
    logs.clock.drain()
    logs.write("worker-2", b"later\n")
    logs.clock.drain()
    logs.write("chief-0", b"last\n")
    logs.clock.drain()
    assert logs.text().decode() == (
        "chief-0 | a\nchief-0 | \nchief-0 | b\nworker-2 | two\nworker-10 | ten\n"
        "worker-2 | later\nchief-0 | last\n"
    )


def test_a_line_comes_when_it_is_ended_or_the_run_is(logs: Logs) -> None:
    logs.write("a-0", b"ha")
    logs.write("a-1", b"one\n")
    logs.clock.drain()
    assert logs.text() == b"a-1 | one\n"
    logs.write("a-0", b"lf\nre")
    logs.clock.drain()
    logs.clock.drain(final=True)
    assert logs.text() == b"a-1 | one\na-0 | half\na-0 | re\n"
    logs.clock.drain(final=True)
    assert logs.text() == b"a-1 | one\na-0 | half\na-0 | re\n"


def test_what_grew_while_nobody_looked_is_one_step(logs: Logs) -> None:
    logs.write("a-0", b"1\n")
    logs.clock.drain()
    logs.write("a-1", b"2\n")
    logs.write("a-0", b"3\n")
    logs.restart()
    logs.clock.drain()
    logs.write("a-1", b"4\n")
    logs.clock.drain()
    assert logs.text() == b"a-0 | 1\na-0 | 3\na-1 | 2\na-1 | 4\n"


def test_a_torn_note_is_made_again(logs: Logs) -> None:
    logs.write("a-0", b"1\n")
    logs.clock.drain()
    logs.write("a-1", b"2\n")
    logs.clock.drain()
    torn = logs.path.read_bytes()[:-3]
    logs.path.write_bytes(torn)
    assert logs.view.size() == len(b"a-0 | 1\n")
    logs.restart()
    logs.write("a-0", b"3\n")
    logs.clock.drain()
    assert logs.text() == b"a-0 | 1\na-0 | 3\na-1 | 2\n"


def test_of_a_progress_bar_the_last_state_is_shown(logs: Logs) -> None:
    logs.write("a-0", b"1%\r2%\r3%\nwindows\r\n\rx\r\r\r\n" + b"y" * 100_000 + b"\n")
    logs.clock.drain()
    logs.write("a-0", b"1%\r2%")
    logs.clock.drain(final=True)
    bars = b"a-0 | 3%\na-0 | windows\r\na-0 | x\r\r\r\n"
    assert logs.text() == bars + b"a-0 | " + b"y" * 100_000 + b"\na-0 | 2%\n"


def test_a_colour_ends_with_its_line(logs: Logs) -> None:
    logs.write("a-0", b"\x1b[31mred\nplain\n\x1b[0mreset\n")
    logs.write("a-1", b"\x1b[1mbold\r\n\x1b[32m")
    logs.clock.drain(final=True)
    assert logs.text() == (
        b"a-0 | \x1b[31mred\x1b[0m\na-0 | plain\na-0 | \x1b[0mreset\n"
        b"a-1 | \x1b[1mbold\x1b[0m\r\na-1 | \x1b[32m\x1b[0m\n"
    )


@pytest.mark.parametrize(
    "text", [b"\x1b[", b"\x1b[31ma\x1b[0m", b"\x1b[1m\r", b"\r", b"\ra", b"\n"]
)
def test_no_text_takes_long(logs: Logs, text: bytes) -> None:
    logs.write("a-0", text * (SEGMENT_BYTES // len(text)))
    began = time.process_time()
    logs.clock.drain(final=True)
    assert time.process_time() - began < 2
    assert len(logs.text()) == logs.view.size() > 0


def test_retries_follow(logs: Logs) -> None:
    logs.write("a-0", b"1")
    logs.write("a-1", b"2\n")
    logs.clock.drain(final=True)
    logs.write("a-0.retry-1", b"3\n")
    logs.clock.drain(final=True)
    assert logs.text() == b"a-0 | 1\na-1 | 2\na-0.retry-1 | 3\n"


def drawn(line: bytes) -> bytes:
    """Return the last state of a progress bar."""
    body = line.rstrip(b"\r")
    return line[body.rfind(b"\r") + 1 :]


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["worker-0", "m\u00fcller-1", "rank-12"]),
            st.text(alphabet="ab\n\r\u00e4", max_size=30).map(str.encode),
        ),
        st.sampled_from(["look", "restart"]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, block=st.integers(1, 50))
def test_nothing_is_lost_nor_told_twice_nor_changed(steps: list[object], block: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        logs = Logs(Path(folder))
        before = b""
        for step in steps:
            if step == "restart":
                logs.restart()
            elif step == "look":
                logs.clock.drain()
                now = logs.text()
                assert now.startswith(before)
                before = now
            else:
                logs.write(*step)  # type: ignore[misc]
        logs.clock.drain(final=True)
        text = whole(logs.view, block)
        assert text.startswith(before)
        for name in replica_logs(logs.folder):
            mark = name.removesuffix(".txt").encode() + b" | "
            mine = [line[len(mark) :] for line in text.split(b"\n") if line.startswith(mark)]
            lines = (logs.folder / name).read_bytes().split(b"\n")
            assert mine == [drawn(line) for line in (lines if lines[-1] else lines[:-1])]


def test_ranges_of_a_long_one(logs: Logs) -> None:
    for number in range(400):
        for index in range(4):
            logs.write(f"rank-{index}", b"x" * (number % 50) + b"\n")
        logs.clock.drain()
    text = logs.text()
    assert logs.path.stat().st_size > 1 << 14  # so that it is bisected
    for offset in range(0, len(text), 997):
        assert logs.view.read(offset, 100) == text[offset : offset + 100]
    assert logs.view.read(len(text), 100) == b""


def test_a_line_without_end_is_broken(logs: Logs) -> None:
    logs.write("a-0", b"x" * (SEGMENT_BYTES + 10))
    logs.write("a-1", b"one\n")
    logs.clock.drain()
    assert [len(line) for line in logs.text().split(b"\n")] == [SEGMENT_BYTES + 6, 9, 0]


def test_the_notes_of_a_long_run_stay_few(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "_FREE_BYTES", 500)
    for number in range(200):
        logs.write("a-0", b"%d\n" % number)
        logs.clock.drain()
    assert logs.path.stat().st_size < 600
    logs.clock.drain(final=True)
    assert logs.text() == b"".join(b"a-0 | %d\n" % number for number in range(200))


def test_one_log_is_no_business_of_ours(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("main-0.txt", "main-0.retry-1.txt", "environment.txt", "data.txt"):
        (folder / name).write_text(f"{name}\n")
    LogClock(folder, tmp_path / "clock.jsonl").drain(final=True)
    assert not (tmp_path / "clock.jsonl").exists()
    view = RunLog(folder, tmp_path / "clock.jsonl")
    assert not view.is_merged
    assert view.read(0, 5) == b"main-"
    assert whole(view) == b"main-0.txt\nmain-0.retry-1.txt\n"  # type: ignore[arg-type]
    (folder / "rank-0.txt").write_text("r\n")
    LogClock(folder, tmp_path / "clock.jsonl").drain(final=True)
    assert RunLog(folder, tmp_path / "clock.jsonl").is_merged


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "gone", "shorter"])
def test_what_becomes_of_a_log_changes_no_size(logs: Logs, kind: str) -> None:
    secret = logs.folder.parent / "secret"
    secret.write_text("not for everybody\n")
    logs.write("a-0", b"one\ntwo\n")
    logs.write("a-1", b"three\n")
    logs.clock.drain()
    size = logs.view.size()
    log = logs.folder / "a-0.txt"
    log.unlink()
    make = {
        "folder": log.mkdir,
        "pipe": lambda: os.mkfifo(log),
        "link": lambda: log.symlink_to(secret),
        "gone": lambda: None,
        "shorter": lambda: log.write_bytes(b"o"),
    }
    make[kind]()
    text = logs.text()
    assert len(text) == size
    assert b"everybody" not in text
    assert text.endswith(b"a-1 | three\n")
    logs.write("a-1", b"four\n")
    logs.clock.drain(final=True)
    assert logs.text().endswith(b"a-1 | three\na-1 | four\n")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"1",
        b"{}",
        b"[0,1]",
        b'[0,9,"../../etc/passwd",0,2]',
        b'[0,9,"a",0,2]',
        b'[0,9,"a-0",2,0]',
        b'[-1,9,"a-0",0,2]',
        b'[0,true,"a-0",0,2]',
        b'[0,9,"a-0",0,1e3]',
        b'[0,99999999999,"a-0",0,2]',
        b'[0,99999999999,"a-0",0,99999999999]',
        b"\xff\xfe",
    ],
)
def test_notes_that_are_not_ours_mean_nothing(logs: Logs, line: bytes) -> None:
    assert parse_segment(line) is None
    logs.write("a-0", b"1\n")
    logs.path.write_bytes(line + b"\n")
    assert logs.view.size() == 0
    assert logs.view.read(0, 10) == b""
    logs.clock.drain()
    assert logs.text() == b"a-0 | 1\n"


def test_who_has_several_logs() -> None:
    alone = Role("main", ("python", "train.py"))
    assert not has_several_logs(Job((alone,)), "/run/failed.txt")
    assert has_several_logs(Job((Role("worker", ("x",), replicas=2),)), "/run/failed.txt")
    assert has_several_logs(Job((alone, Role("ps", ("x",)))), "/run/failed.txt")
    ranks = Role("main", ("mpirun", "sh", "-c", "...", "/run/failed.txt", "python"))
    assert has_several_logs(Job((ranks,)), "/run/failed.txt")
