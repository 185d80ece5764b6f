"""Who is missed when a run's processes wait for each other; `frameworks/` has real runs."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.model.job import Ranks
from jupyter_exec.services import arrivals, assembly

if TYPE_CHECKING:
    from pathlib import Path

WORKER = ("worker", 1)


class Target:
    """Stands in for a target and a journal: says what it was told to, notes what it was asked."""

    def __init__(self, *silent: dict[Any, bool]) -> None:
        self.silences = list(silent)
        self.canceled = False
        self.handle: dict[str, Any] = {}

    async def silent(self, _handle: Any, addresses: Any) -> dict[Any, bool]:
        silent = self.silences.pop(0) if len(self.silences) > 1 else self.silences[0]
        return {one: goes_on for one, goes_on in silent.items() if one in addresses}

    async def cancel(self, _handle: Any) -> None:
        self.canceled = True

    async def write(self, _call: Any, _run_id: str, handle: dict[str, Any]) -> None:
        self.handle = handle


async def watched(target: Target, ago_s: float, limit_s: float, *known: str) -> str | None:
    """Return why a run of ps-0 and worker-1 is ended, if it is."""
    before = known or ("", "")
    serves = [["ps", 0, "here", 1, before[0]], ["worker", 1, "here", 2, before[1]]]
    handle = {"started_at": time.time() - ago_s, "serves": serves}
    watch: Any = assembly.Assembly
    await watch(target, "run_1", target, handle, limit_s).watch()
    assert target.canceled == ("overdue" in target.handle)
    return target.handle.get("overdue")


SILENT = "ps-0 does not listen at here:1 after 0.3 s"
ENDED = "worker-1 ended (exit code 0) before it listened at here:2"


@pytest.mark.parametrize(
    ("silent", "ago_s", "limit_s", "known", "missed"),
    [
        ([{WORKER: False}], 0, 0.3, (), ENDED),
        ([{}, {WORKER: False}], 0, 0.3, (), None),  # it listens, then it ends
        ([{("ps", 0): False, WORKER: False}], 0, 0.3, (), None),  # nobody uses these addresses
        ([{WORKER: False}, {("ps", 0): False}], 0, 0.3, (), None),  # who listened is gone
        ([{("ps", 0): True, WORKER: False}], 0, 0.3, (), None),  # the same
        ([{WORKER: False}], 10, 10.3, (), None),  # nobody looked when it ended
        ([{}], 10, 10.3, ("listened", "ended"), ENDED),  # a server knew, and was restarted
        ([{WORKER: False}], 10, 10.3, ("listened", "listened"), None),
    ],
)  # fmt: skip
async def test_who_is_missed(
    silent: list[dict[Any, bool]],
    ago_s: float,
    limit_s: float,
    known: tuple[str, ...],
    missed: str | None,
) -> None:
    found = await watched(Target(*silent), ago_s, limit_s, *known)
    assert (found or "").partition("; the others")[0] == (missed or "")


def test_ranks_are_those_of_whole_lines(tmp_path: Path) -> None:
    noted = tmp_path / "failed.txt"
    ranks = Ranks(4, str(noted))
    assert arrivals.seen(ranks) == (frozenset(), dict.fromkeys(range(4), True))
    noted.write_bytes(b"rank-0 came\nrank-7 came\nrank-1 0\nrank-x came\n\xff\x00\nrank-2 came")
    assert arrivals.seen(ranks) == ({0}, {1: False, 2: True, 3: True})
    noted.unlink()
    os.mkfifo(noted)
    assert arrivals.seen(ranks)[0] == frozenset()
    noted.unlink()
    noted.symlink_to("/etc/passwd")
    assert arrivals.seen(ranks)[0] == frozenset()


def test_no_more_than_a_few_ranks_are_named() -> None:
    late = dict.fromkeys(range(9), True)
    assert arrivals.named({3: False, 8: True}, 5) == (
        "rank-3 ended (exit code 0) before MPI_Init, rank-8 did not reach MPI_Init within 5 s"
    )
    assert arrivals.named(late, 5) == (
        "rank-0, rank-1, rank-2, rank-3, rank-4 and 4 others did not reach MPI_Init within 5 s"
    )
