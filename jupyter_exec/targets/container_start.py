"""Creating and starting the containers of an attempt (floor: targets; all of it blocks)."""

from __future__ import annotations

import os
import posixpath
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.docker_engine import complaint
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Resources
from jupyter_exec.store.paths import RunPaths
from jupyter_exec.targets import container_plan as plans
from jupyter_exec.targets.container_facts import has_file
from jupyter_exec.targets.container_options import host_options, mounts, search_path
from jupyter_exec.targets.container_removal import remove_attempt
from jupyter_exec.targets.container_user import give_name
from jupyter_exec.targets.container_verdict import AttemptPlan, end_of
from jupyter_exec.targets.link import write_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from docker import APIClient

    from jupyter_exec.docker_engine import ContainerEngine
    from jupyter_exec.model.container import ContainerOptions
    from jupyter_exec.model.job import Job, Role
    from jupyter_exec.targets.base import Placement
    from jupyter_exec.targets.container_facts import EngineFacts, ImageFacts
    from jupyter_exec.targets.container_plan import ReplicaPlan

_AT_ONCE = 4
_BEGIN_S = 30.0
_LOOK_S = 0.003
_LOOK_AT_CONTAINER_S = 0.5
_HOME = "/tmp"  # noqa: S108 - the container's


@dataclass(frozen=True)
class Start:
    """One attempt that is to be started.

    Attributes:
        home: label of the server's containers.
        options: of the job, as they may be used.
        network: of containers, where definitions name none.
        gpus: what the engine calls the devices that the attempt was admitted with.
        ports: of this machine that the job holds.
        is_canceled: asked between containers; the rest is left out then.
    """

    engine: ContainerEngine
    facts: EngineFacts
    home: str
    job: Job
    placement: Placement
    options: ContainerOptions
    network: str | None
    gpus: Sequence[str]
    ports: tuple[int, ...]
    is_canceled: Callable[[], bool]

    def run(self) -> None:
        """Start everything and record it in `started.json`; where that fails nothing is left.

        Raises:
            RunFailed: a container could not be made or started; the message says which and why.
            OSError: the attempt's files.
        """
        folder = self.placement.attempt_dir
        logs = {log.parent for log in self.placement.logs.values()}
        for each in {folder, self._start_dir, *logs}:
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        paths = RunPaths(self.placement.run_folder)
        attempt = self.placement.attempt
        for file in (paths.metrics, paths.failed(attempt)):
            file.touch(mode=0o600)
        try:
            with self.engine.api() as api:
                self._run(api)
        except BaseException:
            (folder / "job.json").unlink(missing_ok=True)
            remove_attempt(self.engine, folder)
            raise

    def _run(self, api: APIClient) -> None:
        images = {_image(self.job, role) for role in self.job.roles}
        facts = {image: self.facts.image(api, image, self._labels) for image in sorted(images)}
        network, is_own = plans.network_of(self.job, self.options, self.network)
        gpus, replicas = list(self.gpus), []
        for role, index in plans.replicas(self.job):
            image = facts[_image(self.job, role)]
            plan = plans.replica_plan(role, index, self.job, self.placement, shell=image.shell)
            count = role.resources.gpus
            mine, gpus = gpus[:count], gpus[count:]
            replicas.append(_Replica(_fitted(api, role), plan, image, tuple(mine)))
        self._write_plan([replica.plan for replica in replicas])
        if is_own:
            network = f"jupyter-exec-{plans.key(self.placement.attempt_dir)}"
            api.create_network(network, driver="bridge", labels=self._labels)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(
                threads.map(lambda each: self._create(api, each, network, is_own=is_own), replicas)
            )
            # Those first whom the others look for.
            ordered = sorted(replicas, key=lambda each: not each.role.listens)
            list(threads.map(lambda each: self._start(api, each.plan), ordered))
        if self.is_canceled():
            write_record(self.placement.attempt_dir, "verdict.json", {"canceled": True})
        write_record(self.placement.attempt_dir, "started.json", {"started_at": time.time()})

    def _write_plan(self, replicas: Sequence[ReplicaPlan]) -> None:
        job, masked = self.job, set(self.job.masked)
        variables = [*job.env.items(), *(item for role in job.roles for item in role.env.items())]
        plan = AttemptPlan(
            tuple(replicas),
            job.time_limit_s,
            job.grace_s,
            tuple(sorted({name for name, value in variables if value in masked})),
            None if self.placement.usage is None else str(self.placement.usage),
            self.ports,
        )
        write_record(self.placement.attempt_dir, "job.json", asdict(plan))

    def _create(
        self, api: APIClient, replica: _Replica, network: str | None, *, is_own: bool
    ) -> None:
        """Make a container; it does not run yet.

        Raises:
            RunFailed: `CommandNotFound`, where that can be told already.
        """
        if self.is_canceled():
            return
        plan, options = replica.plan, self.options
        user = options.user or self.facts.user(api)
        has_home = options.user is not None or user == "0:0"
        variables = plans.variables(
            self.job,
            replica.role,
            plan.index,
            self.placement,
            path=search_path(self.job, replica.image, self._start_dir),
            home=None if has_home else _HOME,
        )
        _make_log(plan)
        host = host_options(options, replica.role, plan, replica.gpus)
        host["mounts"] = mounts(self.job, self.placement, options, self._start_dir)
        made = api.create_container(
            _image(self.job, replica.role),
            self._command(replica),
            name=plan.name,
            user=user,
            environment=variables,
            working_dir=str(self.placement.work_dir),
            entrypoint=[],
            labels={**options.labels, **self._labels, plans.REPLICA: plan.hostname},
            ports=[(port.container_port, port.protocol) for port in options.ports] or None,
            **_networking(api, host, network, plan, is_own=is_own, hostname=options.hostname),
        )
        if not options.read_only:
            give_name(api, made["Id"], user, _HOME)
        if not plan.shell and not self._has_program(api, made["Id"], replica):
            raise self._missing(plan)

    def _command(self, replica: _Replica) -> list[str]:
        words = list(replica.role.command)
        if self.options.entrypoint:
            words = [self.options.entrypoint, *words]
        return plans.command(words, replica.plan, self._start_dir)

    def _has_program(self, api: APIClient, container: str, replica: _Replica) -> bool:
        program = self.options.entrypoint or replica.plan.program
        if "/" in program:
            folders = [str(self.placement.work_dir)]
        else:
            folders = replica.image.path.split(":")
        paths = [posixpath.join(folder, program) for folder in folders]
        return any(has_file(api, container, path) for path in paths)

    def _start(self, api: APIClient, plan: ReplicaPlan) -> None:
        """Start a container, and return when its command has begun.

        Raises:
            RunFailed: there is no such command.
        """
        from docker import errors

        if self.is_canceled():
            return
        try:
            api.start(plan.name)
        except errors.APIError as problem:
            failure = complaint(str(problem.explanation or problem), "StartFailed")
            raise RunFailed(failure.code, self._named(plan, failure.message)) from problem
        if plan.shell:
            self._wait(api, plan)

    def _wait(self, api: APIClient, plan: ReplicaPlan) -> None:
        """Wait for the word of the container's shell."""
        found = self._start_dir / f"{plan.hostname}.found"
        missing = self._start_dir / f"{plan.hostname}.missing"
        began = looked = time.monotonic()
        while not found.exists():
            if missing.exists():
                raise self._missing(plan)
            now = time.monotonic()
            if now > looked + _LOOK_AT_CONTAINER_S:
                looked = now
                end = end_of(api.inspect_container(plan.name)["State"])
                if end is not None and not (found.exists() or missing.exists()):
                    raise RunFailed("StartFailed", self._named(plan, _no_begin(end.exit_code)))
                if now > began + _BEGIN_S:
                    raise RunFailed("StartFailed", self._named(plan, "its shell says nothing"))
            time.sleep(_LOOK_S)

    def _missing(self, plan: ReplicaPlan) -> RunFailed:
        program = self.options.entrypoint or plan.program
        message = f"{program}: the image has no such command, or it may not be executed"
        return RunFailed("CommandNotFound", self._named(plan, message))

    def _named(self, plan: ReplicaPlan, text: str) -> str:
        return f"{plan.hostname}: {text}" if len(self.placement.logs) > 1 else text

    @property
    def _start_dir(self) -> Path:
        return self.placement.attempt_dir / "start"

    @property
    def _labels(self) -> dict[str, str]:
        run_id = self.job.env.get("JUPYTER_EXEC_RUN_ID", "")
        attempt = str(self.placement.attempt_dir)
        return {plans.HOME: self.home, plans.ATTEMPT: attempt, plans.RUN: run_id}


