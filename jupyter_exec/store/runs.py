"""Runs and their events in SQLite; the only writer of a run's state (floor: store).

Every function takes a connection first and is run inside a transaction by `Database`. A change of
state is one compare-and-set UPDATE and one event row in the same transaction, so no event is lost
and none tells what did not happen.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, NotFound
from jupyter_exec.model.lifecycle import TERMINAL, TRANSITIONS, RunStatus
from jupyter_exec.model.run import RUN_FIELDS, Run, isoformat
from jupyter_exec.store import events, metrics

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

_JSON = {
    "definition",
    "tags",
    "progress",
    "git",
    "links",
    "scope",
    "handle",
    "template",
    "source",
    "usage",
    "environment",
}
POINTS_PER_EVENT = 200  # the file holds them all
_STATE_FIELDS = (
    "started_at",
    "ended_at",
    "exit_code",
    "error_code",
    "error_message",
    "attempt",
    "handle",
    "token_hash",
    "usage",
    "environment",
)


def _to_row(run: Run) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in RUN_FIELDS if name != "sequence"}
    row["status"] = run.status.value
    for name in _JSON:
        row[name] = None if row[name] is None else json.dumps(row[name])
    return row


def from_row(row: sqlite3.Row) -> Run:
    """Make a Run of a row of the table `runs`."""
    values = {name: row[name] for name in RUN_FIELDS}
    for name in _JSON:
        values[name] = None if values[name] is None else json.loads(values[name])
    values["status"] = RunStatus(values["status"])
    values["pinned"] = bool(values["pinned"])
    return Run(**values)


def insert(connection: sqlite3.Connection, run: Run) -> Run:
    """Store a new run with its `created` event.

    Returns the stored run: an earlier one where the same id was sent with the identical request.

    Raises:
        Conflict: the id is taken by another request.
    """
    earlier = connection.execute("SELECT * FROM runs WHERE run_id = ?", (run.run_id,)).fetchone()
    if earlier is not None:
        if earlier["request_hash"] == run.request_hash:
            return from_row(earlier)
        message = f"run {run.run_id[:80]} exists already with another definition; choose another id"
        raise Conflict(message, "runId")
    row = _to_row(run)
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    cursor = connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", row)  # noqa: S608 - our names
    sequence = cursor.lastrowid
    _index_tags(connection, sequence, run.tags)
    connection.execute(
        "INSERT INTO run_words (rowid, words) VALUES (?, ?)",
        (sequence, _words(run.run_id, run.display_name, run.experiment)),
    )
    data = {
        "status": run.status.value,
        "experiment": run.experiment,
        "displayName": run.display_name,
        "target": run.target,
        "parentRunId": run.parent_run_id,
        "tags": dict(run.tags),
        "template": (run.template or {}).get("name"),
    }
    events.append(connection, run.run_id, "created", data)
    return get(connection, run.run_id)


def _words(run_id: str, display_name: str, experiment: str) -> str:
    """Return what `q` looks in; the end lets every character begin a trigram."""
    return f"{run_id}\n{display_name}\n{experiment}\n\n"


def get(connection: sqlite3.Connection, run_id: str) -> Run:
    """Return a run.

    Raises:
        NotFound: there is none.
    """
    row = connection.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        message = f"there is no run {run_id[:80]!r}"
        raise NotFound(message, "runId")
    return from_row(row)


def unfinished(connection: sqlite3.Connection) -> list[Run]:
    """Return every run that is not terminal, oldest first."""
    words = [status.value for status in RunStatus if status not in TERMINAL]
    marks = ", ".join("?" * len(words))
    rows = connection.execute(
        f"SELECT * FROM runs WHERE status IN ({marks}) ORDER BY sequence",  # noqa: S608 - only marks
        words,
    )
    return [from_row(row) for row in rows]


def transition(
    connection: sqlite3.Connection, /, run_id: str, after: RunStatus, **changes: Any
) -> Run | None:
    """Change a run's state, together with what is known by now; THE writer of states.

    Args:
        after: the new state.
        changes: any of _STATE_FIELDS.

    Returns the changed run, or None where its present state does not allow it.
    """
    unknown = set(changes) - set(_STATE_FIELDS)
    if unknown:
        message = f"not part of a state: {', '.join(sorted(unknown))}"
        raise TypeError(message)
    for name in _JSON & set(changes):
        changes[name] = None if changes[name] is None else json.dumps(changes[name])
    if after in TERMINAL:
        changes.setdefault("ended_at", time.time())
    before = [state.value for state, allowed in TRANSITIONS.items() if after in allowed]
    sets = "".join(f", {name} = :{name}" for name in changes)
    marks = ", ".join(f"'{word}'" for word in before)
    cursor = connection.execute(
        f"UPDATE runs SET status = :status{sets} WHERE run_id = :run_id AND status IN ({marks})",  # noqa: S608 - our words
        {"status": after.value, "run_id": run_id, **changes},
    )
    if cursor.rowcount == 0:
        return None
    run = get(connection, run_id)
    events.append(connection, run_id, "state", state_data(run))
    return run


def state_data(run: Run) -> dict[str, Any]:
    """Return what a `state` event carries."""
    error = {"code": run.error_code, "message": run.error_message} if run.error_code else None
    return {
        "status": run.status.value,
        "startedAt": isoformat(run.started_at),
        "endedAt": isoformat(run.ended_at),
        "exitCode": run.exit_code,
        "error": error,
        "attempt": run.attempt,
        **({"pages": run.pages} if run.pages else {}),
    }


def save_handle(connection: sqlite3.Connection, run_id: str, handle: Mapping[str, Any]) -> None:
    """Keep what the target needs to find the work again."""
    connection.execute("UPDATE runs SET handle = ? WHERE run_id = ?", (json.dumps(handle), run_id))


def save_git(connection: sqlite3.Connection, run_id: str, git: Mapping[str, Any]) -> None:
    """Note which commit a run's code is: `commit`, `branch`, `dirty`."""
    connection.execute("UPDATE runs SET git = ? WHERE run_id = ?", (json.dumps(git), run_id))


