"""The trials of a sweep that TensorBoard shows together (floor: services)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_exec.store.listing import RunFilter, find
from jupyter_exec.store.sweeps import trial_number

if TYPE_CHECKING:
    import sqlite3

    from jupyter_exec.model.run import Run

MOST = 500
"""So many of the newest; TensorBoard reads the files of all of them again and again."""

_UNFIT = re.compile(r"[^\w=.,:+() -]+")
_MOST_BYTES = 200  # of a file's name, with room for a number


def begun_trials(connection: sqlite3.Connection, sweep_id: str) -> dict[str, Run]:
    """Return the newest trials that have begun, by number: what a trial is called -> the trial.

    Names are all different, and can be those of folders.
    """
    page, _, _ = find(connection, RunFilter(parent=sweep_id), MOST)
    numbered = [(trial_number(sweep_id, run.run_id), run) for run in page]
    trials = [(number, run) for number, run in numbered if number is not None and run.started_at]
    found: dict[str, Run] = {}
    for number, run in sorted(trials, key=lambda each: each[0]):
        fit = _UNFIT.sub("_", run.display_name).strip(" .")
        name = fit.encode()[:_MOST_BYTES].decode(errors="ignore") or str(number)
        found[f"{name} ({number})" if name in found else name] = run
    return found
