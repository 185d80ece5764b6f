"""The `docker` target: containers of Docker or Podman on this machine (floor: targets).

Each replica is a container; its output goes straight to its log. Nothing of the server stands
between, so containers go on without it and are found again by their labels. An image's entrypoint
is not used: the command is the run's own.
"""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.docker_engine import ContainerEngine, default_url
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.container import ContainerOptions
from jupyter_exec.model.job import Address, Outcome, Resources
from jupyter_exec.targets import container_listening, container_reach, machine, ports
from jupyter_exec.targets import container_plan as plans
from jupyter_exec.targets.base import ComputeTarget
from jupyter_exec.targets.container_attempt import ContainerAttempt
from jupyter_exec.targets.container_events import ContainerEvents
from jupyter_exec.targets.container_facts import EngineFacts, real_network
from jupyter_exec.targets.container_faults import Permissions, container_faults
from jupyter_exec.targets.container_removal import remove_attempt, remove_leftovers
from jupyter_exec.targets.container_start import Start
from jupyter_exec.targets.link import read_record
from jupyter_exec.targets.local_job import explained, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, ParamSpec, TypeVar

    from jupyter_exec.errors import Fault
    from jupyter_exec.model.container import Container
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Job, Replica
    from jupyter_exec.targets.base import Placement, TargetHandle

    P = ParamSpec("P")
    T = TypeVar("T")

log = logging.getLogger(__name__)

_THREADS = 8
_PORT = 2222  # in a network of their own all replicas may have the same
_CLOSE_S = 10.0


