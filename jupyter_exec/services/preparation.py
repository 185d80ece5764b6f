"""From an admitted run to the Job that a target can start (floor: services).

Working folder -> code -> environment and data -> what the launcher wants -> plan. Everything here
can be done again from the start after a restart, and what was done already is found.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_exec.environments.base import EnvironmentRequest
from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.model.environment import REGISTRY_PASSWORD
from jupyter_exec.model.experiment import CREDENTIALS
from jupyter_exec.model.job import Mount
from jupyter_exec.services import code, data, launch_preparation, workspace
from jupyter_exec.services.variables import run_variables

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from jupyter_exec.environments.base import PreparedEnvironment
    from jupyter_exec.launchers.base import Launcher
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Job
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.store.paths import RunPaths

S = TypeVar("S")
T = TypeVar("T")

_SHORTEST_MASKED = 4  # what is shorter is in every other message


@dataclass(frozen=True)
class Prepared:
    """What an attempt starts.

    Attributes:
        job: the plan, with its secrets.
        environment: what exactly its environment is, to be kept with the run.
    """

    job: Job
    environment: Mapping[str, Any]


async def prepare(
    engine: Engine,
    run: Run,
    configuration: RunConfiguration,
    launcher: Launcher,
    token: str,
) -> Prepared:
    """Lay out the folder, make the environment, and plan.

    Args:
        token: with which the run reports on itself.

    Raises:
        RunFailed: something that the run needs cannot be had; the message says what.
    """
    paths = engine.paths.run(run.folder)
    await asyncio.to_thread(
        workspace.lay_out, paths, run.attempt, engine.snapshots, run.snapshot_id, run.links
    )
    secrets = _secrets(engine, run, configuration)
    if configuration.experiment is not None and configuration.experiment.code is not None:
        await code.fetch(engine, run, configuration.experiment.code, paths, secrets)
    environment = engine.ways.environment(configuration.environment, run.target)
    asked = EnvironmentRequest(
        configuration.environment,
        paths.environment_log,
        run.environment,
        launcher.images(configuration),
        secrets,
    )
    prepared, found = await _both(
        environment.prepare(asked), data.fetch(engine, run, configuration, paths)
    )
    context = _context(engine, run, configuration, prepared, token)
    told = data.variables(found, context.work_dir)
    context = replace(context, env={**context.env, **told})
    if prepared.container is None:
        await _before(engine, configuration, launcher, context, paths)
    job = launcher.plan(configuration, context)
    links = tuple(Mount(folder, read_only=False) for folder in run.links.values())
    mounts = (*job.mounts, *prepared.mounts, *links, *found.mounts)
    job = replace(job, container=prepared.container, mounts=mounts)
    return Prepared(_with_secrets(job, secrets), prepared.record)


async def _before(
    engine: Engine,
    configuration: RunConfiguration,
    launcher: Launcher,
    context: LaunchContext,
    paths: RunPaths,
) -> None:
    """Have done what the launcher wants done before the run counts as running."""
    wanted = launcher.preparation(configuration, context)
    if wanted is not None:
        variables = configuration.environment.environment_variables
        await launch_preparation.ensure(wanted, engine.paths.prepared, paths, variables)


async def _both(one: Coroutine[Any, Any, S], other: Coroutine[Any, Any, T]) -> tuple[S, T]:
    """Wait for two things; where one fails, or nobody waits any more, the other is ended first."""
    first, second = asyncio.ensure_future(one), asyncio.ensure_future(other)
    try:
        return await asyncio.gather(first, second)
    finally:
        for task in (first, second):
            task.cancel()
        await asyncio.gather(first, second, return_exceptions=True)


def _secrets(engine: Engine, run: Run, configuration: RunConfiguration) -> dict[str, str]:
    """Return what the run was sent; a registry's password may be lost, and still not be missed.

    Raises:
        RunFailed: others are lost.
    """
    names = [name for name in configuration.secrets if name != REGISTRY_PASSWORD]
    kept = engine.vault.peek(run.run_id)
    password = {name: kept[name] for name in (REGISTRY_PASSWORD,) if name in kept}
    return {**engine.vault.get(run.run_id, names), **password}


def _context(
    engine: Engine,
    run: Run,
    configuration: RunConfiguration,
    prepared: PreparedEnvironment,
    token: str,
) -> LaunchContext:
    paths = engine.paths.run(run.folder)
    target, url = engine.ways.target(run.target), engine.url()
    reached = target.reaches(url, prepared.container)
    return LaunchContext(
        run_id=run.run_id,
        work_dir=target.path_in_run(paths.work),
        python=prepared.python,
        server_python=sys.executable if prepared.container is None else prepared.python,
        kernel=configuration.kernel,
        env=run_variables(
            run,
            configuration.environment.environment_variables,
            target.path_in_run(paths.metrics),
            url if reached else None,
            token,
        ),
        images=prepared.images,
        log=target.path_in_run(paths.log_pattern(run.attempt)),
        failed=target.path_in_run(paths.failed(run.attempt)),
        cache=str(engine.paths.prepared) if prepared.container is None else None,
    )


def worth_masking(secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that no message may repeat."""
    return tuple(value for value in secrets.values() if len(value) >= _SHORTEST_MASKED)


def _with_secrets(job: Job, secrets: Mapping[str, str]) -> Job:
    """Return the job with its secrets as variables; they win over what stands for them.

    The credentials of its code and its registry are for the server, not for its processes; no
    message has either.
    """
    masked = worth_masking(secrets)
    ours = {*CREDENTIALS, REGISTRY_PASSWORD}
    secrets = {name: value for name, value in secrets.items() if name not in ours}
    roles = tuple(
        replace(role, env={name: value for name, value in role.env.items() if name not in secrets})
        for role in job.roles
    )
    return replace(job, roles=roles, env={**job.env, **secrets}, masked=masked)
