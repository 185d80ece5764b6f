"""Whose failure is the cause on the local target: real processes that lose each other."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from local_runs import LINUX

from jupyter_exec.model.job import Job, Role
from jupyter_exec.testing import finished

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.targets.process import LocalTarget

CHIEF = """
    import os, pathlib, socket, struct, time
    server = socket.create_server(("127.0.0.1", 0))
    pathlib.Path("port.new").write_text(str(server.getsockname()[1]))
    os.rename("port.new", "port")
    peers = [server.accept()[0] for _ in range(2)]
    reset = struct.pack("ii", 1, 0)
    for peer in peers:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        peer.close()
    while not all(os.path.exists(f"lost-{index}") for index in range(2)):
        time.sleep(0.01)
    for index in range(2):
        pid = pathlib.Path(f"lost-{index}").read_text()
        while os.path.exists("/proc/" + pid):  # until somebody has taken notice of its end
            time.sleep(0.01)
    raise ValueError("no such column")
"""
WORKER = """
    import os, pathlib, socket, time
    while not os.path.exists("port"):
        time.sleep(0.01)
    peer = socket.create_connection(("127.0.0.1", int(pathlib.Path("port").read_text())))
    name = os.environ["LOST"]
    try:
        peer.recv(1)
    finally:
        pathlib.Path(name + ".new").write_text(str(os.getpid()))
        os.rename(name + ".new", name)
"""


def role(name: str, text: str, **more) -> Role:
    return Role(name, (sys.executable, "-c", textwrap.dedent(text)), **more)


@LINUX
async def test_the_one_that_raises_is_the_cause(target: LocalTarget, tmp_path: Path) -> None:
    """The others die of its closed connections before it has ended."""
    job = Job(
        (
            role("worker", WORKER, env={"LOST": "lost-0"}),
            role("helper", WORKER, env={"LOST": "lost-1"}),
            role("chief", CHIEF),
        )
    )
    outcome, placement = await finished(target, job, tmp_path)
    for name in ("worker-0", "helper-0"):
        log = placement.logs[name.split("-")[0], 0].read_text()
        assert "Connection reset by peer" in log.splitlines()[-1], log
    assert outcome.message == "chief-0: ValueError: no such column (exit code 1)"
    assert (outcome.code, outcome.exit_code) == ("ExitCode", 1)


@LINUX
async def test_where_nobody_tells_more_the_first_is_named(
    target: LocalTarget, tmp_path: Path
) -> None:
    reset = "raise ConnectionResetError(104, 'Connection reset by peer')"
    job = Job((role("worker", reset), role("chief", "import signal; signal.pause()")))
    outcome, _ = await finished(target, job, tmp_path)
    said = "ConnectionResetError: [Errno 104] Connection reset by peer (exit code 1)"
    assert outcome.message == f"worker-0: {said}"


@pytest.mark.parametrize("kind", ["os.mkdir(path)", "os.mkfifo(path)"])
async def test_a_run_that_spoils_the_list_of_ranks_only_spoils_that(
    target: LocalTarget, tmp_path: Path, kind: str
) -> None:
    path = str(tmp_path / "run" / "attempts" / "1" / "failed.txt")
    script = f"""
        import os
        path = os.environ["FAILED"]
        {kind}
        raise ValueError("mine")
    """
    made = role("main", script, env={"FAILED": path})
    outcome, placement = await finished(target, Job((made,)), tmp_path)
    assert (placement.attempt_dir / "failed.txt").exists(), placement.attempt_dir
    assert outcome.message == "ValueError: mine (exit code 1)"
