"""`jupyter exec list`, `show`, `logs`, `cancel` and `outputs` (floor: faces)."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from jupyter_exec.cli import text
from jupyter_exec.client import ExecClient
from jupyter_exec.errors import NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from jupyter_exec.client import Run

_HEADER = ("RUN", "NAME", "STATUS", "TARGET", "CREATED", "TOOK", "PROGRESS")
_NAME_WIDTH = 32


def list(arguments: Namespace) -> int:  # noqa: A001 - named as the command is
    """List runs."""
    with ExecClient() as client:
        runs = client.runs(
            experiment=arguments.experiment,
            status=arguments.status,
            target=arguments.target,
            tag=arguments.tag,
            q=arguments.search,
            limit=arguments.limit,
        )
        if arguments.json:
            text.say_json([run.json for run in runs])
            return 0
        rows = [_row(run) for run in runs]
        text.say(text.table(_HEADER, rows) if rows else "no runs")
        if runs.total > len(rows):
            text.say(f"{len(rows)} of {runs.total}; --limit shows more")
    return 0


def _row(run: Run) -> tuple[str, ...]:
    name = run.name if len(run.name) <= _NAME_WIDTH else run.name[: _NAME_WIDTH - 3] + "..."
    last = run.error.message if run.error else text.progress(run)
    when = text.ago(run.created_at)
    return (run.run_id, name, text.state(run), run.target, when, text.elapsed(run), last[:80])


def show(arguments: Namespace) -> int:
    """Show everything about a run."""
    with ExecClient() as client:
        run = _find(client, arguments.run)
        if arguments.json:
            text.say_json(run.json)
            return 0
        details = [(name, value) for name, value in _details(run) if value not in {"", "None"}]
    width = max(len(name) for name, _ in details)
    for name, value in details:
        text.say(f"{name:<{width}}  {value}")
    return 0


def _details(run: Run) -> Iterator[tuple[str, str]]:
    yield "run", run.run_id
    yield "name", run.name
    yield "status", text.state(run)
    yield "cause", run.error.message if run.error else ""
    yield "exit code", str(run.exit_code)
    yield "experiment", run.experiment
    yield "target", run.target
    yield "progress", text.progress(run)
    for label, moment in (
        ("created", run.created_at),
        ("started", run.started_at),
        ("ended", run.ended_at),
    ):
        yield (
            label,
            f"{moment.astimezone():%Y-%m-%d %H:%M:%S} ({text.ago(moment)})" if moment else "",
        )
    yield "took", text.elapsed(run)
    yield "attempt", str(run.json.get("attempt"))
    yield (
        "tags",
        ", ".join(f"{name}={value}" if value else name for name, value in run.tags.items()),
    )
    git = run.json.get("git") or {}
    changed = ", with changes that were not committed" if git.get("dirty") else ""
    yield "git", f"{git.get('commit')} ({git.get('branch')}{changed})" if git else ""
    yield "snapshot", str(run.json.get("snapshotId"))
    yield "parent", str(run.json.get("parentRunId"))
    origin = run.json.get("template") or {}
    yield "template", f"{origin['name']}, version {origin['version']}" if origin else ""
    yield "values", json.dumps(origin["parameters"]) if origin.get("parameters") else ""
    configuration = (run.json.get("definition") or {}).get("configuration") or {}
    for label in ("script", "command", "arguments", "parameters", "kernel", "resources"):
        value = configuration.get(label)
        yield label, value if isinstance(value, str) else json.dumps(value) if value else ""
    for name, points in run.metrics().items():
        yield f"metric {name}", f"{points[-1].get('value')} ({text.count(len(points), 'point')})"
    yield "logs", ", ".join(run.log_names())
    yield "outputs", ", ".join(output.path for output in run.outputs())


def logs(arguments: Namespace) -> int:
    """Print a log; with --follow until the run ends."""
    from jupyter_exec.cli.live import watch

    with ExecClient() as client:
        run = _find(client, arguments.run)
        which = {"name": arguments.name, "replica": arguments.replica}
        if arguments.follow and not any(which.values()):
            return watch(run)
        for block in run.logs(follow=True, **which) if arguments.follow else [run.logs(**which)]:
            sys.stdout.write(block)
            sys.stdout.flush()
    return 0


def cancel(arguments: Namespace) -> int:
    """End a run."""
    with ExecClient() as client:
        run = client.run(arguments.run)
        was_over = run.ended
        run.cancel()
        if arguments.json:
            text.say_json(run.json)
        else:
            text.say(
                f"{run.run_id} had ended: {run.status}"
                if was_over
                else f"{run.run_id}: {run.status}"
            )
    return 0


def outputs(arguments: Namespace) -> int:
    """List or fetch the files that a run left."""
    with ExecClient() as client:
        run = _find(client, arguments.run)
        if arguments.download is not None:
            paths = [str(path) for path in run.download(arguments.download)]
            if arguments.json:
                text.say_json(paths)
            else:
                text.say("\n".join(paths) or f"{run.run_id} left no outputs")
            return 0
        found = run.outputs()
        if arguments.json:
            text.say_json([{"path": one.path, "sizeBytes": one.size_bytes} for one in found])
        elif found:
            text.say(
                text.table(("SIZE", "OUTPUT"), [(text.size(o.size_bytes), o.path) for o in found])
            )
        else:
            text.say(f"{run.run_id} left no outputs")
    return 0


def _find(client: ExecClient, run_id: str | None) -> Run:
    if run_id is not None:
        return client.run(run_id)
    for run in client.runs(limit=1):
        return run
    raise NotFound("there are no runs yet; make one: jupyter exec submit", "run")
