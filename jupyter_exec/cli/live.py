"""A run in a terminal: its log, and one line with its state below it (floor: faces)."""

from __future__ import annotations

import queue
import shutil
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

from jupyter_exec.cli import text
from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.client import Run

_TICK_S = 0.25
_POSITION_S = 2.0
_BAR = 24
_LONG_LINE = 4096
_CLEAR = "\r\x1b[K"

_Item = str | ExecError | None


class Live:
    """Shows a run until it ends.

    The log goes to `log`; states, progress and everything about them to `states`: as one line that
    is written over where that is a terminal, else as a line for each state.

    Args:
        run: kept up to date.
        log: None to leave it out.
        states: where states are written.
    """

    def __init__(self, run: Run, log: IO[str] | None, states: IO[str]) -> None:
        self._run = run
        self._log = log
        self._states = states
        self._terminal = states.isatty()
        self._items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._rest = ""
        self._shown = ""
        self._looked_s = 0.0
        self._interrupted = False

    def watch(self) -> None:
        """Show the run until it has ended.

        The first Ctrl-C says that the run goes on; the second ends the watching.

        Raises:
            KeyboardInterrupt: the second.
            ExecError: the server is gone for good.
        """
        sources: list[Callable[[], None]] = [self._follow_states]
        sources += [self._follow_log] if self._log is not None else []
        for source in sources:
            threading.Thread(target=source, daemon=True).start()
        open_sources = len(sources)
        while open_sources:
            try:
                item = self._next()
                if isinstance(item, ExecError):
                    raise item
                if item is None:
                    open_sources -= 1
                elif item:
                    self._write_log(item)
                self._show_state()
            except KeyboardInterrupt:
                if self._interrupted:
                    self._erase()
                    raise
                self._explain()
        self._erase()
        if self._rest and self._log is not None:
            self._put(self._rest + "\n")
        self._run.refresh()

    def _next(self) -> _Item:
        try:
            return self._items.get(timeout=_TICK_S)
        except queue.Empty:
            return ""

    def _follow_states(self) -> None:
        def states() -> None:
            for _ in self._run.events():
                self._items.put("")

        self._until_end(states)

    def _follow_log(self) -> None:
        def log() -> None:
            for block in self._run.logs(follow=True):
                self._items.put(block)

        self._until_end(log)

    def _until_end(self, source: Callable[[], None]) -> None:
        try:
            source()
        except ExecError as error:
            self._items.put(error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a thread; shown by `watch`
            self._items.put(ExecError(f"{type(error).__name__}: {error}"))
        else:
            self._items.put(None)

    def _write_log(self, block: str) -> None:
        if not self._terminal:
            self._put(block)
            return
        # Whole lines only, so that the state's line has its own.
        lines, newline, self._rest = (self._rest + block).rpartition("\n")
        if len(self._rest) > _LONG_LINE:
            lines, newline, self._rest = lines + newline + self._rest, "\n", ""
        if newline:
            self._erase()
            self._put(lines + newline)

    def _put(self, block: str) -> None:
        if self._log is not None:
            self._log.write(block)
            self._log.flush()

    def _show_state(self) -> None:
        if not self._terminal:
            line = self._run.status
            if line != self._shown and not self._run.ended:  # the summary tells the end
                self._states.write(f"{line}\n")
                self._states.flush()
            self._shown = line
            return
        self._look_at_queue()
        line = self._line()[: shutil.get_terminal_size().columns - 1]
        if line != self._shown:
            self._states.write(f"{_CLEAR}{line}")
            self._states.flush()
            self._shown = line

    def _line(self) -> str:
        run = self._run
        parts = [
            text.state(run),
            text.elapsed(run) or text.ago(run.created_at).removesuffix(" ago"),
        ]
        now = run.progress or {}
        if now.get("total"):
            part = min(max(float(now.get("done") or 0) / float(now["total"]), 0.0), 1.0)
            filled = round(part * _BAR)
            parts.append(f"[{'#' * filled}{'.' * (_BAR - filled)}]")
        parts.append(text.progress(run))
        return "  ".join(part for part in parts if part)

    def _look_at_queue(self) -> None:
        """Ask for the place in the queue, which no event tells, from time to time."""
        now = time.monotonic()
        if self._run.status == "Queued" and now - self._looked_s > _POSITION_S:
            self._looked_s = now
            try:
                self._run.refresh()
            except ExecError:
                return  # whoever follows the events waits for the server

    def _erase(self) -> None:
        if self._terminal and self._shown:
            self._states.write(_CLEAR)
            self._states.flush()
        self._shown = ""

    def _explain(self) -> None:
        self._interrupted = True
        self._erase()
        run_id = self._run.run_id
        self._states.write(
            f"\n{run_id} goes on. To end it: jupyter exec cancel {run_id}. "
            "Ctrl-C once more leaves it alone and ends this.\n"
        )
        self._states.flush()


def watch(run: Run, *, json: bool = False) -> int:
    """Show a run until it ends, then how it ended; return the exit status that tells so.

    Args:
        run: kept up to date.
        json: print the run as JSON instead, and everything else on stderr.
    """
    Live(run, sys.stderr if json else sys.stdout, sys.stderr).watch()
    if json:
        text.say_json(run.json)
    sys.stdout.flush()
    sys.stderr.write(f"{text.summary(run)}\n")
    return exit_status(run)


def exit_status(run: Run) -> int:
    """Return the exit status of a run: its own, 1 where it has none, 130 if it was cancelled."""
    if run.status == "Completed":
        return 0
    if run.status == "Canceled":
        return 130
    code = run.exit_code or 1
    if code < 0:
        return 128 - code
    return code if code < 256 else 1  # noqa: PLR2004 - what a process can exit with
