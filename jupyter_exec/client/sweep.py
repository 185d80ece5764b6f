"""A sweep, as its user holds it: many runs of one template, and their results (floor: client)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from jupyter_exec.client.run import Run
from jupyter_exec.client.space import WAYS, Space, choice, loguniform, plain, uniform
from jupyter_exec.client.sweep_metrics import measured, nothing_named
from jupyter_exec.errors import ExecError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from jupyter_exec.client.api import ExecClient

__all__ = ["WAYS", "Space", "Sweep", "choice", "loguniform", "plain", "uniform"]

_NOTHING = object()
_CANCEL_S = 30.0
"""How long an error is held back until what it cancelled has ended."""


class Sweep(Run):
    """A sweep: a run without a process of its own, whose trials are runs.

    Its state sums up its trials'; `cancel` ends them all. With `sampling="manual"` its user starts
    the trials: one by one (`start`), or as some optimiser proposes them (`drive`).
    """

    def __init__(self, client: ExecClient, json: Mapping[str, Any]) -> None:
        super().__init__(client, json)
        self._within = False  # a `with` statement, which ends a manual sweep
        self._left = False  # the loop over `drive` was left within it

    @property
    def client(self) -> ExecClient:
        """The client that it came from."""
        return self._client

    @property
    def plan(self) -> dict[str, Any]:
        """What is tried: `template`, `params`, `space`, `sampling`, `metric`, `goal`, ..."""
        plan: dict[str, Any] = self.json["definition"]["sweep"]
        return plan

    @property
    def metric_name(self) -> str | None:
        """What the trials are compared by."""
        return self.plan.get("metric")

    def trials(self) -> list[dict[str, Any]]:
        """Return a row for each trial that was started, in their order.

        Each has `number`, `runId`, `status`, `parameters`, `metric` (its last value, or None) and
        `stoppedEarly`.
        """
        return list(self.table()["trials"])

    def table(self) -> dict[str, Any]:
        """Return what `trials` and `best` are taken from, as the server has it at one moment."""
        return self._json("GET", "/trials")

    def results(self, metric: str | None = None) -> Any:
        """Return the trials as a table: a pandas DataFrame, or a list of dicts without pandas.

        Columns: `trial`, `run`, `status`, each parameter, and the metric, if any, under its own
        name. A parameter of one of these names is called `params.<name>`.

        Args:
            metric: by default the sweep's.

        Raises:
            InvalidRequest: the trials report other metrics than this one.
        """
        rows = self.rows(metric)
        try:
            import pandas as pd
        except ImportError:
            return rows
        return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)

    def rows(self, metric: str | None = None) -> list[dict[str, Any]]:
        """Return what `results` shows as plain dicts."""
        trials = measured(self, metric)["trials"]
        names = list(dict.fromkeys(name for trial in trials for name in trial["parameters"]))
        shown = metric or self.metric_name
        taken = {"trial", "run", "status", shown}
        return [
            {"trial": trial["number"], "run": trial["runId"], "status": trial["status"]}
            | {
                (f"params.{name}" if name in taken else name): trial["parameters"].get(name)
                for name in names
            }
            | ({shown: trial.get("metric")} if shown else {})
            for trial in trials
        ]

    def best(self, metric: str | None = None) -> Run | None:
        """Return the trial with the best metric so far; None where no trial has one yet.

        Args:
            metric: by default the sweep's.

        Raises:
            InvalidRequest: no metric is named, or the trials report others; with their names.
        """
        table = measured(self, metric or self.metric_name)
        if not (metric or self.metric_name):
            raise InvalidRequest(nothing_named(self, table["trials"], "best"), "metric")
        return self._client.run(table["best"]) if table["best"] else None

    def plot(self, parameter: str | None = None, metric: str | None = None) -> Any:
        """Draw the metric by parameter, and return the matplotlib figure.

        Args:
            parameter: only this one; by default each one that differs has a panel.
            metric: by default the sweep's.

        Raises:
            ExecError: matplotlib is missing, or there is nothing to draw yet.
            InvalidRequest: no metric is named, or the trials report others; with their names.
        """
        from jupyter_exec.client.sweep_plot import draw

        return draw(self, parameter, metric)

    def start(self, params: Mapping[str, Any] | None = None, /, **values: Any) -> Run:
        """Start the next trial of a manual sweep: `start(lr=0.1)`.

        Args:
            params: values by name, for names that Python does not allow.
            values: values by name.

        Raises:
            InvalidRequest: the values do not fit the template.
            Conflict: the sweep is not manual, or is over.
        """
        given = {**(params or {}), **values}
        body = {"params": {name: plain(value) for name, value in given.items()}}
        answer = self._client.writing(lambda: self._json("POST", "/trials", json=body))
        return Run(self._client, answer)

    def wait(self, timeout: float | None = None) -> Run:
        """Wait as for any run; within `with`, a loop over `drive` that was left counts as the end.

        Raises:
            TimeoutError: it has not ended by then.
        """
        if self._left:
            self._finish_if_open()
        return super().wait(timeout)

    def finish(self) -> Sweep:
        """Say that a manual sweep gets no further trials; it ends when those under way have."""
        if not self.ended:
            self.json.update(self._client.writing(lambda: self._json("POST", "/finish")))
        return self

    def drive(self, proposals: Iterable[Any], max_parallel: int = 1) -> Iterator[tuple[Run, Any]]:
        """Run what somebody proposes, and yield each trial when it has ended.

        A proposal is taken only when there is room for its run, and after the caller has seen the
        runs that ended before: so proposals can depend on results (ask and tell). The sweep is
        finished at the end, and cancelled by Ctrl-C or an error; by one in the body of the
        caller's loop, too, where all that stands in `with sweep:`.

        Args:
            proposals: values of the parameters by name; or pairs of them and anything that shall
                come back beside the run.
            max_parallel: runs at a time.

        Yields:
            The run, which may have failed, and what was beside its values (None).
        """
        source = iter(proposals)
        ended: queue.SimpleQueue[tuple[Run, Any] | ExecError] = queue.SimpleQueue()
        going, more = 0, True
        try:
            while more or going:
                while more and going < max(1, max_parallel):
                    proposal = next(source, _NOTHING)
                    more = proposal is not _NOTHING
                    if more:
                        params, beside = _pair(proposal)
                        _watch(self.start(params), beside, ended)
                        going += 1
                while going:
                    found = _next_of(ended)
                    going -= 1
                    yield found
                    if ended.empty():
                        break
        except GeneratorExit:  # the caller has seen enough, or failed: only `with` can tell
            self._left = True
            if not self._within:
                self._finish_if_open()
            raise
        except BaseException:
            self._cancel_if_open()
            raise
        self.finish()

    def __enter__(self) -> Self:
        self._within = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        self._within = self._left = False
        if error is not None:
            self._cancel_if_open()
        elif self.plan.get("sampling") == "manual":
            self.finish()
        return False

    def _finish_if_open(self) -> None:
        with suppress(ExecError):  # somebody else ended it, or the server is gone
            self.finish()

    def _cancel_if_open(self) -> None:
        """Cancel, and wait for the end, so that `status` tells it; nothing here hides the error."""
        if self.ended:
            return
        with suppress(ExecError, TimeoutError):
            self.cancel()
            super().wait(_CANCEL_S)


def _pair(proposal: Any) -> tuple[Mapping[str, Any], Any]:
    """Take a proposal apart.

    Raises:
        TypeError: it is neither values by name, nor a pair that begins with them.
    """
    values, beside = proposal, None
    if isinstance(proposal, tuple) and len(proposal) == 2:  # noqa: PLR2004 - a pair
        values, beside = proposal
    if not isinstance(values, Mapping):
        raise TypeError(
            f"a proposal is {{parameter: value}}, or a pair of that and anything else; "
            f"not {type(values).__name__}"
        )
    return values, beside


def _next_of(ended: queue.SimpleQueue[tuple[Run, Any] | ExecError]) -> tuple[Run, Any]:
    found = ended.get()
    if isinstance(found, ExecError):
        raise found
    return found


def _watch(run: Run, beside: Any, ended: queue.SimpleQueue[tuple[Run, Any] | ExecError]) -> None:
    """Wait for a run in a thread, which tells when it has ended."""

    def wait() -> None:
        try:
            ended.put((run.wait(), beside))
        except ExecError as error:
            ended.put(error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a thread; raised by `drive`
            ended.put(ExecError(f"{run.run_id}: {type(error).__name__}: {error}"))

    threading.Thread(target=wait, daemon=True, name=f"wait for {run.run_id}").start()
