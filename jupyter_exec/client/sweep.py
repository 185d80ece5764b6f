"""A sweep, as its user holds it: many runs of one template, and their results (floor: client)."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from jupyter_exec.client.run import Run
from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

WAYS = ("choice", "range", "uniform", "loguniform")
"""How the values of one parameter may be said; `Space` in `jupyter_exec.model.sweep`."""
_NOTHING = object()


@dataclass(frozen=True)
class Space:
    """Several values for one parameter of a sweep; `choice`, `uniform` and `loguniform` make one.

    Attributes:
        way: one of WAYS.
        values: what it is said with: the values themselves, or bounds.
    """

    way: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if self.way == "choice":
            wrong = not self.values
        else:
            few, many = (1, 3) if self.way == "range" else (2, 2)
            wrong = not few <= len(self.values) <= many or not all(map(_is_number, self.values))
        if wrong:
            example = {"choice": "choice(1, 2)", "range": "range(0, 10, 2)"}
            message = f"{self!r} makes no sense; for example: {example.get(self.way)}"
            message = message.replace("None", f"{self.way}(0.001, 0.1)")
            raise ValueError(message)

    def __repr__(self) -> str:
        return f"{self.way}({', '.join(map(repr, self.values))})"

    @classmethod
    def of(cls, json: Mapping[str, list[Any]]) -> Space:
        """Return what the server's form says: `{"choice": [1, 2]}`."""
        ((way, values),) = json.items()
        return cls(way, tuple(values))

    def to_json(self) -> dict[str, list[Any]]:
        """Return it as the server wants it."""
        return {self.way: [plain(value) for value in self.values]}


def _is_number(value: Any) -> bool:
    value = plain(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def choice(*values: Any) -> Space:
    """Try these values: `choice("adam", "sgd")`, or one list of them."""
    if len(values) == 1 and isinstance(plain(values[0]), list):
        values = tuple(plain(values[0]))
    return Space("choice", values)


def uniform(low: float, high: float) -> Space:
    """Draw numbers between two bounds."""
    return Space("uniform", (low, high))


def loguniform(low: float, high: float) -> Space:
    """Draw numbers between two positive bounds, evenly over their logarithm."""
    return Space("loguniform", (low, high))


def plain(value: Any) -> Any:
    """Return a value of Python or numpy as JSON's own: arrays and tuples become lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str | Mapping):
        return value
    return str(value)


class Sweep(Run):
    """A sweep: a run without a process of its own, whose trials are runs.

    Its state sums up its trials'; `cancel` ends them all. With `sampling="manual"` its user starts
    the trials: one by one (`start`), or as some optimiser proposes them (`drive`).
    """

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

    def results(self) -> Any:
        """Return the trials as a table: a pandas DataFrame, or a list of dicts without pandas.

        Columns: `trial`, `run`, `status`, each parameter, and the metric under its own name. A
        parameter of one of these names is called `params.<name>`.
        """
        rows = self.rows()
        try:
            import pandas as pd
        except ImportError:
            return rows
        return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)

    def rows(self) -> list[dict[str, Any]]:
        """Return what `results` shows as plain dicts."""
        trials = self.trials()
        names = list(dict.fromkeys(name for trial in trials for name in trial["parameters"]))
        metric = self.metric_name or "metric"
        taken = {"trial", "run", "status", metric}
        return [
            {"trial": trial["number"], "run": trial["runId"], "status": trial["status"]}
            | {
                (f"params.{name}" if name in taken else name): trial["parameters"].get(name)
                for name in names
            }
            | {metric: trial.get("metric")}
            for trial in trials
        ]

    def best(self) -> Run | None:
        """Return the trial with the best metric so far; None where no trial has one."""
        run_id = self.table().get("best")
        return self._client.run(run_id) if run_id else None

    def plot(self, parameter: str | None = None) -> Any:
        """Draw the metric by parameter, and return the matplotlib figure.

        Args:
            parameter: only this one; by default each one that differs has a panel.

        Raises:
            ExecError: matplotlib is missing, or there is nothing to draw yet.
        """
        from jupyter_exec.client.sweep_plot import draw

        return draw(self, parameter)

    def start(self, params: Mapping[str, Any]) -> Run:
        """Start the next trial of a manual sweep.

        Raises:
            InvalidRequest: the values do not fit the template.
            Conflict: the sweep is not manual, or is over.
        """
        body = {"params": {name: plain(value) for name, value in params.items()}}
        answer = self._client.writing(lambda: self._json("POST", "/trials", json=body))
        return Run(self._client, answer)

    def finish(self) -> Sweep:
        """Say that a manual sweep gets no further trials; it ends when those under way have."""
        if not self.ended:
            self.json.update(self._client.writing(lambda: self._json("POST", "/finish")))
        return self

    def drive(self, proposals: Iterable[Any], max_parallel: int = 1) -> Iterator[tuple[Run, Any]]:
        """Run what somebody proposes, and yield each trial when it has ended.

        A proposal is taken only when there is room for its run, and after the caller has seen the
        runs that ended before: so proposals can depend on results (ask and tell). The sweep is
        finished at the end, and cancelled by Ctrl-C or an error.

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
        except GeneratorExit:  # the caller has seen enough
            self._finish_if_open()
            raise
        except BaseException:
            self._cancel_if_open()
            raise
        self.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[False]:
        if error is not None:
            self._cancel_if_open()
        elif self.plan.get("sampling") == "manual":
            self.finish()
        return False

    def _finish_if_open(self) -> None:
        with suppress(ExecError):  # somebody else ended it, or the server is gone
            self.finish()

    def _cancel_if_open(self) -> None:
        with suppress(ExecError):
            self.cancel()


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
