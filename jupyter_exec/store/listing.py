"""Finding runs, and experiments, among 100,000 runs: filters, pages, totals (floor: store)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.lifecycle import TERMINAL, RunStatus
from jupyter_exec.model.run import isoformat
from jupyter_exec.store.runs import from_row

if TYPE_CHECKING:
    import sqlite3

    from jupyter_exec.model.run import Run

SHORTEST_TRIGRAM = 3
LAST_CHARACTER = "\U0010ffff"
LAST = 2**62  # no run has such a sequence
_ENDED = ", ".join(f"'{status.value}'" for status in RunStatus if status in TERMINAL)
# Counted by experiment and state first: that is the order of the index, so nothing is sorted.
_EXPERIMENTS = f"""
WITH parts AS (
    SELECT experiment, status, count(*) AS runs, max(sequence) AS newest
    FROM runs INDEXED BY runs_top_by_experiment
    WHERE parent_run_id IS NULL AND instr(lower(experiment), lower(:q)) > 0
    GROUP BY experiment, status
), experiments AS (
    SELECT experiment AS name, sum(runs) AS runs, max(newest) AS newest,
        sum(iif(status IN ({_ENDED}), 0, runs)) AS active,
        sum(iif(status = '{RunStatus.FAILED.value}', runs, 0)) AS failed
    FROM parts GROUP BY experiment
), page AS (
    SELECT * FROM experiments WHERE newest < :before ORDER BY newest DESC LIMIT :limit
)
SELECT found.total, page.*, runs.created_at AS last_created_at
FROM (SELECT count(*) AS total FROM experiments) AS found
    LEFT JOIN page LEFT JOIN runs ON runs.sequence = page.newest
