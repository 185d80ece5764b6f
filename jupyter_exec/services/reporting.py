"""What a run reports about itself over the wire (floor: services).

A run that this server executes may report metrics, progress and outputs; its state is the
executor's affair. A run on the caller's own machine (`scope["executes"]` is `client`) reports
everything.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import time
import uuid
from typing import IO, TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, InvalidRequest, NotFound
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.wire import parse
from jupyter_exec.services.workspace import kept_folders
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.model.report import RunReport
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.heartbeats import Heartbeats
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.paths import DataPaths

CLIENT = "client"
_LOG = re.compile(r"[\w-][\w.-]{0,200}\.txt", re.ASCII)


def runs_elsewhere(run: Run) -> bool:
    """Tell whether the caller's own machine executes the run."""
    return run.scope.get("executes") == CLIENT


class Reporting:
    """Takes reports of runs."""

    def __init__(self, journal: Journal, paths: DataPaths, heartbeats: Heartbeats) -> None:
        self._journal = journal
        self._paths = paths
        self._heartbeats = heartbeats

    async def report(self, run: Run, report: RunReport) -> Run:
        """Take what a run says; any report also says that it is alive.

        Raises:
            Conflict: the run has ended, or its state is not its own affair.
        """
        self._check_open(run)
        if report.status is not None and not runs_elsewhere(run):
            message = (
                f"run {run.run_id} is executed by this server, which knows its state by itself"
            )
            raise Conflict(message, "status")
        if runs_elsewhere(run):
            run = await self._alive(run, started=report.status is not None)
        await self._keep(run, report)
        if report.status not in {None, RunStatus.RUNNING.value}:
            run = await self._end(run, report)
        return run

    async def heard(self, run: Run) -> None:
        """Note a sign of life that came with a log or an output.

        Raises:
            Conflict: the run has ended.
        """
        self._check_open(run)
        if runs_elsewhere(run):
            await self._alive(run, started=False)

    def _check_open(self, run: Run) -> None:
        if run.ended:
            message = f"run {run.run_id} has ended ({run.status.value}); it takes no more reports"
            raise Conflict(message, "runId")

    async def _alive(self, run: Run, *, started: bool) -> Run:
        self._heartbeats.beat(run.run_id)
        if run.status is RunStatus.NOT_RESPONDING or (
            started and run.status is RunStatus.NOT_STARTED
        ):
            started_at = run.started_at or time.time()
            await self._journal.transition(run.run_id, RunStatus.RUNNING, started_at=started_at)
            return await self._journal.read(runs.get, run.run_id)
        return run

    async def _keep(self, run: Run, report: RunReport) -> None:
        """Put metrics and progress where a local run does; tell what nobody else tells."""
        points = [
            {
                "name": point.name,
                "value": point.value,
                "step": point.step,
                "time": point.time or time.time(),
            }
            for point in report.metrics
        ]
        lines: list[dict[str, Any]] = [{**point, "metric": point["name"]} for point in points]
        progress = report.progress.model_dump() if report.progress else None
        if progress is not None:
            lines.append({"progress": progress})
        if not lines:
            return
        path = self._paths.run(run.folder).metrics
        await asyncio.to_thread(_append_lines, path, lines)
        if runs_elsewhere(run):
            if progress is not None:
                await self._journal.write(runs.save_progress, run.run_id, progress)
            if points:
                await self._journal.write(runs.save_points, run.run_id, points)

    async def _end(self, run: Run, report: RunReport) -> Run:
        """Write the end of a run down, by the steps that the state machine has."""
        changes: dict[str, Any] = {"exit_code": report.exit_code}
        end = RunStatus(report.status)
        if end is RunStatus.FAILED:
            error = report.error
            changes["error_code"] = error.code if error else "ExitCode"
            changes["error_message"] = error.message if error else f"exit code {report.exit_code}"
        elif run.status is not RunStatus.CANCEL_REQUESTED:
            by_the_way = RunStatus.FINALIZING
            if end is RunStatus.CANCELED:
                by_the_way = RunStatus.CANCEL_REQUESTED
            await self._journal.transition(run.run_id, by_the_way)
        await self._journal.transition(run.run_id, end, **changes)
        self._heartbeats.forget(run.run_id)
        return await self._journal.read(runs.get, run.run_id)

    async def write_log(self, run: Run, name: str, offset: int | None, file: IO[bytes]) -> int:
        """Write bytes of a log and return its size.

        Args:
            offset: where they belong; the same again changes nothing. None replaces the whole log.

        Raises:
            Conflict: this server writes that log, or bytes before `offset` are missing.
        """
        await self.heard(run)
        if not runs_elsewhere(run):
            message = f"the logs of run {run.run_id} are written by this server"
            raise Conflict(message, "name")
        if not _LOG.fullmatch(name):
            message = (
                f"{name[:80]!r} is not a log's name: letters, digits, '_', '-', '.', then .txt"
            )
            raise InvalidRequest(message, "name")
        path = self._paths.run(run.folder).logs / name
        return await asyncio.to_thread(_write_at, path, offset, file)

    async def write_output(self, run: Run, path: str, file: IO[bytes]) -> None:
        """Keep one output: below `./outputs`, or in a watched folder that the path begins with.

        Raises:
            InvalidRequest: the path leads out of the run's folder.
        """
        await self.heard(run)
        work = self._paths.run(run.folder).work
        history = parse(RunDefinition, run.definition).configuration.history
        watched = [folder for folder in kept_folders(history) if folder != "outputs"]
        inside = any(path.startswith(f"{folder}/") for folder in watched)
        target = work / path if inside else work / "outputs" / path
        await asyncio.to_thread(_write_file, work, target, file)


def _append_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = "".join(json.dumps(line) + "\n" for line in lines)
    with path.open("a") as file:
        file.write(data)


def _write_at(path: Path, offset: int | None, source: IO[bytes]) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if offset is None:
            file.truncate(0)
        elif offset > size:
            message = f"the log has {size} bytes; send what follows them"
            raise Conflict(message, "offset")
        file.seek(offset or 0)
        shutil.copyfileobj(source, file)
        return file.seek(0, os.SEEK_END)


def _write_file(work: Path, target: Path, source: IO[bytes]) -> None:
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        real = target.parent.resolve()
        if not real.is_relative_to(work.resolve()) or target.name in {"", ".", ".."}:
            message = "the path leads out of the run's folder"
            raise InvalidRequest(message, "path")
        real.mkdir(parents=True, exist_ok=True)
        temporary = real / f".{uuid.uuid4().hex}.part"
        with temporary.open("xb") as file:
            shutil.copyfileobj(source, file)
        temporary.replace(real / target.name)
    except (NotADirectoryError, FileExistsError, IsADirectoryError, ValueError) as error:
        message = f"cannot be written: {error}"
        raise InvalidRequest(message[:300], "path") from None
    except FileNotFoundError as error:
        message = "the run's folder is gone"
        raise NotFound(message, "runId") from error