class DockerTarget(ComputeTarget):
    """Runs jobs in containers.

    Args:
        name: as users name it.
        standby_dir: a folder of the server's data directory, which the containers are labelled by.
        engine_url: as in DOCKER_HOST; None = DOCKER_HOST itself, Docker's socket, or Podman's.
        shares: the target whose capacity it takes from.
        network: of containers, where definitions name none; None = the engine's default.
        allow, bind_roots: what definitions may ask for besides what is harmless
            (`container_faults.py`).
        patience_s: how long the engine may be away before the runs in it fail.
    """

    engine_url: str

    def __init__(  # noqa: PLR0913 - an operator's settings, all but one by keyword
        self,
        name: str = "docker",
        *,
        standby_dir: Path,
        engine_url: str | None = None,
        shares: str | None = "local",
        network: str | None = None,
        allow: Iterable[str] = (),
        bind_roots: Iterable[str] = (),
        patience_s: float = 60.0,
        machine_ports: ports.Ports = ports.MACHINE,
    ) -> None:
        self.name = name
        self.engine_url = engine_url or default_url()
        self.shares = shares
        self._network = network
        self._permissions = Permissions(frozenset(allow), tuple(bind_roots))
        self._patience_s = patience_s
        self._ports = machine_ports
        self._home = str(standby_dir.parent)
        self._engine = ContainerEngine(self.engine_url, _THREADS)
        self._facts = EngineFacts()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"target-{name}")
        self._events = ContainerEvents(self.engine_url, self._home, self._tidy)
        self._submitting: dict[Path, asyncio.Lock] = {}
        self._stopping: set[Path] = set()
        self._masked: dict[Path, tuple[str, ...]] = {}
        self._attempts: dict[Path, tuple[ContainerAttempt, asyncio.Task[dict[str, Any]]]] = {}
        self._removals: set[asyncio.Task[None]] = set()

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what of `docker.arguments` is wrong, or not allowed here. Blocks.

        A network that is named is looked up; where the engine is away `submit` looks again.
        """

        def real(network: str) -> str:
            with suppress(RunFailed):
                return real_network(self._engine, network) or network
            return network

        return container_faults(configuration, self._permissions, real)

    async def capacity(self) -> Resources:
        """Return what this machine has; admission asks the target that it shares with."""
        gpus = len(await self._in_thread(machine.visible_gpus, os.environ))
        return Resources(machine.cpus(), machine.memory_bytes(), gpus)

    def reaches(self, url: str, container: Container | None) -> bool:
        """Tell whether a container can reach the server; none on a bridge has its loopback."""
        chosen = container.options.network if container else None
        return container_reach.reaches(url, chosen or self._network)

    async def place(self, job: Job, placement: Placement) -> Mapping[Replica, Address]:
        """Name each replica that listens as the others find it; on the host's network by ports.

        Raises:
            RunFailed: `NoPorts`; `NotSupported`, in a network where they do not meet.
        """
        options = await self._options(job)
        network, is_own = plans.network_of(job, options, self._network)
        if network == "host":
            return self._ports.place(str(placement.attempt_dir), job)
        plans.check_network(job, network)
        hosts = plans.hosts_of(job, placement.attempt_dir, is_own=is_own)
        return {replica: Address(host, _PORT) for replica, host in hosts.items()}

    async def submit(self, job: Job, placement: Placement) -> TargetHandle:
        """Start one container for each replica.

        Raises:
            RunFailed: the engine is away, an image or a command is not there; a full disk.
        """
        folder = placement.attempt_dir
        lock = self._submitting.setdefault(folder, asyncio.Lock())
        async with lock:
            try:
                found = await self.find(placement)
                if found is not None:
                    return found
                self._masked[folder] = job.masked
                await self._in_thread(await self._start(job, placement))
            except OSError as problem:
                self._give_up(folder)
                raise RunFailed(*explained(problem, placement)) from problem
            except BaseException:
                self._give_up(folder)
                raise
            finally:
                self._submitting.pop(folder, None)
                self._stopping.discard(folder)
            return self._handle(folder)

    async def _start(self, job: Job, placement: Placement) -> Callable[[], None]:
        gpus: Sequence[str] = ()
        if placement.gpu_ids:
            names = await self._in_thread(machine.visible_gpus, os.environ)
            gpus = [names[number] for number in placement.gpu_ids]
        folder = placement.attempt_dir
        options = await self._in_thread(self._permissions.checked, await self._options(job))
        return Start(
            self._engine,
            self._facts,
            self._home,
            job,
            placement,
            options,
            self._network,
            gpus,
            self._ports.held(str(folder)),
            lambda: folder in self._stopping,
        ).run

    async def wait(self, handle: TargetHandle) -> Outcome:
        """Return what was recorded, or watch the containers until it can be."""
        folder = Path(handle["attempt_dir"])
        record = await self._in_thread(read_record, folder, "exit.json")
        if record is None:
            record = await asyncio.shield(self._supervise(folder)[1])
        return outcome_of(record)

    async def silent(
        self, handle: TargetHandle, addresses: Mapping[Replica, Address]
    ) -> Mapping[Replica, bool]:
        """Return those that do not listen, and whether they run.

        Raises:
            RunFailed: the engine is away.
        """
        folder = Path(handle["attempt_dir"])
        return await self._in_thread(container_listening.silent, self._engine, folder, addresses)

    async def cancel(self, handle: TargetHandle) -> None:
        """Have the containers asked to end, then killed."""
        folder = Path(handle["attempt_dir"])
        if await self._in_thread(read_record, folder, "exit.json") is None:
            self._supervise(folder)[0].cancel()

    async def cancel_start(self, placement: Placement) -> None:
        """Have no more containers started; `cancel` ends those that are."""
        if placement.attempt_dir in self._submitting:
            self._stopping.add(placement.attempt_dir)

    async def find(self, placement: Placement) -> TargetHandle | None:
        """Return the handle of an attempt that was started; remove one that was only begun.

        Raises:
            RunFailed: the engine is away, and something may have been begun there.
        """
        folder = placement.attempt_dir
        if await self._in_thread(read_record, folder, "started.json") is not None:
            return self._handle(folder)
        if await self._in_thread((folder / "job.json").exists):
            await self._in_thread(remove_attempt, self._engine, folder)
        return None

    async def close(self) -> None:
        """Stop watching; the containers go on, and who waits for them is cancelled."""
        for _, task in self._attempts.values():
            task.cancel()
        tasks = [task for _, task in self._attempts.values()]
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._removals:
            await asyncio.wait(self._removals, timeout=_CLOSE_S)
        await self._events.close()
        self._threads.shutdown(wait=False)
        self._engine.close()

    async def _options(self, job: Job) -> ContainerOptions:
        """Return what a definition asks for; the host's network is `host`, whatever named it."""
        options = job.container.options if job.container else ContainerOptions()
        network = await self._in_thread(real_network, self._engine, options.network)
        return replace(options, network=network)

    def _handle(self, folder: Path) -> TargetHandle:
        started = read_record(folder, "started.json") or {}
        return {"attempt_dir": str(folder), "engine": self.engine_url, **started}

    def _supervise(self, folder: Path) -> tuple[ContainerAttempt, asyncio.Task[dict[str, Any]]]:
        """Return the one who watches an attempt, and its task; there is one of them."""
        if folder not in self._attempts:
            attempt = ContainerAttempt(
                self._engine,
                self._events,
                folder,
                self._in_thread,
                masked=self._masked.get(folder),
                patience_s=self._patience_s,
            )
            self._ports.hold(str(folder), attempt.ports)
            task = asyncio.create_task(self._watch(attempt, folder))
            self._attempts[folder] = attempt, task
        return self._attempts[folder]

    async def _watch(self, attempt: ContainerAttempt, folder: Path) -> dict[str, Any]:
        try:
            record = await attempt.run()
        finally:
            self._attempts.pop(folder, None)
        self._give_up(folder)
        removal = asyncio.create_task(self._remove(folder))
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)
        return record

    def _give_up(self, folder: Path) -> None:
        """Forget what the server holds for an attempt."""
        self._ports.release(str(folder))
        self._masked.pop(folder, None)

    async def _remove(self, folder: Path) -> None:
        try:
            await self._in_thread(remove_attempt, self._engine, folder)
        except RunFailed as failure:  # it is tried again when the engine is back
            log.warning("the containers of %s are left: %s", folder, failure.message)

    def _tidy(self) -> None:
        """Remove what a killed server has left; the engine is there."""
        try:
            remove_leftovers(self._engine, self._home)
        except RunFailed as failure:
            log.warning("leftovers at %s: %s", self.engine_url, failure.message)

    async def _in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(call, *args, **kwargs))
