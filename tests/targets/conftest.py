"""A local target for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_exec.targets.process import LocalTarget

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[LocalTarget]:
    local = LocalTarget(standby_dir=tmp_path / "standby")
    yield local
    await local.close()
