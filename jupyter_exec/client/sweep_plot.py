"""A picture of a sweep: the metric by parameter (floor: client). matplotlib is imported inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.sweep_metrics import measured, nothing_named
from jupyter_exec.errors import ExecError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.client.sweep import Sweep

_PANEL_INCHES = (4.0, 3.2)
_PER_ROW = 3


def draw(sweep: Sweep, parameter: str | None, metric: str | None = None) -> Any:
    """Return a matplotlib figure with one panel a parameter.

    Trials that did not complete, for example those stopped early, are hollow; the best one is a
    star.

    Args:
        parameter: only this one.
        metric: by default the sweep's.

    Raises:
        ExecError: matplotlib is missing, or no trial has a value of the metric yet.
        InvalidRequest: there is no such parameter, or no such metric, or none is named.
    """
    plt = _pyplot()
    metric = metric or sweep.metric_name
    table = measured(sweep, metric)
    if not metric:
        raise InvalidRequest(nothing_named(sweep, table["trials"], "plot"), "metric")
    trials = [trial for trial in table["trials"] if trial.get("metric") is not None]
    if not trials:
        raise ExecError(f"there is nothing to draw: no trial has logged {metric} yet")
    names = _parameters(sweep, trials, parameter)
    columns = min(len(names), _PER_ROW)
    rows = -(-len(names) // columns)
    size = (_PANEL_INCHES[0] * columns, _PANEL_INCHES[1] * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for panel, name in zip(axes.flat, names, strict=False):
        _panel(panel, sweep, trials, name, table["best"])
        panel.set_ylabel(_plain(metric))
    for panel in axes.flat[len(names) :]:
        panel.set_visible(False)
    if "inline" in plt.get_backend():
        plt.close(figure)  # the cell's value shows it; it would be there twice
    return figure


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        message = "a plot needs matplotlib, which is missing here: pip install matplotlib"
        raise ExecError(message) from None
    return plt


def _parameters(sweep: Sweep, trials: Sequence[dict[str, Any]], parameter: str | None) -> list[str]:
    """Return the parameters to show: those of the space, or those that differ."""
    there = list(dict.fromkeys(name for trial in trials for name in trial["parameters"]))
    if parameter is not None:
        if parameter not in there:
            shown = ", ".join(there) or "none"
            raise InvalidRequest(f"{parameter!r} is no parameter; there are: {shown}", "parameter")
        return [parameter]
    space = [name for name in sweep.plan.get("space") or {} if name in there]
    return space or [name for name in there if len(_distinct(trials, name)) > 1] or there[:1]


def _distinct(trials: Sequence[dict[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(_text(trial["parameters"].get(name)) for trial in trials))


def _panel(
    panel: Any, sweep: Sweep, trials: Sequence[dict[str, Any]], name: str, best: str | None
) -> None:
    values = [trial["parameters"].get(name) for trial in trials]
    places: list[Any] = values
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        space = (sweep.plan.get("space") or {}).get(name) or {}
        if "loguniform" in space and min(values) > 0:
            panel.set_xscale("log")
    else:
        texts = _distinct(trials, name)
        places = [texts.index(_text(value)) for value in values]
        panel.set_xticks(range(len(texts)), [_plain(text)[:20] for text in texts])
        panel.margins(x=0.2)
    points = list(zip(places, trials, strict=True))
    for whole, face in ((True, "C0"), (False, "none")):
        shown = [point for point in points if (point[1]["status"] == "Completed") is whole]
        _dots(panel, shown, facecolors=face, edgecolors="C0", alpha=0.8)
    found = [point for point in points if point[1]["runId"] == best]
    _dots(panel, found, marker="*", s=160, color="C1", zorder=3)
    panel.set_xlabel(_plain(name))


def _dots(panel: Any, points: Sequence[tuple[Any, dict[str, Any]]], **style: Any) -> None:
    places = [place for place, _ in points]
    panel.scatter(places, [trial["metric"] for _, trial in points], **style)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _plain(text: str) -> str:
    """Return text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")
