"""One asyncio task a run, from the queue to its end (floor: services).

Admission -> preparation (`preparation.py`) -> submit -> watch -> collect.

A task writes every step down before it takes it, so that `reconcile.py` can go on from there after
a restart. Stopping the server cancels the tasks, not the runs.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import NoRoom, RunFailed, is_full_disk
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.wire import parse
from jupyter_exec.services import assembly, data, mounts, tokens, workspace
from jupyter_exec.services.datastores import Datastores
from jupyter_exec.services.following import Following
from jupyter_exec.services.preparation import prepare, worth_masking
from jupyter_exec.services.vault import Vault
from jupyter_exec.store import runs
from jupyter_exec.targets.base import Placement
from jupyter_exec.targets.shim.record import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_exec.launchers.base import Launcher
    from jupyter_exec.model.job import Address, Job, Outcome, Replica
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.services.ways import Ways
    from jupyter_exec.store.paths import DataPaths, RunPaths
    from jupyter_exec.store.snapshots import SnapshotStore
    from jupyter_exec.targets.base import ComputeTarget, TargetHandle

log = logging.getLogger(__name__)

FULL_DISK_PAUSE_S = 1.0
_GPUS = "gpu_ids"  # kept with the handle, so that nobody else is given them after a restart


class Superseded(Exception):
    """The run's state has changed under its task."""


@dataclass(frozen=True)
class Engine:
    """What an execution needs; one for the whole server.

    Attributes:
        url: returns the server's address (known only when it listens).
        vault: secrets of runs that have not begun.
        data_cache_bytes: how large the cache of downloads may become.
    """

    journal: Journal
    paths: DataPaths
    snapshots: SnapshotStore
    ways: Ways
    url: Callable[[], str]
    vault: Vault = field(default_factory=Vault)
    datastores: Datastores = field(default_factory=Datastores)
    data_cache_bytes: int = 0


