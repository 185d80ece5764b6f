"""The seam for frameworks: what a launcher is (floor: launchers).

A launcher is named in the entry-point group `jupyter_exec.launchers` and chosen by `launcher_name`.
It is pure: the same definition and context give the same Job, nothing is read or started.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from jupyter_exec.launchers.counts import MOST_REPLICAS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_exec.errors import Fault
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Job, Replica, Resources


@dataclass(frozen=True)
class LaunchContext:
    """What a launcher may know besides the definition; paths are as the run's processes see them.

    Attributes:
        run_id: the run's id.
        work_dir: absolute working folder (the snapshot), which holds `outputs` and `logs`.
        python: absolute path of the run's interpreter; "" in an image that has none.
        server_python: absolute path of the interpreter that has jupyter_exec and nbclient.
        kernel: kernelspec to use for a notebook; None = `python -m ipykernel_launcher` of `python`.
        env: variables every run gets (AZUREML_*, JUPYTER_EXEC_*, the environment's own).
        images: image that a role names -> what the engine calls it; empty where the target has no
            containers.
        log: path of a log of this attempt, with `{}` for `<role>-<index>` of whose it is.
        failed: file to which ranks append that they have come, and how they ended (`ranks.py`).
        cache: folder that all runs share, for what a `Preparation` fetches; None in a container.
    """

    run_id: str
    work_dir: str
    python: str
    server_python: str
    kernel: str | None
    env: Mapping[str, str]
    images: Mapping[str, str] = field(default_factory=dict)
    log: str = "{}.txt"
    failed: str = "failed.txt"
    cache: str | None = None


@dataclass(frozen=True)
class Preparation:
    """What is done before a job starts, once for all runs that need the same.

    Attributes:
        key: the same for the same work; a file's name.
        command: argv; its output goes to the environment's log.
        env: on top of the definition's variables.
        explain: makes one line, the cause, of what a command that failed has printed.
    """

    key: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    explain: Callable[[str], str]


class Launcher(ABC):
    """Turns a run definition into a Job.

    Attributes:
        counts: fields of a configuration that say how many processes there are; none = there is one
            process. Faces ask a person for these, and others that say more than 1 are refused.
        judges: such fields that `faults` looks at by itself though they do not count, or that may
            say anything.
        most: processes that a job may have, where `counts` names nodes.
    """

    counts: ClassVar[tuple[str, ...]] = ("nodeCount",)
    judges: ClassVar[tuple[str, ...]] = ()
    most: ClassVar[int] = MOST_REPLICAS

    def chosen(self, configuration: RunConfiguration) -> Launcher:
        """Return the launcher that does the work for a definition."""
        return self

    def communicators(self) -> Mapping[str, tuple[str, ...]]:
        """Return the communicators that go with it, the usual ones first, with their `counts`."""
        return {"None": self.counts}

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong with a definition for this framework, before anything is stored."""
        return []

    def faults_on(self, configuration: RunConfiguration, capacity: Resources) -> list[Fault]:
        """Return what is wrong with it on a target that has so much; asked where `faults` has none.

        Too large a `need` is told by others.
        """
        return []

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what the whole job needs; admission grants it before the job is planned."""
        return configuration.resources.need()

    def images(self, configuration: RunConfiguration) -> frozenset[str]:
        """Return the images that single roles name; the environment's own is not among them."""
        return frozenset()

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return the variables that a replica can only be given once all of them have their place.

        Args:
            addresses: of the replicas that listen.
            replica: role and index.
        """
        return {}

    def pages(
        self, configuration: RunConfiguration, addresses: Mapping[Replica, Address]
    ) -> Mapping[str, str]:
        """Return the pages that the run itself serves while it goes on: title -> http address."""
        return {}

    def preparation(
        self, configuration: RunConfiguration, context: LaunchContext
    ) -> Preparation | None:
        """Return what to do before the run counts as running; not asked for a container.

        Raises:
            RunFailed: see `plan`.
        """
        return None

    @abstractmethod
    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return what to start."""
