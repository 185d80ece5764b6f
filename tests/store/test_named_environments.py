"""Named environments: those that an older database has, and their versions."""

from __future__ import annotations

import sqlite3

import pytest

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.experiment import EnvironmentSpec
from jupyter_exec.store import named_environments
from jupyter_exec.store.database import connect, migrations


def test_older_ones_stay(tmp_path):
    path = tmp_path / "exec.db"
    old = sqlite3.connect(path)
    for number, script in migrations()[:4]:
        old.executescript(f"{script}\nPRAGMA user_version = {number};")
    old.execute("INSERT INTO named_environments VALUES (7, 12, 'a', '{\"dockerImage\": \"x:1\"}')")
    old.commit()
    old.close()
    made = connect(path, writable=True)
    found = named_environments.get(made, "a")
    assert (found.environment_id, found.version) == ("environment_12_0007", "")
    assert found.spec.docker_image == "x:1"
    with pytest.raises(InvalidRequest, match="exists already"):
        named_environments.insert(made, 12, "a", EnvironmentSpec(name="a"))
    assert named_environments.insert(made, 12, "b", EnvironmentSpec(name="b")).number == 8
    made.close()


def test_the_first_of_each_version_stays_and_the_newest_is_shown(tmp_path):
    made = connect(tmp_path / "exec.db", writable=True)
    for version, image in (("1", "x:1"), ("2", "x:2"), ("1", "x:3")):
        spec = EnvironmentSpec(name="a", image=image)
        named_environments.register(made, 12, spec, version, {"name": "a"})
    versions = named_environments.versions(made)
    assert [(one.version, one.spec.image) for one in versions] == [("1", "x:1"), ("2", "x:2")]
    assert [one.version for one in named_environments.find(made)] == ["2"]
    assert named_environments.delete(made, "a").version == "2"
    with pytest.raises(NotFound):
        named_environments.get(made, "a")
    made.close()
