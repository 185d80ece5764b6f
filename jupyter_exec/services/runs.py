"""What can be asked about runs: submit, look, cancel, run again, delete (floor: services).

Every face ends here. A method validates everything first and stores nothing when something is
wrong.
"""

from __future__ import annotations

import asyncio
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, ExecError, Fault, InvalidRequest, NotFound
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.lenient import covers
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.request import RerunRequest, SubmitRequest, merge_patch
from jupyter_exec.model.wire import parse
from jupyter_exec.services import mounts, validation, workspace
from jupyter_exec.services.sourcing import Sourced
from jupyter_exec.services.submission import (
    Submission,
    as_run,
    check_secret_parameters,
    check_secrets,
    completed,
    in_definition,
    without_registry_password,
)
from jupyter_exec.store import listing, runs, sweeps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.environments import EnvironmentService
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.services.executor import Executor
    from jupyter_exec.services.sourcing import Sourcing
    from jupyter_exec.services.tensorboard import TensorBoards


class RunService:
    """The verbs on runs."""

    def __init__(
        self,
        engine: Engine,
        executor: Executor,
        sourcing: Sourcing,
        environments: EnvironmentService,
        tensorboards: TensorBoards,
    ) -> None:
        self._engine = engine
        self._executor = executor
        self._sourcing = sourcing
        self._environments = environments
        self._tensorboards = tensorboards

    async def submit(
        self, request: SubmitRequest, misfits: Sequence[Fault] = ()
    ) -> tuple[Run, Sourced]:
        """Make a run of a request of our own dialect; see `submission`.

        Raises:
            Conflict: the run id is taken by another request.
        """
        submission = await self.submission(request, misfits)
        with in_definition():
            return await self.start(submission), submission.sourced

    async def submission(
        self, request: SubmitRequest, misfits: Sequence[Fault] = (), sourced: Sourced | None = None
    ) -> Submission:
        """Check a request of our own dialect, and take its source.

        Args:
            misfits: faults found while the request was read; `request` is what did fit.
            sourced: its source, where that was taken before.

        Raises:
            InvalidRequest: with all faults of the request.
        """
        faults = list(misfits)
        script = None
        try:
            script = await self._script(request, sourced)
        except ExecError as error:
            faults += error.faults
        definition = completed(request, script)
        try:
            with in_definition():
                definition = await self._environments.completed(definition)
                await self.check(request.experiment, request.run_id, definition)
        except InvalidRequest as error:
            faults += [fault for fault in error.faults if not covers(faults, fault.target)]
        if faults:
            raise InvalidRequest.of(faults)
        return Submission(
            experiment=request.experiment,
            definition=definition,
            sourced=sourced or await self._sourcing.take(request.source, request.overlay),
            run_id=request.run_id,
            display_name=request.display_name,
            tags=request.tags,
            secrets=request.secrets,
        )

    async def _script(self, request: SubmitRequest, sourced: Sourced | None) -> str | None:
        """Return what the source says is to be run; of one taken before, even if it is gone."""
        path = request.source.path
        if sourced is None or path is None:
            return self._sourcing.script(request.source)
        name = PurePath(path).name
        has_file = self._engine.snapshots.has_file
        return name if await asyncio.to_thread(has_file, sourced.snapshot_id, name) else None

    async def check(
        self,
        experiment: str,
        run_id: str | None,
        definition: RunDefinition,
        *,
        elsewhere: bool = False,
    ) -> None:
        """Refuse a request that cannot run, before its source is read.

        Args:
            elsewhere: the caller's own machine executes it, so nothing is asked of this one.

        Raises:
            InvalidRequest: with all faults.
        """
        faults = validation.name_faults(experiment, run_id)
        if definition.sweep is not None:
            message = "start a sweep with POST templates/{name}/sweeps"
            faults.append(Fault("definition.sweep", message))
        configuration = definition.configuration
        if elsewhere:
            faults += validation.local_run_faults(configuration, self._engine.ways)
        else:
            faults += await validation.configuration_faults(configuration, self._engine.ways)
            faults += await asyncio.to_thread(self._engine.datastores.faults, configuration)
        if definition.parent_run_id is not None:
            try:
                await self.get(definition.parent_run_id)
            except NotFound as error:
                faults.append(Fault("parentRunId", error.message))
        if faults:
            raise InvalidRequest.of(faults)

    async def start(self, submission: Submission) -> Run:
        """Store a run and set it going; the same id with the same request is answered again.

        Raises:
            InvalidRequest: the script is not in the snapshot.
            Conflict: the id is taken by another request.
        """
        submission = without_registry_password(submission)
        definition = submission.definition
        check_secret_parameters(definition, submission.secrets)
        if submission.sourced.snapshot_id:
            await self._check_script(definition, submission.sourced.snapshot_id)
        configuration = definition.configuration
        ways = self._engine.ways
        target = ways.target_name(configuration) if submission.queued else configuration.target
        run = as_run(submission, target)
        git = submission.sourced.git
        stored = await self._engine.journal.write(submission.insert, run)
        if stored.folder != run.folder:
            return stored  # the same request, sent again
        if configuration.environment.name is not None:
            await self._environments.register(configuration.environment)
        if git and git.get("diff"):
            paths = self._engine.paths.run(run.folder)
            await asyncio.to_thread(workspace.keep_diff, paths, git["diff"])
        if submission.queued:
            self._engine.vault.put(stored.run_id, submission.secrets)
            self._executor.start(stored)
        return stored

    async def _check_script(self, definition: RunDefinition, snapshot_id: str) -> None:
        configuration = definition.configuration
        if configuration.command or not configuration.script:
            return
        snapshots = self._engine.snapshots
        if not await asyncio.to_thread(snapshots.has_file, snapshot_id, configuration.script):
            message = f"{configuration.script[:200]} is not in the snapshot"
            raise InvalidRequest(message, "configuration.script")

    async def get(self, run_id: str) -> Run:
        """Return a run, or raise NotFound."""
        return await self._engine.journal.read(runs.get, run_id)

    def position(self, run: Run) -> int | None:
        """Return a waiting run's place in the queue."""
        return self._engine.ways.position(run.target, run.run_id)

    async def find(
        self, wanted: listing.RunFilter, limit: int, before: int | None
    ) -> tuple[list[Run], int | None, int]:
        """Return a page of runs, where the next one begins, and how many match in all."""
        return await self._engine.journal.read(listing.find, wanted, limit, before)

    async def experiments(
        self, q: str | None, limit: int, before: int | None
    ) -> tuple[list[listing.ExperimentSummary], int | None, int]:
        """Return a page of experiments, where the next one begins, and how many match in all."""
        return await self._engine.journal.read(listing.find_experiments, q, limit, before)

    async def cancel(self, run_id: str) -> Run:
        """Make a run end; one that has ended is answered as it is.

        Raises:
            NotFound: there is none.
        """
        run = await self.get(run_id)
        if run.ended:
            return run
        changed = await self._engine.journal.transition(run_id, RunStatus.CANCEL_REQUESTED)
        if changed is not None:
            await self._executor.cancel(changed)
        return await self.get(run_id)

    async def rerun(self, run_id: str, request: RerunRequest) -> Run:
        """Run an old run again: the same snapshot, definition and links, or with changes.

        Raises:
            NotFound: there is none.
            InvalidRequest: the changed definition cannot run.
        """
        old = await self.get(run_id)
        if old.snapshot_id is not None and not self._engine.snapshots.exists(old.snapshot_id):
            message = f"the snapshot of run {run_id} is gone"
            raise Conflict(message, "runId")
        changed = merge_patch(old.definition, request.definition)
        definition = parse(RunDefinition, changed, "definition")
        check_secrets(definition, request)
        if "sweep" in old.definition:
            _check_sweep_again(old, request)
        else:
            with in_definition():
                await self.check(old.experiment, request.run_id, definition)
        sourced = Sourced.again(old)
        submission = Submission(
            experiment=old.experiment,
            definition=definition,
            sourced=sourced,
            run_id=request.run_id,
            display_name=request.display_name or old.display_name,
            tags={**old.tags, "rerunOf": old.run_id} if request.tags is None else request.tags,
            scope={name: value for name, value in old.scope.items() if name != "executes"},
            secrets=request.secrets,
            template=old.template,
            environment=_same_environment(old, definition),
        )
        return await self.start(submission)

    async def redefine(
        self,
        run_id: str,
        secrets: Mapping[str, str],
        names: Sequence[str],
        change: Callable[[], Awaitable[bool]],
    ) -> bool:
        """Take a waiting run out of the queue, change it, and put it back in its place.

        Args:
            secrets: that come with the change; others of the run's stay as they are.
            names: all that the changed run has.
            change: stores the change; answers False where the run waits no more.

        Returns what `change` did.
        """
        vault = self._engine.vault
        before = vault.peek(run_id)
        paused = await self._executor.pause(run_id)
        changed = False
        try:
            changed = await change()
        finally:
            run = await self.get(run_id)
            if paused and not run.ended:
                after = {k: v for k, v in {**before, **secrets}.items() if k in names}
                vault.put(run_id, after if changed else before)
                self._executor.start(run, reattach=run.status is not RunStatus.QUEUED)
        return changed

    async def delete(self, run_id: str) -> set[str]:
        """Forget a run that has ended, and its files; a sweep with its trials. Returns their ids.

        Raises:
            NotFound: there is none.
            Conflict: it, or one of its trials, has not ended; or it is a trial of a sweep that has
                not.
        """
        gone = await self._engine.journal.write(sweeps.delete, run_id)
        for run in gone:
            paths = self._engine.paths.run(run.folder)
            await self._tensorboards.end(run.run_id)
            await mounts.hide(paths)
            await asyncio.to_thread(workspace.remove, paths.root)
        return {run.run_id for run in gone}


def _check_sweep_again(sweep: Run, request: RerunRequest) -> None:
    """Refuse a repetition of a sweep that would not be one.

    Raises:
        InvalidRequest: with all faults.
    """
    faults = validation.name_faults(sweep.experiment, request.run_id)
    if request.definition:
        message = (
            "a sweep is repeated as it was; start another one with POST templates/{name}/sweeps"
        )
        faults.append(Fault("definition", message))
    if faults:
        raise InvalidRequest.of(faults)


def _same_environment(old: Run, definition: RunDefinition) -> Mapping[str, Any] | None:
    """Return what the environment of a run was, where that is still what is asked for."""
    before = parse(RunDefinition, old.definition).configuration.environment
    now = definition.configuration.environment
    docker = before.docker.to_json() == now.docker.to_json()  # less a password, which is not kept
    same = before.python == now.python and docker
    return old.environment if same else None