def save_token(connection: sqlite3.Connection, run_id: str, token_hash: str) -> bool:
    """Give a run that has not started another token; answers False where it has."""
    cursor = connection.execute(
        "UPDATE runs SET token_hash = ? WHERE run_id = ? AND status = ?",
        (token_hash, run_id, RunStatus.NOT_STARTED.value),
    )
    return cursor.rowcount > 0


def save_report(
    connection: sqlite3.Connection,
    run_id: str,
    reported_bytes: int,
    progress: Mapping[str, Any] | None,
    points: Sequence[Mapping[str, Any]],
) -> None:
    """Keep and tell what a run has said, and how far its report file has been read by that."""
    connection.execute(
        "UPDATE runs SET reported_bytes = ? WHERE run_id = ?", (reported_bytes, run_id)
    )
    if progress is not None:
        save_progress(connection, run_id, progress)
    save_points(connection, run_id, points)


def save_points(
    connection: sqlite3.Connection, run_id: str, points: Sequence[Mapping[str, Any]]
) -> None:
    """Sum points of metrics up, and tell the last of them."""
    if points:
        metrics.add(connection, run_id, points)
        told = {"metrics": list(points[-POINTS_PER_EVENT:])}
        events.append(connection, run_id, "metrics", told)


def save_progress(connection: sqlite3.Connection, run_id: str, progress: Mapping[str, Any]) -> None:
    """Keep the last progress and tell it."""
    connection.execute(
        "UPDATE runs SET progress = ? WHERE run_id = ?", (json.dumps(progress), run_id)
    )
    events.append(connection, run_id, "progress", {"progress": dict(progress)})


