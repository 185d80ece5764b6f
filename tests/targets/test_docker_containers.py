"""What is particular to containers: limits, networks, images, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import io
import json
import os
import textwrap
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import docker
import pytest

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.container import Bind, Container, ContainerOptions
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address, Job, Mount, Resources, Role
from jupyter_exec.targets.container_listening import ports_in
from jupyter_exec.targets.container_plan import ATTEMPT, HOME, container_name
from jupyter_exec.targets.docker import DockerTarget
from jupyter_exec.testing import READY, finished, make_placement, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from docker_engine import DockerEngine

PYTHON = "/usr/bin/python3"


@pytest.fixture
async def target(tmp_path: Path, docker_engine: DockerEngine) -> AsyncIterator[DockerTarget]:
    target = DockerTarget(standby_dir=tmp_path / "standby", engine_url=docker_engine.url)
    yield target
    await target.close()


@pytest.fixture
def api(docker_engine: DockerEngine) -> Iterator[docker.APIClient]:
    with closing(docker.APIClient(base_url=docker_engine.url, version="auto")) as client:
        yield client


@pytest.fixture
def image(docker_engine: DockerEngine) -> str:
    return docker_engine.image


def role(script: str, name: str = "main", **more: Any) -> Role:
    return Role(name, (PYTHON, "-c", textwrap.dedent(script)), **more)


def job(image: str, *roles: Role, options: ContainerOptions | None = None, **more: Any) -> Job:
    return Job(roles, container=Container(image, options or ContainerOptions()), **more)


def left(api: docker.APIClient, home: Path) -> list[Any]:
    """Return what the engine still has of a server's runs."""
    wanted = {"label": f"{HOME}={home}"}
    return [*api.containers(all=True, filters=wanted), *api.networks(filters=wanted)]


async def test_memory_limit(target: DockerTarget, image: str, tmp_path: Path) -> None:
    """Told in the words of the local target."""
    greedy = role("x = bytearray(400_000_000)", resources=Resources(memory_bytes=64 * 2**20))
    outcome, _ = await finished(target, job(image, greedy), tmp_path)
    assert (outcome.code, outcome.message) == ("MemoryLimit", "used more than its 64 MiB")
    assert outcome.exit_code == -9


async def test_the_one_that_raises_is_the_cause(
    target: DockerTarget, image: str, tmp_path: Path
) -> None:
    """Another one lost its connection to it, and has ended before."""
    worker = role(
        """
        import os
        while not os.path.exists("ready"): pass
        raise ConnectionResetError(104, "Connection reset by peer")
        """,
        "worker",
    )
    chief = role(
        """
        import os, socket, time
        socket.gethostbyname("worker-0")
        open("ready", "w").close()
        while True:
            try:
                socket.gethostbyname("worker-0")
            except OSError:
                break
            time.sleep(0.01)
        raise ValueError("no such column")
        """,
        "chief",
    )
    outcome, placement = await finished(target, job(image, worker, chief), tmp_path)
    log = placement.logs["worker", 0].read_text()
    assert log.endswith("Connection reset by peer\n")
    assert outcome.message == "chief-0: ValueError: no such column (exit code 1)"


