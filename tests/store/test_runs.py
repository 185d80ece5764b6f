"""Runs and events in a real SQLite file."""

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_exec.errors import Conflict, NotFound, ReadOnly
from jupyter_exec.model.lifecycle import TRANSITIONS, RunStatus
from jupyter_exec.model.run import Run
from jupyter_exec.store import events, listing, runs
from jupyter_exec.store.database import Database, connect, migrations

RUN = Run(
    run_id="exp_1",
    experiment="exp",
    display_name="train",
    status=RunStatus.QUEUED,
    target="local",
    created_at=time.time(),
    folder="f",
    definition={"configuration": {"script": "a.py"}},
    tags={"team": "blue"},
    request_hash="h",
)


@pytest.fixture
def connection(tmp_path: Path):
    made = connect(tmp_path / "exec.db", writable=True)
    yield made
    made.close()


def test_what_is_stored_comes_back(connection: sqlite3.Connection):
    stored = runs.insert(connection, RUN)
    assert replace(stored, sequence=0) == RUN
    assert runs.get(connection, "exp_1") == stored


def test_the_same_request_is_answered_again_and_another_one_refused(connection: sqlite3.Connection):
    stored = runs.insert(connection, RUN)
    assert runs.insert(connection, replace(RUN, folder="other")) == stored
    with pytest.raises(Conflict, match="exists already"):
        runs.insert(connection, replace(RUN, request_hash="other"))
    assert [event["type"] for event in events.after(connection, 0)] == ["created"]


def test_unknown_runs_are_not_found(connection: sqlite3.Connection):
    with pytest.raises(NotFound):
        runs.get(connection, "nope")
    with pytest.raises(NotFound):
        runs.delete(connection, "nope")


@pytest.mark.parametrize("before", list(RunStatus))
@pytest.mark.parametrize("after", list(RunStatus))
def test_only_the_table_is_followed(
    connection: sqlite3.Connection, before: RunStatus, after: RunStatus
):
    runs.insert(connection, replace(RUN, status=before))
    changed = runs.transition(connection, "exp_1", after)
    assert (changed is not None) == (after in TRANSITIONS[before])
    told = [event["status"] for event in events.after(connection, 0) if event["type"] == "state"]
    assert told == ([after.value] if changed else [])


def test_an_end_always_has_its_time(connection: sqlite3.Connection):
    runs.insert(connection, RUN)
    ended = runs.transition(
        connection, "exp_1", RunStatus.FAILED, error_code="X", error_message="why"
    )
    assert ended is not None
    assert ended.ended_at is not None
    assert ended.to_json()["error"] == {"code": "X", "message": "why"}


def test_deleting_forgets_everything_but_the_event(connection: sqlite3.Connection):
    runs.insert(connection, RUN)
    with pytest.raises(Conflict, match="cancel it first"):
        runs.delete(connection, "exp_1")
    runs.transition(connection, "exp_1", RunStatus.FAILED)
    runs.delete(connection, "exp_1")
    assert [event["type"] for event in events.after(connection, 0)] == ["deleted"]
    for wanted in (
        listing.RunFilter(),
        listing.RunFilter(tag="team"),
        listing.RunFilter(q="train"),
    ):
        assert listing.find(connection, wanted, 10) == ([], None, 0)


def test_a_change_is_told_once_and_found(connection: sqlite3.Connection):
    runs.insert(connection, RUN)
    changed = runs.change(connection, "exp_1", "better", {"team": None, "a": "1"})
    assert (changed.display_name, changed.tags) == ("better", {"a": "1"})
    assert runs.change(connection, "exp_1", "better", {"a": "1", "none": None}) == changed
    assert runs.change(connection, "exp_1", tags={"b": ""}).tags == {"a": "1", "b": ""}
    created, *told = events.after(connection, 0)
    assert (created["tags"], created["template"]) == ({"team": "blue"}, None)
    assert [(e["type"], e["displayName"], e["tags"]) for e in told] == [
        ("changed", "better", {"a": "1"}),
        ("changed", "better", {"a": "1", "b": ""}),
    ]
    for wanted, found in (
        (listing.RunFilter(tag="team"), 0),
        (listing.RunFilter(tag="a=1"), 1),
        (listing.RunFilter(q="train"), 0),
        (listing.RunFilter(q="better"), 1),
    ):
        assert listing.find(connection, wanted, 10)[2] == found
    with pytest.raises(NotFound):
        runs.change(connection, "nope", "x")


