"""Templates and their versions in a real SQLite file."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import parse
from jupyter_exec.store import templates
from jupyter_exec.store.database import connect

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

STARTED = 1_700_000_000_000
MANY = 10_000


def spec(name: str = "t", **more: Any) -> TemplateSpec:
    run = more.pop("run", {"definition": {"configuration": {"command": ["true"]}}})
    return parse(TemplateSpec, {"name": name, "run": run, **more})


@pytest.fixture
def connection(tmp_path: Path):
    made = connect(tmp_path / "exec.db", writable=True)
    yield made
    made.close()


def test_what_is_stored_comes_back(connection: sqlite3.Connection):
    made = templates.create(connection, spec(author="me", description="what"), STARTED)
    assert (made.id, made.server_timestamp, made.version, made.action) == (1, STARTED, 1, "create")
    assert made.spec == spec(author="me", description="what")
    assert templates.get(connection, "t") == made
    assert abs(made.created_at - time.time()) < 60


def test_every_change_is_a_version_and_ids_rise_over_all_templates(tmp_path: Path):
    connection = connect(tmp_path / "exec.db", writable=True)
    templates.create(connection, spec("a"), STARTED)
    templates.create(connection, spec("b"), STARTED)
    templates.update(connection, spec("a", author="x"), STARTED)
    connection.close()
    connection = connect(tmp_path / "exec.db", writable=True)  # as after a restart
    restored = templates.restore(connection, "a", 1, STARTED + 1)
    assert (restored.id, restored.version, restored.action) == (4, 3, "restore")
    assert restored.server_timestamp == STARTED + 1
    assert restored.spec == spec("a")
    assert [each.version for each in templates.versions(connection, "a")] == [3, 2, 1]
    assert templates.get(connection, "a", 2).spec.author == "x"
    connection.close()


def test_a_name_is_taken_once(connection: sqlite3.Connection):
    templates.create(connection, spec(), STARTED)
    with pytest.raises(InvalidRequest, match="already") as caught:
        templates.create(connection, spec(), STARTED)
    assert caught.value.target == "name"


def test_a_deleted_template_keeps_its_history_and_counts_on(connection: sqlite3.Connection):
    templates.create(connection, spec(author="first"), STARTED)
    assert templates.delete(connection, "t").spec.author == "first"
    for look in (templates.get, templates.delete):
        with pytest.raises(NotFound):
            look(connection, "t")
    with pytest.raises(NotFound):
        templates.update(connection, spec(), STARTED)
    assert templates.find(connection, None, 10, None) == ([], None, 0)
    assert templates.get(connection, "t", 1).spec.author == "first"
    again = templates.create(connection, spec(), STARTED)
    assert (again.version, again.id) == (2, 2)
    templates.delete(connection, "t")
    assert templates.restore(connection, "t", 1, STARTED).version == 3
    assert templates.get(connection, "t").spec.author == "first"


def test_what_was_never_there_is_not_found(connection: sqlite3.Connection):
    templates.create(connection, spec(), STARTED)
    for version in (0, 2, 2**80):
        with pytest.raises(NotFound):
            templates.get(connection, "t", version)
        with pytest.raises(NotFound):
            templates.restore(connection, "t", version, STARTED)
    with pytest.raises(NotFound):
        templates.versions(connection, "nope")


def test_pages_by_name_and_text(connection: sqlite3.Connection):
    for name in ("b", "Ä🚀", "a", "c"):
        templates.create(connection, spec(name, author="ÄRNE" if name == "c" else None), STARTED)
    page, following, total = templates.find(connection, None, 2, None)
    assert ([each.name for each in page], following, total) == (["a", "b"], "b", 4)
    page, following, total = templates.find(connection, None, 2, following)
    assert ([each.name for each in page], following, total) == (["c", "Ä🚀"], None, 4)
    assert [each.name for each in templates.find(connection, "ärne", 9, None)[0]] == ["c"]
    assert [each.name for each in templates.find(connection, "🚀", 9, None)[0]] == ["Ä🚀"]
    assert templates.find(connection, "%", 9, None)[2] == 0
    assert len(templates.find(connection, None, None, None)[0]) == 4


def test_snapshots_of_all_versions_are_in_use(connection: sqlite3.Connection):
    templates.create(connection, spec(run={"source": {"snapshotId": "one"}}), STARTED)
    templates.update(connection, spec(run={"source": {"snapshotId": "two"}}), STARTED)
    templates.update(connection, spec(), STARTED)
    templates.delete(connection, "t")
    assert templates.snapshots_in_use(connection) == {"one", "two"}


def test_a_page_of_ten_thousand_takes_milliseconds(connection: sqlite3.Connection):
    parameters = [{"name": f"p{number}", "value": number} for number in range(20)]
    run = {"definition": {"configuration": {"command": [f"{{{{p{n}}}}}" for n in range(20)]}}}
    whole = spec(parameters=parameters, run=run)
    connection.execute("BEGIN")
    for number in range(MANY):
        named = whole.model_copy(update={"name": f"template {number:05}"})
        templates.create(connection, named, STARTED)
    connection.execute("COMMIT")

    def page(q: str | None) -> float:
        start = time.perf_counter()
        found, _, total = templates.find(connection, q, 25, "template 05000")
        json.dumps([each.to_json() for each in found])
        assert (len(found), total) == (25, MANY)
        return time.perf_counter() - start

    for q in (None, "template"):
        best = min(page(q) for _ in range(20))
        assert best < 0.01, f"{best * 1000:.1f} ms"
