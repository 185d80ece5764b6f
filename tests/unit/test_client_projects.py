"""`--env` of a project: its dependencies, or the versions of its lock."""

from __future__ import annotations

import os
import subprocess

import pytest
from local_packages import index_variables, make_wheel
from uv import find_uv_bin

from jupyter_exec.client.options import environment_section
from jupyter_exec.errors import InvalidRequest

PROJECT = """\
[project]
name = "mine"
version = "1.0"
requires-python = ">=3.9, <4"
dependencies = ["demo>=1", "other ; sys_platform == 'nowhere'"]
[dependency-groups]
dev = ["tester"]
"""
PYLOCK = """\
lock-version = "1.0"
created-by = "test"
requires-python = ">=3.10"
[[packages]]
name = "demo"
version = "1.0"
marker = "python_version >= '3.9'"
[[packages]]
name = "direct"
archive = {url = "https://host/direct-1.0.tar.gz"}
[[packages]]
name = "cloned"
vcs = {type = "git", url = "https://host/cloned.git", commit-id = "abc"}
"""


def conda(path) -> list:
    section = environment_section(path)["python"]
    assert section["userManagedDependencies"] is False
    return section["condaDependencies"]["dependencies"]


def test_a_project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    requirements = ["demo>=1", "other ; sys_platform == 'nowhere'"]
    assert conda(tmp_path / "pyproject.toml") == ["python>=3.9,<4", {"pip": requirements}]


def test_a_project_with_a_lock_of_uv(tmp_path):
    variables = index_variables(tmp_path / "packages")
    for name in ("demo", "tester", "other"):
        make_wheel(tmp_path / "packages" / "wheels", name)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    command = [find_uv_bin(), "lock", "--quiet", "--project", str(tmp_path)]
    subprocess.run(command, check=True, env={**os.environ, **variables})
    make_wheel(tmp_path / "packages" / "wheels", "demo", "2.0")
    requirements = ["demo==1.0", "other==1.0 ; sys_platform == 'nowhere'"]
    for name in ("pyproject.toml", "uv.lock"):
        assert conda(tmp_path / name) == ["python>=3.9,<4", {"pip": requirements}]
    (tmp_path / "uv.lock").write_text("nonsense")
    with pytest.raises(InvalidRequest, match=r"uv cannot read .*uv\.lock"):
        environment_section(tmp_path / "pyproject.toml")


def test_a_lock_of_pep_751(tmp_path):
    requirements = [
        "demo==1.0 ; python_version >= '3.9'",
        "direct @ https://host/direct-1.0.tar.gz",
        "cloned @ git+https://host/cloned.git@abc",
    ]
    (tmp_path / "pylock.toml").write_text(PYLOCK)
    assert conda(tmp_path / "pylock.toml") == ["python>=3.10", {"pip": requirements}]
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert conda(tmp_path / "pyproject.toml") == ["python>=3.10", {"pip": requirements}]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("pyproject.toml", "[tool.x]\n", "no section 'project'"),
        ("pyproject.toml", "[project]\ndynamic = ['dependencies']\n", "computes"),
        ("pyproject.toml", "[project\n", "is not TOML"),
        ("pylock.toml", "x = 1\n", "no packages"),
        ("pylock.x.toml", "[[packages]]\nname = 'p'\ndirectory = {path = '.'}\n", "a folder"),
        ("uv.lock", "", "pyproject.toml cannot be read"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidRequest, match=words) as caught:
        environment_section(tmp_path / name)
    assert caught.value.target == "env"
