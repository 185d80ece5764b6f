"""Environments are really built here, from wheels and source trees made on the spot: no network."""

# ruff: noqa: ASYNC220, ASYNC240 - nothing else runs on the loop of a test

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from local_packages import SlowPackage, index_variables, make_wheel, python_offer

from jupyter_exec.environments import interpreters
from jupyter_exec.environments.base import EnvironmentRequest, choose
from jupyter_exec.environments.failure import cause_of
from jupyter_exec.environments.interpreters import Interpreter, versions_here
from jupyter_exec.environments.venv import VenvEnvironment
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import EnvironmentDefinition

CONDA = "configuration.environment.python.condaDependencies"


@pytest.fixture(autouse=True)
def wheels(tmp_path, monkeypatch) -> Path:
    """Folder that takes the place of the package index."""
    for name, value in index_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path / "wheels"


asked = EnvironmentRequest


def definition(*dependencies: Any, **python: Any) -> EnvironmentDefinition:
    conda = {"name": "x", "channels": ["conda-forge"], "dependencies": list(dependencies)}
    section = {"userManagedDependencies": False, "condaDependencies": conda, **python}
    return EnvironmentDefinition.model_validate({"python": section})


def ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def whole(root: Path) -> list[str]:
    """Return the names of what looks like an environment, or like the beginnings of one."""
    return [path.name for path in root.iterdir() if path.is_dir() and path.name != "resolved"]


def say(python: str, code: str) -> str:
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


async def test_a_build_is_used_again(tmp_path):
    environment = VenvEnvironment(tmp_path / "environments")
    wanted = definition("python>=3.9", {"pip": [make_wheel(tmp_path / "wheels")]})
    assert environment.faults(wanted) == []
    log = tmp_path / "logs" / "environment.txt"
    first = await environment.prepare(asked(wanted, log))
    assert say(first.python, "import demo; print(demo.version)") == "1.0"
    printed = log.read_text()
    assert "demo" in printed
    built_at = Path(first.python).stat().st_ctime_ns

    second = await environment.prepare(asked(wanted, log))
    assert second == first
    assert Path(second.python).stat().st_ctime_ns == built_at
    folder = Path(first.python).parents[2]
    assert "demo @ file:///" in (folder / "requirements.lock").read_text()
    marker = json.loads((folder / "complete.json").read_text())
    assert marker["kind"] == "venv"
    assert marker["lock"] == first.record["lock"]
    assert first.record["hash"] == folder.name


async def test_equal_definitions_share_an_environment_and_others_do_not(tmp_path):
    environment = VenvEnvironment(tmp_path / "environments")
    demo, other = make_wheel(tmp_path / "wheels"), make_wheel(tmp_path / "wheels", "other")
    log = tmp_path / "log"
    one = await environment.prepare(
        EnvironmentRequest(definition("python", {"pip": [demo, other]}), log)
    )
    same = await environment.prepare(
        EnvironmentRequest(
            definition({"pip": [f"Other @{other.split('@')[1]}"]}, {"pip": [demo, demo]}), log
        )
    )
    less = await environment.prepare(asked(definition({"pip": [demo]}), log))
    assert same == one
    assert less != one


async def test_a_failing_requirement_is_named(tmp_path):
    environment = VenvEnvironment(tmp_path / "environments")
    demo = make_wheel(tmp_path / "wheels", requires="no-such-thing-for-demo==4")
    log = tmp_path / "log"
    with pytest.raises(RunFailed) as failure:
        await environment.prepare(
            EnvironmentRequest(definition({"pip": [demo, make_wheel(tmp_path / "w", "fine")]}), log)
        )
    assert failure.value.code == "EnvironmentFailed"
    assert "no-such-thing-for-demo" in failure.value.message
    assert "fine" not in failure.value.message
    assert "\n" not in failure.value.message
    assert "no-such-thing-for-demo" in log.read_text()
    assert whole(tmp_path / "environments") == []

    with pytest.raises(RunFailed, match="not-there==1"):
        await environment.prepare(asked(definition({"pip": ["Not_There==1"]}), log))


