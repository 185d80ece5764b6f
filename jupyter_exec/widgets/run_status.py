"""The status widget of a run (floor: widgets, above client, model and errors).

The page fetches everything from its own Jupyter server, so the widget goes on while the kernel is
busy. Where the page has none (VS Code), or its server does not know the run, a thread here pushes
what the page cannot fetch. No address and no token is part of the widget's state, which notebooks
save.
"""

from __future__ import annotations

import contextvars
import re
import threading
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from jupyter_exec.errors import ExecError
from jupyter_exec.widgets import summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.client import Run

# In this order they are one ES module; no build, and no imports between them.
_PARTS = ("server.js", "follow.js", "ansi.js", "run_status.js", "main.js")
_COMMENTS = re.compile(r"^\s*(?://.*|/\*\*(?:.|\n)*?\*/)\n|^[ \t]+", re.MULTILINE)
_PUSH_S = 1.0


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _module() -> str:
    """Return the widget's ES module, small: it is part of every saved notebook."""
    return _COMMENTS.sub("", "\n".join(_read(name) for name in _PARTS))


class RunStatus(anywidget.AnyWidget):
    """Shows a run: state, time, progress, metrics, log, outputs; can cancel it and run it again.

    Args:
        run: which one.
        ended: called once, in a thread, when it has ended.
    """

    _esm: ClassVar[str] = _module()
    _css: ClassVar[str] = _read("run_status.css")
    run_id = traitlets.Unicode().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, run: Run, ended: Callable[[RunStatus], None] | None = None) -> None:
        self.run = run
        self._ended = ended
        self._metrics: dict[str, list[float]] = {}
        self._fetches = threading.Event()  # the page looks for itself
        self._news = threading.Event()
        super().__init__(run_id=run.run_id, state=summary.summarise(run, {}))
        self.on_msg(self._asked)
        self.observe(self._switched, "run_id")
        self._watch()

    def plain_text(self) -> str:
        """Return the last known state as a few lines."""
        return summary.plain_text(self.state)

    def catch_up(self) -> None:
        """Show the end of a run that has ended, before the page has said so."""
        if self.run.ended and self.state.get("status") != self.run.status:
            self._push(self.run, summary.summarise(self.run, self._metrics))

    def _watch(self) -> None:
        """Follow the run: one thread hears its events, one passes them on at a bearable rate."""
        run, self._metrics = self.run, {}
        for task in (self._listen, self._pass_on):
            # The context knows the cell, to whose output messages belong.
            context = contextvars.copy_context()
            name = f"jupyter-exec {run.run_id}"
            threading.Thread(target=context.run, args=(task, run), name=name, daemon=True).start()

    def _listen(self, run: Run) -> None:
        try:
            for event in run.events():
                for point in event.get("metrics") or ():
                    values = self._metrics.setdefault(point["name"], [])
                    values.append(point["value"])
                    del values[: -summary.POINTS]
                self._news.set()
            run.wait()
        except (ExecError, TimeoutError):
            pass  # the run was deleted, or the server is gone: what is known stays
        self._news.set()

    def _pass_on(self, run: Run) -> None:
        while not run.ended and self.run is run:
            self._news.wait(None if self._fetches.is_set() else _PUSH_S)
            self._news.clear()
            if not self._fetches.is_set() and not run.ended:
                log = summary.read_log_tail(run) if run.started_at else ""
                self._push(run, summary.summarise(run, self._metrics, log))
            threading.Event().wait(_PUSH_S / 4)
        if self.run is run:
            self._finish(run)

    def _finish(self, run: Run) -> None:
        """Push the final state, whoever has been showing the others: the notebook keeps it."""
        metrics, outputs = summary.read_metrics(run), summary.read_outputs(run)
        log = summary.read_log_tail(run)
        self._push(run, summary.summarise(run, metrics or self._metrics, log, outputs))
        if self._ended:
            self._ended(self)

    def _push(self, run: Run, state: dict[str, Any]) -> None:
        if self.run is run and state != self.state:
            self.state = state

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        """Do what the page asks for: it fetches by itself, or the kernel has to do things."""
        kind = message.get("type")
        if kind == "fetching":
            self._fetches.set()
        elif kind == "push":
            self._fetches.clear()
            self._news.set()
        try:
            if kind == "cancel":
                self.run.cancel()
            elif kind == "rerun":
                self.run_id = self.run.rerun().run_id
        except ExecError as error:
            self.send({"type": "error", "message": error.message})

    def _switched(self, change: dict[str, Any]) -> None:
        """Follow another run: the page, or a button, started this one again."""
        if change["new"] == self.run.run_id:
            return
        try:
            self.run = self.run._client.run(change["new"])  # noqa: SLF001 - the run's own
        except ExecError as error:
            self.send({"type": "error", "message": error.message})
            return
        self._news.set()
        self._watch()
