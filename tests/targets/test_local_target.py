"""The local target: the contract of all targets, and what its runs see of the machine."""

# ruff: noqa: ASYNC221 - small programs beside the runs

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from local_runs import script

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Job, Resources, Role
from jupyter_exec.targets import machine
from jupyter_exec.targets.clean_environment import clean_environment
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.testing import (
    HOLD,
    TargetContract,
    finished,
    is_held,
    make_placement,
    until,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class TestLocalTarget(TargetContract):
    @pytest.fixture
    async def target(self, tmp_path: Path) -> AsyncIterator[LocalTarget]:
        self.folder = tmp_path / "standby"
        local = LocalTarget(standby_dir=self.folder)
        yield local
        await local.close()

    def restarted(self, target: LocalTarget) -> LocalTarget:  # noqa: ARG002 - the contract's
        return LocalTarget(standby_dir=self.folder)


class TestWithoutPidfd(TestLocalTarget):
    """macOS has no pidfd_open, and some sandboxes forbid it."""

    @pytest.fixture(autouse=True)
    def _forbid(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(os, "pidfd_open", raising=False)


# ------------------------------------------------------------------ what a run sees


@pytest.mark.parametrize(
    "name",
    [
        "JUPYTER_TOKEN",
        "JUPYTER_PASSWORD",
        "JPY_API_TOKEN",
        "JPY_SESSION_NAME",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTERHUB_USER",
        "CONFIGPROXY_AUTH_TOKEN",
        "JUPYTER_SERVER_AUTH_TOKEN",
        "JUPYTER_GATEWAY_AUTH_TOKEN",
        "JUPYTER_GATEWAY_HTTP_PWD",
        "JUPYTER_COOKIE_SECRET",
        "JUPYTER_EXEC_TOKEN",
        "JUPYTER_EXEC_METRICS",
    ],
)
def test_credentials_stay_with_the_server(name: str) -> None:
    assert clean_environment({name: "x", "PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "name", ["PATH", "HF_TOKEN", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "AWS_PROFILE", "LANG"]
)
def test_everything_else_goes_along(name: str) -> None:
    assert clean_environment({name: "x"}) == {name: "x"}


def test_what_is_hidden_can_be_chosen() -> None:
    environ = {"JUPYTER_TOKEN": "t", "AWS_KEY": "k"}
    assert clean_environment(environ, ["AWS_*"]) == {"JUPYTER_TOKEN": "t"}
    assert clean_environment(environ, []) == environ


async def test_token_is_in_no_file(target: LocalTarget, tmp_path: Path) -> None:
    role = script("import os; assert os.environ['JUPYTER_EXEC_TOKEN']", env={"A": "hush-role"})
    job = Job((role,), env={"JUPYTER_EXEC_TOKEN": "hush"})
    outcome, placement = await finished(target, job, tmp_path)
    assert outcome.exit_code == 0
    records = list(placement.attempt_dir.iterdir())
    assert {record.name for record in records} >= {"job.json", "started.json", "exit.json"}
    assert not [record for record in records if b"hush" in record.read_bytes()]
    assert all(record.stat().st_mode & 0o77 == 0 for record in records)


async def test_output_is_not_buffered(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((script("print('now'); import signal; signal.pause()"),))
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    await until(lambda: placement.logs["main", 0].read_text() == "now\n")
    await target.cancel(handle)
    await target.wait(handle)


async def test_a_run_can_be_interrupted_like_any_program(
    target: LocalTarget, tmp_path: Path
) -> None:
    """What the server ignores or blocks is no concern of the run."""
    text = """
        import signal
        for name in ("SIGINT", "SIGTERM", "SIGPIPE", "SIGXFSZ"):
            print(name, signal.getsignal(getattr(signal, name)))
        print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
    """
    job = Job((Role("main", (sys.executable, "-c", textwrap.dedent(text))),))
    _, placement = await finished(target, job, tmp_path)
    plain = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)], capture_output=True, check=True
    )
    assert placement.logs["main", 0].read_bytes() == plain.stdout


# ------------------------------------------------------------------ capacity and GPUs


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: a)'\necho 'GPU 1: B (UUID: b)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