def change(
    connection: sqlite3.Connection,
    run_id: str,
    display_name: str | None = None,
    tags: Mapping[str, str | None] | None = None,
    check: Callable[[Mapping[str, str]], None] | None = None,
    *,
    pinned: bool | None = None,
) -> Run:
    """Give a run another name, pin it, and add, change or remove (None) tags; tells `changed`.

    `check` may refuse, by an error, more tags than the run has now.

    Returns the run as it is now; nothing is told where nothing changed.

    Raises:
        NotFound: there is none.
    """
    run = get(connection, run_id)
    name = run.display_name if display_name is None else display_name
    after = {key: text for key, text in {**run.tags, **(tags or {})}.items() if text is not None}
    pin = run.pinned if pinned is None else pinned
    if (name, after, pin) == (run.display_name, run.tags, run.pinned):
        return run
    if check is not None and len(after) > len(run.tags):
        check(after)
    _index_words(connection, run, name)
    connection.execute(
        "UPDATE runs SET display_name = ?, tags = ?, pinned = ? WHERE sequence = ?",
        (name, json.dumps(after), pin, run.sequence),
    )
    connection.execute("DELETE FROM run_tags WHERE sequence = ?", (run.sequence,))
    _index_tags(connection, run.sequence, after)
    return _changed(connection, run_id)


def _changed(connection: sqlite3.Connection, run_id: str) -> Run:
    """Tell what a run is called, whether it is pinned, and whose child it is, by now."""
    run = get(connection, run_id)
    data = {
        "displayName": run.display_name,
        "tags": run.tags,
        "pinned": run.pinned,
        "parentRunId": run.parent_run_id,
    }
    events.append(connection, run_id, "changed", data)
    return run


def _index_words(connection: sqlite3.Connection, run: Run, display_name: str) -> None:
    """Let `q` find a run by another name than before."""
    connection.execute(
        "INSERT INTO run_words (run_words, rowid, words) VALUES ('delete', ?, ?)",
        (run.sequence, _words(run.run_id, run.display_name, run.experiment)),
    )
    connection.execute(
        "INSERT INTO run_words (rowid, words) VALUES (?, ?)",
        (run.sequence, _words(run.run_id, display_name, run.experiment)),
    )


def _index_tags(
    connection: sqlite3.Connection, sequence: int | None, tags: Mapping[str, str]
) -> None:
    connection.executemany(
        "INSERT INTO run_tags (name, value, sequence) VALUES (?, ?, ?)",
        [(name, value, sequence) for name, value in tags.items()],
    )


def delete(connection: sqlite3.Connection, run_id: str) -> Run:
    """Forget a run that has ended, with its events; tells `deleted`. Returns what it was.

    Its children have no parent any more, so that lists without children show them.

    Raises:
        NotFound: there is none.
        Conflict: it has not ended; cancel it first.
    """
    run = get(connection, run_id)
    if not run.ended:
        message = f"run {run_id} is {run.status.value}; cancel it first"
        raise Conflict(message, "runId")
    connection.execute(
        "INSERT INTO run_words (run_words, rowid, words) VALUES ('delete', ?, ?)",
        (run.sequence, _words(run.run_id, run.display_name, run.experiment)),
    )
    connection.execute("DELETE FROM run_tags WHERE sequence = ?", (run.sequence,))
    connection.execute("DELETE FROM runs WHERE sequence = ?", (run.sequence,))
    connection.execute("DELETE FROM events WHERE run_id = ?", (run_id,))
    events.append(connection, run_id, "deleted", {})
    children = connection.execute("SELECT run_id FROM runs WHERE parent_run_id = ?", (run_id,))
    for (child,) in children.fetchall():
        connection.execute("UPDATE runs SET parent_run_id = NULL WHERE run_id = ?", (child,))
        _changed(connection, child)
    return run


def snapshots_in_use(connection: sqlite3.Connection) -> set[str]:
    """Return the ids of all snapshots that a run names."""
    rows = connection.execute("SELECT DISTINCT snapshot_id FROM runs WHERE snapshot_id IS NOT NULL")
    return {row[0] for row in rows}
