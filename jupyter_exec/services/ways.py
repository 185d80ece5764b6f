"""The plug-ins of one server, made when they are first used (floor: services).

The one place where a name in a definition (target, framework, environment) becomes an object.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from jupyter_exec import plugins
from jupyter_exec.environments.base import Environment, choose
from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.definition import FRAMEWORKS
from jupyter_exec.services.admission import Admission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.launchers.base import Launcher
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.environment import EnvironmentDefinition
    from jupyter_exec.store.paths import DataPaths
    from jupyter_exec.targets.base import ComputeTarget


log = logging.getLogger(__name__)

_LAUNCHERS = "jupyter_exec.launchers"
_NO_FRAMEWORKS = {"experiment", "notebook"}  # launchers that a definition's other fields choose
_WORDS = {name.casefold(): name for name in FRAMEWORKS}  # as definitions write them


class Ways:
    """Targets, launchers and environments by name.

    Args:
        compute_targets: name -> {"type": entry point, further settings of that plug-in}.
        python_downloads: see `Environment`.
    """

    def __init__(
        self,
        paths: DataPaths,
        compute_targets: Mapping[str, Mapping[str, Any]],
        *,
        python_downloads: bool = True,
    ) -> None:
        self._paths = paths
        self._python_downloads = python_downloads
        self._settings = compute_targets
        self._targets: dict[str, ComputeTarget] = {}
        self._admissions: dict[str, Admission] = {}
        self._launchers: dict[str, Launcher] = {}
        self._environments: dict[tuple[str, str | None], Environment] = {}

    @property
    def target_names(self) -> list[str]:
        """Names that a definition may use as `target`."""
        return list(self._settings)

    def target(self, name: str) -> ComputeTarget:
        """Return a target.

        Raises:
            InvalidRequest: there is none of that name; the message lists those there are.
        """
        if name not in self._settings:
            message = (
                f"there is no compute target {name[:80]!r}; there are: {', '.join(self._settings)}"
            )
            raise InvalidRequest(message, "configuration.target")
        if name not in self._targets:
            settings = dict(self._settings[name])
            plugin = plugins.load("jupyter_exec.targets", settings.pop("type", name))
            self._targets[name] = plugin(name, standby_dir=self._paths.standby, **settings)
        return self._targets[name]

    def target_name(self, configuration: RunConfiguration) -> str:
        """Return where a run goes: a container, to the target beside the one that was named.

        Raises:
            InvalidRequest: no target can run it.
        """
        asked = self.target(configuration.target)
        images = self.launcher(configuration).images(configuration)
        docker = configuration.environment.docker
        if asked.engine_url is not None or not (docker.enabled or images):
            return asked.name
        for name in self.target_names:
            if (beside := self.target(name)).engine_url is not None and beside.shares == asked.name:
                return name
        message = (
            f"compute target {asked.name!r} has no container engine, and none beside it; name a "
            "target that has one, or leave the image out"
        )
        field = "environment.docker.enabled" if docker.enabled else "experiment"
        raise InvalidRequest(message, f"configuration.{field}")

    async def admission(self, name: str) -> Admission:
        """Return the queue of a target."""
        name = self._pool(name)
        if name not in self._admissions:
            capacity = await self.target(name).capacity()
            self._admissions.setdefault(name, Admission(capacity))
        return self._admissions[name]

    def _pool(self, name: str) -> str:
        """Return the target whose capacity a target takes from: mostly its own."""
        shares = self.target(name).shares
        return shares if shares in self._settings and shares is not None else name

    def shares_with(self, name: str) -> str | None:
        """Return the other target that a target takes its capacity from; None = it has its own."""
        pool = self._pool(name)
        return pool if pool != name else None

    def position(self, target: str, run_id: str) -> int | None:
        """Return a waiting run's place in its target's queue, None when it does not wait."""
        admission = self._admissions.get(self._pool(target))
        return admission.position(run_id) if admission else None

    def launcher(self, configuration: RunConfiguration) -> Launcher:
        """Return the launcher of a definition: by framework; `notebook`, `experiment` for those.

        Raises:
            InvalidRequest: no launcher of that framework is installed; with those that are.
        """
        name = "experiment" if configuration.experiment else _framework(configuration.framework)
        if configuration.notebook and _is_one_process(configuration):
            name = "notebook"
        return self._launcher(name)

    async def frameworks(self) -> list[tuple[str, Mapping[str, tuple[str, ...]]]]:
        """Return the names that a definition may use as `framework`, each with its communicators.

        See `Launcher.communicators`. A plug-in that cannot be loaded is left out.
        """
        names = sorted(_installed(), key=lambda name: (name not in _WORDS, name))
        found = []
        for name in names:
            try:
                launcher = await asyncio.to_thread(self._launcher, name)
                found.append((_WORDS.get(name, name), launcher.communicators()))
            except Exception:
                log.exception("the framework %s cannot be offered: its plug-in fails", name)
        return found

    def _launcher(self, name: str) -> Launcher:
        if name not in self._launchers:
            plugin = plugins.load(_LAUNCHERS, name)
            self._launchers[name] = plugin()
        return self._launchers[name]

    def environment(self, definition: EnvironmentDefinition, target: str | None) -> Environment:
        """Return the way to make the environment that a definition asks for.

        Args:
            target: that the run goes to; None = nobody knows, so outside containers.
        """
        engine_url = self.target(target).engine_url if target is not None else None
        key = choose(definition, engine_url), engine_url
        if key not in self._environments:
            plugin = plugins.load("jupyter_exec.environments", key[0])
            environment: Environment = plugin(self._paths.environments, engine_url)
            environment.python_downloads = self._python_downloads
            self._environments[key] = environment
        return self._environments[key]

    async def close(self) -> None:
        """Let every target release what the server holds; runs go on."""
        for target in self._targets.values():
            await target.close()


def _installed() -> set[str]:
    """Return the frameworks' entry points."""
    return set(plugins.names(_LAUNCHERS)) - _NO_FRAMEWORKS


def _framework(framework: str) -> str:
    """Return the name of a framework's entry point.

    Raises:
        InvalidRequest: there is none.
    """
    installed = _installed()
    name = framework.casefold()
    if name not in installed:
        known = ", ".join(sorted(_WORDS.get(one, one) for one in installed))
        message = f"{framework[:80]!r} is not one of {known}"
        raise InvalidRequest(message, "configuration.framework")
    return name


def _is_one_process(configuration: RunConfiguration) -> bool:
    """Tell whether a notebook's kernel is all that runs."""
    return configuration.framework != "PySpark" and configuration.communicator == "None"