def test_children_outlive_their_parent(connection: sqlite3.Connection):
    runs.insert(connection, replace(RUN, status=RunStatus.FAILED))
    child = replace(RUN, run_id="exp_2", parent_run_id="exp_1", request_hash="2")
    runs.insert(connection, child)
    assert listing.find(connection, listing.RunFilter(top=True), 9)[2] == 1
    runs.delete(connection, "exp_1")
    (top,), _, _ = listing.find(connection, listing.RunFilter(top=True), 9)
    assert (top.run_id, top.parent_run_id) == ("exp_2", None)
    told = events.after(connection, 0, "exp_2")[-1]
    assert (told["type"], told["displayName"], told["parentRunId"]) == ("changed", "train", None)


@pytest.fixture
def many(connection: sqlite3.Connection):
    for number in range(60):
        run = replace(
            RUN,
            run_id=f"exp{number % 3}_{number}",
            experiment=f"exp{number % 3}",
            display_name=f"train {number}" if number % 2 else f"Prüfung {number}",
            status=RunStatus.FAILED if number % 5 == 0 else RunStatus.COMPLETED,
            tags={"fold": str(number % 4)} if number % 2 else {},
            template={"name": f"t{number % 7}", "version": number} if number % 2 else None,
            parent_run_id="exp0_0" if number % 4 == 2 else None,
            request_hash=str(number),
        )
        runs.insert(connection, run)
    return connection


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (listing.RunFilter(), lambda n: True),
        (listing.RunFilter(experiment="exp1"), lambda n: n % 3 == 1),
        (listing.RunFilter(status=("Failed",)), lambda n: n % 5 == 0),
        (listing.RunFilter(tag="fold"), lambda n: n % 2 == 1),
        (listing.RunFilter(tag="fold=3"), lambda n: n % 4 == 3),
        (listing.RunFilter(q="PRÜFUNG"), lambda n: n % 2 == 0),
        (listing.RunFilter(q="ex"), lambda n: True),
        (listing.RunFilter(q='a"b'), lambda n: False),
        (listing.RunFilter(q="%"), lambda n: False),
        (
            listing.RunFilter("exp1", ("Completed",), "local", "fold=3", "train"),
            lambda n: n % 3 == 1 and n % 5 and n % 4 == 3,
        ),
        (listing.RunFilter(target="elsewhere"), lambda n: False),
        (listing.RunFilter(template="t3"), lambda n: n % 2 == 1 and n % 7 == 3),
        (listing.RunFilter(parent="exp0_0"), lambda n: n % 4 == 2),
        (listing.RunFilter(top=True), lambda n: n % 4 != 2),
        (listing.RunFilter("exp1", top=True), lambda n: n % 3 == 1 and n % 4 != 2),
        (listing.RunFilter(status=("Failed",), top=True), lambda n: n % 5 == 0 and n % 4 != 2),
        (listing.RunFilter(q="Prüfung", top=True), lambda n: n % 4 == 0),
        (listing.RunFilter(template="t3", top=True), lambda n: n % 2 == 1 and n % 7 == 3),
        (
            listing.RunFilter(target="local", q="n 1", top=True),
            lambda n: n % 2 and str(n)[0] == "1",
        ),
        (listing.RunFilter(parent="exp0_0", top=True), lambda n: False),
        (
            listing.RunFilter(template="t3", tag="fold=3", q="train"),
            lambda n: n % 4 == 3 and n % 7 == 3,
        ),
    ],
)
def test_filters_and_pages(many: sqlite3.Connection, wanted, expected):
    numbers = [number for number in reversed(range(60)) if expected(number)]
    found: list[int] = []
    before = None
    while True:
        page, before, total = listing.find(many, wanted, 7, before)
        assert total == len(numbers)
        found += [int(run.run_id.split("_")[1]) for run in page]
        if before is None:
            break
    assert found == numbers


def test_the_runs_of_a_template_are_found_by_an_index(many: sqlite3.Connection):
    statements: list[str] = []
    many.set_trace_callback(statements.append)
    listing.find(many, listing.RunFilter(template="t3"), 7)
    many.set_trace_callback(None)
    finding = next(text for text in statements if "ORDER BY r.sequence" in text)
    (step,) = many.execute(f"EXPLAIN QUERY PLAN {finding}").fetchall()
    assert "USING INDEX runs_by_template" in step["detail"].replace("COVERING ", "")


