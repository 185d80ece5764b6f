"""Watching one attempt's containers to their end, and recording it (floor: targets)."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jupyter_exec.docker_engine import NO_ENGINE
from jupyter_exec.errors import RunFailed
from jupyter_exec.targets.container_facts import state_of
from jupyter_exec.targets.container_log import LogCopy
from jupyter_exec.targets.container_plan import ATTEMPT
from jupyter_exec.targets.container_removal import not_there_is_fine
from jupyter_exec.targets.container_usage import ContainerUsage
from jupyter_exec.targets.container_verdict import (
    AttemptPlan,
    End,
    Verdict,
    end_of,
    failure_of,
    has_failed,
    judge,
)
from jupyter_exec.targets.link import read_record, write_record
from jupyter_exec.targets.shim.causes import ECHO_S

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from docker import APIClient

    from jupyter_exec.docker_engine import ContainerEngine
    from jupyter_exec.targets.container_events import ContainerEvents, Wake

_LOOK_S = 10.0  # where no event came
_AWAY_S = 0.5
_UNKILLABLE_S = 30.0
_FULL_DISK_S = 60.0
_OOM_LOOKS = 5
_OOM_PAUSE_S = 0.05
_KILLED = -9
_SIGNALS = {None, -9, -15}
_GONE = (
    "ContainerGone",
    "somebody outside of this server removed its container, and the run with it; run it again",
)
_RESTARTED = (
    "EngineRestarted",
    "the container engine stopped while the run was going, and the container with it; run it again",
)


class ContainerAttempt:
    """One attempt that has been started.

    Args:
        events: wakes it when a container has ended.
        in_thread: runs what blocks.
        masked: values that no message may repeat; None = as the containers' variables say.
        patience_s: how long the engine may be away before the run fails.
    """

    def __init__(
        self,
        engine: ContainerEngine,
        events: ContainerEvents,
        attempt_dir: Path,
        in_thread: Callable[..., Any],
        *,
        masked: Sequence[str] | None,
        patience_s: float,
    ) -> None:
        self._engine = engine
        self._events = events
        self._dir = attempt_dir
        self._in_thread = in_thread
        self._masked = masked
        self._patience_s = patience_s
        self._plan = AttemptPlan.of(read_record(attempt_dir, "job.json") or {})
        self._started_at: float = (read_record(attempt_dir, "started.json") or {})["started_at"]
        before = read_record(attempt_dir, "verdict.json")
        self._verdict = Verdict(**before) if before is not None else None
        self._ends: dict[str, End] = {}
        self._usage = ContainerUsage(self._plan.usage)
        self._copies: dict[str, LogCopy] = {}
        self._canceled = False
        self._wake: Wake | None = None
        self._asked_at: float | None = None
        self._doubt_until: float | None = None  # whether the first that failed is the cause
        self._away_since: float | None = None
        self._was_away = False
        self._lags = False  # it has told of an end that it does not show yet

    @property
    def ports(self) -> tuple[int, ...]:
        """Ports of this machine that it holds."""
        return self._plan.ports

    def cancel(self) -> None:
        """Ask it to end, then make it."""
        self._canceled = True
        if self._wake is not None:
            self._wake.event.set()

    async def run(self) -> dict[str, Any]:
        """Return the outcome, which is in `exit.json` then; the containers have ended.

        Where the engine does not come back they may go on.
        """
        self._wake = wake = self._events.follow(str(self._dir))
        try:
            while True:
                wake.event.clear()
                died, wake.died = wake.died, set()
                try:
                    await self._in_thread(self._step, died)
                    self._away_since = None
                except RunFailed as failure:
                    if self._is_lost(failure):
                        break
                if self._verdict is not None and len(self._ends) == len(self._plan.replicas):
                    break
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(wake.event.wait(), self._pause_s())
        finally:
            self._events.forget(str(self._dir))
            for copy in self._copies.values():
                await self._in_thread(copy.stop)
        return await self._record()

    def _step(self, died: Collection[str]) -> None:
        """Look, decide, and act; blocks.

        Args:
            died: the containers that have ended; nothing = look at all.

        Raises:
            RunFailed: the engine is away, or refuses.
        """
        with self._engine.api() as api:
            self._look(api, died)
            if self._verdict is None:
                self._decide(api)
            if self._verdict is not None:
                self._end(api)
            elif time.monotonic() >= self._usage.due:
                self._usage.look(api, self._going())

    def _going(self) -> list[str]:
        return [each.name for each in self._plan.replicas if each.name not in self._ends]

    def _look(self, api: APIClient, died: Collection[str]) -> None:
        """Find out which containers have ended, and how."""
        states = dict.fromkeys(died, "exited") if died else self._states(api)
        logs = {each.name: each.log for each in self._plan.replicas if not each.shell}
        new = {}
        for name in self._going():
            if name not in states and not died:
                new[name] = End(None, fault=_GONE)
            if name not in states:
                continue
            if name in logs and name not in self._copies:
                self._copies[name] = LogCopy(self._engine.url, name, logs[name])
            if states[name] != "running" and (end := self._end_of(api, name)) is not None:
                new[name] = end
                if name in self._copies:
                    with not_there_is_fine():
                        self._copies[name].finish(api)
        self._ends.update(sorted(new.items(), key=lambda item: item[1].at or 0.0))
        self._lags = any(name not in self._ends for name in died)
        if not died and all(states.get(name) == "running" for name in self._going()):
            self._was_away = False  # they have outlived it: how they end is their own affair

    def _states(self, api: APIClient) -> dict[str, str]:
        """Return the states of all containers that are there; they may lag behind a little."""
        wanted = {"label": f"{ATTEMPT}={self._dir}"}
        return {
            name.removeprefix("/"): each.get("State", "")
            for each in api.containers(all=True, filters=wanted)
            for name in each.get("Names") or ()
        }

    def _end_of(self, api: APIClient, name: str) -> End | None:
        """Return how a container has ended; the word about memory may come a moment later."""
        limited = any(each.name == name and each.memory_bytes for each in self._plan.replicas)
        for _ in range(_OOM_LOOKS):
            state = state_of(api, name)
            if self._verdict is not None and state["Status"] == "created":
                return End(None)  # a cancel left it out
            end = end_of(state)
            in_doubt = limited and self._verdict is None and not self._was_away
            if end is None or end.exit_code != _KILLED or end.out_of_memory or not in_doubt:
                break
            time.sleep(_OOM_PAUSE_S)
        if end is None or end.out_of_memory or self._verdict is not None:
            return end
        if state["Status"] == "removing" and end.exit_code in _SIGNALS:
            return End(end.exit_code, at=end.at, fault=_GONE)
        if self._was_away and end.exit_code != 0:
            return End(end.exit_code, at=end.at, fault=_RESTARTED)
        return end

    def _decide(self, api: APIClient) -> None:
        """Write down why it is over, before anything is done about it."""
        failure = None
        if any(map(has_failed, self._ends.values())):
            self._doubt_until = self._doubt_until or time.monotonic() + ECHO_S
            failure = failure_of(
                self._plan,
                self._ends,
                str(self._dir / "failed.txt"),
                self._secrets(api),
                in_doubt=time.monotonic() < self._doubt_until,
            )
        age_s = time.time() - self._started_at
        verdict = judge(self._plan, self._ends, failure, canceled=self._canceled, age_s=age_s)
        if verdict is not None:
            self._verdict = verdict
            with suppress(OSError):  # a full disk: a later server decides again
                write_record(self._dir, "verdict.json", asdict(verdict))

    def _secrets(self, api: APIClient) -> Sequence[str]:
        """Return what no message may repeat; after a restart only the containers know it."""
        if self._masked is None and self._plan.secrets:
            values: set[str] = set()
            for replica in self._plan.replicas:
                with not_there_is_fine():
                    config = api.inspect_container(replica.name)["Config"]
                    words = (word.partition("=") for word in config.get("Env") or ())
                    values.update(v for name, _, v in words if name in self._plan.secrets)
            self._masked = tuple(values)
        return self._masked or ()

    def _end(self, api: APIClient) -> None:
        """Ask what still runs to end, and kill what does not in time."""
        now = time.monotonic()
        if self._asked_at is None:
            self._asked_at = now
            self._signal(api, "SIGTERM", self._going())
        elif now >= self._asked_at + self._plan.grace_s:
            self._signal(api, "SIGKILL", self._going())
            if now >= self._asked_at + self._plan.grace_s + _UNKILLABLE_S:
                self._ends.update((name, End(None)) for name in self._going())

    def _signal(self, api: APIClient, name: str, containers: Iterable[str]) -> None:
        for container in containers:
            with not_there_is_fine():
                api.kill(container, name)

    def _pause_s(self) -> float:
        """Return after how long something is due."""
        now = time.monotonic()
        if self._away_since is not None:
            return _AWAY_S
        if self._lags:
            return _OOM_PAUSE_S
        if self._asked_at is not None:
            return min(_LOOK_S, max(_AWAY_S / 5, self._asked_at + self._plan.grace_s - now))
        due = [_LOOK_S, self._usage.due - now]
        if self._doubt_until is not None:
            due.append(self._doubt_until - now)
        if self._plan.time_limit_s is not None:
            due.append(self._started_at + self._plan.time_limit_s - time.time())
        return max(0.0, min(due))

    def _is_lost(self, failure: RunFailed) -> bool:
        """Say whether the engine has been away for too long; it is the verdict then."""
        now = time.monotonic()
        self._was_away = True
        self._away_since = self._away_since or now
        if now < self._away_since + self._patience_s:
            return False
        text = failure.message
        if failure.code == NO_ENGINE:
            text = (
                f"the container engine at {self._engine.url} was away for {self._patience_s:g} s, "
                "so nobody knows how the run goes on; what is left of it is removed when the "
                "engine is back. Run it again then"
            )
        gone = Verdict(canceled=True) if self._canceled else Verdict(failure.code, text)
        self._verdict = self._verdict or gone
        return True

    async def _record(self) -> dict[str, Any]:
        """Write the outcome down; wait a while for room on a full disk."""
        verdict = self._verdict or Verdict()
        codes = [
            self._ends[each.name].exit_code
            for each in self._plan.replicas
            if each.decides and each.name in self._ends
        ]
        exit_code = verdict.exit_code
        if exit_code is None:
            exit_code = next((code for code in codes if code), codes[0] if codes else None)
        ended_at = max((end.at or 0.0 for end in self._ends.values()), default=0.0) or time.time()
        record: dict[str, Any] = {
            "exit_code": exit_code,
            "code": verdict.code,
            "message": verdict.message,
            "canceled": verdict.canceled,
            "started_at": self._started_at,
            "ended_at": max(ended_at, self._started_at),
        }
        if self._usage.max_memory_bytes is not None:
            record["max_rss_bytes"] = self._usage.max_memory_bytes
            record["cpu_seconds"] = round(self._usage.cpu_s, 2)
        until = time.monotonic() + _FULL_DISK_S
        while True:
            try:
                await self._in_thread(write_record, self._dir, "exit.json", record)
            except OSError:
                if time.monotonic() > until:
                    return record
                await asyncio.sleep(_AWAY_S)
            else:
                return record
