"""`jupyter exec gc` (floor: faces)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from jupyter_exec.cli import text
from jupyter_exec.client import ExecClient
from jupyter_exec.client.options import parse_duration
from jupyter_exec.errors import Conflict, InvalidRequest, NotFound

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from jupyter_exec.client import Run

_DEFAULT = "30d"
_DAY_S = 86_400


def gc(arguments: Namespace) -> int:
    """Delete runs that ended long ago, and environments that nobody has used for as long.

    Runs that have not ended, and what they need, always stay.
    """
    keep: int | None = arguments.keep
    if keep is not None and keep < 0:
        raise InvalidRequest(f"--keep {keep}: a number of runs cannot be negative", "keep")
    # With --keep alone, the number alone decides.
    age = arguments.older_than or (_DEFAULT if keep is None else "0")
    before = datetime.now(timezone.utc) - timedelta(seconds=parse_duration(age, "older_than"))
    with ExecClient() as client:
        runs = select(client.runs(experiment=arguments.experiment), before, keep or 0)
        gone = runs if arguments.dry_run else [run for run in runs if _delete(run)]
        environments = [] if arguments.experiment else _environments(client, arguments)
    if arguments.json:
        text.say_json([run.json for run in gone])
        return 0
    if gone:
        rows = [(run.run_id, run.status, text.ago(run.ended_at)) for run in gone]
        text.say(text.table(("RUN", "STATUS", "ENDED"), rows))
    verb = "would be deleted" if arguments.dry_run else "deleted"
    text.say(f"{text.count(len(gone), 'run')} {verb}")
    if environments:
        freed = text.size(sum(one["sizeBytes"] for one in environments))
        text.say(f"{text.count(len(environments), 'environment')} {verb}, {freed}")
    return 0


def _environments(client: ExecClient, arguments: Namespace) -> list[dict[str, Any]]:
    """Collect environments, by the age that was given for runs, else by the server's settings."""
    days = None
    if arguments.older_than:
        days = parse_duration(arguments.older_than, "older_than") / _DAY_S
    return client.collect_environments(days, dry_run=arguments.dry_run)


def select(runs: Iterable[Run], before: datetime, keep: int) -> list[Run]:
    """Return the runs that ended before a moment, but for the newest `keep` of all that ended.

    Args:
        runs: newest first.
        before: in UTC.
        keep: how many stay whatever their age.
    """
    ended = [run for run in runs if run.ended]
    return [run for run in ended[keep:] if run.ended_at is not None and run.ended_at <= before]


def _delete(run: Run) -> bool:
    try:
        run.delete()
    except (NotFound, Conflict):  # somebody else was quicker
        return False
    return True
