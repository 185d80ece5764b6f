"""Which runs have a TensorBoard now, and for how long (floor: services)."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, NotFound, ReadOnly
from jupyter_exec.services.tensorboard.board import Board
from jupyter_exec.services.tensorboard.folder import has_events, link_events, link_trials
from jupyter_exec.services.tensorboard.programs import find_program
from jupyter_exec.services.tensorboard.trials import begun_trials
from jupyter_exec.store import runs
from jupyter_exec.targets.clean_environment import OUTER_RUN, SERVER_SECRETS, clean_environment

if TYPE_CHECKING:
    from collections.abc import Collection

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.paths import DataPaths

log = logging.getLogger(__name__)

_LOOK_S = 5.0


@dataclass(frozen=True)
class Limits:
    """How many TensorBoards there may be, and for how long.

    Attributes:
        most: at once; 0 = none.
        age_s: after which one is ended that nobody has asked for again.
    """

    most: int = 4
    age_s: float = 14_400.0


@dataclass(eq=False)
class _Shown:
    """A run that has a TensorBoard, or gets one.

    Attributes:
        settled: the trials of a sweep that were linked after their end.
    """

    run: Run
    asked_at: float = field(default_factory=time.monotonic)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    board: asyncio.Future[Board] | None = None
    watch: asyncio.Task[None] | None = None
    settled: set[str] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Whether it ends, has ended, or did not start."""
        if self.ending.is_set() or self.board is None or not self.board.done():
            return self.ending.is_set()
        failed = self.board.cancelled() or self.board.exception() is not None
        return failed or self.board.result().gone.done()


class TensorBoards:
    """The TensorBoards of one server, one a run; they end with the server.

    Args:
        hidden: names of the server's variables that they do not get, besides its credentials.
    """

    def __init__(
        self,
        journal: Journal,
        paths: DataPaths,
        limits: Limits,
        *,
        writable: bool,
        hidden: Collection[str] = (),
    ) -> None:
        self._journal = journal
        self._paths = paths
        self._limits = limits
        self._writable = writable
        self._hidden = (*SERVER_SECRETS, *OUTER_RUN, *hidden)
        self._shown: dict[str, _Shown] = {}

    async def open(self, run_id: str) -> int:
        """Return the port of a run's TensorBoard; it is started where there is none.

        The one that nobody has asked for for longest goes where there would be too many.

        Raises:
            NotFound: there is no such run.
            Conflict: the run has left nothing to show, or there is no tensorboard that starts.
            ReadOnly: another server owns the data directory.
        """
        run = await self._journal.read(runs.get, run_id)
        self._check()
        if not await self._link(run) and run.ended:
            await self.end(run_id)
            who = "no trial has left any" if _is_sweep(run) else "the run has left no"
            message = f"{who} event files, which TensorBoard shows; write them below outputs"
            raise Conflict(f"{message}, for example by SummaryWriter('outputs')")
        while (shown := self._shown.get(run_id)) is not None and shown.is_over:
            await self.end(run_id)
        if shown is None:
            shown = self._shown[run_id] = _Shown(run)
            shown.board = asyncio.ensure_future(self._start(shown))
            shown.watch = asyncio.create_task(self._keep(shown, shown.board))
        shown.asked_at = time.monotonic()
        return await _port_of(shown)

    async def has_events(self, run: Run) -> bool:
        """Tell whether there is something to show of a run, or of a trial of a sweep."""
        trials = await self._trials(run)
        shown = [run] if trials is None else trials.values()
        paths = [self._paths.run(each.folder) for each in shown]
        return await asyncio.to_thread(lambda: any(has_events(each) for each in paths))

    async def end(self, run_id: str) -> None:
        """End the TensorBoard of a run, if it has one, and wait until it has ended."""
        shown = self._shown.get(run_id)
        if shown is not None and shown.watch is not None:
            shown.ending.set()
            await asyncio.wait([shown.watch])

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(self.end(run_id) for run_id in list(self._shown)))

    def _check(self) -> None:
        if not self._writable:
            message = "another server owns the data directory; ask that one"
            raise ReadOnly(message)
        if self._limits.most == 0:
            message = "this server starts no TensorBoard: its setting tensorboard_most is 0"
            raise Conflict(message)

    async def _start(self, shown: _Shown) -> Board:
        run = shown.run
        trials = await self._trials(run)
        whose = next(reversed(trials.values()), run) if trials else run
        program = await asyncio.to_thread(find_program, whose, self._paths)
        oldest_first = sorted(self._shown.values(), key=lambda each: each.asked_at)
        spare = [each for each in oldest_first[: -self._limits.most] if each is not shown]
        await asyncio.gather(*(self.end(each.run.run_id) for each in spare))
        folder = str(self._paths.run(run.folder).tensorboard)
        env = clean_environment(os.environ, self._hidden)
        return await Board.start(program, folder, run.display_name or run.run_id, env)

    async def _keep(self, shown: _Shown, starting: asyncio.Future[Board]) -> None:
        """Show what a run writes anew, until its TensorBoard ends, or has to."""
        run_id = shown.run.run_id
        ending = asyncio.create_task(_said(shown.ending))
        try:
            either: set[asyncio.Future[Any]] = {starting, ending}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if starting.done() and starting.exception() is None:
                await self._until_over(shown, starting.result(), ending)
        except Exception:
            log.exception("the TensorBoard of run %s ends for a reason that is ours", run_id)
        finally:
            ending.cancel()
            starting.cancel()
            await asyncio.wait([starting])
            if not starting.cancelled() and starting.exception() is None:
                await starting.result().end()
            del self._shown[run_id]

    async def _until_over(self, shown: _Shown, board: Board, ending: asyncio.Task[None]) -> None:
        is_going = True
        while (left_s := shown.asked_at + self._limits.age_s - time.monotonic()) > 0:
            pause_s = min(left_s, _LOOK_S) if is_going else left_s
            done, _ = await asyncio.wait(
                {board.gone, ending}, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                return
            if is_going:
                try:
                    run = await self._journal.read(runs.get, shown.run.run_id)
                    await self._link(run, shown.settled)
                except NotFound:
                    return
                is_going = not run.ended

    async def _trials(self, run: Run) -> dict[str, Run] | None:
        """Return the trials of a sweep; None of another run."""
        return await self._journal.read(begun_trials, run.run_id) if _is_sweep(run) else None

    async def _link(self, run: Run, settled: set[str] | None = None) -> bool:
        trials, paths = await self._trials(run), self._paths.run(run.folder)
        try:
            if trials is None:
                return await asyncio.to_thread(link_events, paths)
            places = {name: self._paths.run(trial.folder) for name, trial in trials.items()}
            done = settled if settled is not None else set()
            found = await asyncio.to_thread(link_trials, paths, places, done)
        except FileNotFoundError:
            message = f"run {run.run_id!r} has just been deleted"
            raise NotFound(message) from None
        done.update(name for name, trial in trials.items() if trial.ended)
        return found


def _is_sweep(run: Run) -> bool:
    return bool(run.definition.get("sweep"))


async def _said(event: asyncio.Event) -> None:
    await event.wait()


async def _port_of(shown: _Shown) -> int:
    """Wait until a TensorBoard has started; others may wait for the same."""
    assert shown.board is not None  # noqa: S101 - set before anybody else could look
    try:
        return (await asyncio.shield(shown.board)).port
    except asyncio.CancelledError:
        if not shown.board.cancelled():
            raise
        message = "it was ended while it started: others were asked for, or the run was deleted"
        raise Conflict(message) from None
