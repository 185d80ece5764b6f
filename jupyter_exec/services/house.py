"""All services of one server, put together (floor: services, on top of its siblings)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_exec.services.changes import RunChanges
from jupyter_exec.services.code_diff import CodeDiffs
from jupyter_exec.services.datastores import Datastores
from jupyter_exec.services.drafts import Drafts
from jupyter_exec.services.environments import EnvironmentLimits, EnvironmentService
from jupyter_exec.services.execution import Engine
from jupyter_exec.services.executor import Executor
from jupyter_exec.services.experiments import ExperimentService
from jupyter_exec.services.files import RunFiles
from jupyter_exec.services.garbage import collect_daily
from jupyter_exec.services.heartbeats import Heartbeats
from jupyter_exec.services.history import History
from jupyter_exec.services.journal import Journal
from jupyter_exec.services.localrun import LocalRuns
from jupyter_exec.services.reconcile import reconcile
from jupyter_exec.services.reporting import Reporting
from jupyter_exec.services.retention import Limits, enforce
from jupyter_exec.services.runs import RunService
from jupyter_exec.services.sourcing import Sourcing
from jupyter_exec.services.sweeps import SweepService
from jupyter_exec.services.templates import TemplateService
from jupyter_exec.services.tensorboard import Limits as TensorBoardLimits
from jupyter_exec.services.tensorboard import TensorBoards
from jupyter_exec.services.ways import Ways
from jupyter_exec.store.database import Database
from jupyter_exec.store.paths import DataPaths
from jupyter_exec.store.snapshots import SnapshotStore
from jupyter_exec.targets.clean_environment import OUTER_RUN, SERVER_SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the operator chose.

    Attributes:
        data_dir: where everything is kept.
        root_dir: the server's root; sources by path lie inside it.
        compute_targets: name -> {"type": entry point, settings}.
        max_snapshot_bytes: limit of one snapshot.
        url: returns the server's address.
        writable: False where another server owns the data directory.
        silence_s: after which a run on another machine counts as not responding.
        datastores: name -> {"url", "options", "read_only", "checksum"}.
        data_cache_bytes: how large the cache of downloads may become.
        limits: of the runs that are kept.
        environment_limits: how long built environments are kept.
        python_downloads: whether a Python that is not on this machine may be downloaded.
        tensorboard_limits: how many TensorBoards there may be, and for how long.
    """

    data_dir: Path
    root_dir: Path
    compute_targets: Mapping[str, Mapping[str, Any]]
    max_snapshot_bytes: int
    url: Callable[[], str]
    writable: bool = True
    silence_s: float = 60.0
    datastores: Mapping[str, Any] = field(default_factory=dict)
    data_cache_bytes: int = 0
    limits: Limits = field(default_factory=Limits)
    environment_limits: EnvironmentLimits = field(default_factory=EnvironmentLimits)
    python_downloads: bool = True
    tensorboard_limits: TensorBoardLimits = field(default_factory=TensorBoardLimits)


class House:
    """The services, by name; handlers use nothing else."""

    def __init__(self, settings: Settings) -> None:
        paths = DataPaths(settings.data_dir)
        self.database = Database(paths.database, writable=settings.writable)
        self.writable = settings.writable
        self.paths = paths
        self.journal = Journal(self.database)
        self.snapshots = SnapshotStore(
            paths.snapshots, settings.max_snapshot_bytes, read_only=not settings.writable
        )
        self.datastores = Datastores(settings.datastores)
        self.ways = Ways(
            paths,
            _hiding(settings.compute_targets, self.datastores.variables),
            python_downloads=settings.python_downloads,
        )
        self.engine = Engine(
            self.journal,
            paths,
            self.snapshots,
            self.ways,
            settings.url,
            datastores=self.datastores,
            data_cache_bytes=settings.data_cache_bytes,
        )
        self.executor = Executor(self.engine)
        self.sourcing = Sourcing(self.snapshots, settings.root_dir, settings.data_dir)
        self.server_timestamp = int(time.time() * 1000)
        self.environments = EnvironmentService(
            self.journal,
            paths,
            settings.environment_limits,
            self.server_timestamp,
            writable=settings.writable,
        )
        self.tensorboards = TensorBoards(
            self.journal,
            paths,
            settings.tensorboard_limits,
            writable=settings.writable,
            hidden=self.datastores.variables,
        )
        self.runs = RunService(
            self.engine, self.executor, self.sourcing, self.environments, self.tensorboards
        )
        self.changes = RunChanges(self.journal, self.runs)
        self.experiments = ExperimentService(self.engine, self.runs, self.server_timestamp)
        self.templates = TemplateService(
            self.journal, self.runs, self.experiments, self.server_timestamp
        )
        self.drafts = Drafts(self.runs, self.templates, self.snapshots, settings.root_dir)
        self.sweeps = SweepService(
            self.engine, self.executor, self.runs, self.templates, self.sourcing
        )
        self.history = History(self.journal)
        self.files = RunFiles(paths)
        self.code_diffs = CodeDiffs(self.snapshots, self.sourcing)
        self.heartbeats = Heartbeats(self.journal, settings.silence_s)
        self.reporting = Reporting(self.journal, paths, self.heartbeats)
        self.local_runs = LocalRuns(self.engine, self.runs)
        self.tidying: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: Settings) -> House:
        """Open the data directory and take up the runs that have not ended."""
        house = await asyncio.to_thread(cls, settings)
        if settings.writable:
            await reconcile(house.engine, house.executor)
            await house.heartbeats.open()
            house.tidying = asyncio.create_task(
                collect_daily(
                    house.journal,
                    house.paths,
                    house.snapshots,
                    settings.data_cache_bytes,
                    partial(enforce, house.journal, house.runs, house.paths, settings.limits),
                    house.environments,
                )
            )
        return house

    async def close(self) -> None:
        """Let go of the runs, which go on, and close the files."""
        if self.tidying is not None:
            self.tidying.cancel()
        await self.tensorboards.close()
        await self.heartbeats.close()
        await self.executor.detach()
        await asyncio.to_thread(self.database.close)


def _hiding(
    targets: Mapping[str, Mapping[str, Any]], variables: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    """Return targets whose runs do not get some of the server's variables: the stores' secrets."""
    if not variables:
        return dict(targets)
    return {
        name: {**target, "hidden": [*target.get("hidden", SERVER_SECRETS + OUTER_RUN), *variables]}
        if target.get("type", name) == "local"
        else target
        for name, target in targets.items()
    }
