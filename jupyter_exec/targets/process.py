"""The `local` target: processes of this machine, below shims that outlive the server.

Floor: targets. See notebooks/structure.md, "A local run's processes"; `shim/protocol.py` has the
words that go to a shim and back.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Outcome, Resources
from jupyter_exec.targets import listening, machine, ports
from jupyter_exec.targets.base import ComputeTarget
from jupyter_exec.targets.clean_environment import OUTER_RUN, SERVER_SECRETS, clean_environment
from jupyter_exec.targets.interpreter import environment_for
from jupyter_exec.targets.link import (
    ShimLink,
    has_shim,
    read_record,
    shut_out,
    write_record,
)
from jupyter_exec.targets.local_job import (
    Gpus,
    explained,
    handle_of,
    job_line,
    outcome_of,
    without_environment,
)
from jupyter_exec.targets.salvage import end_orphans, salvage
from jupyter_exec.targets.shim import proctree
from jupyter_exec.targets.standby import StandbyPool
from jupyter_exec.targets.watch import ProcessWatch, signal_exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import ParamSpec, TypeVar

    from jupyter_exec.model.job import Address, Job, Replica
    from jupyter_exec.targets.base import Placement, TargetHandle

    P = ParamSpec("P")
    T = TypeVar("T")

_ANSWER_S = 60.0
_LOOK_S = 0.02


class LocalTarget(ComputeTarget):
    """Runs jobs as processes of this machine.

    Args:
        name: as users name it.
        standby_dir: where standbys have their logs (`DataPaths.standby`).
        python: interpreter that runs the shims.
        cpus, memory_bytes, gpus: capacity, where it shall not be what the machine has.
        warm: standbys kept for each kind.
        warm_idle_s: how long a standby waits for a run before it is dropped.
        hidden: patterns of variables of the server that runs do not get.
        machine_ports: who holds which port; other than the machine's own in tests.
    """

    def __init__(  # noqa: PLR0913 - an operator's settings, all but one by keyword
        self,
        name: str = "local",
        *,
        standby_dir: Path,
        python: str = sys.executable,
        cpus: float | None = None,
        memory_bytes: int | None = None,
        gpus: int | None = None,
        warm: int = 1,
        warm_idle_s: float = 600.0,
        hidden: Iterable[str] = SERVER_SECRETS + OUTER_RUN,
        machine_ports: ports.Ports = ports.MACHINE,
    ) -> None:
        self.name = name
        self._python = python
        self._folder = standby_dir
        self._stated = (cpus, memory_bytes, gpus)
        self._hidden = tuple(hidden)
        self._capacity: Resources | None = None
        self._gpus = Gpus()
        self._ports = machine_ports
        self._threads = ThreadPoolExecutor(4, thread_name_prefix=f"target-{name}")
        self._submitting: dict[Path, asyncio.Lock] = {}
        self._starting: dict[Path, tuple[int, str]] = {}  # pid and identity of the shim
        self._watch = ProcessWatch()
        self._pool = StandbyPool(
            python,
            standby_dir,
            self._base_environment,
            self._watch,
            self._threads,
            warm=warm,
            idle_s=warm_idle_s,
        )

    async def capacity(self) -> Resources:
        """Return what this machine has, less where the operator stated so; looked up once."""
        if self._capacity is None:
            capacity, self._gpus = await self._in_thread(self._look)
            self._capacity = capacity
        return self._capacity

    async def place(self, job: Job, placement: Placement) -> Mapping[Replica, Address]:
        """Give each replica that listens a port of this machine, until the job is over.

        Raises:
            RunFailed: `NoPorts`.
        """
        return self._ports.place(str(placement.attempt_dir), job)

    async def submit(self, job: Job, placement: Placement) -> TargetHandle:
        """Start the job below a shim, a waiting one if there is one for it.

        Raises:
            RunFailed: a command, an interpreter or the shim could not be started; a full disk.
        """
        lock = self._submitting.setdefault(placement.attempt_dir, asyncio.Lock())
        async with lock:
            try:
                await self.capacity()  # names the GPUs
                return await self.find(placement) or await self._submit(job, placement)
            except BaseException:
                self._ports.release(str(placement.attempt_dir))
                raise
            finally:
                self._submitting.pop(placement.attempt_dir, None)

    async def _submit(self, job: Job, placement: Placement) -> TargetHandle:
        """Start an attempt that was not started before."""
        handle = None
        standby = job.roles[0].standby
        warm = self._pool.take(standby.key) if standby else None
        if warm is not None:
            handle = await self._start(job, placement, warm)
        if handle is None:
            handle = await self._start(job, placement, None)
        if handle is None:
            raise RunFailed("ShimFailed", "the supervisor of the run lost a standby it never had")
        return handle

    async def wait(self, handle: TargetHandle) -> Outcome:
        """Return what the shim recorded, once it has ended; end the run if it was killed."""
        attempt_dir = Path(handle["attempt_dir"])
        self._hold_ports(handle)  # before anything else can be placed
        gone = self._watch.follow(
            handle["pid"], handle["started"], lambda: not has_shim(attempt_dir)
        )
        await asyncio.shield(gone)
        record = await self._in_thread(read_record, attempt_dir, "exit.json")
        if record is None:
            record = await self._in_thread(salvage, handle["pid"], handle["marker"], attempt_dir)
        self._ports.release(handle["attempt_dir"])
        return outcome_of(record)

    async def silent(
        self, handle: TargetHandle, addresses: Mapping[Replica, Address]
    ) -> Mapping[Replica, bool]:
        """Return those that do not listen, as the kernel says; none on macOS."""
        return await self._in_thread(listening.silent, Path(handle["attempt_dir"]), addresses)

    async def cancel(self, handle: TargetHandle) -> None:
        """Send SIGTERM to the shim, which does the rest."""
        signal_exactly(handle["pid"], handle["started"], signal.SIGTERM)

    async def cancel_start(self, placement: Placement) -> None:
        """Send SIGTERM to the shim that starts an attempt, as soon as it can hear it."""
        folder = placement.attempt_dir
        while folder in self._submitting:
            shim = self._starting.get(folder)
            if shim is not None and await self._in_thread(has_shim, folder):
                signal_exactly(*shim, signal.SIGTERM)
                return
            await asyncio.sleep(_LOOK_S)

    async def find(self, placement: Placement) -> TargetHandle | None:
        """Return the handle of an attempt whose shim has started it; wait while one is about to."""
        folder = placement.attempt_dir
        until = time.monotonic() + _ANSWER_S
        while True:
            started = await self._in_thread(read_record, folder, "started.json")
            if started is not None:
                handle = handle_of(started, folder)
                self._hold_ports(handle)
                return handle
            if not has_shim(folder) or time.monotonic() > until:
                return None
            await asyncio.sleep(_LOOK_S)

    async def prepare_next(self, job: Job) -> None:
        """Keep a standby ready for another run like this one."""
        standby = job.roles[0].standby
        if standby is not None:
            await self._pool.prepare(standby)

    async def close(self) -> None:
        """End the standbys; runs go on, and who waits for them is cancelled."""
        await self._pool.close()
        self._watch.close()
        self._threads.shutdown(wait=False)

    async def _start(
        self, job: Job, placement: Placement, warm: tuple[ShimLink, str] | None
    ) -> TargetHandle | None:
        """Give the job to a shim and return its handle; None where the warm shim is gone.

        Raises:
            RunFailed: it could not be started.
        """
        link, marker = warm or (None, secrets.token_hex(16))
        try:
            link = await self._in_thread(self._send, link, job, placement, marker)
        except OSError as problem:
            raise RunFailed(*explained(problem, placement)) from None
        gone = self._watch.follow_child(link.pid)
        self._starting[placement.attempt_dir] = link.pid, proctree.identity(link.pid) or ""
        try:
            answer = await link.answer(_ANSWER_S)
        except asyncio.TimeoutError:
            os.kill(link.pid, signal.SIGKILL)  # not reaped yet, so this is still it
            raise RunFailed("ShimFailed", "the supervisor of the run does not answer") from None
        finally:
            del self._starting[placement.attempt_dir]
            link.close()
        if "started" in answer:
            return handle_of(answer["started"], placement.attempt_dir)
        await gone  # it holds the attempt's lock until then
        found = await self.find(placement)
        code, message = answer["error"]["code"], answer["error"]["message"]
        if found is None and not (warm and code in {"ShimFailed", "StandbyGone"}):
            raise RunFailed(code, message)
        return found

    def _send(self, link: ShimLink | None, job: Job, placement: Placement, marker: str) -> ShimLink:
        """Start a shim unless there is one, make the attempt's files, and send the job; blocks.

        Raises:
            OSError: the interpreter of the shim or the attempt's folder.
        """
        warm = link is not None
        base = self._base_environment()
        if link is None:
            env = {**base, proctree.MARKER_VARIABLE: marker}
            link = ShimLink(self._python, env, placement.run_folder)
        try:
            # While the shim's interpreter starts.
            for folder in {placement.attempt_dir, *(log.parent for log in placement.logs.values())}:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with shut_out(placement.attempt_dir) as is_ours:
                if is_ours and read_record(placement.attempt_dir, "started.json") is None:
                    before = read_record(placement.attempt_dir, "job.json")
                    if before is not None:  # a server was killed before its shim began
                        end_orphans(before["marker"])
                    record = {"marker": marker, **without_environment(job)}
                    write_record(placement.attempt_dir, "job.json", record)
            base = environment_for(base, job.python, placement.attempt_dir / "bin")
            line = job_line(job, placement, marker, base, self._gpus, use_standby=warm)
            link.send({"job": {**line, "ports": self._ports.held(str(placement.attempt_dir))}})
        except OSError:
            link.close()
            raise
        return link

    def _hold_ports(self, handle: TargetHandle) -> None:
        """Keep the ports of a job that another server has started."""
        self._ports.hold(handle["attempt_dir"], handle.get("ports", ()))

    def _base_environment(self) -> dict[str, str]:
        """Return what every process of a run starts with."""
        return {"PYTHONUNBUFFERED": "1", **clean_environment(os.environ, self._hidden)}

    def _look(self) -> tuple[Resources, Gpus]:
        """Return the capacity and the GPUs' names; blocks."""
        cpus, memory_bytes, gpus = self._stated
        found = machine.visible_gpus(os.environ)
        names = found if gpus is None else [*found, *map(str, range(len(found), gpus))][:gpus]
        capacity = Resources(
            machine.cpus() if cpus is None else cpus,
            machine.memory_bytes() if memory_bytes is None else memory_bytes,
            len(names),
        )
        return capacity, Gpus(tuple(names), hide=bool(found or names))

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(call, *args, **kwargs))
