"""Ranks below an mpirun that runs in a container."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from framework_environments import python_with

from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.mpi import MpiLauncher
from jupyter_exec.model.container import Container, ContainerOptions
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Mount
from jupyter_exec.store.paths import RunPaths
from jupyter_exec.targets.docker import DockerTarget
from jupyter_exec.testing import make_placement

if TYPE_CHECKING:
    from pathlib import Path

    from docker_engine import DockerEngine

    from jupyter_exec.model.job import Outcome

SCRIPT = """
import os, sys
print("rank", os.environ["RANK"], "of", os.environ["WORLD_SIZE"], os.environ["MASTER_ADDR"])
if os.environ["RANK"] in sys.argv:
    sys.exit("no such layer: 7")
"""


async def outcome_of(engine: DockerEngine, folder: Path, *failing: str) -> Outcome:
    """Run the script as two nodes of two ranks, with MPICH's mpirun from PyPI."""
    python = python_with("mpich")
    environment = python.removesuffix("/bin/python")
    fields = {"nodeCount": 2, "mpi": {"processCountPerNode": 2}}
    configuration = RunConfiguration.model_validate(
        {"command": ["python3", "train.py", *failing], **fields}
    )
    paths, launcher = RunPaths(folder), MpiLauncher()
    log, failed = str(paths.log_pattern(1)), str(paths.failed(1))
    context = LaunchContext("r", str(paths.work), python, "", None, {}, log=log, failed=failed)
    job = launcher.plan(configuration, context)
    container = Container(engine.image, ContainerOptions())
    job = replace(job, container=container, mounts=(Mount(environment),))
    placement = make_placement(folder, job)
    (paths.work / "train.py").write_text(SCRIPT)
    target = DockerTarget(standby_dir=folder / "standby", engine_url=engine.url)
    try:
        addresses = await target.place(job, placement)
        told = {
            replica: launcher.replica_env(configuration, addresses, replica)
            for replica in addresses
        }
        handle = await target.submit(job, replace(placement, replica_env=told))
        return await target.wait(handle)
    finally:
        await target.close()


@pytest.mark.timeout(300)  # its environment is made, once per machine
async def test_ranks_have_logs(docker_engine: DockerEngine, tmp_path: Path) -> None:
    outcome = await outcome_of(docker_engine, tmp_path / "run")
    assert (outcome.exit_code, outcome.message) == (0, None)
    for rank in range(4):
        log = RunPaths(tmp_path / "run").log("rank", rank, 1)
        assert log.read_text() == f"rank {rank} of 4 127.0.0.1\n"


async def test_the_rank_that_failed_is_named(docker_engine: DockerEngine, tmp_path: Path) -> None:
    outcome = await outcome_of(docker_engine, tmp_path / "run", "2")
    assert outcome.message == "rank-2: no such layer: 7 (exit code 1)"
    assert (outcome.code, outcome.exit_code) == ("ExitCode", 1)
