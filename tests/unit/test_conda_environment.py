"""Conda environments are really built here, from a channel in a folder: no network, no conda."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
from local_packages import CondaChannel, index_variables, make_wheel

from jupyter_exec.environments.base import EnvironmentRequest, PreparedEnvironment, choose
from jupyter_exec.environments.collection import built, collect
from jupyter_exec.environments.conda import CondaEnvironment
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import EnvironmentDefinition

PYTHON = "configuration.environment.python"
CONDA = f"{PYTHON}.condaDependencies"


@pytest.fixture(autouse=True)
def wheels(tmp_path, monkeypatch) -> Path:
    """Folder that takes the place of the package index."""
    variables = index_variables(tmp_path) | {"RATTLER_CACHE_DIR": str(tmp_path / "rattler")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "wheels"


@pytest.fixture
def channel(tmp_path) -> CondaChannel:
    made = CondaChannel(tmp_path / "channel")
    made.add_python()
    made.add_module("tool", "1.0")
    made.add_module("other", "1.0", ["tool <2"])
    made.add("data", "3.1", {"share/data.txt": "what it holds\n"})
    return made


def definition(channel: str, *dependencies: Any, **python: Any) -> EnvironmentDefinition:
    conda = {"channels": [channel], "dependencies": list(dependencies)}
    section = {"userManagedDependencies": False, "condaDependencies": conda, **python}
    return EnvironmentDefinition.model_validate({"python": section})


async def prepare(
    root: Path, wanted: EnvironmentDefinition, recorded: Any = None
) -> PreparedEnvironment:
    assert choose(wanted) == "conda"
    environment = CondaEnvironment(root / "environments")
    assert environment.faults(wanted) == []
    return await environment.prepare(EnvironmentRequest(wanted, root / "log", recorded))


def say(python: str, code: str) -> str:
    command = [python, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


async def test_conda_packages_without_conda(tmp_path, channel):
    wanted = definition(channel.url, "python>=3.9", "tool", "data=3")
    made = await prepare(tmp_path, wanted)
    assert say(made.python, "import tool; print(tool.version)") == "1.0"
    prefix = Path(made.python).parents[1]
    assert (prefix / "share" / "data.txt").read_text() == "what it holds\n"
    assert made.record["kind"] == "conda"
    assert made.record["python"] == say(
        made.python, "import platform; print(platform.python_version())"
    )
    assert "sha256: " in made.record["lock"]
    assert "noarch/tool-1.0-0.tar.bz2" in made.record["lock"]
    assert "noarch/tool-1.0-0.tar.bz2" in (tmp_path / "log").read_text()
    assert await prepare(tmp_path, wanted) == made


async def test_a_lock_outlives_a_newer_version_and_gc(tmp_path, channel):
    wanted = definition(channel.url, "tool")
    first = await prepare(tmp_path, wanted)
    channel.add_module("tool", "2.0")
    assert await prepare(tmp_path, wanted) == first
    collect(tmp_path / "environments", (), 0, 0)
    fresh = await prepare(tmp_path, wanted)
    assert say(fresh.python, "import tool; print(tool.version)") == "2.0"
    again = await prepare(tmp_path, wanted, first.record)
    assert again == first
    assert say(again.python, "import tool; print(tool.version)") == "1.0"


async def test_the_pip_section_goes_on_top(tmp_path, channel, wheels):
    channel.add_module("pip", "23.1")
    make_wheel(wheels, "tool", "5.0")
    make_wheel(wheels, "tool", "1.0")
    make_wheel(wheels, "mine", "1.0", "tool")
    made = await prepare(tmp_path, definition(channel.url, "tool", "pip", {"pip": ["mine"]}))
    assert say(made.python, "import mine, tool; print(tool.version)") == "1.0"
    assert "mine==1.0 \\\n    --hash=sha256:" in made.record["lock"]


async def test_a_base_environment_stays_as_it_is(tmp_path, channel):
    base = await prepare(tmp_path, definition(channel.url, "tool"))
    channel.add_module("tool", "1.5")
    prefix = Path(base.python).parents[1]
    wanted = definition(channel.url, "other", baseCondaEnvironment=str(prefix))
    made = await prepare(tmp_path, wanted)
    assert made != base
    assert say(made.python, "import other, tool; print(tool.version)") == "1.0"


@pytest.mark.parametrize(
    ("packages", "named"),
    [(["tool", "no-such-thing>=3"], "no-such-thing>=3: "), (["tool>=2", "other"], "tool>=2")],
)
async def test_what_cannot_be_solved_is_named_in_one_line(tmp_path, channel, packages, named):
    channel.add_module("tool", "2.0")
    with pytest.raises(RunFailed) as failure:
        await prepare(tmp_path, definition(channel.url, *packages))
    assert failure.value.code == "EnvironmentFailed"
    assert named in failure.value.message
    assert "\n" not in failure.value.message
    assert built(tmp_path / "environments") == []


async def test_a_channel_that_is_not_there(tmp_path):
    with pytest.raises(RunFailed, match="file:///none"):
        await prepare(tmp_path, definition("file:///none", "tool"))


async def test_a_package_that_was_changed_is_refused(tmp_path, channel, monkeypatch):
    wanted = definition(channel.url, "tool")
    first = await prepare(tmp_path, wanted)
    collect(tmp_path / "environments", (), 0, 0)
    channel.add("tool", "1.0", {"share/other": "not what it was"})
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "another"))
    with pytest.raises(RunFailed, match=r"tool-1\.0-0\.tar\.bz2 is not what it was"):
        await prepare(tmp_path, wanted, first.record)


async def test_runs_wait_for_one_build(tmp_path, channel):
    wanted = definition(channel.url, "tool")
    made = await asyncio.gather(*(prepare(tmp_path, wanted) for _ in range(5)))
    assert len({one.python for one in made}) == 1
    log = (tmp_path / "log").read_text()
    assert log.count(" solve ") == log.count(" install ") == 1


@pytest.mark.parametrize(
    "line",
    [
        "tool; touch /tmp/x",
        "$(touch x)",
        "`id`",
        "tool && id",
        "tool\nid",
        "tool[build='$(id)']",
        "--file=/etc/passwd",
        "/etc/passwd",
        "file:///x/tool-1.0-0.conda",
    ],
)
def test_shell_in_a_conda_line_is_refused(tmp_path, line):
    (fault,) = CondaEnvironment(tmp_path).faults(definition("c", line))
    assert fault.target == f"{CONDA}.dependencies[0]"
    assert "is not a conda package" in fault.message
    assert "\n" not in fault.message


@pytest.mark.parametrize(
    ("wanted", "target", "words"),
    [
        (definition("https://me:secret@h/c", "tool"), f"{CONDA}.channels[0]", "password"),
        (definition("$(id)", "tool"), f"{CONDA}.channels[0]", "name"),
        (definition("c", baseCondaEnvironment="none"), f"{PYTHON}.baseCondaEnvironment", "none"),
        (definition("c", "tool", {"pip": ["-r x"]}), f"{CONDA}.dependencies[1].pip[0]", "-r x"),
    ],
)
def test_faults(tmp_path, wanted, target, words):
    (fault,) = CondaEnvironment(tmp_path).faults(wanted)
    assert fault.target == target
    assert words in fault.message