async def test_capacity_is_the_machines(target: LocalTarget) -> None:
    capacity = await target.capacity()
    assert 0 < capacity.cpus <= (os.cpu_count() or 1)
    assert capacity.memory_bytes is not None
    assert capacity.memory_bytes > 2**27


async def test_capacity_can_be_stated(tmp_path: Path) -> None:
    target = LocalTarget(standby_dir=tmp_path, cpus=2.5, memory_bytes=7, gpus=3)
    assert await target.capacity() == Resources(2.5, 7, 3)
    await target.close()


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("visible", "names"),
    [(None, ["0", "1"]), ("1", ["1"]), ("", []), ("-1", []), ("GPU-b,GPU-a", ["GPU-b", "GPU-a"])],
)
def test_visible_gpus(visible: str | None, names: list[str]) -> None:
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert machine.visible_gpus(environ) == names


@pytest.mark.usefixtures("two_gpus")
async def test_a_run_sees_the_gpus_it_was_granted(tmp_path: Path) -> None:
    target = LocalTarget(standby_dir=tmp_path / "standby")
    text = "import os; print(repr(os.environ['CUDA_VISIBLE_DEVICES']))"
    for granted, seen in (((1,), "'1'"), ((), "''")):
        job = Job((script(text, resources=Resources(gpus=len(granted))),))
        place = make_placement(tmp_path / f"run{len(granted)}", job)
        place = dataclasses.replace(place, gpu_ids=granted)
        await target.wait(await target.submit(job, place))
        assert place.logs["main", 0].read_text().strip() == seen
    await target.close()


# ------------------------------------------------------------------ what cannot be started


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (("/no/such/python3",), "InterpreterMissing", "/no/such/python3"),
        (("/no/such/tool",), "CommandNotFound", "/no/such/tool"),
        (("no-such-tool",), "CommandNotFound", "no-such-tool"),
        (("/etc",), "PermissionDenied", "/etc is a folder"),
        (("./plain",), "PermissionDenied", "plain may not be executed"),
        (("./strange",), "InterpreterMissing", "/no/such/bash"),
        (("./headless",), "NotExecutable", "headless"),
        ((sys.executable, "-c", "a\0b"), "InvalidCommand", "NUL"),
        ((sys.executable, "-c", "x" * 200_000), "StartFailed", "Argument list too long"),
    ],
)
async def test_why_a_command_cannot_start(
    target: LocalTarget, tmp_path: Path, command: tuple[str, ...], code: str, words: str
) -> None:
    job = Job((Role("main", command),))
    placement = make_placement(tmp_path / "run", job)
    (placement.work_dir / "plain").write_text("#!/bin/sh\n")
    for name, head in (("strange", "#!/no/such/bash\n"), ("headless", "echo\n")):
        (placement.work_dir / name).write_text(head)
        (placement.work_dir / name).chmod(0o755)
    with pytest.raises(RunFailed) as caught:
        await target.submit(job, placement)
    assert caught.value.code == code
    assert words in caught.value.message
    assert not (placement.attempt_dir / "started.json").exists()


async def test_missing_working_folder(target: LocalTarget, tmp_path: Path) -> None:
    job = Job((script("pass"),))
    placement = make_placement(tmp_path / "run", job)
    placement.work_dir.rmdir()
    with pytest.raises(RunFailed, match=str(placement.work_dir)):
        await target.submit(job, placement)


async def test_one_replica_that_cannot_start_stops_the_rest(
    target: LocalTarget, tmp_path: Path
) -> None:
    first = script(HOLD + "import signal; signal.pause()")
    job = Job((first, Role("worker", ("/no/such/tool",))), grace_s=0.2)
    placement = make_placement(tmp_path / "run", job)
    with pytest.raises(RunFailed, match="worker-0: command /no/such/tool does not exist"):
        await target.submit(job, placement)
    assert not is_held(placement.work_dir)


async def test_shim_without_interpreter(tmp_path: Path) -> None:
    target = LocalTarget(standby_dir=tmp_path, python="/no/such/python")
    job = Job((script("pass"),))
    with pytest.raises(RunFailed, match="/no/such/python"):
        await target.submit(job, make_placement(tmp_path / "run", job))
    await target.close()
