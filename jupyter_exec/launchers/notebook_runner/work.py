"""Executes one notebook in one kernel: cell after cell, saved and reported as it goes.

Travels with runs (see `main`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from nbclient.exceptions import CellExecutionError, DeadKernelError

from jupyter_exec.launchers.notebook_runner import document, streams
from jupyter_exec.launchers.notebook_runner.execution import Execution, connect
from jupyter_exec.launchers.notebook_runner.kernel import NotebookFault

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from jupyter_exec.launchers.notebook_runner.execution import KernelClient
    from jupyter_exec.launchers.notebook_runner.kernel import Kernel

_SAVE_EVERY_S = 2.0
_INTERRUPT_S = 3.0
_SIGNAL_MAY_FOLLOW_S = 0.2

# Runs in a kernel that was started before it had a run; leaves no names there.
_ASSIGN = """
import os, tempfile, time
os.environ.update(env)
os.chdir(cwd)
time.tzset()
tempfile.tempdir = None
from IPython import get_ipython
visited = get_ipython().user_ns.get("_dh")
if visited:
    visited[:] = [type(visited[0])(cwd)]
"""


class Work:
    """One notebook in one kernel.

    Args:
        kernel: which was started.

    Attributes:
        reason: why the run failed, in one line.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.reason: str | None = None
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        kernel.when_ended(self._kernel_ended)
        self._client: KernelClient | None = None
        self._info: dict[str, Any] = {}
        self._stopped_by = 0

    @property
    def log_ends_line(self) -> bool:
        """Tell whether the next character in the log is the first of a line."""
        return streams.ends_line

    def connect(self) -> KernelClient:
        """Wait until the kernel is ready, and return its client.

        Raises:
            NotebookFault: the kernel ended instead.
        """
        if self._client is None:
            ready = connect(self.kernel, self._ended)
            self._client, self._info = self._loop.run_until_complete(ready)
        return self._client

    def assign(self, env: dict[str, str], cwd: str) -> None:
        """Give a waiting kernel the environment and the folder of its run.

        Raises:
            NotebookFault: it could not take them.
        """
        env = {name: value for name, value in env.items() if name not in self.kernel.choice.env}
        code = f"exec({_ASSIGN!r}, {{'env': {env!r}, 'cwd': {cwd!r}}})"
        client = self.connect()
        asking = client.execute(code, silent=True, store_history=False, reply=True, timeout=30)
        reply = self._loop.run_until_complete(asking)["content"]
        if reply["status"] != "ok":
            raise NotebookFault(f"the waiting kernel is of no use: {reply.get('evalue')}")

    def execute(self, spec: dict[str, Any], content: dict[str, Any]) -> int:
        """Execute a notebook and return the exit status.

        Args:
            spec: as in `main`.
            content: the notebook's JSON.

        Raises:
            NotebookFault: it cannot be executed, or not be written.
        """
        notebook = document.upgrade(spec["notebook"], content)
        secrets = spec.get("secret_parameters") or {}
        injected = None
        if spec["parameters"] or secrets:
            injected = document.inject(notebook, spec["parameters"], secrets, self.kernel.choice)
        self._name_kernel(notebook)
        output = document.Output(spec["output"], notebook)
        output.write(now=True)
        client = self.connect()
        notebook.metadata["language_info"] = self._info.get("language_info", {})
        execution = Execution(notebook, client, self._ended, output.touch, injected)
        try:
            return self._loop.run_until_complete(self._execute(execution, output))
        finally:
            execution.bring_up_to_date()
            output.write(now=True)

    def ask_kernel_to_end(self) -> bool:
        """Send the kernel a shutdown request; tell whether it was there to take it."""
        client = self._client
        if client is None or self._ended.is_set():
            return False

        async def ask() -> None:
            client.shutdown()

        self._loop.run_until_complete(ask())
        return True

    def _name_kernel(self, notebook: NotebookNode) -> None:
        """Let a notebook that names no kernel open without a question."""
        if not notebook.metadata.get("kernelspec"):
            choice = self.kernel.choice
            notebook.metadata["kernelspec"] = {
                "name": choice.name,
                "display_name": choice.display_name,
                "language": choice.language,
            }

    async def _execute(self, execution: Execution, output: document.Output) -> int:
        task = asyncio.ensure_future(self._cells(execution, output))
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop, number, task)
        saving = asyncio.ensure_future(_save(execution, output))
        try:
            status = await task
        except asyncio.CancelledError:
            status = 1
        saving.cancel()
        if self._stopped_by:
            self.reason = f"stopped by {signal.Signals(self._stopped_by).name}"
            return 128 + self._stopped_by
        return status

    async def _cells(self, execution: Execution, output: document.Output) -> int:
        """Execute the cells in order; return the exit status."""
        steps = execution.steps()
        total = sum(not execution.helps(index) for index in steps)
        done = 0
        for index in steps:
            number = None if execution.helps(index) else done + 1
            if number:
                _report(done, total, f"cell {number}/{total}")
            try:
                await execution.step(index, number)
            except CellExecutionError as error:
                return self._failed(_place(execution, index, number), error)
            except DeadKernelError:
                await asyncio.sleep(_SIGNAL_MAY_FOLLOW_S if not self._stopped_by else 0)
                if not self._stopped_by:
                    how = self.kernel.how_it_ended()
                    place = _place(execution, index, number)
                    where = f"in {place}" if place else "while variables were passed"
                    self.reason = f"the kernel died {where} ({how})"
                return 1
            done = number or done
            output.write()
            if execution.left or self._stopped_by:
                return 0
        _report(total, total, f"cell {total}/{total}")
        return 0

    def _failed(self, place: str, error: CellExecutionError) -> int:
        """Return the status for a cell's exception; SystemExit is a wish, as in a script."""
        status = 1
        if error.ename == "SystemExit":
            if error.evalue in {"", "0", "None"}:
                return 0
            with contextlib.suppress(ValueError):
                status = int(error.evalue) & 0xFF or 1
        first = (str(error.evalue).strip().splitlines() or [""])[0]
        where = f"{place}: " if place else ""
        self.reason = f"{where}{error.ename}" + (f": {first}" if first else "")
        return status

    def _stop(self, number: int, task: asyncio.Task[int]) -> None:
        """Interrupt the kernel; give up on it a little later."""
        if self._client is None or self._stopped_by:
            return
        self._stopped_by = number
        self._client.interrupt(self.kernel)
        self._loop.call_later(_INTERRUPT_S, task.cancel)

    def _kernel_ended(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._ended.set)


def _place(execution: Execution, index: int, number: int | None) -> str:
    """Return what a message calls a cell; nothing where the cell speaks for itself.

    Args:
        index: among all cells.
        number: among those of the user's own that are executed.
    """
    if execution.sets_parameters(index):
        return "parameters"
    return f"cell {number}" if number else ""


async def _save(execution: Execution, output: document.Output) -> None:
    """Write the notebook every two seconds while a long cell prints."""
    while True:
        await asyncio.sleep(_SAVE_EVERY_S)
        if output.changed:
            execution.bring_up_to_date()
            output.write()


def _report(done: int, total: int, label: str) -> None:
    """Report progress as `jupyter_exec.current_run` does."""
    path = os.environ.get("JUPYTER_EXEC_METRICS")
    if not path:
        return
    progress = {"done": done, "total": total, "label": label}
    line = json.dumps({"progress": progress, "time": time.time()}) + "\n"
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
