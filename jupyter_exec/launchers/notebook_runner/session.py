"""A notebook run from its kernel's start to the process's end, cold or from a standby.

Travels with runs (see `main`). The kernel is started first; what is slow to import
(`work`) is imported while it starts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_exec.launchers.notebook_runner.kernel import (
    Kernel,
    KernelChoice,
    NotebookFault,
    choose,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.launchers.notebook_runner.work import Work

# What a kernel does after its last cell: exit hooks and flushing files are the run's work, and
# `boot` does nothing else; other kernels also take themselves apart.
_BOOT_END_S = 10.0
_OTHER_END_S = 1.0  # and every kernel after SIGTERM
_STOPPED = 128

# Optional format checkers of jsonschema, which nbformat imports and never asks for a format.
_SLOW_TO_IMPORT = ("fqdn", "isoduration", "rfc3987", "rfc3987_syntax", "uri_template", "webcolors")


def run(spec: str) -> NoReturn:
    """Execute the notebook of a SPEC and end the process."""
    session = Session()
    session.end_with(lambda: session.cold(json.loads(spec)))


def wait_for_run(choice: str) -> NoReturn:
    """Start a kernel, wait for a run on stdin, execute it and end the process."""
    session = Session()
    session.end_with(lambda: session.standby(**json.loads(choice)))


class Session:
    """One process: one kernel, one notebook, one exit status."""

    def __init__(self) -> None:
        self._kernel: Kernel | None = None
        self._work: Work | None = None
        self._replaced: Work | None = None  # kept: collecting its zmq context blocks
        signal.signal(signal.SIGTERM, self._leave_at_once)
        signal.signal(signal.SIGINT, self._leave_at_once)

    def cold(self, spec: dict[str, Any]) -> int:
        """Execute a notebook in a kernel that is started for it; return the exit status."""
        content, choice = _read(spec)
        return self._start(choice).execute(spec, content)

    def standby(self, kernel: str | None, python: str | None) -> int:
        """Have a kernel ready, and execute the notebook of the run that comes on stdin."""
        work = self._start(choose(kernel, python, {}))
        work.connect()
        line = sys.stdin.readline()
        if not line.strip():
            return 0
        assignment = json.loads(line)
        news = {k: v for k, v in assignment["env"].items() if os.environ.get(k) != v}
        os.environ.update(news)
        os.chdir(assignment["cwd"])
        time.tzset()
        spec = json.loads(assignment["argv"][-1])
        content, choice = _read(spec)
        if choice == work.kernel.choice and work.kernel.process.poll() is None:
            work.assign(news, assignment["cwd"])
        else:  # it died meanwhile, or the notebook is in another language
            work.kernel.end()
            self._replaced = work
            work = self._start(choice)
        return work.execute(spec, content)

    def end_with(self, work: Callable[[], int]) -> NoReturn:
        """Do the work and end the process; its last line tells why it failed, if it did."""
        reason = None
        try:
            status = work()
        except NotebookFault as fault:
            status, reason = 1, str(fault)
        patience = 0.0
        if self._work is not None:
            reason = self._work.reason or reason
            if self._work.ask_kernel_to_end():
                patient = self._work.kernel.choice.boots and status < _STOPPED
                patience = _BOOT_END_S if patient else _OTHER_END_S
        if self._kernel is not None:
            self._kernel.end(patience)
        if reason:
            fresh = self._work is None or self._work.log_ends_line
            sys.stderr.write(f"{reason}\n" if fresh else f"\n{reason}\n")
            sys.stderr.flush()
        os._exit(status)  # taking the interpreter apart takes another 50 ms

    def _start(self, choice: KernelChoice) -> Work:
        """Start a kernel; import what executes notebooks meanwhile, and not all it would import."""
        self._work, self._kernel = None, Kernel(choice)
        kernel = self._kernel
        sys.modules.update(dict.fromkeys(_SLOW_TO_IMPORT))  # type: ignore[arg-type]  # None = not found
        try:
            from jupyter_exec.launchers.notebook_runner.work import Work
        except ModuleNotFoundError:
            if not sys.flags.isolated:
                raise
            kernel.end()  # nbclient may be in the user's site-packages or on PYTHONPATH
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - this program
        self._work = Work(kernel)
        return self._work

    def _leave_at_once(self, number: int, _: Any) -> None:
        """End on a signal while no cell is being executed."""
        if self._kernel is not None:
            self._kernel.end()
        os._exit(_STOPPED + number)


def _read(spec: dict[str, Any]) -> tuple[dict[str, Any], KernelChoice]:
    """Return the notebook's JSON and its kernel.

    Raises:
        NotebookFault: it is not a notebook, or there is no such kernel.
    """
    from jupyter_exec.launchers.notebook_runner.document import read_json

    content = read_json(spec["notebook"])
    return content, choose(spec["kernel"], spec["python"], content.get("metadata", {}))
