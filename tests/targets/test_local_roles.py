"""Several roles on the local target: who decides, who is ended, where they find each other."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import shutil
import signal
import socket
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from local_runs import LINUX

from jupyter_exec.errors import RunFailed
from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.experiment import ExperimentLauncher
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Job, Role
from jupyter_exec.targets.interpreter import folders_first
from jupyter_exec.targets.ports import Ports, quiet_ports
from jupyter_exec.targets.process import LocalTarget
from jupyter_exec.targets.shim import proctree
from jupyter_exec.testing import HOLD, READY, finished, is_held, make_placement, until

if TYPE_CHECKING:
    from jupyter_exec.model.job import Outcome
    from jupyter_exec.targets.base import ComputeTarget, Placement

FOREVER = HOLD + READY + "import signal\nwhile True: signal.pause()\n"
AFTER_READY = "import os, time\nwhile not os.path.exists('ready'): time.sleep(0.01)\n"


def role(name: str, text: str, **more) -> Role:
    return Role(name, (sys.executable, "-c", textwrap.dedent(text)), **more)


async def experiment(
    target: ComputeTarget, folder: Path, framework: str, spec: dict[str, object], python: str = ""
) -> tuple[Outcome, Placement]:
    """Run an experiment as a server does, and return how it ended and where it was."""
    asked = {"experiment": {"meta": {"framework": framework}, "spec": spec}}
    configuration = RunConfiguration.model_validate(asked)
    launcher = ExperimentLauncher()
    assert launcher.faults(configuration) == []
    context = LaunchContext(
        "job-1", str(folder / "work"), python or sys.executable, sys.executable, None, {}
    )
    job = launcher.plan(configuration, context)
    placement = make_placement(folder, job)
    addresses = await target.place(job, placement)
    told = {
        replica: launcher.replica_env(configuration, addresses, replica)
        for replica in placement.logs
    }
    placement = dataclasses.replace(placement, replica_env=told)
    return await target.wait(await target.submit(job, placement)), placement


# ------------------------------------------------------------------ whose end is the end


async def test_who_decides_ends_the_others(target: LocalTarget, tmp_path: Path) -> None:
    """A parameter server that sleeps for ever, and one that answers SIGTERM with a failure."""
    odd = """
        import os, signal
        signal.signal(signal.SIGTERM, lambda *_: os._exit(3))
        open("odd", "w").close()
        while True: signal.pause()
    """
    worker = AFTER_READY + "while not os.path.exists('odd'): time.sleep(0.01)\n"
    job = Job(
        (role("ps", FOREVER), role("odd", odd), role("worker", worker, replicas=2)),
        deciders=frozenset({("worker", 0)}),
        grace_s=60,
    )
    outcome, placement = await finished(target, job, tmp_path)
    assert (outcome.exit_code, outcome.code, outcome.message) == (0, None, None)
    assert not outcome.canceled
    assert not is_held(placement.work_dir)
    record = json.loads((placement.attempt_dir / "exit.json").read_text())
    codes = {(row["role"], row["index"]): row["exit_code"] for row in record["replicas"]}
    assert (codes["worker", 0], codes["ps", 0], codes["odd", 0]) == (0, -15, 3)


@LINUX
async def test_who_stumbles_over_the_end_is_no_failure(target: LocalTarget, tmp_path: Path) -> None:
    """The chief ends, and the server fails for that, before anybody has looked."""
    go = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)\n"
    job = Job(
        (role("ps", go + "raise SystemExit('the chief has hung up')"), role("chief", go)),
        deciders=frozenset({("chief", 0)}),
    )
    placement = make_placement(tmp_path / "run", job)
    handle = await target.submit(job, placement)
    os.kill(handle["pid"], signal.SIGSTOP)
    (placement.work_dir / "go").touch()
    record = json.loads((placement.attempt_dir / "started.json").read_text())
    stats = [Path(f"/proc/{replica['pid']}/stat") for replica in record["replicas"]]
    await until(lambda: all(") Z " in stat.read_text() for stat in stats))
    os.kill(handle["pid"], signal.SIGCONT)
    outcome = await target.wait(handle)
    assert (outcome.exit_code, outcome.code, outcome.message) == (0, None, None)


async def test_one_that_is_deaf_is_killed(target: LocalTarget, tmp_path: Path) -> None:
    server = HOLD + "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY
    job = Job(
        (role("ps", server + "while True: signal.pause()"), role("chief", AFTER_READY)),
        deciders=frozenset({("chief", 0)}),
        grace_s=0.2,
    )
    outcome, placement = await finished(target, job, tmp_path)
    assert (outcome.exit_code, outcome.code) == (0, None)
    assert not is_held(placement.work_dir)


async def test_all_who_decide_must_end(target: LocalTarget, tmp_path: Path) -> None:
    """The end of one that does not decide changes nothing."""
    slow = AFTER_READY + "open('slow', 'w').close()"
    job = Job(
        (role("quick", "pass"), role("slow", slow), role("late", READY)),
        deciders=frozenset({("slow", 0)}),
    )
    outcome, placement = await finished(target, job, tmp_path)
    assert outcome.exit_code == 0
    assert (placement.work_dir / "slow").exists()


@pytest.mark.parametrize("decides", [("chief", 0), ("worker", 1), ("worker", 0)])
async def test_a_failed_replica_is_named_and_ends_the_others(
    target: LocalTarget, tmp_path: Path, decides: tuple[str, int]
) -> None:
    fails = AFTER_READY + textwrap.dedent(
        """
        if os.environ["INDEX"] == "1":
            raise SystemExit("no such layer")
        import signal
        signal.pause()
        """
    )
    job = Job(
        (role("chief", FOREVER), role("worker", fails, replicas=2)),
        deciders=frozenset({decides}),
        grace_s=60,
    )
    placement = make_placement(tmp_path / "run", job)
    told = {("worker", 0): {"INDEX": "0"}, ("worker", 1): {"INDEX": "1"}}
    placement = dataclasses.replace(placement, replica_env=told)
    outcome = await target.wait(await target.submit(job, placement))
    assert (outcome.exit_code, outcome.code) == (1, "ExitCode")
    assert outcome.message == "worker-1: no such layer (exit code 1)"
    assert not is_held(placement.work_dir)
    assert placement.logs["worker", 1].name == "worker-1.txt"
    assert placement.logs["worker", 1].read_text() == "no such layer\n"


async def test_a_role_that_cannot_start_takes_none_along(
    target: LocalTarget, tmp_path: Path
) -> None:
    job = Job((role("ps", FOREVER, listens=True), Role("worker", ("/no/such",), listens=True)))
    placement = make_placement(tmp_path / "run", job)
    addresses = await target.place(job, placement)
    with pytest.raises(RunFailed, match="worker-0: command /no/such"):
        await target.submit(job, placement)
    assert not is_held(placement.work_dir)
    again = Ports(range(min(a.port for a in addresses.values()), 65536))
    assert again.take("x", 1)
    assert target._ports.held(str(placement.attempt_dir)) == ()


# ------------------------------------------------------------------ addresses

MEET = """
import json, os, socket
config = json.loads(os.environ["TF_CONFIG"])
assert config["environment"] == "cloud"
task = config["task"]
host, port = config["cluster"][task["type"]][task["index"]].split(":")
listening = socket.create_server((host, int(port)))
others = [a for row in config["cluster"].values() for a in row if a != host + ":" + port]
def call(address):
    import time
    host, port = address.split(":")
    until = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection((host, int(port))) as line:
                line.sendall((task["type"] + str(task["index"]) + "\\n").encode())
            return
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.01)
import threading
for other in others:
    threading.Thread(target=call, args=(other,)).start()
