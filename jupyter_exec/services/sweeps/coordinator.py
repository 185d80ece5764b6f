"""One asyncio task a sweep: starts its trials, stops hopeless ones, sums them up (floor: services).

What trial 7 tries is a function of the plan, and its run id is `<sweep>_7`. A server that was
killed goes on where it was; no trial is started twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from jupyter_exec.errors import Conflict, ExecError, InvalidRequest, NoRoom
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.wire import parse
from jupyter_exec.services.execution import FULL_DISK_PAUSE_S, Superseded
from jupyter_exec.services.sweeps.starting import TrialStarter
from jupyter_exec.services.sweeps.trials import Trials
from jupyter_exec.store import runs, sweeps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from jupyter_exec.model.run import Run
    from jupyter_exec.model.sweep import SweepPlan
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.services.sweeps.news import TrialNews
    from jupyter_exec.services.templates import TemplateService

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)

WAITING = 8  # trials in the queue at a time; more of them would only stand in it
_HOPELESS = {sweeps.STOPPED: sweeps.MEDIAN}
_BEGINNING = (RunStatus.QUEUED, RunStatus.PREPARING, RunStatus.STARTING, RunStatus.RUNNING)


class SweepExecution:
    """Brings one sweep to its end; to the executor it is what an `Execution` is."""

    def __init__(
        self,
        engine: Engine,
        run: Run,
        run_service: RunService,
        templates: TemplateService,
        news: TrialNews,
    ) -> None:
        definition = parse(RunDefinition, run.definition)
        if definition.sweep is None:
            message = f"run {run.run_id} is no sweep"
            raise InvalidRequest(message, "definition.sweep")
        self.plan: SweepPlan = definition.sweep
        self._journal = engine.journal
        self._starter = TrialStarter(
            run_service, templates, engine.vault, self.plan, definition.configuration.secrets
        )
        self._run = run
        self._runs = run_service
        self._news = news
        self._values: list[dict[str, Any]] = []
        self._missing: Iterator[int] = iter(())
        self._trials = Trials(run.run_id, self.plan)
        self._lost: str | None = None
        self._shown: tuple[int, int | None] | None = None
        self._wake = asyncio.Event()
        self._going = asyncio.Event()
        self._adding = asyncio.Lock()
        self._cancel_requested = run.status is RunStatus.CANCEL_REQUESTED
        self._task: asyncio.Task[None] | None = None
        self.placed = asyncio.Event()
        """Set at once: a sweep holds no share of a machine."""

    def start(self, done: Callable[[], None], *, reattach: bool = False) -> None:  # noqa: ARG002 - it is the same
        """Begin; `done` is called when the sweep has ended."""
        self.placed.set()
        self._task = asyncio.create_task(self._main(), name=f"sweep {self._run.run_id}")
        self._task.add_done_callback(lambda _: done())

    async def cancel(self) -> None:
        """Make the sweep end, and all its trials; its state is `CancelRequested` already."""
        self._cancel_requested = True
        self._wake.set()

    def detach(self) -> asyncio.Task[None] | None:
        """Stop watching without ending anything (the server stops); returns what to wait for."""
        if self._task is not None:
            self._task.cancel()
        return self._task

    async def _main(self) -> None:
        sweep_id = self._run.run_id
        try:
            await self._news.join(sweep_id, self._tell)
            await self._take_up()
            await self._begin()
            self._going.set()
            await self._follow()
            await self._conclude()
        except Superseded:
            log.info("sweep %s: its state was changed by somebody else", sweep_id)
        except Exception as error:
            log.exception("sweep %s failed for a reason that is ours", sweep_id)
            message = f"{type(error).__name__}: {error}"[:500]
            why = {"error_code": "ServiceError", "error_message": message}
            await self._journal.transition(sweep_id, RunStatus.FAILED, **why)
        finally:
            self._news.leave(sweep_id)
            self._going.set()

    async def _patiently(
        self, work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do something that writes; wait for room on a full disk."""
        while True:
            try:
                return await work(*args, **kwargs)
            except NoRoom as error:
                log.warning("sweep %s waits: %s", self._run.run_id, error)
                await asyncio.sleep(FULL_DISK_PAUSE_S)

    async def _to(self, after: RunStatus, **changes: object) -> None:
        """Write the next state down, or raise Superseded."""
        sweep_id = self._run.run_id
        run = await self._patiently(self._journal.transition, sweep_id, after, **changes)
        if run is None:
            self._run = await self._journal.read(runs.get, sweep_id)
            self._cancel_requested |= self._run.status is RunStatus.CANCEL_REQUESTED
            raise Superseded
        self._run = run

    async def _take_up(self) -> None:
        self._values = await asyncio.to_thread(lambda: list(self.plan.trials()))
        await self._trials.take_up(self._journal)
        known, numbers = self._trials.known, range(1, len(self._values) + 1)
        self._missing = (number for number in numbers if number not in known)

    async def _begin(self) -> None:
        if self._run.status not in _BEGINNING:
            return
        try:
            for after in _BEGINNING[_BEGINNING.index(self._run.status) + 1 :]:
                started = {"started_at": time.time()} if after is RunStatus.RUNNING else {}
                await self._to(after, **started)
        except Superseded:
            if not self._cancel_requested:
                raise

    def _tell(self, event: Mapping[str, Any]) -> None:
        if self._trials.tell(event):
            self._wake.set()

    async def _follow(self) -> None:
        """Do what there is to do, at each news, until all trials have ended."""
        while True:
            self._wake.clear()
            if self._cancel_requested:
                await self._cancel_trials(list(self._trials.open))
            else:
                await self._stop_hopeless()
                await self._start_trials()
            await self._show_progress()
            if self._is_over():
                break
            await self._wake.wait()
        await self._show_progress()  # the last may have ended while it was shown

    def _is_over(self) -> bool:
        if self._trials.open:
            return False
        if self._cancel_requested or self._lost:
            return True
        if self.plan.count is None:
            return self._run.status is RunStatus.FINALIZING
        return len(self._trials.known) >= len(self._values)

    async def _show_progress(self) -> None:
        done, total = self._trials.done, self.plan.count
        if total is None and self._run.status is RunStatus.FINALIZING:
            total = len(self._trials.known)
        if self._shown == (done, total):
            return
        self._shown = (done, total)
        label = f"{done} trials" if total is None else f"{done} of {total} trials"
        progress = {"done": done, "total": total, "label": label}
        write = self._journal.write
        await self._patiently(write, runs.save_progress, self._run.run_id, progress)

    async def _start_trials(self) -> None:
        """Start what comes next in the plan, as far as there is room."""
        most = self.plan.max_parallel
        while not self._cancel_requested and not self._lost:
            trials = self._trials
            if trials.waiting >= WAITING or (most is not None and len(trials.open) >= most):
                return
            number = next(self._missing, None)
            if number is None:
                return
            secrets = self._starter.missing_secrets(self._run.run_id)
            if secrets:
                self._lost = (
                    f"its secrets ({', '.join(secrets)}) are stored nowhere, and the server was "
                    f"stopped when {len(trials.known)} of {len(self._values)} trials had been "
                    "started; start the sweep again with them"
                )
                return
            try:
                await self._start_trial(number, self._values[number - 1])
            except ExecError as error:
                log.info("trial %s of %s cannot run: %s", number, self._run.run_id, error.message)
                trials.refuse(number, error.message)

    async def _start_trial(self, number: int, values: Mapping[str, Any]) -> Run:
        """Start one trial, or raise ExecError where it cannot run."""
        trial = self._trials.begin(number)
        try:
            started = await self._patiently(self._starter.start, self._run, number, values)
            trial.stored = True
        finally:
            if not trial.stored:
                self._trials.forget(number)
        return started

    async def add(self, params: Mapping[str, Any]) -> Run:
        """Start one more trial of a manual sweep.

        Raises:
            Conflict: it takes none now.
            InvalidRequest: the trial cannot run.
        """
        await self._going.wait()
        async with self._adding:
            missing = self._starter.missing_secrets(self._run.run_id, params)
            if missing:
                message = f"{', '.join(missing)}: a secret is stored nowhere; give it again"
                raise InvalidRequest(message, "params")
            await self._check_open()
            number = max(self._trials.known, default=0) + 1
            try:
                return await self._start_trial(number, params)
            finally:
                self._wake.set()

    async def _check_open(self) -> None:
        sweep_id, most = self._run.run_id, self.plan.max_parallel
        # As the database has it: the one who asks may know more than our task by now.
        rows = await self._journal.read(sweeps.trials, sweep_id)
        run = await self._journal.read(runs.get, sweep_id)
        if run.status is not RunStatus.RUNNING or self._cancel_requested:
            message = f"sweep {sweep_id} is {run.status.value}; it takes no more trials"
            raise Conflict(message, "runId")
        going = sum(not row.ended for row in rows)
        if most is not None and going >= most:
            message = f"{going} trials of {sweep_id} have not ended, and maxParallel is {most}"
            raise Conflict(message, "runId")

    async def finish(self) -> Run:
        """Let a manual sweep end when its trials have; one that is ending already stays so."""
        await self._going.wait()
        async with self._adding:
            try:
                if self._run.status is RunStatus.RUNNING:
                    await self._to(RunStatus.FINALIZING)
            except Superseded:
                log.debug("sweep %s is ending already", self._run.run_id)
            finally:
                self._wake.set()
            return self._run

    async def _cancel_trials(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            trial = self._trials.open.get(number)
            if trial is not None and trial.stored and not trial.told_to_end:
                trial.told_to_end = True
                await self._patiently(self._runs.cancel, sweeps.trial_id(self._run.run_id, number))

    async def _stop_hopeless(self) -> None:
        """Cancel what the median rule gives up; what it gave up before a restart, too."""
        for number in self._trials.hopeless():
            trial_id = sweeps.trial_id(self._run.run_id, number)
            # The tag comes first: it is what tells this cancel from a user's, after a restart too.
            await self._patiently(self._journal.write, runs.change, trial_id, None, _HOPELESS)
            await self._cancel_trials([number])

    async def _conclude(self) -> None:
        """Write the end down."""
        try:
            if not self._cancel_requested:
                if self._run.status is not RunStatus.FINALIZING:
                    await self._to(RunStatus.FINALIZING)
                shown = self._starter.shown
                message = self._lost or await self._trials.failures(
                    self._journal, self._values, shown
                )
                if message is None:
                    return await self._to(RunStatus.COMPLETED)
                code = "SecretsLost" if self._lost else "TrialsFailed"
                why = {"error_code": code, "error_message": message[:1000]}
                return await self._to(RunStatus.FAILED, **why)
        except Superseded:
            if not self._cancel_requested:
                raise
        return await self._to(RunStatus.CANCELED)