ORDER BY page.newest DESC
"""  # noqa: S608 - our words


@dataclass(frozen=True)
class RunFilter:
    """What a list is narrowed by; None = not narrowed.

    Attributes:
        tag: `name` or `name=value`.
        q: part of the id, the display name or the experiment, in any letter case.
        top: only runs without a parent.
    """

    experiment: str | None = None
    status: tuple[str, ...] = ()
    target: str | None = None
    tag: str | None = None
    q: str | None = None
    parent: str | None = None
    template: str | None = None
    top: bool = False


@dataclass(frozen=True)
class ExperimentSummary:
    """What an experiment comes to; runs that have a parent do not count.

    Attributes:
        active: how many have not ended.
        last_created_at: epoch seconds.
        newest: sequence of its newest run.
    """

    name: str
    runs: int
    active: int
    failed: int
    last_created_at: float
    newest: int

    def to_json(self) -> dict[str, Any]:
        """Return it as every face sees it."""
        return {
            "name": self.name,
            "runs": self.runs,
            "active": self.active,
            "failed": self.failed,
            "lastCreatedAt": isoformat(self.last_created_at),
        }


@dataclass
class _Query:
    """FROM and WHERE of a list, with the values for its marks.

    A tag or a text drives the query from its own index, which holds the sequences in order; the
    runs are then looked up one by one until the page is full.
    """

    tables: list[str]
    terms: list[str]
    values: list[str]

    def text(self) -> str:
        return f"FROM {' CROSS JOIN '.join(self.tables)} WHERE {' AND '.join(self.terms) or '1'}"


def _words(q: str, query: _Query, driver: str) -> str:
    """Narrow by text; return the column that gives the order from now on."""
    if len(q) < SHORTEST_TRIGRAM:
        # Every trigram that begins with it; the words end in two line ends, so there always is one.
        phrases = """group_concat('"' || replace(term, '"', '""') || '"', ' OR ')"""
        match = f"(SELECT coalesce({phrases}, '\"\"') FROM run_terms WHERE term >= ? AND term < ?)"  # noqa: S608 - ours
        query.values += [q.lower(), q.lower() + LAST_CHARACTER]
    else:
        match = "?"
        query.values.append('"' + q.replace('"', '""') + '"')
    if driver:
        matches = f"(SELECT rowid FROM run_words WHERE run_words MATCH {match})"  # noqa: S608 - ours
        query.terms.append(driver + " IN " + matches)
        return driver
    query.tables.append("run_words w")
    query.terms.append(f"run_words MATCH {match}")
    return "w.rowid"


def _query(wanted: RunFilter) -> tuple[_Query, str]:
    query = _Query([], [], [])
    driver = ""
    if wanted.tag is not None:
        name, equals, value = wanted.tag.partition("=")
        query.tables.append("run_tags t")
        query.terms.append("t.name = ? AND t.value = ?" if equals else "t.name = ?")
        query.values.extend([name, value] if equals else [name])
        driver = "t.sequence"
    if wanted.q:
        driver = _words(wanted.q, query, driver)
    columns = {"experiment": wanted.experiment, "target": wanted.target}
    columns["parent_run_id"] = wanted.parent
    filters = [(column, value) for column, value in columns.items() if value is not None]
    query.terms.extend(f"r.{column} = ?" for column, _ in filters)
    query.values.extend(value for _, value in filters)
    if wanted.template is not None:
        # In the words of the index, or it is not used.
        query.terms.append("r.template IS NOT NULL AND json_extract(r.template, '$.name') = ?")
        query.values.append(wanted.template)
    if wanted.status:
        query.terms.append(f"r.status IN ({', '.join('?' * len(wanted.status))})")
        query.values.extend(wanted.status)
    if wanted.top:
        query.terms.append("r.parent_run_id IS NULL")
    if not driver or any("r." in term for term in query.terms):
        query.tables.append(_runs_table(wanted, driver))
        if driver:
            query.terms.append(f"r.sequence = {driver}")
    return query, driver or "r.sequence"


def _runs_table(wanted: RunFilter, driver: str) -> str:
    """Return the table of runs; of those without a parent, with the index that has all it takes."""
    narrower = not driver and (wanted.experiment is not None or wanted.template is not None)
    return "runs r INDEXED BY runs_top" if wanted.top and not narrower else "runs r"


def find(
    connection: sqlite3.Connection, wanted: RunFilter, limit: int, before: int | None = None
) -> tuple[list[Run], int | None, int]:
    """Return a page of runs, newest first.

    Args:
        limit: length of the page.
        before: sequence to go on before (the `next` of the page above); None = from the newest.

    Returns: the runs, where the next page begins (None = there is none), and how many match in all.
    """
    query, sequence = _query(wanted)
    total = connection.execute(f"SELECT count(*) {query.text()}", query.values).fetchone()[0]
    if before is not None:
        query.terms.append(f"{sequence} < {int(before)}")
    found = connection.execute(
        f"SELECT {sequence} {query.text()} ORDER BY {sequence} DESC LIMIT {int(limit) + 1}",
        query.values,
    ).fetchall()
    page = [row[0] for row in found[:limit]]
    marks = ", ".join("?" * len(page))
    rows = connection.execute(
        f"SELECT * FROM runs WHERE sequence IN ({marks}) ORDER BY sequence DESC",  # noqa: S608 - only marks
        page,
    )
    following = page[-1] if len(found) > limit else None
    return [from_row(row) for row in rows], following, int(total)


def find_experiments(
    connection: sqlite3.Connection, q: str | None, limit: int, before: int | None = None
) -> tuple[list[ExperimentSummary], int | None, int]:
    """Return a page of experiments, those with the newest runs first.

    Args:
        q: part of the name, in any letter case.
        limit: length of the page.
        before: the `next` of the page above; None = from the newest.

    Returns: the experiments, where the next page begins, and how many match in all.
    """
    values = {"q": q or "", "limit": limit + 1, "before": LAST if before is None else before}
    rows = connection.execute(_EXPERIMENTS, values).fetchall()
    found = [
        ExperimentSummary(
            row["name"],
            row["runs"],
            row["active"],
            row["failed"],
            row["last_created_at"],
            row["newest"],
        )
        for row in rows
        if row["name"] is not None
    ]
    page = found[:limit]
    following = page[-1].newest if len(found) > limit else None
    return page, following, int(rows[0]["total"])
