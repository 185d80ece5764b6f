"""The servers of the wire tests: that of Azure's has the target that recorded requests name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from servers import RunningServer
from submarine_requests import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = {"local": {"type": "local", "warm": 0}, "cpu-cluster": {"type": "local", "warm": 0}}


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with two targets; it takes up to 3 MB, and waits 2 s for silent runs."""
    config = {
        "ExecApp": {"compute_targets": TARGETS, "max_snapshot_bytes": 3_000_000, "silence_s": 2.0}
    }
    running = RunningServer(tmp_path_factory.mktemp("azure"), config=config)
    yield running
    running.close()


@pytest.fixture(scope="module")
def submarine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that takes eight small experiments at once, whatever the machine has."""
    running = RunningServer(tmp_path_factory.mktemp("submarine"), config=CONFIG)
    yield running
    running.close()
