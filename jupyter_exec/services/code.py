"""Code that a run fetches before it starts: a git repository (floor: services)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.experiment import CodeSpec
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.store.paths import RunPaths

CREDENTIALS = ("JUPYTER_EXEC_GIT_USERNAME", "JUPYTER_EXEC_GIT_PASSWORD")
"""Secrets that are for fetching the code, not for the run's processes."""


async def fetch(
    engine: Engine, run: Run, code: CodeSpec, paths: RunPaths, secrets: Mapping[str, str]
) -> None:
    """Check the code out at `work/code/current`; to be written."""
    raise NotImplementedError
