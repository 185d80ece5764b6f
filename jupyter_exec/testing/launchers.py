"""What every launcher must do (floor: testing)."""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.testing.jobs import make_placement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from jupyter_exec.model.job import Job, Replica

_ROLE = re.compile(r"[a-z][a-z0-9-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_FIRST_PORT = 10_000
_TOUCHES = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.")


class LauncherContract:
    """What every launcher must do. Set `launcher` and `definitions`, and what else differs.

    Attributes:
        launcher: the one that is tested.
        definitions: configurations, in camelCase, that it can plan: a good choice of them.
        faulty: configurations with something wrong that it must find, and the field at fault.
        files: of the working folder, for the first definition, which is really run: name -> text.
        python: interpreter of that run.
    """

    launcher: Any  # a Launcher
    definitions: ClassVar[tuple[Mapping[str, Any], ...]]
    faulty: ClassVar[tuple[tuple[Mapping[str, Any], str], ...]] = ()
    files: ClassVar[Mapping[str, str]] = {}
    python = sys.executable

    def context(self, work_dir: str = "/runs/1/work") -> LaunchContext:
        """Return what a launcher knows besides the definition."""
        logs = work_dir.removesuffix("work") + "logs/{}.txt"
        env = {"AZUREML_RUN_ID": "run_1", "A": "1"}
        attempt = work_dir.removesuffix("work") + "attempts/1"
        return LaunchContext(
            "run_1",
            work_dir,
            self.python,
            self.python,
            None,
            env,
            log=logs,
            failed=f"{attempt}/failed.txt",
        )

    def planned(self) -> list[tuple[RunConfiguration, Job]]:
        """Return a plan for each of the definitions."""
        configurations = [RunConfiguration.model_validate(dict(one)) for one in self.definitions]
        return [(one, self.launcher.plan(one, self.context())) for one in configurations]

    def test_good_definitions_have_no_faults(self) -> None:
        """What it can plan it does not refuse."""
        for configuration, _ in self.planned():
            assert self.launcher.faults(configuration) == []

    def test_faults_name_their_fields(self) -> None:
        """What is wrong is an answer, not an exception."""
        for fields, target in self.faulty:
            faults = self.launcher.faults(RunConfiguration.model_validate(dict(fields)))
            assert target in [fault.target for fault in faults], (fields, faults)
            assert all(fault.message for fault in faults)

    def test_plans_are_values(self) -> None:
        """The same definition gives the same plan, which JSON can carry; nothing is changed."""
        for configuration, job in self.planned():
            before = configuration.model_dump_json()
            assert self.launcher.plan(configuration, self.context()) == job
            assert configuration.model_dump_json() == before
            json.dumps(job.as_json())

    def test_planning_touches_nothing(self) -> None:
        """No file is opened, no process started, nobody is called."""
        self.planned()  # whatever is imported late is imported now
        with _noting() as events:
            self.planned()
        assert events == [], "a launcher plans; it opens, starts and calls nothing"

    def test_roles_have_names_and_commands(self) -> None:
        """Names make log files and host names."""
        for _, job in self.planned():
            names = [role.name for role in job.roles]
            assert len(set(names)) == len(names) > 0
            for role in job.roles:
                assert _ROLE.fullmatch(role.name), role.name
                assert role.replicas > 0
                assert role.command
                assert all("\0" not in word for word in role.command)
                assert all(_VARIABLE.fullmatch(name) for name in {**job.env, **role.env})

    def test_the_run_keeps_its_variables(self) -> None:
        """Whatever it adds, the run's own variables reach every replica."""
        for _, job in self.planned():
            for role in job.roles:
                assert {**job.env, **role.env}.items() >= self.context().env.items()

    def test_somebody_decides(self) -> None:
        """The job is over when some replica has ended, and that one exists."""
        for _, job in self.planned():
            assert set(job.deciders) <= set(_replicas(job))

    def test_admission_counts_the_whole_job(self) -> None:
        """What is admitted is what is started."""
        for configuration, job in self.planned():
            need, planned = self.launcher.need(configuration), job.need()
            assert need.cpus >= planned.cpus
            assert need.gpus >= planned.gpus
            assert (need.memory_bytes or 0) >= (planned.memory_bytes or 0)

    @pytest.mark.parametrize("one_machine", [True, False])
    def test_replicas_are_told_of_each_other(self, one_machine: bool) -> None:  # noqa: FBT001 - pytest's
        """Every replica gets variables, wherever the target has placed them."""
        for configuration, job in self.planned():
            addresses = _addresses(job, one_machine=one_machine)
            for replica in _replicas(job):
                told = self.launcher.replica_env(configuration, addresses, replica)
                assert all(_VARIABLE.fullmatch(name) for name in told)
                assert all(isinstance(value, str) for value in told.values())
            pages = self.launcher.pages(configuration, addresses)
            assert all(page.startswith("http") for page in pages.values())

    def test_the_first_definition_runs(self, tmp_path: Path) -> None:
        """It really does what it says, on this machine."""
        if self.files:
            asyncio.run(self._run(tmp_path))

    async def _run(self, tmp_path: Path) -> None:
        configuration, planned = self.planned()[0]
        placement = make_placement(tmp_path / "run", planned)
        for name, text in self.files.items():
            (placement.work_dir / name).write_text(text)
        job = self.launcher.plan(configuration, self.context(str(placement.work_dir)))
        target = LocalTarget("local", standby_dir=tmp_path / "standby", warm=0)
        try:
            addresses = await target.place(job, placement)
            told = {
                one: self.launcher.replica_env(configuration, addresses, one)
                for one in _replicas(job)
            }
            handle = await target.submit(job, replace(placement, replica_env=told))
            outcome = await target.wait(handle)
        finally:
            await target.close()
        logs = {path.name: path.read_text() for path in sorted(placement.run_folder.glob("logs/*"))}
        assert (outcome.exit_code, outcome.message) == (0, None), logs


@contextmanager
def _noting() -> Iterator[list[str]]:
    """Collect what this process asks of the system meanwhile (PEP 578)."""
    events: list[str] = []
    thread = get_ident()
    watching = True

    def hook(event: str, _: tuple[Any, ...]) -> None:
        if watching and get_ident() == thread and event.startswith(_TOUCHES):
            events.append(event)

    sys.addaudithook(hook)  # there is no way to take it away again
    try:
        yield events
    finally:
        watching = False


def _replicas(job: Job) -> list[Replica]:
    return [(role.name, index) for role in job.roles for index in range(role.replicas)]


def _addresses(job: Job, *, one_machine: bool) -> dict[Replica, Address]:
    """Return a place for each replica that listens."""
    listening = [
        (role.name, index) for role in job.roles if role.listens for index in range(role.replicas)
    ]
    if one_machine:
        return {one: Address("127.0.0.1", _FIRST_PORT + n) for n, one in enumerate(listening)}
    return {(role, index): Address(f"{role}-{index}", 2222) for role, index in listening}