async def test_resources_become_limits(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    script = """
        import os, time
        print(os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize)
        print(os.getuid(), os.getgid())
        open("ready", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.01)
    """
    limited = role(script, resources=Resources(cpus=1.5, memory_bytes=256 * 2**20))
    plan = job(image, limited, options=ContainerOptions(shm_bytes=8 * 2**20, pids_limit=50))
    placement = make_placement(tmp_path / "run", plan)
    handle = await target.submit(plan, placement)
    await until((placement.work_dir / "ready").exists)
    (container,) = left(api, tmp_path)
    host = api.inspect_container(container["Id"])["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (1_500_000_000, 256 * 2**20)
    assert host["PidsLimit"] == 50
    (placement.work_dir / "go").touch()
    assert (await target.wait(handle)).code is None
    printed = placement.logs["main", 0].read_text()
    assert printed == f"{8 * 2**20}\n{os.getuid()} {os.getgid()}\n"


async def test_usage(target: DockerTarget, image: str, tmp_path: Path) -> None:
    """In the file while it runs, and in the outcome."""
    usage = tmp_path / "run" / "usage.jsonl"
    script = """
        import os, time
        held = bytearray(60_000_000)
        while time.process_time() < 0.5:
            pass
        while not os.path.exists("go"):
            time.sleep(0.01)
    """
    plan = job(image, role(script))
    placement = make_placement(tmp_path / "run", plan)
    waiting = asyncio.ensure_future(target.wait(await target.submit(plan, placement)))

    def told() -> list[dict[str, Any]]:
        text = usage.read_text() if usage.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]

    await until(lambda: any(line["cpuSeconds"] > 0.2 for line in told()))
    (placement.work_dir / "go").touch()
    outcome = await waiting
    line = next(line for line in told() if line["cpuSeconds"] > 0.2)
    assert set(line) == {"time", "memoryBytes", "cpuSeconds", "processes"}
    assert line["memoryBytes"] > 60_000_000
    assert outcome.usage is not None
    assert outcome.usage.max_memory_bytes >= line["memoryBytes"]


async def test_no_network(target: DockerTarget, image: str, tmp_path: Path) -> None:
    script = "import os; print(sorted(os.listdir('/sys/class/net')))"
    plan = job(image, role(script), options=ContainerOptions(network="none"))
    _, placement = await finished(target, plan, tmp_path)
    assert placement.logs["main", 0].read_text() == "['lo']\n"


async def test_the_hosts_network_by_whatever_name(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """Its id, or the beginning of that, is refused like its name, and means the same if allowed."""
    (network,) = api.networks(names=["host"])
    plain = job(image, role("import os; print('lo' in os.listdir('/sys/class/net'))"))
    allowing = DockerTarget(
        standby_dir=tmp_path / "standby", engine_url=target.engine_url, allow=["host-network"]
    )
    for number, name in enumerate((network["Id"], network["Id"][:12])):
        docker_section = {"enabled": True, "arguments": ["--init", f"--network={name}"]}
        asked = RunConfiguration.model_validate({"environment": {"docker": docker_section}})
        (fault,) = target.faults(asked)
        assert fault.target == "configuration.environment.docker.arguments[1]"
        assert f"{name!r} is the host's network" in fault.message
        assert "allow='host-network'" in fault.message
        assert allowing.faults(asked) == []
        plan = replace(plain, container=Container(image, ContainerOptions(network=name)))
        with pytest.raises(RunFailed, match="allow='host-network'") as caught:
            await target.submit(plan, make_placement(tmp_path / f"refused-{number}", plan))
        assert caught.value.code == "NotAllowed"
        outcome, _ = await finished(allowing, plan, tmp_path / f"run-{number}")
        assert (outcome.code, outcome.message) == (None, None)
    await allowing.close()


async def test_somebody_removes_the_container(
    target: DockerTarget, docker_engine: DockerEngine, api: docker.APIClient, tmp_path: Path
) -> None:
    """That is the cause, not that it was killed: its memory may have been limited, too."""
    limits = Resources(memory_bytes=128 * 2**20)
    waiting_role = role(READY + "import signal; signal.pause()", resources=limits)
    plan = job(docker_engine.image, waiting_role)
    placement = make_placement(tmp_path / "run", plan)
    waiting = asyncio.ensure_future(target.wait(await target.submit(plan, placement)))
    await until((placement.work_dir / "ready").exists)
    (container,) = left(api, tmp_path)
    api.remove_container(container["Id"], force=True)
    outcome = await waiting
    assert outcome.code == "ContainerGone"
    assert "somebody outside of this server removed its container" in str(outcome.message)
    assert "memory" not in str(outcome.message)


async def test_replicas_find_each_other_by_name(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """As TF_CONFIG and MASTER_ADDR tell them to."""
    script = """
        import socket, sys, time
        own = socket.gethostname()
        server = socket.create_server(("0.0.0.0", 2222))
        for other in sys.argv[1:]:
            for _ in range(500):
                try:
                    socket.create_connection((other, 2222), 1).close()
                    break
                except OSError:
                    time.sleep(0.01)
            else:
                sys.exit("cannot reach " + other)
        for _ in sys.argv[1:]:
            server.accept()
        print(own, "met all")
    """
    names = ["worker-0", "worker-1", "ps-0"]
    command = (PYTHON, "-c", textwrap.dedent(script), *names)
    workers = Role("worker", command, replicas=2, listens=True)
    server = Role("ps", command, listens=True)
    every = frozenset({("worker", 0), ("worker", 1), ("ps", 0)})
    plan = job(image, workers, server, deciders=every)
    placement = make_placement(tmp_path / "run", plan)
    addresses = await target.place(plan, placement)
    assert addresses["worker", 1] == Address("worker-1", 2222)
    outcome = await target.wait(await target.submit(plan, placement))
    assert outcome.message is None
    assert {log.read_text() for log in placement.logs.values()} == {
        f"{name} met all\n" for name in names
    }
    await until(lambda: not left(api, tmp_path))


async def test_jobs_in_one_network_find_their_own(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """The operator's network, or one that definitions name: both have a worker-0 there."""
    script = """
        import os, socket, time
        job, own, other = (os.environ[name] for name in ("JOB", "OWN", "OTHER"))
        server = socket.create_server(("", 2222))
        while True:
            try:
                asking = socket.create_connection((other, 2222), 1)
                break
            except OSError:
                time.sleep(0.01)
        asking.sendall(job.encode())
        server.accept()[0].makefile().read(1) == job or exit("a stranger")
        asking.close()
        time.sleep(0.3)
    """
    network = f"jupyter-exec-tests-{tmp_path.name}"
    made = api.create_network(network, labels={HOME: str(tmp_path)})["Id"]
    try:
        waiting = []
        for name in "ab":
            workers = role(script, "worker", replicas=2, listens=True, env={"JOB": name})
            every = frozenset({("worker", 0), ("worker", 1)})
            options = ContainerOptions(network=network)
            plan = job(image, workers, options=options, deciders=every)
            placement = make_placement(tmp_path / name, plan)
            hosts = [each.host for each in (await target.place(plan, placement)).values()]
            told = {
                ("worker", index): {"OWN": hosts[index], "OTHER": hosts[1 - index]}
                for index in (0, 1)
            }
            waiting.append(target.submit(plan, replace(placement, replica_env=told)))
        handles = await asyncio.gather(*waiting)
        outcomes = [await target.wait(handle) for handle in handles]
        assert [outcome.message for outcome in outcomes] == [None, None]
        await until(lambda: [each["Id"] for each in left(api, tmp_path)] == [made])
    finally:
        api.remove_network(made)


async def test_listeners_and_shared_memory(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    script = """
        import os, socket, time
        shm = os.statvfs("/dev/shm")
        assert shm.f_blocks * shm.f_frsize == 2 * 2**30
        server = socket.create_server(("", 2222)) if os.environ["HOSTNAME"] == "worker-0" else 0
        open(os.environ["HOSTNAME"], "w").close()
        while not os.path.exists("go") and not os.path.exists("go-" + os.environ["HOSTNAME"]):
            time.sleep(0.01)
    """
    plan = job(image, role(script, "worker", replicas=2, listens=True))
    placement = make_placement(tmp_path / "run", plan)
    addresses = await target.place(plan, placement)
    handle = await target.submit(plan, placement)
    for name in ("worker-0", "worker-1"):
        await until((placement.work_dir / name).exists)
    assert await target.silent(handle, addresses) == {("worker", 1): True}
    for index, listens in enumerate((True, False)):
        name = container_name(placement.attempt_dir, "worker", index)
        told = api.inspect_container(name)
        told["State"]["Pid"] = 0  # an engine elsewhere: a program in the container looks
        assert (2222 in (ports_in(api, told) or ())) == listens
    (placement.work_dir / "go-worker-1").touch()
    name = container_name(placement.attempt_dir, "worker", 1)
    await until(lambda: not api.inspect_container(name)["State"]["Running"])
    assert await target.silent(handle, addresses) == {("worker", 1): False}
    (placement.work_dir / "go").touch()
    assert (await target.wait(handle)).message is None


async def test_a_network_in_which_nobody_meets(
    target: DockerTarget, image: str, tmp_path: Path
) -> None:
    workers = role("", "worker", replicas=2, listens=True)
    plan = job(image, workers, options=ContainerOptions(network="none"))
    with pytest.raises(RunFailed, match="leave --network out"):
        await target.place(plan, make_placement(tmp_path / "run", plan))


async def test_nothing_is_left(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """Containers, networks, anonymous volumes."""
    before = {volume["Name"] for volume in api.volumes()["Volumes"]}
    options = ContainerOptions(binds=(Bind("/scratch"),))
    writing = role("open('/scratch/x', 'w').write('x')", replicas=2)
    outcome, placement = await finished(target, job(image, writing, options=options), tmp_path)
    assert outcome.message is None
    await until(lambda: not left(api, tmp_path))
    assert {volume["Name"] for volume in api.volumes()["Volumes"]} <= before
    await until(lambda: not (placement.attempt_dir / "start").exists())


async def test_nothing_is_left_of_what_could_not_start(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """One of two commands is missing."""
    plan = job(image, role("import signal; signal.pause()"), Role("worker", ("no-such-command",)))
    with pytest.raises(RunFailed, match="worker-0: no-such-command: the image has no such"):
        await target.submit(plan, make_placement(tmp_path / "run", plan))
    assert not left(api, tmp_path)


async def test_an_image_that_is_not_there(target: DockerTarget, tmp_path: Path) -> None:
    plan = job("jupyter-exec-test/none:latest", role(""))
    with pytest.raises(RunFailed, match="does not have the image") as caught:
        await target.submit(plan, make_placement(tmp_path / "run", plan))
    assert caught.value.code == "ImageMissing"


async def test_an_image_without_a_shell(
    target: DockerTarget, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    """Its output comes by way of the engine; its ends are told like all others."""
    bare = docker_engine.bare_image
    good = job(bare, Role("main", ("/say",)))
    outcome, _ = await finished(target, good, tmp_path / "good")
    assert (outcome.exit_code, outcome.message) == (0, None)
    bad = job(bare, Role("main", ("/say", "hex:636166e920000d0a", "no such layer: 7", "hex:00")))
    outcome, placement = await finished(target, bad, tmp_path / "bad")
    assert (outcome.exit_code, outcome.message) == (3, "no such layer: 7 (exit code 3)")
    assert placement.logs["main", 0].read_bytes() == b"caf\xe9 \0\r\nno such layer: 7\n\0"
    missing = job(bare, Role("main", ("python", "x.py")))
    with pytest.raises(RunFailed, match="python: the image has no such command"):
        await target.submit(missing, make_placement(tmp_path / "missing", missing))


async def test_an_image_without_bash(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """A line for bash is for the shell that there is."""
    tag = "jupyter-exec-test/no-bash:latest"
    dockerfile = f"FROM {image}\nRUN rm /bin/bash\n".encode()
    for item in api.build(fileobj=io.BytesIO(dockerfile), tag=tag, rm=True, decode=True):
        assert "error" not in item, item
    try:
        words = ("/bin/bash", "-c", 'echo "$0 $1"', "/bin/bash", "a b")
        outcome, placement = await finished(target, job(tag, Role("main", words)), tmp_path)
        assert (outcome.exit_code, outcome.message) == (0, None)
        assert placement.logs["main", 0].read_text() == "/bin/bash a b\n"
    finally:
        api.remove_image(tag, force=True)


async def test_whoever_may_not_write_the_log(
    target: DockerTarget, image: str, tmp_path: Path
) -> None:
    """The operator allows another user, who gets no further than the run's folder."""
    allowed = replace(target._permissions, allow=frozenset({"user"}))
    target._permissions = allowed
    one = job(image, role("print(1)"), options=ContainerOptions(user="1000"))
    with pytest.raises(RunFailed, match="leave --user and whatever else") as failed:
        await finished(target, one, tmp_path)
    assert failed.value.code == "StartFailed"


async def test_what_python_means(target: DockerTarget, image: str, tmp_path: Path) -> None:
    """The image has no `python`; the job's interpreter has both names."""
    script = "python -c 'import sys; print(sys.executable)'; python3 -c 'print(3)'"
    plan = job(image, Role("main", ("/bin/sh", "-c", script)), python=PYTHON)
    outcome, placement = await finished(target, plan, tmp_path)
    assert (placement.logs["main", 0].read_text(), outcome.code) == (f"{PYTHON}\n3\n", None)


async def test_mounts(target: DockerTarget, image: str, tmp_path: Path) -> None:
    """At the same path; what is read-only stays as it is."""
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    out.mkdir()
    (data / "in.txt").write_text("seven")
    script = f"""
        open("{out}/copy.txt", "w").write(open("{data}/in.txt").read())
        open("{data}/new.txt", "w")
    """
    mounts = (Mount(str(data)), Mount(str(out), read_only=False))
    outcome, _ = await finished(target, job(image, role(script), mounts=mounts), tmp_path)
    assert (out / "copy.txt").read_text() == "seven"
    assert "Read-only file system" in str(outcome.message)


async def test_secrets_are_masked_after_a_restart(
    target: DockerTarget, image: str, tmp_path: Path
) -> None:
    """The values are in the containers only; no file of the attempt has them."""
    script = "import os, time\n" + READY + "while not os.path.exists('go'): time.sleep(0.01)\n"
    script += "raise SystemExit('login failed: ' + os.environ['KEY'])"
    plan = job(image, role(script), env={"KEY": "hush-hush"}, masked=("hush-hush",))
    placement = make_placement(tmp_path / "run", plan)
    handle = await target.submit(plan, placement)
    await until((placement.work_dir / "ready").exists)
    await target.close()
    other = DockerTarget(standby_dir=tmp_path / "standby", engine_url=target.engine_url)
    try:
        (placement.work_dir / "go").touch()
        outcome = await other.wait(handle)
    finally:
        await other.close()
    assert outcome.message == "login failed: *** (exit code 1)"
    for record in placement.attempt_dir.glob("*.json"):
        assert "hush" not in record.read_text()


async def test_a_server_killed_while_it_starts(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """What it has begun is removed, and the attempt starts anew."""
    plan = job(image, role("print('ran')"))
    placement = make_placement(tmp_path / "run", plan)
    await target.wait(await target.submit(plan, placement))
    await until(lambda: not left(api, tmp_path))
    (placement.attempt_dir / "started.json").unlink()
    (placement.attempt_dir / "exit.json").unlink()
    labels = {HOME: str(tmp_path), ATTEMPT: str(placement.attempt_dir)}
    api.create_container(image, ["/bin/true"], labels=labels)
    assert await target.find(placement) is None
    assert not left(api, tmp_path)


async def test_leftovers_of_a_killed_server(
    target: DockerTarget, image: str, api: docker.APIClient, tmp_path: Path
) -> None:
    """Removed when the next run is watched; what still runs stays."""
    ended, going = tmp_path / "ended", tmp_path / "going"
    for folder in (ended, going):
        folder.mkdir()
        labels = {HOME: str(tmp_path), ATTEMPT: str(folder)}
        api.create_container(image, ["/bin/true"], labels=labels)
    (ended / "exit.json").write_text("{}")
    await finished(target, job(image, role("")), tmp_path)

    def attempts() -> set[str]:
        return {each["Labels"][ATTEMPT] for each in left(api, tmp_path)}

    await until(lambda: attempts() == {str(going)})
    (going / "exit.json").write_text("{}")
    target._tidy()
    assert not left(api, tmp_path)


async def test_cancel_while_it_starts(target: DockerTarget, image: str, tmp_path: Path) -> None:
    """Nothing more is started, and the run is canceled."""
    workers = role("import signal; signal.pause()", "worker", replicas=6)
    plan = job(image, workers, grace_s=0.2)
    placement = make_placement(tmp_path / "run", plan)
    submitting = asyncio.ensure_future(target.submit(plan, placement))
    await until((placement.attempt_dir / "job.json").exists)
    await target.cancel_start(placement)
    handle = await submitting
    await target.cancel(handle)
    outcome = await target.wait(handle)
    assert outcome.canceled
    assert outcome.code is None


async def test_cancel_is_remembered(target: DockerTarget, image: str, tmp_path: Path) -> None:
    """A server that was killed right after it has asked: the next one says canceled."""
    plan = job(image, role(READY + "import signal; signal.pause()"))
    placement = make_placement(tmp_path / "run", plan)
    handle = await target.submit(plan, placement)
    await until((placement.work_dir / "ready").exists)
    await target.cancel(handle)
    await until((placement.attempt_dir / "verdict.json").exists)
    await target.close()
    other = DockerTarget(standby_dir=tmp_path / "standby", engine_url=target.engine_url)
    try:
        outcome = await other.wait(handle)
    finally:
        await other.close()
    assert (outcome.canceled, outcome.code) == (True, None)


async def test_no_engine(tmp_path: Path, image: str) -> None:
    """Named, with the way out; asking what it has needs none."""
    url = f"unix://{tmp_path}/no.sock"
    target = DockerTarget(standby_dir=tmp_path / "standby", engine_url=url)
    assert (await target.capacity()).cpus > 0
    plan = job(image, role(""))
    with pytest.raises(RunFailed, match="DOCKER_HOST") as caught:
        await target.submit(plan, make_placement(tmp_path / "run", plan))
    assert caught.value.code == "NoContainerEngine"
    assert url in caught.value.message
    await target.close()


@pytest.mark.alone
async def test_costs_little_more_than_docker_run(
    target: DockerTarget, docker_engine: DockerEngine, image: str, tmp_path: Path
) -> None:
    """At most 0.15 s over `docker run` of the same image; the best of several counts."""
    plain, ours = [], []
    run = ["docker", "-H", docker_engine.url, "run", "--init", image, "/bin/true"]
    plan = job(image, Role("main", ("/bin/true",)))
    await finished(target, plan, tmp_path / "first")
    for number in range(5):
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(*run)
        assert await process.wait() == 0
        plain.append(time.perf_counter() - began)
        began = time.perf_counter()
        await finished(target, replace(plan), tmp_path / str(number))
        ours.append(time.perf_counter() - began)
    print(f"docker run {min(plain):.3f} s, docker target {min(ours):.3f} s")
    assert min(ours) < min(plain) + 0.15