class Execution:
    """Brings one run from `Queued`, or from where it was before a restart, to its end."""

    def __init__(self, engine: Engine, run: Run) -> None:
        self._engine = engine
        self._run = run
        self._definition = parse(RunDefinition, run.definition)
        self._paths: RunPaths = engine.paths.run(run.folder)
        self._target: ComputeTarget = engine.ways.target(run.target)
        self._launcher: Launcher = engine.ways.launcher(self._definition.configuration)
        limit_s = self._definition.configuration.start_timeout_seconds
        self._following = Following(engine.journal, run, self._paths, limit_s)
        self._job: Job | None = None
        self._handle: TargetHandle | None = None
        self._placed: Placement | None = None
        self._interruptible = True
        self._cancel_requested = run.status is RunStatus.CANCEL_REQUESTED
        self._task: asyncio.Task[None] | None = None
        self._delivery = data.Delivery(engine, self._definition.configuration, self._paths)
        self._detached = False
        self.placed = asyncio.Event()
        """Set when a run that was under way before a restart holds its share again, or has none."""

    def start(self, done: Callable[[], None], *, reattach: bool = False) -> None:
        """Begin; `done` is called when the run has ended."""
        self._task = asyncio.create_task(
            self._main(reattach=reattach), name=f"run {self._run.run_id}"
        )
        self._task.add_done_callback(lambda _: done())

    async def cancel(self) -> None:
        """Make the run end; its state is `CancelRequested` already."""
        self._cancel_requested = True
        if self._handle is not None:
            await self._target.cancel(self._handle)
        elif self._delivery.cancel():
            return
        elif self._interruptible and self._task is not None:
            self._task.cancel()
        elif self._placed is not None:
            await self._target.cancel_start(self._placed)

    def detach(self) -> asyncio.Task[None] | None:
        """Stop watching without ending the run (the server stops); returns what to wait for."""
        self._detached = True
        if self._task is not None:
            self._task.cancel()
        return self._task

    async def _main(self, *, reattach: bool) -> None:
        try:
            await (self._resume() if reattach else self._attempts())
        except asyncio.CancelledError:
            if self._detached:
                raise  # the server stops; the run goes on
            await self._canceled()
        except Superseded:
            log.info("run %s: its state was changed by somebody else", self._run.run_id)
            await self._canceled()
        except RunFailed as failure:
            if self._cancel_requested:  # what could not be started need not be
                await self._canceled()
            else:
                await self._fail(failure.code, failure.message)
        except Exception as error:
            if is_full_disk(error):
                await self._fail("DiskFull", f"the disk of the server is full: {error}"[:500])
                return
            log.exception("run %s failed for a reason that is ours", self._run.run_id)
            message = self._without_secrets(f"{type(error).__name__}: {error}")
            await self._fail("ServiceError", message[:500])
        finally:
            self.placed.set()
            if not self._detached:
                await mounts.hide(self._paths)

    async def _canceled(self) -> None:
        if self._cancel_requested:
            with suppress(Superseded):
                await self._to(RunStatus.CANCELED, token_hash=None)

    async def _to(self, after: RunStatus, **changes: object) -> Run:
        """Write the next state down, or raise Superseded; wait for room on a full disk."""
        while True:
            try:
                run = await self._engine.journal.transition(self._run.run_id, after, **changes)
                break
            except NoRoom as error:
                log.warning("run %s: %s not written yet: %s", self._run.run_id, after, error)
                await asyncio.sleep(FULL_DISK_PAUSE_S)
        if run is None:
            current = await self._engine.journal.read(runs.get, self._run.run_id)
            self._cancel_requested |= current.status is RunStatus.CANCEL_REQUESTED
            raise Superseded
        self._run = run
        return run

    async def _fail(self, code: str, message: str, **changes: object) -> None:
        with suppress(Superseded):
            message = self._without_secrets(message)
            error = {"error_code": code, "error_message": message}
            await self._to(RunStatus.FAILED, token_hash=None, **error, **changes)

    def _without_secrets(self, message: str) -> str:
        return mask(message, worth_masking(self._engine.vault.peek(self._run.run_id)))

    async def _attempts(self) -> None:
        while True:
            outcome = await self._attempt()
            if await self._conclude(outcome):
                return

    async def _attempt(self) -> Outcome:
        run = self._run
        admission = await self._engine.ways.admission(run.target)
        need = self._launcher.need(self._definition.configuration)
        async with admission.slot(run.run_id, run.display_name, run.sequence, need) as gpu_ids:
            await self._to(RunStatus.PREPARING)
            token = tokens.new()
            configuration = self._definition.configuration
            prepared = await prepare(self._engine, run, configuration, self._launcher, token)
            job = self._job = prepared.job
            await self._to(
                RunStatus.STARTING,
                token_hash=tokens.digest(token),
                environment=prepared.environment,
            )
            self._interruptible = False
            failed = self._target.path_in_run(self._paths.failed(run.attempt))
            self._following.begin(job, failed)
            addresses = await self._target.place(job, self._placement(gpu_ids, job))
            placement = await self._told(addresses, self._placement(gpu_ids, job))
            handle = await self._submit(job, placement)
            # What listens inside a container is out of a browser's reach.
            here = {} if job.container else self._launcher.pages(configuration, addresses)
            handle = {**handle, _GPUS: list(gpu_ids), "pages": dict(here)}
            noted = self._paths.failed(run.attempt)
            handle = {**handle, **assembly.expected(job, addresses, noted)}
            await self._submitted(handle)
            return await self._watch(handle)

    async def _told(self, addresses: Mapping[Replica, Address], placement: Placement) -> Placement:
        """Return the placement in which every replica is told where the others will be."""
        configuration = self._definition.configuration
        told = {}
        for replica in placement.logs:  # each may be told of all the others: let the server breathe
            told[replica] = self._launcher.replica_env(configuration, addresses, replica)
            await asyncio.sleep(0)
        return replace(placement, replica_env=told)

    async def _submit(self, job: Job, placement: Placement) -> TargetHandle:
        """Start the work; a cancel meanwhile goes to what starts it."""
        self._placed = placement
        submitting = self._target.submit(job, placement)
        if not self._cancel_requested:
            return await submitting
        # It came while the addresses were chosen.
        handle, _ = await asyncio.gather(submitting, self._target.cancel_start(placement))
        return handle

    def _placement(self, gpu_ids: tuple[int, ...] = (), job: Job | None = None) -> Placement:
        attempt = self._run.attempt
        return Placement(
            run_folder=self._paths.root,
            work_dir=self._paths.work,
            attempt=attempt,
            attempt_dir=self._paths.attempt(attempt),
            gpu_ids=gpu_ids,
            logs={
                (role.name, index): self._paths.log(role.name, index, attempt)
                for role in (job.roles if job else ())
                for index in range(role.replicas)
            },
            usage=self._paths.usage,
        )

    async def _submitted(self, handle: TargetHandle) -> None:
        """Write down that the work has begun; end it at once where a cancel came in between."""
        self._handle = handle
        try:
            started_at = handle.get("started_at", time.time())
            await self._to(RunStatus.RUNNING, handle=handle, started_at=started_at)
        except Superseded:
            await self._engine.journal.write(runs.save_handle, self._run.run_id, handle)
            if self._cancel_requested:
                await self._target.cancel(handle)

    async def _watch(self, handle: TargetHandle) -> Outcome:
        """Follow the work to its end."""
        self._handle = handle
        outcome = await self._following.wait(self._target, handle, lambda: self._cancel_requested)
        self._handle = None
        return outcome

    async def _conclude(self, outcome: Outcome) -> bool:
        """Write the end of an attempt down. Returns False where the run is to be tried again."""
        run, configuration = self._run, self._definition.configuration
        canceled = outcome.canceled and self._cancel_requested
        failed = outcome.code is not None and not canceled
        if run.status is not RunStatus.FINALIZING:  # it is, where a restart came in between
            await self._to(RunStatus.FINALIZING)
        if failed and run.attempt <= configuration.retries and not self._cancel_requested:
            await self._to(RunStatus.QUEUED, attempt=run.attempt + 1, handle=None)
            self._interruptible = True
            return False
        refused: RunFailed | None = None
        if not canceled:
            # A cancel that came too late for the work is not too late for this.
            refused = await self._delivery.deliver(run, canceled=self._cancel_requested)
            canceled = self._delivery.canceled
        await mounts.hide(self._paths)
        since = run.started_at or 0.0
        await asyncio.to_thread(workspace.clear, self._paths, configuration.history, since)
        ended_at = max(outcome.ended_at or time.time(), run.started_at or 0.0)
        changes: dict[str, Any] = {"exit_code": outcome.exit_code, "ended_at": ended_at}
        changes["usage"] = asdict(outcome.usage) if outcome.usage else None
        if failed:
            await self._fail(outcome.code or "", outcome.message or "", **changes)
        elif refused is not None:
            await self._fail(refused.code, refused.message, **changes)
        else:
            after = RunStatus.CANCELED if canceled else RunStatus.COMPLETED
            await self._to(after, token_hash=None, **changes)
        if self._job is not None and not canceled:
            await self._target.prepare_next(self._job)
        return True

    async def _resume(self) -> None:
        """Go on after a restart: find the work again, or prepare it again."""
        run = self._run
        handle = run.handle or await self._target.find(self._placement())
        if handle is None:
            if self._cancel_requested:
                raise Superseded
            if run.status is not RunStatus.QUEUED:
                await self._to(RunStatus.QUEUED)
            self.placed.set()
            await self._attempts()
            return
        self._interruptible = False
        admission = await self._engine.ways.admission(run.target)
        need = self._launcher.need(self._definition.configuration)
        holds = handle.get(_GPUS, ())
        async with admission.slot(run.run_id, run.display_name, run.sequence, need, holds=holds):
            self.placed.set()
            if run.status in {RunStatus.PREPARING, RunStatus.STARTING}:
                await self._submitted(handle)
            elif self._cancel_requested:
                await self._target.cancel(handle)
            outcome = await self._watch(handle)
        if not await self._conclude(outcome):
            await self._attempts()
