"""What every compute target must do (floor: testing)."""

# ruff: noqa: S101, PLR2004 - tests assert, and say what they expect

from __future__ import annotations

import asyncio
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Job, Role
from jupyter_exec.testing.jobs import HOLD, READY, finished, is_held, make_placement, until

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.targets.base import ComputeTarget


class TargetContract:
    """What every compute target must do. Override `target`, and what else differs.

    Attributes:
        python: a Python 3.6 or later, as the run's processes call it.
    """

    python = sys.executable

    @pytest.fixture
    def target(self) -> ComputeTarget:
        """Return the target; as an async fixture, so that it can be closed."""
        raise NotImplementedError

    def restarted(self, target: ComputeTarget) -> ComputeTarget:
        """Return another instance with the same settings, as a restarted server has."""
        raise NotImplementedError

    def role(self, script: str, name: str = "main", **more: Any) -> Role:
        """Return a role that runs a script."""
        return Role(name, (self.python, "-c", textwrap.dedent(script)), **more)

    def job(self, script: str, **more: Any) -> Job:
        """Return a job of one replica that runs a script."""
        return self.plan(self.role(script), **more)

    def plan(self, *roles: Role, **more: Any) -> Job:
        """Return a job; override it where jobs need more, such as an image."""
        return Job(roles, **more)

    async def test_says_what_it_has(self, target: ComputeTarget) -> None:
        """Admission needs at least one processor to share out."""
        assert (await target.capacity()).cpus > 0

    async def test_runs_a_command_to_its_end(self, target: ComputeTarget, tmp_path: Path) -> None:
        """Output of both streams is in the log, in order; times are set."""
        job = self.job("import sys; print('one', flush=True); sys.stderr.write('two\\n')")
        before = time.time()
        outcome, placement = await finished(target, job, tmp_path)
        assert (outcome.exit_code, outcome.code, outcome.message) == (0, None, None)
        assert not outcome.canceled
        assert placement.logs["main", 0].read_text() == "one\ntwo\n"
        assert outcome.started_at is not None
        assert outcome.ended_at is not None
        assert before - 1 <= outcome.started_at <= outcome.ended_at <= time.time() + 1

    async def test_exit_code(self, target: ComputeTarget, tmp_path: Path) -> None:
        """A failure names the last line of the log and the exit code."""
        job = self.job("import sys; print('almost'); sys.exit('\\x1b[31mno such layer: 7\\x1b[0m')")
        outcome, _ = await finished(target, job, tmp_path)
        assert (outcome.exit_code, outcome.code) == (1, "ExitCode")
        assert outcome.message == "no such layer: 7 (exit code 1)"

    async def test_import_error_is_the_cause(self, target: ComputeTarget, tmp_path: Path) -> None:
        """The commonest failure is told in full."""
        job = self.job("import no_such_package")
        outcome, _ = await finished(target, job, tmp_path)
        cause = "ModuleNotFoundError: No module named 'no_such_package'"
        assert outcome.message == f"{cause} (exit code 1)"

    async def test_signal_has_its_name(self, target: ComputeTarget, tmp_path: Path) -> None:
        """A crash is told by its signal."""
        job = self.job("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        outcome, _ = await finished(target, job, tmp_path)
        assert (outcome.exit_code, outcome.code) == (-11, "Signal")
        assert outcome.message == "ended by SIGSEGV"

    async def test_environment_and_folder(
        self, target: ComputeTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Job's and role's variables arrive, the role's win; the server's credentials do not."""
        monkeypatch.setenv("JUPYTER_TOKEN", "server-secret")
        monkeypatch.setenv("JPY_API_TOKEN", "hub-secret")
        script = """
            import json, os
            print(json.dumps({"cwd": os.getcwd(), "env": dict(os.environ)}))
        """
        role = self.role(script, env={"WHO": "role", "ODD": "ünï\n=x"})
        job = self.plan(role, env={"WHO": "job", "LEVEL": "3"})
        _, placement = await finished(target, job, tmp_path)
        text = placement.logs["main", 0].read_text()
        assert "secret" not in text
        assert '"WHO": "role"' in text
        assert '"LEVEL": "3"' in text
        assert '"ODD": "\\u00fcn\\u00ef\\n=x"' in text
        assert f'"cwd": "{target.path_in_run(placement.work_dir)}"' in text

    async def test_output_is_not_touched(self, target: ComputeTarget, tmp_path: Path) -> None:
        """Invalid UTF-8, NULs and ten megabytes without a newline are the log, byte by byte."""
        script = """
            import sys
            sys.stdout.buffer.write(b"\\xff\\xfe\\0caf\\xe9\\n" + b"x" * 10_000_000 + b"\\r\\0end")
        """
        job = self.job(script)
        outcome, placement = await finished(target, job, tmp_path)
        assert outcome.exit_code == 0
        expected = b"\xff\xfe\0caf\xe9\n" + b"x" * 10_000_000 + b"\r\0end"
        assert placement.logs["main", 0].read_bytes() == expected

    async def test_missing_command(self, target: ComputeTarget, tmp_path: Path) -> None:
        """What cannot be started is named, and a second try may follow."""
        job = self.plan(Role("main", ("/no/such/python", "x.py")))
        placement = make_placement(tmp_path / "run", job)
        with pytest.raises(RunFailed, match="/no/such/python"):
            await target.submit(job, placement)
        assert await target.find(placement) is None

    async def test_time_limit_ends_the_tree(self, target: ComputeTarget, tmp_path: Path) -> None:
        """A run that is too long ends with all its children, deaf ones too."""
        script = f"""
            {HOLD.strip()}
            import os, signal
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.fork()
            signal.pause()
        """
        job = self.job(script, time_limit_s=1.0, grace_s=0.2)
        outcome, placement = await finished(target, job, tmp_path)
        assert outcome.code == "TimeLimit"
        assert outcome.message == "ran longer than its limit of 1 s"
        assert not is_held(placement.work_dir)

    async def test_cancel_is_polite(self, target: ComputeTarget, tmp_path: Path) -> None:
        """A process that handles SIGTERM has its say."""
        script = f"""
            import signal, sys
            def leave(*_):
                print("bye", flush=True)
                sys.exit(0)
            signal.signal(signal.SIGTERM, leave)
            {READY.strip()}
            signal.pause()
        """
        job = self.job(script)
        placement = make_placement(tmp_path / "run", job)
        handle = await target.submit(job, placement)
        await until((placement.work_dir / "ready").exists)
        await target.cancel(handle)
        outcome = await target.wait(handle)
        assert outcome.canceled
        assert (outcome.code, outcome.message) == (None, None)
        assert placement.logs["main", 0].read_text() == "bye\n"
        await target.cancel(handle)

    async def test_cancel_is_forceful(self, target: ComputeTarget, tmp_path: Path) -> None:
        """A tree that ignores SIGTERM is killed after its grace period."""
        script = f"""
            {HOLD.strip()}
            import os, signal
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.fork() and os.fork()
            {READY.strip()}
            while True:
                signal.pause()
        """
        job = self.job(script, grace_s=0.3)
        placement = make_placement(tmp_path / "run", job)
        handle = await target.submit(job, placement)
        await until((placement.work_dir / "ready").exists)
        await asyncio.gather(target.cancel(handle), target.cancel(handle))
        outcome = await target.wait(handle)
        assert outcome.canceled
        assert not is_held(placement.work_dir)

    @pytest.mark.parametrize("how", ["ends", "canceled"])
    async def test_nothing_is_left(self, target: ComputeTarget, tmp_path: Path, how: str) -> None:
        """Daemons end with the run: forked twice, in own sessions, deaf, without variables."""
        script = f"""
            {HOLD.strip()}
            import os, signal, sys
            os.set_inheritable(held.fileno(), True)
            reading, writing = os.pipe()
            os.set_inheritable(writing, True)
            code = (
                "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
                "os.write(%d, b'x'); os.close(%d)\\nwhile True: signal.pause()" % (writing, writing)
            )
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.setsid()
                    os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", code], {{}})
                os._exit(0)
            os.wait()
            os.close(writing)
            os.read(reading, 1)
            {READY.strip()}
            if {how == "canceled"}:
                signal.pause()
        """
        job = self.job(script, grace_s=0.2)
        placement = make_placement(tmp_path / "run", job)
        handle = await target.submit(job, placement)
        await until((placement.work_dir / "ready").exists)
        if how == "canceled":
            assert is_held(placement.work_dir)
            await target.cancel(handle)
        outcome = await target.wait(handle)
        assert outcome.canceled == (how == "canceled")
        assert not is_held(placement.work_dir)

    async def test_found_after_a_restart(self, target: ComputeTarget, tmp_path: Path) -> None:
        """Another instance finds a going run without its handle, and waits for it, twice."""
        script = f"""
            import os, time
            {READY.strip()}
            while not os.path.exists("go"):
                time.sleep(0.01)
            raise SystemExit(4)
        """
        job = self.job(script)
        placement = make_placement(tmp_path / "run", job)
        assert await target.find(placement) is None
        handle = await target.submit(job, placement)
        await until((placement.work_dir / "ready").exists)
        await target.close()
        other = self.restarted(target)
        try:
            found = await other.find(placement)
            assert found == handle
            waiting = asyncio.ensure_future(other.wait(found))
            (placement.work_dir / "go").touch()
            outcome = await waiting
            assert outcome.exit_code == 4
            assert await other.find(placement) == handle
            assert await other.wait(handle) == outcome
        finally:
            await other.close()

    async def test_submitting_twice_starts_once(
        self, target: ComputeTarget, tmp_path: Path
    ) -> None:
        """The second submit of an attempt finds the first, at once or when it has ended."""
        job = self.job("import os; print('ran', flush=True)")
        placement = make_placement(tmp_path / "run", job)
        first, second = await asyncio.gather(
            target.submit(job, placement), target.submit(job, placement)
        )
        assert first == second
        outcome = await target.wait(first)
        assert await target.submit(job, placement) == first
        assert await target.wait(first) == outcome
        assert placement.logs["main", 0].read_text() == "ran\n"

    async def test_a_failed_replica_ends_the_others(
        self, target: ComputeTarget, tmp_path: Path
    ) -> None:
        """The failure is told with the replica's name."""
        chief = self.role(HOLD + READY + "import signal; signal.pause()", "chief")
        script = """
            import os, time
            while not os.path.exists("ready"):
                time.sleep(0.01)
            raise SystemExit(7)
        """
        job = self.plan(chief, self.role(script, "worker"), grace_s=0.5)
        outcome, placement = await finished(target, job, tmp_path)
        assert (outcome.exit_code, outcome.code) == (7, "ExitCode")
        assert outcome.message == "worker-0: exit code 7"
        assert not is_held(placement.work_dir)

    async def test_the_first_role_decides(self, target: ComputeTarget, tmp_path: Path) -> None:
        """When all its replicas have ended well, other roles are ended and the job succeeded."""
        chief = self.role("print('done')", "chief", replicas=2)
        server = self.role(HOLD + "import signal; signal.pause()", "ps")
        job = self.plan(chief, server, grace_s=0.5)
        outcome, placement = await finished(target, job, tmp_path)
        assert (outcome.exit_code, outcome.code) == (0, None)
        assert not is_held(placement.work_dir)
        assert placement.logs["chief", 1].read_text() == "done\n"
