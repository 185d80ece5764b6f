"""What all tests share: real servers, workers beside each other, and that no skip is overlooked.

Where JUPYTER_EXEC_REQUIRE_ALL=1 is set everything is installed, so there a skip is a failure.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from alone import turn
from git_repositories import GitServer, make_repository
from needs import need
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from docker_engine import DockerEngine

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def refuse_skip(report: Report) -> Report:
    """Turn the report of a skip, but not that of an expected failure, into one of a failure."""
    required = os.environ.get("JUPYTER_EXEC_REQUIRE_ALL") == "1"
    if required and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: JUPYTER_EXEC_REQUIRE_ALL=1 allows no skip. {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return refuse_skip((yield))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the short ones for last, so that all workers end at about the same time."""
    items.sort(key=lambda item: "/unit/" in item.nodeid)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let a test that is marked `alone` run while no other worker of pytest-xdist runs one."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    folder = item.config._tmp_path_factory.getbasetemp().parent  # type: ignore[attr-defined]
    with turn(folder, alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that the tests of a module share."""
    running = RunningServer(tmp_path_factory.mktemp("server"))
    yield running
    running.close()


@pytest.fixture
def make_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningServer]]:
    """Make servers of this test's own; see RunningServer for the arguments."""
    made: list[RunningServer] = []

    def make(**settings: Any) -> RunningServer:
        made.append(RunningServer(tmp_path_factory.mktemp("server"), **settings))
        return made[-1]

    yield make
    for running in made:
        running.close()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with branches and a tag."""
    return make_repository(tmp_path / "repository")


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    """A server of the repositories below `tmp_path`; it wants a name and a password."""
    running = GitServer(tmp_path, "ann:hush:%@hush")
    yield running
    running.close()


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[DockerEngine]:
    """A Docker daemon of the tests' own, with images; shared by all sessions of this machine."""
    from docker_engine import PROGRAMS, shared_engine

    for program in PROGRAMS:
        need(program, "scripts/engines")
    if os.geteuid() != 0:
        pytest.skip("needs root, to start a Docker daemon of its own")
    with shared_engine() as engine:
        yield engine
