"""What nobody needs: snapshots, built environments, old logs of standbys (floor: services).

Deleting runs is the user's (`jupyter exec gc`); this only takes away what they leave behind.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_exec.store import runs, templates

if TYPE_CHECKING:
    from jupyter_exec.services.environments import EnvironmentService
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.paths import DataPaths
    from jupyter_exec.store.snapshots import SnapshotStore

DAY_S = 86_400.0

log = logging.getLogger(__name__)


async def collect_daily(
    journal: Journal,
    paths: DataPaths,
    snapshots: SnapshotStore,
    environments: EnvironmentService,
) -> None:
    """Tidy now, and once a day, until cancelled."""
    while True:
        keep = await journal.read(runs.snapshots_in_use)
        keep |= await journal.read(templates.snapshots_in_use)
        try:
            gone = await asyncio.to_thread(snapshots.gc, keep)
            await asyncio.to_thread(_remove_old_logs, paths)
            if gone.snapshots:
                log.info("removed %d snapshots that nothing needs", gone.snapshots)
            if unused := await environments.collect():
                log.info("removed %d environments that no run has used lately", len(unused))
        except OSError as error:
            log.warning("could not tidy %s: %s", paths.root, error)
        await asyncio.sleep(DAY_S)


def _remove_old_logs(paths: DataPaths) -> None:
    for path in paths.standby.iterdir():
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime < time.time() - DAY_S:
                path.unlink()
