"""Framework XGBoost: workers that train one model together (floor: launchers).

They meet at a tracker (`xgboost.tracker.RabitTracker`, XGBoost 2.1 and later), which is a process
of its own here (`xgboost_tracker`). A script passes what it is told to
`xgboost.collective.CommunicatorContext`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import (
    command_faults,
    command_of,
    job_of,
    require_python,
    told_later,
)
from jupyter_exec.launchers.counts import crowd_faults
from jupyter_exec.launchers.framework import FrameworkLauncher
from jupyter_exec.launchers.script import ScriptLauncher
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Mount, Resources, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.errors import Fault
    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Replica

_WORKER, _TRACKER = "worker", "tracker"
_INDEX = "AZ_BATCHAI_TASK_INDEX"
_ALONE = ScriptLauncher()
TRACKER = Path(__file__).with_name("xgboost_tracker") / "main.py"


class CollectiveLauncher(Launcher):
    """`nodeCount` x `mpi.processCountPerNode` workers and a tracker; one worker needs none."""

    counts = ("nodeCount", "mpi.processCountPerNode")

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: no script or command, a script elsewhere, too many workers."""
        count = _workers(configuration)
        return command_faults(configuration) + crowd_faults(configuration, count, self.counts)

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what all workers need together; the tracker only waits."""
        return configuration.resources.need().times(_workers(configuration))

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return the roles `worker`, whose ends are the job's, and `tracker`.

        Raises:
            RunFailed: the image has no Python.
        """
        workers, need = _workers(configuration), configuration.resources.need()
        if workers == 1:
            return _ALONE.plan(configuration, context)
        require_python(context.python)
        worker = Role(
            _WORKER,
            told_later(command_of(configuration, context), (_INDEX,)),
            workers,
            env=thread_variables(configuration, context.env, workers),
            resources=need,
        )
        tracker = Role(
            _TRACKER,
            (context.python, "-u", str(TRACKER), str(configuration.start_timeout_seconds)),
            resources=Resources(0.0, shrinks=need.shrinks),
            listens=True,
            serves=True,
        )
        return job_of(
            (worker, tracker),
            configuration,
            context,
            mounts=(Mount(str(TRACKER.parent)),),
        )

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return the tracker's address and a worker's rank."""
        workers = _workers(configuration)
        if workers == 1:
            return {}
        role, index = replica
        told = meeting(addresses[_TRACKER, 0], workers, None if role == _TRACKER else index)
        return told if role == _TRACKER else {**told, _INDEX: str(index)}


class XGBoostLauncher(FrameworkLauncher):
    """A script, as one process or as several that train together."""

    by_communicator = {"None": CollectiveLauncher()}  # noqa: RUF012 - a table


def meeting(tracker: Address, workers: int, rank: int | None) -> dict[str, str]:
    """Return where workers meet, and who this one is: in dmlc's words and in Kubeflow's.

    Args:
        tracker: where it listens.
        workers: how many it waits for.
        rank: of this one; None = it is the tracker.
    """
    told = {
        "DMLC_TRACKER_URI": tracker.host,
        "DMLC_TRACKER_PORT": str(tracker.port),
        "DMLC_NUM_WORKER": str(workers),
        "MASTER_ADDR": tracker.host,
        "MASTER_PORT": str(tracker.port),
        "WORLD_SIZE": str(workers),
    }
    if rank is None:
        return told
    # A tracker that sorts by task gives ranks by the order of these texts.
    task = str(rank).zfill(len(str(workers - 1)))
    return {**told, "DMLC_TASK_ID": task, "RANK": str(rank)}


def _workers(configuration: RunConfiguration) -> int:
    return configuration.node_count * configuration.mpi.process_count_per_node