async def test_runs_that_need_the_same_environment_wait_for_one_build(tmp_path):
    package = SlowPackage(tmp_path / "package")
    package.be_quick()
    wanted = definition({"pip": [package.requirement]})
    root = tmp_path / "environments"
    logs = [tmp_path / f"log-{number}" for number in range(4)]
    made = await asyncio.gather(
        *(VenvEnvironment(root).prepare(asked(wanted, log)) for log in logs)
    )
    assert len({one.python for one in made}) == 1
    assert package.builds == 1
    assert sum("another run is building" in log.read_text() for log in logs) == 3


async def test_a_cancelled_build_is_killed_and_leaves_nothing(tmp_path):
    package = SlowPackage(tmp_path / "package")
    wanted = definition({"pip": [package.requirement]})
    environment = VenvEnvironment(tmp_path / "environments")
    task = asyncio.create_task(environment.prepare(asked(wanted, tmp_path / "log")))
    pid = await asyncio.to_thread(package.wait_until_started)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended(pid)
    assert whole(tmp_path / "environments") == []

    package.be_quick()
    made = await environment.prepare(asked(wanted, tmp_path / "log"))
    assert say(made.python, "import slow; print('here')") == "here"


async def test_a_build_that_outlives_its_server_is_waited_for_and_not_trusted(tmp_path):
    package = SlowPackage(tmp_path / "package")
    code = (
        "import asyncio, sys, pathlib\n"
        "from jupyter_exec.environments.base import EnvironmentRequest\n"
        "from jupyter_exec.environments.venv import VenvEnvironment\n"
        "from jupyter_exec.model.environment import EnvironmentDefinition\n"
        "root, log, definition = sys.argv[1:]\n"
        "wanted = EnvironmentDefinition.model_validate_json(definition)\n"
        "request = EnvironmentRequest(wanted, pathlib.Path(log))\n"
        "asyncio.run(VenvEnvironment(pathlib.Path(root)).prepare(request))\n"
    )
    wanted = definition({"pip": [package.requirement]})
    root, log = tmp_path / "environments", tmp_path / "log"
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(root), str(log), wanted.model_dump_json(by_alias=True)]
    )
    await asyncio.to_thread(package.wait_until_started)
    server.send_signal(signal.SIGKILL)
    server.wait()
    package.be_quick()

    second_log = tmp_path / "second-log"
    os.mkfifo(second_log)  # whoever opens it for writing, and what is written, is seen at once
    told: list[str] = []

    def listen() -> None:
        with second_log.open() as lines:
            told.append(lines.readline())
        package.let_go()
        second_log.unlink()

    listener = threading.Thread(target=listen)
    listener.start()
    made = await VenvEnvironment(root).prepare(asked(wanted, second_log))
    listener.join()
    assert "another run is building" in told[0]
    assert package.builds == 1  # uv keeps the wheel, which is whole
    assert whole(root) == [made.record["hash"]]
    assert say(made.python, "import slow; print('here')") == "here"


async def test_an_environment_whose_interpreter_is_gone_is_built_again(tmp_path):
    environment = VenvEnvironment(tmp_path / "environments")
    wanted = definition("python", {"pip": [make_wheel(tmp_path / "wheels")]})
    made = await environment.prepare(asked(wanted, tmp_path / "log"))
    Path(made.python).unlink()
    Path(made.python).symlink_to("/nonexistent/python")
    assert await environment.prepare(asked(wanted, tmp_path / "log")) == made
    assert say(made.python, "import demo; print(demo.version)") == "1.0"


async def test_a_build_does_not_see_the_servers_credentials(tmp_path, monkeypatch):
    from jupyter_exec.environments.build import build_variables

    monkeypatch.setenv("JUPYTER_TOKEN", "secret")
    monkeypatch.setenv("JPY_API_TOKEN", "secret")
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:password@mirror/simple")
    assert "secret" not in build_variables().values()
    assert "PIP_INDEX_URL" in build_variables()