@pytest.mark.parametrize(
    "wanted",
    [{}, {"status": ("Running",)}, {"tag": "fold"}, {"experiment": "exp1"}, {"q": "train"}],
)
def test_runs_without_a_parent_are_found_by_an_index(many: sqlite3.Connection, wanted):
    statements: list[str] = []
    many.set_trace_callback(statements.append)
    listing.find(many, listing.RunFilter(top=True, **wanted), 7)
    many.set_trace_callback(None)
    asked = [text for text in statements if "runs r" in text and text.startswith("SELECT")]
    assert len(asked) == 2
    for text in asked:
        steps = [step["detail"] for step in many.execute(f"EXPLAIN QUERY PLAN {text}")]
        assert any("USING" in step and "runs_top" in step for step in steps) or (
            "runs_by_experiment" in steps[0]  # in the order of the page already
        ), steps


def test_experiments_by_their_newest_run(many: sqlite3.Connection):
    for status in (RunStatus.RUNNING, RunStatus.QUEUED, RunStatus.FAILED):
        run = replace(RUN, run_id=f"b_{status}", experiment="B", status=status)
        runs.insert(many, replace(run, created_at=2e9, request_hash=status.value))
    first, following, total = listing.find_experiments(many, None, 2)
    second, end, _ = listing.find_experiments(many, None, 2, following)
    assert (total, end) == (4, None)
    tops = [n for n in reversed(range(60)) if n % 4 != 2]
    counted = []
    for e in dict.fromkeys(n % 3 for n in tops):
        mine = [n for n in tops if n % 3 == e]
        counted.append((f"exp{e}", len(mine), 0, sum(n % 5 == 0 for n in mine)))
    found = [(e.name, e.runs, e.active, e.failed) for e in (*first, *second)]
    assert found == [("B", 3, 2, 1), *counted]
    assert first[0].last_created_at == 2e9
    assert [e.name for e in listing.find_experiments(many, "b", 9)[0]] == ["B"]
    assert listing.find_experiments(many, "EXP", 9)[2] == 3
    assert listing.find_experiments(many, "%", 9) == ([], None, 0)
    assert listing.find_experiments(many, None, 9, before=0) == ([], None, 4)


async def test_a_reader_refuses_to_write(tmp_path: Path):
    writer = Database(tmp_path / "exec.db")
    reader = Database(tmp_path / "exec.db", writable=False)
    await writer.write(runs.insert, RUN)
    assert (await reader.read(runs.get, "exp_1")).run_id == "exp_1"
    with pytest.raises(ReadOnly):
        await reader.write(runs.insert, RUN)
    reader.close()
    writer.close()


async def test_a_failed_write_leaves_nothing(tmp_path: Path):
    database = Database(tmp_path / "exec.db")

    def half(connection: sqlite3.Connection) -> None:
        runs.insert(connection, RUN)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await database.write(half)
    with pytest.raises(NotFound):
        await database.read(runs.get, "exp_1")
    database.close()


def test_an_older_file_is_brought_up_to_date(tmp_path: Path):
    path = tmp_path / "exec.db"
    old = sqlite3.connect(path)
    for number, script in migrations()[:2]:
        old.executescript(f"{script}\nPRAGMA user_version = {number};")
    columns = {row[1]: row[2] for row in old.execute("PRAGMA table_info(runs)")}
    row = {name: {"TEXT": "{}", "REAL": 1.0, "INTEGER": 1}[kind] for name, kind in columns.items()}
    row |= {"run_id": "old", "status": "Completed", "parent_run_id": None}
    marks = ", ".join(f":{name}" for name in row)
    old.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({marks})", row)
    old.commit()
    old.close()
    made = connect(path, writable=True)
    (run,), _, total = listing.find(made, listing.RunFilter(top=True), 10)
    assert (run.run_id, run.source, total) == ("old", None, 1)
    made.close()


def test_a_newer_file_is_refused(tmp_path: Path):
    made = connect(tmp_path / "exec.db", writable=True)
    made.execute("PRAGMA user_version = 999")
    made.close()
    with pytest.raises(ReadOnly, match="newer"):
        connect(tmp_path / "exec.db", writable=True)
