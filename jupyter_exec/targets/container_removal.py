"""Removing what attempts have in an engine (floor: targets; all of it blocks)."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.targets.container_plan import ATTEMPT, HOME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

    from jupyter_exec.docker_engine import ContainerEngine

_GONE = (404, 409)  # not there, or somebody else is removing it


def remove_attempt(engine: ContainerEngine, attempt_dir: Path) -> None:
    """Kill and remove the containers of an attempt, their anonymous volumes, and its network.

    Raises:
        RunFailed: the engine is away, or refuses.
    """
    with engine.api() as api:
        _remove(api, str(attempt_dir))
    shutil.rmtree(attempt_dir / "start", ignore_errors=True)


def remove_leftovers(engine: ContainerEngine, home: str) -> None:
    """Remove what a server that was killed has left: of attempts whose outcome is known, or gone.

    Args:
        home: label of the server's containers.

    Raises:
        RunFailed: the engine is away, or refuses.
    """
    wanted = {"label": f"{HOME}={home}"}
    with engine.api() as api:
        found = [each.get("Labels") or {} for each in api.containers(all=True, filters=wanted)]
        found += [each.get("Labels") or {} for each in api.networks(filters=wanted)]
        for attempt in sorted({labels.get(ATTEMPT, "") for labels in found} - {""}):
            if (Path(attempt) / "exit.json").exists() or not Path(attempt).exists():
                _remove(api, attempt)


def _remove(api: APIClient, attempt: str) -> None:
    wanted = {"label": f"{ATTEMPT}={attempt}"}
    for container in api.containers(all=True, filters=wanted):
        with not_there_is_fine():
            api.remove_container(container["Id"], v=True, force=True)
    for network in api.networks(filters=wanted):
        with not_there_is_fine():
            api.remove_network(network["Id"])


@contextmanager
def not_there_is_fine() -> Iterator[None]:
    """Overlook that something is gone already, or that somebody else is at it."""
    from docker import errors

    try:
        yield
    except errors.APIError as problem:
        if problem.status_code not in _GONE:
            raise
