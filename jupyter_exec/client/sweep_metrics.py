"""What the trials of a sweep are compared by, as somebody names it afterwards (floor: client)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.run import Run
from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.lifecycle import TERMINAL, RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_exec.client.api import ExecClient
    from jupyter_exec.client.sweep import Sweep

_ENDED = {status.value for status in TERMINAL}


def measured(sweep: Sweep, metric: str | None) -> dict[str, Any]:
    """Return a sweep's table, with the last value of a metric beside each trial.

    Args:
        sweep: whose trials are looked at.
        metric: its name; None = the sweep's own. For another one, each trial is asked.

    Returns:
        `trials` as `Sweep.trials` has them, and `best`, the id of the best one, or None.

    Raises:
        InvalidRequest: the trials report other metrics than the one that was named.
    """
    table = sweep.table()
    if metric is None:
        return table
    if metric != sweep.metric_name:
        table["trials"] = [
            {**trial, "metric": _last(sweep.client, trial, metric)} for trial in table["trials"]
        ]
        table["best"] = _best(table["trials"], sweep.plan.get("goal") or "minimize")
    check_spelling(sweep, table["trials"], metric)
    return table


def check_spelling(sweep: Sweep, trials: Sequence[Mapping[str, Any]], metric: str) -> None:
    """Refuse a metric that no trial has logged, though all have ended and logged others.

    Raises:
        InvalidRequest: it does not exist; with those that do.
    """
    if any(trial.get("metric") is not None or trial["status"] not in _ENDED for trial in trials):
        return
    names = reported(sweep.client, trials)
    if names and metric not in names:
        message = f"no trial has logged {metric!r}; they report: {', '.join(names)}"
        raise InvalidRequest(f'{message}. Name one: metric="{names[0]}"', "metric")


def nothing_named(sweep: Sweep, trials: Sequence[Mapping[str, Any]], method: str) -> str:
    """Return what to do where a sweep names no metric, and nobody else does."""
    names = reported(sweep.client, trials)
    name = names[0] if names else "loss"
    return (
        f"the sweep names no metric; its trials report: {', '.join(names) or 'nothing yet'}. Name "
        f'one: {method}(metric="{name}"); or for all at the start, with metric="{name}" in Python '
        f"and --metric {name} on a line"
    )


def reported(client: ExecClient, trials: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names of all metrics that these trials have logged."""
    return list(dict.fromkeys(name for trial in trials for name in Run(client, trial).metrics()))


def _last(client: ExecClient, trial: Mapping[str, Any], metric: str) -> float | None:
    return Run(client, trial).last_metric(metric)


def _best(trials: Sequence[Mapping[str, Any]], goal: str) -> str | None:
    """Return the id of the best trial, by the server's rule.

    Those that were stopped early count only where none has completed. Of equals, the first.
    """
    for candidates in (
        [trial for trial in trials if trial["status"] == RunStatus.COMPLETED.value],
        [trial for trial in trials if trial.get("stoppedEarly")],
    ):
        having = [each for each in candidates if _is_finite(each["metric"])]
        if having:
            choose = max if goal == "maximize" else min
            return str(choose(having, key=lambda trial: trial["metric"])["runId"])
    return None


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
