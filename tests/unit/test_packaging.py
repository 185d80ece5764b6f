from __future__ import annotations

import importlib.metadata
import importlib.resources
import json
import sys
from pathlib import Path

import pytest

import jupyter_exec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GROUPS = {"console_scripts": PROJECT["scripts"], **PROJECT["entry-points"]}
ENTRY_POINTS = [
    importlib.metadata.EntryPoint(name, value, group)
    for group, entries in GROUPS.items()
    for name, value in entries.items()
]


@pytest.mark.parametrize("entry_point", ENTRY_POINTS, ids=lambda e: f"{e.group}:{e.name}")
def test_entry_point_resolves_and_is_installed(entry_point):
    assert callable(entry_point.load())
    installed = importlib.metadata.entry_points(group=entry_point.group, name=entry_point.name)
    assert [found.value for found in installed] == [entry_point.value]


def test_installed_version_is_the_one_in_the_package():
    assert importlib.metadata.version(PROJECT["name"]) == jupyter_exec.__version__


def test_install_enables_the_server_extension():
    config = Path(sys.prefix, "etc/jupyter/jupyter_server_config.d/jupyter_exec.json")
    assert json.loads(config.read_text())["ServerApp"]["jpserver_extensions"] == {
        "jupyter_exec": True
    }
    (point,) = jupyter_exec._jupyter_server_extension_points()
    assert point["module"] == "jupyter_exec.app"


def test_package_holds_its_database_schema():
    schema = importlib.resources.files("jupyter_exec.store") / "schema"
    assert "001.sql" in [file.name for file in schema.iterdir()]
