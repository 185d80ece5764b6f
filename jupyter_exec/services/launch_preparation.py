"""What a launcher wants done before a run counts as running (floor: services).

Such as the packages of Spark, fetched once for all runs:

    <data_dir>/prepared/<launcher's own folders>
    <data_dir>/prepared/<key>.done     written when the work of that key is done
    <data_dir>/prepared/lock           held while some work is going on: it is all in one cache
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.environments.build import locked, run_logged
from jupyter_exec.environments.built import BuildLog
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_exec.launchers.base import Preparation
    from jupyter_exec.store.paths import RunPaths


async def ensure(
    preparation: Preparation, root: Path, paths: RunPaths, variables: Mapping[str, str]
) -> None:
    """Do the work, or find it done. Cancelling it kills what does it.

    Args:
        root: folder that all runs share.
        paths: of the run, in whose working folder it is done.
        variables: of the run's definition.

    Raises:
        RunFailed: `PreparationFailed`, in one line.
    """
    done = root / f"{preparation.key}.done"
    if done.exists():
        return
    log = BuildLog(paths.environment_log)
    async with locked(
        root / "lock", lambda: log.say("another run is being prepared; waiting")
    ) as lock:
        if done.exists():
            return
        log.say("$ " + " ".join(preparation.command))
        env = {**variables, **preparation.env}
        try:
            status, printed = await run_logged(
                preparation.command, paths.environment_log, lock, paths.work, env
            )
        except OSError as error:
            message = f"{preparation.command[0]} cannot be started: {error.strerror}"
            raise RunFailed("PreparationFailed", message) from None
        if status != 0:
            raise RunFailed("PreparationFailed", preparation.explain(printed))
        done.touch()
