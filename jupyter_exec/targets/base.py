"""The seam for engines: what a compute target is (floor: targets).

A target is named in the entry-point group `jupyter_exec.targets`. `ExecApp.compute_targets` maps
names to plug-ins and their settings. All methods are coroutines and none blocks the event loop.
`services/execution.py` is the caller.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.errors import Fault
    from jupyter_exec.model.container import Container
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Job, Outcome, Replica, Resources

TargetHandle = Mapping[str, Any]
"""Plain JSON that finds the work again after a restart of the server; stored with the run.

`started_at` in it tells when the processes existed (epoch seconds), where the target knows.
"""


@dataclass(frozen=True)
class Placement:
    """Where a target shall put one attempt of a run.

    Attributes:
        run_folder: the run's folder on this machine (`store/paths.py` RunPaths.root).
        work_dir: the working folder inside it.
        attempt: 1 for the first try.
        logs: log file of each replica, by (role name, index).
        gpu_ids: devices that admission granted.
        usage: file for what the run uses, as `targets/shim/usage.py` writes it; None = not wanted.
        replica_env: variables of single replicas, on top of those of their job and role.
    """

    run_folder: Path
    work_dir: Path
    attempt: int
    logs: Mapping[Replica, Path]
    attempt_dir: Path
    gpu_ids: Sequence[int] = ()
    replica_env: Mapping[Replica, Mapping[str, str]] = field(default_factory=dict)
    usage: Path | None = None


class ComputeTarget(ABC):
    """Starts, watches and stops jobs on one engine.

    Attributes:
        name: as users name it.
        engine_url: where its container engine listens; None = it runs no containers.
        shares: name of the target whose capacity it takes from: containers of this machine and
            processes of this machine are admitted together. None = it has its own.
    """

    name: str
    engine_url: str | None = None
    shares: str | None = None

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what of a definition this target cannot or may not do, before it is stored."""
        return []

    @abstractmethod
    async def capacity(self) -> Resources:
        """Return what this target has in all; admission shares it out."""

    def path_in_run(self, path: Path) -> str:
        """Return how the run's processes see a path; other than itself in a container."""
        return str(path)

    def reaches(self, url: str, container: Container | None) -> bool:
        """Tell whether the run's processes can reach the server at its address."""
        return True

    async def place(self, job: Job, placement: Placement) -> Mapping[Replica, Address]:
        """Return where each replica that listens will be found; no other job gets these addresses.

        They are given back when the job is over, or could not be submitted.

        Raises:
            RunFailed: there are none left.
        """
        if any(role.listens for role in job.roles):
            message = (
                f"compute target {self.name!r} runs no jobs whose processes talk to each other"
            )
            raise RunFailed("NotSupported", message)
        return {}

    @abstractmethod
    async def submit(self, job: Job, placement: Placement) -> TargetHandle:
        """Start the job and return when its processes exist. Idempotent for an attempt.

        Raises:
            RunFailed: the engine or the command could not be started; the message says which and
                why.
        """

    @abstractmethod
    async def wait(self, handle: TargetHandle) -> Outcome:
        """Return when the job is over; also after a restart, and again when it is over."""

    async def silent(
        self, handle: TargetHandle, addresses: Mapping[Replica, Address]
    ) -> Mapping[Replica, bool]:
        """Return those of these replicas that do not listen where they should.

        True: it still runs; False: it has ended, with exit code 0. A target that cannot tell names
        none.

        Raises:
            RunFailed: it cannot be told now; it is asked again.
        """
        return {}

    @abstractmethod
    async def cancel(self, handle: TargetHandle) -> None:
        """Ask the job to end, then make it; `wait` returns soon after. Idempotent."""

    async def cancel_start(self, placement: Placement) -> None:
        """Ask an attempt that is being submitted to end; `submit` returns soon, or raises.

        What has been started is in the handle that `submit` returns, and `cancel` ends it.
        """

    @abstractmethod
    async def find(self, placement: Placement) -> TargetHandle | None:
        """Return the handle of an attempt that was submitted, None if it was not."""

    async def prepare_next(self, job: Job) -> None:
        """Get ready for another run like this one (a warm kernel); called after a run has ended."""

    async def close(self) -> None:
        """Release what the server holds; running jobs go on."""
