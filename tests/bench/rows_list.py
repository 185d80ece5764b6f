"""Lists: 25 of 100,000 runs."""

from __future__ import annotations

import statistics
import time
import uuid
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.harness import Plan, Row, alternate, say, timed
from bench.places import Ours, Scheduler
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.run import Run
from jupyter_exec.store import database, runs
from jupyter_exec.store.paths import DataPaths

if TYPE_CHECKING:
    from pathlib import Path

    from bench.http_client import Connection

FILTERS = {
    "none": {},
    "experiment": {"experiment": "experiment-7"},
    "status": {"status": "Failed"},
    "the commonest status": {"status": "Completed"},
    "experiment, status": {"experiment": "experiment-7", "status": "Failed"},
    "target": {"target": "local"},
    "tag name": {"tag": "lr"},
    "tag": {"tag": "lr=0.05"},
    "tag, status": {"tag": "lr=0.05", "status": "Failed"},
    "q, one match": {"q": "run 77777 "},
    "q, all match": {"q": "run"},
    "q, one letter": {"q": "e"},
    "q, two letters": {"q": "77"},
    "q, no match": {"q": "nowhere"},
    "q, status": {"q": "777", "status": "Failed"},
    "q, all match, status": {"q": "run", "status": "Failed"},
    "q, experiment, tag": {"q": "777", "experiment": "experiment-7", "tag": "lr"},
}


def lists(plan: Plan) -> list[Row]:
    """Measure each filter against jupyter-scheduler's plain list."""
    count, theirs_count = plan.size(100_000, 5_000), plan.size(10_000, 1_000)
    ours, theirs = Ours(plan.folder / "list"), Scheduler(plan.folder / "list-scheduler")
    say(f"  filling {count} and {theirs_count} rows")
    fill_ours(ours.server.data_dir, count)
    fill_theirs(theirs.database, theirs_count)
    ours.start()
    theirs.start()
    try:
        a, b = ours.connect(), theirs.connect()
        measures = {
            name: _measure(a, f"{ours.runs}?{urlencode({**query, 'limit': 25})}")
            for name, query in FILTERS.items()
        }
        measures["scheduler"] = _measure(b, f"{theirs.jobs}?max_items=25")
        for measure in measures.values():
            measure()
        measured = alternate(2 * plan.rounds, **measures)
    finally:
        ours.end()
        theirs.end()

    peer = f"jupyter-scheduler, {theirs_count:,}"
    medians = {name: statistics.median(measured[name]) for name in FILTERS}
    slowest = max(medians, key=lambda name: medians[name])
    others = "; ".join(f"{name} {median * 1000:.1f} ms" for name, median in medians.items())
    what = f"list 25 of {count:,} runs"
    return [
        Row(what, measured["none"], peer=peer, theirs=measured["scheduler"], limit=0.5),
        Row(
            f"{what}, slowest of {len(FILTERS)} filters ({slowest})",
            measured[slowest],
            peer=f"{peer}, no filter",
            theirs=measured["scheduler"],
            limit=0.5,
            remark=f"medians: {others}",
        ),
    ]


def _measure(connection: Connection, path: str):
    return lambda: timed(lambda: connection.send("GET", path).read())


def fill_ours(data_dir: Path, count: int) -> None:
    """Store runs that have ended."""
    begin = time.time() - count
    paths = DataPaths(data_dir)
    paths.create()
    with closing(database.connect(paths.database, writable=True)) as connection:
        connection.execute("BEGIN")
        for number in range(count):
            runs.insert(connection, _run(number, begin))
        connection.execute("COMMIT")


def _run(number: int, begin: float) -> Run:
    statuses = [RunStatus.COMPLETED] * 17 + [RunStatus.FAILED] * 2 + [RunStatus.CANCELED]
    status = statuses[number * 7 % 20]
    configuration = {
        "script": "train.py",
        "arguments": ["--epochs", "10"],
        "framework": "Python",
        "target": "local",
        "environment": {"python": {"interpreterPath": "python"}},
        "parameters": {"lr": 0.05, "name": "hello"},
    }
    return Run(
        run_id=f"experiment-{number % 50}_{number}_{uuid.UUID(int=number).hex[-8:]}",
        experiment=f"experiment-{number % 50}",
        display_name=f"run {number} of the grid",
        status=status,
        target="local" if number % 3 else "slurm",
        created_at=begin + number,
        started_at=begin + number + 1,
        ended_at=begin + number + 2,
        exit_code=0 if status is RunStatus.COMPLETED else 1,
        error_code="ExitCode" if status is RunStatus.FAILED else None,
        error_message="ValueError (exit code 1)" if status is RunStatus.FAILED else None,
        folder=uuid.UUID(int=number).hex,
        definition={"configuration": configuration},
        tags={"lr": f"{number % 11 / 100}", "owner": f"user{number % 9}"} if number % 2 else {},
        progress={"done": 10, "total": 10, "label": None},
        git={"commit": f"{number:040x}", "branch": "main", "dirty": False},
        request_hash=f"{number:064x}",
    )


def fill_theirs(path: Path, count: int) -> None:
    """Store jupyter-scheduler jobs that have ended, by its own tables."""
    from jupyter_scheduler.models import Status
    from jupyter_scheduler.orm import Job, create_session, create_tables

    url = f"sqlite:///{path}"
    create_tables(url)
    with create_session(url)() as session:
        session.add_all(
            Job(
                name=f"run {number}",
                input_filename="trivial.ipynb",
                runtime_environment_name="python",
                output_formats=["ipynb"],
                parameters={"lr": "0.05", "name": "hello"},
                tags=["grid"],
                status=Status.COMPLETED,
                create_time=1_700_000_000_000 + number,
                start_time=1_700_000_000_000 + number,
                end_time=1_700_000_001_000 + number,
            )
            for number in range(count)
        )
        session.commit()