heard = []
for _ in others:
    line, _ = listening.accept()
    heard.append(line.makefile().readline().strip())
print(" ".join(sorted(heard)), flush=True)
open(task["type"] + str(task["index"]) + ".done", "w").close()
if task["type"] == "ps":
    threading.Event().wait()
"""


async def test_replicas_find_each_other(target: LocalTarget, tmp_path: Path) -> None:
    (tmp_path / "meet.py").write_text(MEET)
    command = f"python {tmp_path}/meet.py"
    wait = "until [ -e worker0.done -a -e worker1.done -a -e ps1.done ]; do sleep 0.01; done"
    spec = {
        "Ps": {"replicas": 2, "cmd": f"{command}"},
        "Worker": {"replicas": 2, "cmd": f"exec {command} && true"},
        "Chief": {"cmd": f"{command} && {wait} && echo $JOB_ID"},
    }
    outcome, placement = await experiment(target, tmp_path / "run", "TensorFlow", spec)
    assert outcome.message is None
    logs = {f"{name}{index}": path for (name, index), path in placement.logs.items()}
    assert set(logs) == {"ps0", "ps1", "worker0", "worker1", "chief0"}
    for name in ("chief0", "worker0", "worker1", "ps1"):
        others = " ".join(sorted(set(logs) - {name}))
        assert logs[name].read_text().splitlines()[0] == others
    assert logs["chief0"].read_text().splitlines()[1] == "job-1"
    assert target._ports.held(str(placement.attempt_dir)) == ()


async def test_ranks_meet_at_the_master(target: LocalTarget, tmp_path: Path) -> None:
    code = """
        import os, socket, time
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
        if rank == 0:
            server = socket.create_server(place)
            lines = [server.accept()[0] for _ in range(size - 1)]
            print(sorted(line.recv(9).decode() for line in lines))
        else:
            while True:
                try:
                    line = socket.create_connection(place)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.01)
            line.sendall(b"%d of %d" % (rank, size))
            line.recv(1)
    """
    (tmp_path / "ring.py").write_text(textwrap.dedent(code))
    task = {"cmd": f"python3 {tmp_path}/ring.py"}
    spec = {"Master": task, "Worker": {"replicas": 3, **task}}
    outcome, placement = await experiment(target, tmp_path / "run", "PyTorch", spec)
    assert outcome.message is None
    said = placement.logs["master", 0].read_text()
    assert said == "['1 of 4', '2 of 4', '3 of 4']\n"


def listener(name: str = "worker", replicas: int = 1) -> Role:
    return role(name, FOREVER, replicas=replicas, listens=True)


async def test_jobs_get_ports_of_their_own_until_they_end(
    target: LocalTarget, tmp_path: Path
) -> None:
    other = LocalTarget("other", standby_dir=tmp_path / "other")
    job = Job((listener(replicas=2), role("quiet", "pass")), grace_s=0.1)
    places = [make_placement(tmp_path / str(number), job) for number in range(6)]
    targets = [target, other] * 3
    given = [await mine.place(job, place) for mine, place in zip(targets, places, strict=True)]
    assert all(set(addresses) == {("worker", 0), ("worker", 1)} for addresses in given)
    assert {address.host for addresses in given for address in addresses.values()} == {"127.0.0.1"}
    assert len({address.port for addresses in given for address in addresses.values()}) == 12
    handles = [await mine.submit(job, place) for mine, place in zip(targets, places, strict=True)]
    assert [sorted(handle["ports"]) for handle in handles] == [
        sorted(address.port for address in addresses.values()) for addresses in given
    ]
    for mine, handle, place in zip(targets, handles, places, strict=True):
        assert mine._ports.held(str(place.attempt_dir)) == tuple(handle["ports"])
        await mine.cancel(handle)
        await mine.wait(handle)
        assert mine._ports.held(str(place.attempt_dir)) == ()
    await other.close()


@pytest.mark.parametrize("known", [True, False])
async def test_ports_are_held_again_after_a_restart(tmp_path: Path, known: bool) -> None:
    """By a stored handle, and by what the shim wrote down where there was none yet."""
    start = free_run(4)
    first = LocalTarget(standby_dir=tmp_path, machine_ports=Ports(range(start, start + 2)))
    job = Job((listener(replicas=2),), grace_s=0.1)
    place = make_placement(tmp_path / "run", job)
    await first.place(job, place)
    handle = await first.submit(job, place)
    await first.close()
    ports = Ports(range(start, start + 4))
    second = LocalTarget(standby_dir=tmp_path, machine_ports=ports)
    found = handle if known else await second.find(place)
    waiting = asyncio.ensure_future(second.wait(found))
    await asyncio.sleep(0)  # as soon as somebody waits
    next_job = make_placement(tmp_path / "next", job)
    given = await second.place(job, next_job)
    assert {address.port for address in given.values()} == {start + 2, start + 3}
    with pytest.raises(RunFailed, match="2 ports of this machine, and only 0 are free"):
        await second.place(job, make_placement(tmp_path / "third", job))
    await second.cancel(found)
    assert (await waiting).canceled
    third = await second.place(job, make_placement(tmp_path / "third", job))
    assert {address.port for address in third.values()} == {start, start + 1}
    await second.close()


def free_run(count: int) -> int:
    """The first of some ports in a row that nobody uses."""
    for start in range(20_000, 32_000, count):
        found = Ports(range(start, start + count))
        try:
            found.take("x", count)
        except RunFailed:
            continue
        return start
    raise AssertionError


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "127.0.0.2"])
def test_a_port_that_somebody_listens_on_is_left_out(address: str) -> None:
    if sys.platform == "darwin" and address == "127.0.0.2":
        pytest.skip("needs 127.0.0.2; to get it: ifconfig lo0 alias 127.0.0.2")
    start = free_run(3)
    with socket.create_server((address, start + 1)):
        ports = Ports(range(start, start + 3))
        assert sorted(ports.take("job", 2)) == [start, start + 2]
    assert sorted(ports.take("next", 1)) == [start + 1]


@pytest.mark.parametrize(
    ("ephemeral", "expected"),
    [
        ((32768, 60999), range(10_000, 32_768)),
        ((1024, 60999), range(61_000, 65_536)),
        ((1024, 65535), range(10_000, 32_768)),
        ((10_500, 65_000), range(10_000, 32_768)),
        ((1024, 5000), range(10_000, 65_536)),
    ],
)
def test_ports_outside_the_kernels_range(ephemeral: tuple[int, int], expected: range) -> None:
    assert quiet_ports(ephemeral) == expected


# ------------------------------------------------------------------ what `python` is


async def test_python_where_the_machine_has_none(
    target: LocalTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interpreter of another name, and a PATH without any."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "sh", "env"):
        (tools / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(tools))
    own = tmp_path / "own folder"
    own.mkdir()
    python = own / "python3.99"
    python.write_text(f'#!{tools}/sh\necho own\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    command = "python3 -c 'print(6*7)' && env python -c 'import sys; print(sys.prefix)'"
    spec = {"Worker": {"cmd": command}}
    outcome, placement = await experiment(target, tmp_path / "run", "TensorFlow", spec, str(python))
    assert outcome.message is None
    assert placement.logs["worker", 0].read_text() == f"own\n42\nown\n{sys.prefix}\n"


async def test_a_path_that_was_asked_for_stays(target: LocalTarget, tmp_path: Path) -> None:
    spec = {"Worker": {"cmd": "echo $PATH", "envVars": {"PATH": "/bin:/odd"}}}
    _, placement = await experiment(target, tmp_path / "run", "TensorFlow", spec)
    assert placement.logs["worker", 0].read_text() == "/bin:/odd\n"


def test_an_environments_own_folder_serves(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python", "python3"):
        (folder / name).symlink_to(sys.executable)
    assert folders_first(str(folder / "python"), tmp_path / "spare") == [str(folder)]
    assert not (tmp_path / "spare").exists()
    (folder / "python3").unlink()
    (folder / "python3").write_text("another one")
    first = folders_first(str(folder / "python"), tmp_path / "spare")
    assert first == [str(tmp_path / "spare"), str(folder)]
    assert os.access(tmp_path / "spare/python3", os.X_OK)


async def test_bash_does_not_stay(target: LocalTarget, tmp_path: Path) -> None:
    """A simple command takes the place of the shell, so signals and memory are its own."""
    spec = {"Worker": {"cmd": "python3 -c 'import os; print(os.getpid() == os.getpgrp())'"}}
    _, placement = await experiment(target, tmp_path / "run", "TensorFlow", spec)
    assert placement.logs["worker", 0].read_text() == "True\n"


async def test_a_thousand_at_once_have_ports(tmp_path: Path) -> None:
    ports = Ports()
    job = Job((listener(replicas=1000),))
    assert len({str(address) for address in ports.place("job", job).values()}) == 1000
    assert not set(ports.held("job")) & set(ports.take("other", 1000))


async def test_cancel_while_500_start(target: LocalTarget, tmp_path: Path) -> None:
    """The second log is a pipe that nobody reads: its shim waits there until this test does."""
    job = Job((Role("worker", ("sleep", "600"), 500),), masked=("never written",))
    placement = make_placement(tmp_path / "run", job)
    for log in placement.logs.values():
        log.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(placement.logs["worker", 1])
    await target.cancel_start(placement)  # nothing is being started yet
    submitting = asyncio.create_task(target.submit(job, placement))
    await asyncio.sleep(0)
    await target.cancel_start(placement)
    reading = os.open(placement.logs["worker", 1], os.O_RDONLY | os.O_NONBLOCK)
    handle = await submitting
    os.close(reading)
    outcome = await target.wait(handle)
    assert (outcome.canceled, outcome.code) == (True, None)
    assert not placement.logs["worker", 2].exists()
    assert json.loads((placement.attempt_dir / "exit.json").read_text())["canceled"]
    assert "never written" not in (placement.attempt_dir / "job.json").read_text()
    assert not proctree.marked(handle["marker"])
    assert handle["started_at"] == outcome.started_at