@pytest.mark.parametrize(
    ("dependencies", "path", "words"),
    [
        (["python", "numpy=1.26"], ".dependencies[1]", ["numpy=1.26", "conda engine", "pip"]),
        (["conda-forge::scipy"], ".dependencies[0]", ["scipy", "conda engine"]),
        ([{"pip": ["numpy", "--index-url=https://x"]}], ".dependencies[0].pip[1]", ["--index-url"]),
        ([{"pip": ["-r other.txt"]}], ".dependencies[0].pip[0]", ["-r other.txt"]),
        ([{"pip": ["-e ."]}], ".dependencies[0].pip[0]", ["-e ."]),
        ([{"pip": ["./here"]}], ".dependencies[0].pip[0]", ["./here"]),
        ([{"pip": [3]}], ".dependencies[0].pip[0]", ["string"]),
        ([{"pip": ["a @ https://h/a\n--extra-index-url=x"]}], ".dependencies[0].pip[0]", ["text"]),
        (
            [{"pip": ["a @ https://u:p@h/a.whl"]}],
            ".dependencies[0].pip[0]",
            ["a name or a password"],
        ),
        ([{"pip": ["a @ git+https://token@h/a"]}], ".dependencies[0].pip[0]", ["is stored"]),
        ([{"pip": ["a @ git+ssh://git:p@h/a"]}], ".dependencies[0].pip[0]", ["is stored"]),
        ([{"pip": "numpy"}], ".dependencies[0].pip", ["list"]),
        ([{"npm": ["left-pad"]}], ".dependencies[0]", ["pip"]),
        ([7], ".dependencies[0]", ["name and version"]),
        (["python=3.11=h12_0"], ".dependencies[0]", ["3.11=h12_0"]),
        (
            ["pip", "python=2.6"],
            ".dependencies[1]",
            ["==2.6.*", "which has", sys.version.split()[0]],
        ),
        (["python>=3.9", "python<3.9"], ".dependencies[0]", ["which has"]),
    ],
)
def test_faults(tmp_path, dependencies, path, words):
    (fault,) = VenvEnvironment(tmp_path).faults(definition(*dependencies))
    assert fault.target == CONDA + path
    assert all(word in fault.message for word in words), fault.message
    assert "\n" not in fault.message


def test_all_faults_at_once(tmp_path):
    wrong = definition("numpy", {"pip": ["-r a", "fine", 5]})
    targets = [fault.target for fault in VenvEnvironment(tmp_path).faults(wrong)]
    assert [target.rpartition(".python.")[2] for target in targets if target] == [
        "condaDependencies.dependencies[0]",
        "condaDependencies.dependencies[1].pip[0]",
        "condaDependencies.dependencies[1].pip[2]",
    ]


def test_dependencies_that_are_no_list(tmp_path):
    wanted = EnvironmentDefinition.model_validate(
        {
            "python": {
                "userManagedDependencies": False,
                "condaDependencies": {"dependencies": "numpy"},
            }
        }
    )
    (fault,) = VenvEnvironment(tmp_path).faults(wanted)
    assert fault.target == f"{CONDA}.dependencies"


@pytest.mark.parametrize(
    "line",
    [
        "python",
        "pip",
        "pip=23.1",
        "python={x}",
        "python={x}.*",
        "python {x}",
        "python>={x},<4",
        "python~={x}",
    ],
)
def test_what_needs_no_conda(tmp_path, line):
    wanted = definition(line.format(x="{}.{}".format(*sys.version_info)), {"pip": None})
    assert choose(wanted) == "venv"
    assert VenvEnvironment(tmp_path).faults(wanted) == []


@pytest.fixture
def offered(tmp_path, monkeypatch):
    """Offer a Python to uv, as its own list of downloads does."""

    def offer(version: str, url: str) -> None:
        for name, value in python_offer(tmp_path, version, url).items():
            monkeypatch.setenv(name, value)

    return offer


