"""What a sweep knows of its trials: which there are, and how they are (floor: services).

All of it can be read again from the database, and is, when the server was restarted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.lifecycle import TERMINAL, RunStatus
from jupyter_exec.services.sweeps.early_stopping import MedianRule
from jupyter_exec.store import sweeps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from jupyter_exec.model.sweep import SweepPlan
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.sweeps import TrialRow

_LONGEST = 200


@dataclass
class Trial:
    """One trial.

    Attributes:
        stored: False while it is being started.
        hopeless: it has been tagged so, and is to be cancelled.
        told_to_end: we have cancelled it.
        seen: id of the last `metrics` event that was taken.
        error: why it failed.
    """

    status: RunStatus = RunStatus.QUEUED
    stored: bool = True
    hopeless: bool = False
    told_to_end: bool = False
    seen: int = 0
    error: str = ""


class Trials:
    """The trials of one sweep, by number.

    Attributes:
        known: every one that was started, or could not be.
        open: those that have not ended.
    """

    def __init__(self, sweep_id: str, plan: SweepPlan) -> None:
        self.known: dict[int, Trial] = {}
        self.open: dict[int, Trial] = {}
        self._sweep_id = sweep_id
        self._plan = plan
        self._completed: set[int] = set()
        self._rule = MedianRule(plan) if plan.early_stopping == "median" else None
        self._suspects: set[int] = set()
        self._early: list[Mapping[str, Any]] | None = []

    @property
    def done(self) -> int:
        """How many have ended."""
        return len(self.known) - len(self.open)

    @property
    def waiting(self) -> int:
        """How many stand in the queue."""
        return sum(trial.status is RunStatus.QUEUED for trial in self.open.values())

    async def take_up(self, journal: Journal) -> None:
        """Learn what there is already; nothing, unless the server was restarted meanwhile."""
        for row in await journal.read(sweeps.trials, self._sweep_id):
            trial = Trial(row.status, hopeless=row.hopeless, error=row.error_message or "")
            self.known[row.number] = trial
            if self._rule is not None:
                told, trial.seen = await journal.read(sweeps.points, row.run_id)
                self._rule.report(row.number, told)
                self._suspects.add(row.number)
            if not row.ended:
                self.open[row.number] = trial
            elif row.status is RunStatus.COMPLETED:
                self._completed.add(row.number)
        early, self._early = self._early or [], None
        for event in early:
            self.tell(event)

    def tell(self, event: Mapping[str, Any]) -> bool:
        """Take an event; returns whether there may be something to do because of it."""
        if self._early is not None:  # what is read now may be older than this
            self._early.append(event)
            return False
        number = sweeps.trial_number(self._sweep_id, event["runId"]) or 0
        trial = self.open.get(number)
        if trial is None:
            return False  # it has ended, and what ended stays as it is
        if event["type"] == "state":
            self._changed(number, trial, event)
            return True
        if event["type"] != "metrics" or self._rule is None or event["id"] <= trial.seen:
            return False
        trial.seen = event["id"]
        news = self._rule.report(number, event["metrics"])
        if news:
            self._suspects.add(number)
        return news

    def _changed(self, number: int, trial: Trial, event: Mapping[str, Any]) -> None:
        trial.status = RunStatus(event["status"])
        if trial.status not in TERMINAL:
            return
        trial.error = (event["error"] or {}).get("message") or ""
        del self.open[number]
        if trial.status is RunStatus.COMPLETED:
            self._completed.add(number)

    def begin(self, number: int) -> Trial:
        """Note a trial that is being started."""
        trial = self.known[number] = self.open[number] = Trial(stored=False)
        return trial

    def forget(self, number: int) -> None:
        """Note that it could not be started."""
        self.known.pop(number, None)
        self.open.pop(number, None)

    def refuse(self, number: int, message: str) -> None:
        """Count a trial that cannot run among those that failed."""
        self.known[number] = Trial(RunStatus.FAILED, error=message)

    def hopeless(self) -> list[int]:
        """Return the trials that are not worth going on with, of those there is news of."""
        suspects, self._suspects = self._suspects, set()
        return [
            number
            for number in sorted(suspects)
            if (trial := self.open.get(number)) is not None and not trial.told_to_end
            if trial.hopeless or (self._rule and self._rule.is_hopeless(number, self._completed))
        ]

    async def failures(
        self,
        journal: Journal,
        planned: Sequence[Mapping[str, Any]],
        shown: Callable[[Mapping[str, Any]], Awaitable[str]],
    ) -> str | None:
        """Say how many failed, and why the first did; None where none failed.

        Args:
            planned: what the trials try, where that was known before they were started.
            shown: makes words of what a trial tries.
        """
        failed = [n for n in sorted(self.known) if self.known[n].status is RunStatus.FAILED]
        if not failed:
            return None
        number = failed[0]
        tried = dict(enumerate(planned, 1))
        if number not in tried:
            rows = await journal.read(sweeps.trials, self._sweep_id)
            tried |= tried_values(self._plan, rows)
        values = (await shown(tried.get(number, {})))[:_LONGEST]
        first = f"trial {number} ({values})" if values else f"trial {number}"
        which = first if len(failed) == 1 else f"the first is {first}"
        counts = f"{len(failed)} of {len(self.known)} trials failed"
        return f"{counts}; {which}: {self.known[number].error}"


def tried_values(plan: SweepPlan, rows: Sequence[TrialRow]) -> dict[int, dict[str, Any]]:
    """Return what each trial of a manual sweep tried: all values that the sweep does not share.

    What its roles need is among them only where it differs.
    """
    values = {row.number: dict(row.template.get("parameters") or {}) for row in rows}
    names = dict.fromkeys(name for found in values.values() for name in found)
    return {
        number: {
            name: found.get(name)
            for name in names
            if name not in plan.params and (not name.startswith("spec.") or _differs(name, values))
        }
        for number, found in values.items()
    }


def _differs(name: str, values: Mapping[int, Mapping[str, Any]]) -> bool:
    return len({str(found.get(name)) for found in values.values()}) > 1