@dataclass(frozen=True)
class _Replica:
    """One container that is to be."""

    role: Role
    plan: ReplicaPlan
    image: ImageFacts
    gpus: tuple[str, ...]


def _fitted(api: APIClient, role: Role) -> Role:
    """Return the role with no more processors than there are, where fewer will do."""
    if not role.resources.shrinks or role.resources.cpus <= 1:
        return role
    machine = Resources(api.info()["NCPU"])
    return replace(role, resources=role.resources.fitted(machine))


def _image(job: Job, role: Role) -> str:
    image = role.image or (job.container.image if job.container else None)
    if not image:
        raise RunFailed("ImageMissing", f"role {role.name} has no image: name one")
    return image


def _no_begin(exit_code: int | None) -> str:
    return (
        f"the container ended before its command began (exit status {exit_code}): its shell must "
        "be able to write to the run's folder; leave --user and whatever else restricts it out of "
        "docker.arguments, or take another image"
    )


def _make_log(plan: ReplicaPlan) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    os.close(os.open(plan.log, flags, 0o600))


def _networking(
    api: APIClient,
    host: dict[str, Any],
    network: str | None,
    plan: ReplicaPlan,
    *,
    is_own: bool,
    hostname: str | None,
) -> dict[str, Any]:
    """Return the arguments about a container's network, and `host` as the engine wants it."""
    arguments: dict[str, Any] = {}
    shared = network == "host" or (network or "").startswith("container:")
    if network is not None:
        host["network_mode"] = network
    if network is not None and not shared and network not in {"none", "bridge"}:
        endpoint = api.create_endpoint_config(aliases=[plan.hostname])
        arguments["networking_config"] = api.create_networking_config(
            {network: endpoint}  # type: ignore[arg-type]  # the stubs want the value alone
        )
    if not shared:
        arguments["hostname"] = hostname or (plan.hostname if is_own else None)
    return {**arguments, "host_config": api.create_host_config(**host)}
