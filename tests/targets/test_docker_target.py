"""The `docker` target, against a real daemon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker_images import DockerEngine

from jupyter_exec.model.container import Container
from jupyter_exec.model.job import Job, Role
from jupyter_exec.targets.docker import DockerTarget
from jupyter_exec.testing import TargetContract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


IMAGE = DockerEngine("").image


class TestDockerTarget(TargetContract):
    """What every target must do."""

    python = "/usr/bin/python3"

    @pytest.fixture
    async def target(
        self, tmp_path: Path, docker_engine: DockerEngine
    ) -> AsyncIterator[DockerTarget]:
        target = DockerTarget(standby_dir=tmp_path / "standby", engine_url=docker_engine.url)
        yield target
        await target.close()

    def restarted(self, target: DockerTarget) -> DockerTarget:
        return DockerTarget(
            standby_dir=Path(target._home) / "standby", engine_url=target.engine_url
        )

    def plan(self, *roles: Role, **more: Any) -> Job:
        return Job(roles, container=Container(IMAGE), **more)
