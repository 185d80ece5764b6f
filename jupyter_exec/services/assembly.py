"""A run whose processes wait for one that never comes is ended, and says who (floor: services).

Frameworks wait for a peer for ever, or for a time of their own that nobody knows. What a launcher
says to serve (`Role.serves`) is looked for until it listens once; ranks say by themselves that they
have come (`Job.ranks`). What is known goes with the run's handle, so that a server that was
restarted goes on with it.

Who runs and does not listen when the time is over is missed if another has listened: where nobody
has, the script does not use these addresses. Who has ended, with exit code 0, and was never seen to
listen, is missed only if somebody is there to wait for it: one that has listened and still does, or
one that runs and does not listen, beside another that has; where those who did are gone, nobody
waits. And it is missed only if it was looked for
all the time: who ended while the server was away may have listened.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_exec.errors import NoRoom, RunFailed
from jupyter_exec.model.job import Address, Ranks
from jupyter_exec.services import arrivals
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from jupyter_exec.model.job import Job, Outcome, Replica
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.targets.base import ComputeTarget, TargetHandle

log = logging.getLogger(__name__)

CODE = "StartTimeout"
_SERVES = "serves"  # of the handle: role, index, host, port, and what is known, of who shall listen
_RANKS = "ranks"  # of the handle: how many ranks shall come, and where they say so
_FIRST_CAME = "first_came"  # of the handle: when one of them had
_OVERDUE = "overdue"  # of the handle: why the run was ended
_AWAITED, _LISTENED, _ENDED = "", "listened", "ended"
_LOOK_S = 1.0
_OFTEN_S = 0.2  # who has little to do listens for a short while only
_REST = 10  # times as long as a look took, at least
_GAP_S = 5.0
_MOST_NAMED = 5


def expected(job: Job, addresses: Mapping[Replica, Address], noted: Path) -> dict[str, Any]:
    """Return what is kept with the handle of a job: who has to listen, and where; who has to come.

    Args:
        noted: where the job's ranks say that they have.
    """
    serving = {role.name for role in job.roles if role.serves}
    listening = [
        [role, index, address.host, address.port, _AWAITED]
        for (role, index), address in addresses.items()
        if role in serving
    ]
    return {_SERVES: listening, _RANKS: [job.ranks.count, str(noted)] if job.ranks else None}


class Assembly:
    """Looks after the start of one attempt.

    Args:
        journal: where the handle is kept.
        run_id: of the run.
        target: where it runs.
        handle: with what `expected` gave.
        limit_s: how long the others wait, from the start of the processes, or of the first rank.
    """

    def __init__(
        self,
        journal: Journal,
        run_id: str,
        target: ComputeTarget,
        handle: TargetHandle,
        limit_s: float,
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._target = target
        self._handle = handle
        self._limit_s = limit_s
        self._places: dict[Replica, Address] = {}
        self._known: dict[Replica, str] = {}
        for role, index, host, port, *known in handle.get(_SERVES, ()):
            self._places[role, index] = Address(host, port)
            self._known[role, index] = known[0] if known else _AWAITED

    async def watch(self) -> None:
        """Return when everybody has come; end the run where the time is over before."""
        await asyncio.gather(self._watch_listeners(), self._watch_ranks())

    def judged(self, outcome: Outcome) -> Outcome:
        """Return how the attempt ended: not by a cancel, where it was ended from here."""
        if _OVERDUE not in self._handle or not outcome.canceled:
            return outcome
        message = self._handle[_OVERDUE]
        return replace(outcome, canceled=False, code=CODE, message=message)

    async def _watch_listeners(self) -> None:
        looked_at = self._handle.get("started_at", time.time())
        until = looked_at + self._limit_s
        while set(self._known.values()) - {_LISTENED}:
            now = time.time()
            try:
                if await self._look(was_away=now - looked_at > _GAP_S):
                    await self._keep({_SERVES: self._listing()})
                looked_at = now
                has_begun = _LISTENED in self._known.values()
                if now >= until and has_begun and (absent := await self._absent()):
                    await self._end(_named(absent, self._limit_s))
                    return
            except RunFailed as failure:
                log.info("run %s: who listens is not known: %s", self._run_id, failure.message)
                await asyncio.sleep(_LOOK_S)
                continue
            if now >= until:
                break
            often_s = max(_OFTEN_S, _REST * (time.time() - now))
            rest_s = min(often_s, _LOOK_S) if self._those(_AWAITED) else self._limit_s
            await asyncio.sleep(max(0.0, min(rest_s, until - time.time())))
        if self._known:
            await self._keep({_SERVES: []})

    async def _look(self, *, was_away: bool) -> bool:
        """Look for those who have not listened yet; tell whether there is news."""
        awaited = self._those(_AWAITED)
        if not awaited:
            return False
        silent = await self._target.silent(self._handle, awaited)
        for replica in awaited:
            if replica not in silent or (was_away and not silent[replica]):
                self._known[replica] = _LISTENED
            elif not silent[replica]:
                self._known[replica] = _ENDED
        return self._those(_AWAITED) != awaited

    async def _absent(self) -> list[tuple[Replica, Address, bool]]:
        """Return whom somebody waits for, now that the time is over, and whether they run."""
        ended, awaited = self._those(_ENDED), self._those(_AWAITED)
        if ended and not awaited:
            listened = self._those(_LISTENED)
            silent = await self._target.silent(self._handle, listened) if listened else {}
            ended = ended if listened.keys() - silent.keys() else {}
        absent = [(replica, place, True) for replica, place in awaited.items()]
        return absent + [(replica, place, False) for replica, place in ended.items()]

    async def _watch_ranks(self) -> None:
        """See to it that all ranks come once one has."""
        if not self._handle.get(_RANKS):
            return
        ranks = Ranks(*self._handle[_RANKS])
        while True:
            came, absent = await asyncio.to_thread(arrivals.seen, ranks)
            if len(came) == ranks.count:
                await self._keep({_RANKS: None})
                return
            if came and _FIRST_CAME not in self._handle:
                await self._keep({_FIRST_CAME: time.time()})
            left_s = self._handle.get(_FIRST_CAME, time.time()) + self._limit_s - time.time()
            if came and left_s <= 0:
                await self._end(arrivals.named(absent, self._limit_s))
                return
            await asyncio.sleep(min(_LOOK_S, left_s) if came else _LOOK_S)

    def _those(self, known: str) -> dict[Replica, Address]:
        """Return those of whom this is known."""
        return {one: place for one, place in self._places.items() if self._known[one] == known}

    def _listing(self) -> list[list[Any]]:
        return [
            [role, index, place.host, place.port, self._known[role, index]]
            for (role, index), place in self._places.items()
        ]

    async def _end(self, absent: str) -> None:
        message = f"{absent}; the others wait for it; startTimeoutSeconds says how long to wait"
        log.info("run %s: %s", self._run_id, message)
        await self._keep({_OVERDUE: message})
        await self._target.cancel(self._handle)

    async def _keep(self, news: Mapping[str, Any]) -> None:
        self._handle = {**self._handle, **news}
        try:
            await self._journal.write(runs.save_handle, self._run_id, self._handle)
        except NoRoom as error:  # only a restarted server would miss it
            log.warning("run %s: its handle is not written: %s", self._run_id, error)


def _named(absent: Iterable[tuple[Replica, Address, bool]], limit_s: float) -> str:
    """Say who does not listen, or never did, and where."""
    words = []
    for runs_still, first, after in (
        (True, "does not listen at", f" after {limit_s:g} s"),
        (False, "ended (exit code 0) before it listened at", ""),
    ):
        found = [(one, place) for one, place, runs in sorted(absent) if runs is runs_still]
        named = [
            f"{role}-{index} {first if number == 0 else 'at'} {place}"
            for number, ((role, index), place) in enumerate(found)
        ]
        if len(named) > _MOST_NAMED:
            named[_MOST_NAMED:] = [f"and {len(named) - _MOST_NAMED} others"]
        words += [", ".join(named) + after] if named else []
    return "; ".join(words)
