"""Which ranks have come to where they wait for each other, and which have not (floor: services).

They say so themselves (`model/job.py: Ranks`, `launchers/ranks.py`). The file is the run's own, so
it may hold anything, or be anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_exec.targets.shim.causes import own_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.job import Ranks

_LINE = re.compile(r"rank-(\d{1,6}) (came|0)", re.ASCII)
_MOST_NAMED = 5


def seen(ranks: Ranks) -> tuple[frozenset[int], dict[int, bool]]:
    """Return those that have come; and those that have not, with whether they may still. Blocks."""
    noted: dict[str, set[int]] = {"came": set(), "0": set()}
    for line in own_lines(ranks.noted):
        if found := _LINE.fullmatch(line):
            noted[found[2]].add(int(found[1]))
    came = noted["came"].intersection(range(ranks.count))
    absent = {rank: rank not in noted["0"] for rank in range(ranks.count) if rank not in came}
    return frozenset(came), absent


def named(absent: Mapping[int, bool], limit_s: float) -> str:
    """Say who has not come."""
    ended = [f"rank-{rank}" for rank in sorted(absent) if not absent[rank]]
    late = [f"rank-{rank}" for rank in sorted(absent) if absent[rank]]
    words = [f"{_listed(ended)} ended (exit code 0) before MPI_Init"] if ended else []
    words += [f"{_listed(late)} did not reach MPI_Init within {limit_s:g} s"] if late else []
    return ", ".join(words)


def _listed(names: list[str]) -> str:
    if len(names) > _MOST_NAMED:
        names = [*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} others"]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