async def test_a_python_that_cannot_be_downloaded_is_told_in_one_line(tmp_path, offered):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    offered("3.98.7", f"http://127.0.0.1:{port}/python.tar.gz")
    environment = VenvEnvironment(tmp_path / "environments")
    wanted = definition("python=3.98")
    assert environment.faults(wanted) == []
    begun = time.monotonic()
    with pytest.raises(RunFailed) as failure:
        await environment.prepare(asked(wanted, tmp_path / "log"))
    assert time.monotonic() - begun < 20
    assert failure.value.code == "EnvironmentFailed"
    message = failure.value.message
    assert message.startswith("Python 3.98.7 is not on this machine and could not be downloaded")
    assert message.endswith(versions_here())
    assert "\n" not in message
    assert "python.tar.gz" in (tmp_path / "log").read_text()

    environment.python_downloads = False
    (fault,) = environment.faults(wanted)
    assert "there is no Python ==3.98.* on this machine" in fault.message
    assert "uv python install 3.98.7 on that machine" in fault.message
    with pytest.raises(RunFailed, match=r"there is no Python ==3\.98"):
        await environment.prepare(asked(wanted, tmp_path / "log"))


async def test_a_python_that_is_missing_is_downloaded_once(tmp_path, offered, monkeypatch):
    version = "{}.{}.{}".format(*sys.version_info)
    name = "python{}.{}".format(*sys.version_info)
    tree = tmp_path / "site" / "python"
    (tree / "lib" / name).mkdir(parents=True)
    # uv changes paths in it.
    header = "# system configuration generated and used by the sysconfig module\n"
    data = tree / "lib" / name / "_sysconfigdata__linux_.py"
    data.write_text(f"{header}build_time_vars = {{}}\n")
    (tree / "bin").mkdir()
    program = tree / "bin" / name
    program.write_text(f'#!/bin/sh\nexec {os.path.realpath(sys.executable)} "$@"\n')
    program.chmod(0o755)
    with tarfile.open(tmp_path / "site" / "python.tar.gz", "w:gz") as archive:
        archive.add(tree, "python")
    gets: list[str] = []

    class Mirror(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            gets.append(self.path)

    serve = partial(Mirror, directory=tmp_path / "site")
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as mirror:
        threading.Thread(target=mirror.serve_forever).start()
        offered(version, f"http://127.0.0.1:{mirror.server_port}/python.tar.gz")
        # The machine is made to have none but uv's.
        monkeypatch.setenv("UV_PYTHON_PREFERENCE", "only-managed")
        monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "pythons"))
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)  # of whoever runs the tests
        monkeypatch.setattr(interpreters, "own_interpreter", lambda: Interpreter("2.7.1", "/no"))
        monkeypatch.setattr(interpreters, "interpreters_on_path", list)
        interpreters._uv_knew.clear()
        environment = VenvEnvironment(tmp_path / "environments")
        demo = make_wheel(tmp_path / "wheels")
        wanted = [definition(f"python={version}", {"pip": [demo] * more}) for more in (0, 1)]
        assert environment.faults(wanted[0]) == []
        logs = [tmp_path / "one", tmp_path / "other"]
        try:
            made = await asyncio.gather(
                *(environment.prepare(asked(*each)) for each in zip(wanted, logs, strict=True))
            )
        finally:
            mirror.shutdown()
            interpreters._uv_knew.clear()
    assert gets == ["/python.tar.gz"]
    assert [one.record["python"] for one in made] == [version, version]
    assert say(made[1].python, "import demo; print(demo.version)") == "1.0"
    said = sorted("another run is downloading Python" in log.read_text() for log in logs)
    assert said == [False, True]


def test_cause_of_a_long_resolution_is_one_line():
    printed = (
        "Collecting b==2\n"
        "ERROR: Could not find a version that satisfies the requirement a.b==2 "
        "(from versions: 0.1, 0.2, 0.3, 0.4, 0.5)\n"
        "ERROR: No matching distribution found for a.b==2\n"
        "[notice] A new release of pip is available\n"
    )
    line = cause_of(printed, ["a-b==2", "b==2"])
    assert line.startswith("the environment cannot be built: a-b==2: Could not find a version")
    assert "(newest: 0.3, 0.4, 0.5); No matching distribution" in line
    assert "notice" not in line
