"""A framework: which communicators go with it, and what each makes of a run (floor: launchers)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.base import Launcher

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.launchers.base import LaunchContext, Preparation
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Job, Replica, Resources


class FrameworkLauncher(Launcher):
    """Leaves the work to the launcher of the communicator that a definition names.

    Attributes:
        by_communicator: all that go with this framework. The first answers for a definition whose
            communicator is none of them, which `faults` refuses.
    """

    by_communicator: ClassVar[Mapping[str, Launcher]]

    def communicators(self) -> Mapping[str, tuple[str, ...]]:
        """Return those of the table."""
        return {name: launcher.counts for name, launcher in self.by_communicator.items()}

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return the fault of a communicator that does not go with it, or what else is wrong."""
        faults = communicator_faults(configuration, self.by_communicator)
        return faults or self.chosen(configuration).faults(configuration)

    def faults_on(self, configuration: RunConfiguration, capacity: Resources) -> list[Fault]:
        """Return what is wrong with it on a target that has so much."""
        return self.chosen(configuration).faults_on(configuration, capacity)

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what the whole job needs."""
        return self.chosen(configuration).need(configuration)

    def images(self, configuration: RunConfiguration) -> frozenset[str]:
        """Return the images that single roles name."""
        return self.chosen(configuration).images(configuration)

    def preparation(
        self, configuration: RunConfiguration, context: LaunchContext
    ) -> Preparation | None:
        """Return what to do before the run counts as running."""
        return self.chosen(configuration).preparation(configuration, context)

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return what to start."""
        return self.chosen(configuration).plan(configuration, context)

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return what a replica is told of the others."""
        return self.chosen(configuration).replica_env(configuration, addresses, replica)

    def pages(
        self, configuration: RunConfiguration, addresses: Mapping[Replica, Address]
    ) -> Mapping[str, str]:
        """Return the pages that the run serves."""
        return self.chosen(configuration).pages(configuration, addresses)

    def chosen(self, configuration: RunConfiguration) -> Launcher:
        """Return the launcher of the communicator."""
        known = self.by_communicator
        return known.get(configuration.communicator) or next(iter(known.values()))


def communicator_faults(
    configuration: RunConfiguration, allowed: Mapping[str, Launcher] | frozenset[str]
) -> list[Fault]:
    """Return the fault of a communicator that the framework does not have."""
    if configuration.communicator in allowed:
        return []
    words = ", ".join(sorted(allowed))
    message = (
        f"framework {configuration.framework} has no communicator "
        f"{configuration.communicator[:80]!r}; allowed: {words}"
    )
    return [Fault("configuration.communicator", message)]
