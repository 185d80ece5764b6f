"""A sweep: one template run with many values (floor: model).

The trials of a plan are a pure function of it: trial 7 has the same values after a restart, and in
a repetition.
"""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from jupyter_exec.model.labels import DisplayName, Tags
from jupyter_exec.model.wire import Number, Whole, WireModel, one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TRIALS = 10_000
Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]

_WAYS = (
    'the values of a parameter are written {"choice": [1, 2]}, {"range": [0, 10, 2]}, '
    '{"uniform": [0, 1]} or {"loguniform": [0.001, 1]}'
)


class Space(WireModel):
    """The values of one parameter: exactly one of four ways to say them; a list is a choice.

    Attributes:
        choice: these.
        range: start, stop (not included), step, as Python's `range`; fractions are fine.
        uniform: between two bounds.
        loguniform: between two positive bounds, evenly over their logarithm.
    """

    choice: Annotated[list[Any], Field(min_length=1, max_length=MAX_TRIALS)] | None = None
    range: Annotated[list[Number], Field(min_length=1, max_length=3)] | None = None
    uniform: Interval | None = None
    loguniform: Interval | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain_list(cls, data: Any) -> Any:
        if isinstance(data, list):
            return {"choice": data}
        if not isinstance(data, dict | Space):
            raise ValueError(_WAYS)  # noqa: TRY004 - pydantic reports ValueError
        return data

    @model_validator(mode="after")
    def _one_way(self) -> Space:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"give exactly one of choice, range, uniform and loguniform; {_WAYS}"
            raise ValueError(message)
        low, high = self.uniform or self.loguniform or (0.0, 1.0)
        if not (low < high and math.isfinite(high - low)):
            message = f"{given[0]}: the first bound must be below the second, and both finite"
            raise ValueError(message)
        if self.choice is not None and None in self.choice:
            message = "choice: null is no value; leave it out"
            raise ValueError(message)
        if self.loguniform and low <= 0:
            message = "loguniform: both bounds must be above 0"
            raise ValueError(message)
        if self.range is not None and self._steps()[2] == 0:
            message = "range: it is empty"
            raise ValueError(message)
        return self

    def listed(self) -> list[Any] | None:
        """Return all values; None where there are endlessly many."""
        if self.choice is not None:
            return self.choice
        if self.range is None:
            return None
        start, step, count = self._steps()
        values = [start + index * step for index in range(count)]
        whole = start.denominator == step.denominator == 1
        return [int(value) if whole else float(value) for value in values]

    def _steps(self) -> tuple[Fraction, Fraction, int]:
        """Return a range's start, step, and how many values it has.

        They are the decimal fractions that were written, so that 0, 0.1, 0.2 have no rounding in
        them.

        Raises:
            ValueError: more than MAX_TRIALS values, or a step of 0.
        """
        given = self.range or []
        bounds = {1: (0.0, *given, 1.0), 2: (*given, 1.0)}.get(len(given), tuple(given))
        if bounds[2] == 0 or not all(math.isfinite(bound) for bound in bounds):
            message = "range: the step must not be 0, and all three must be finite"
            raise ValueError(message)
        start, stop, step = (Fraction(repr(bound)) for bound in bounds)
        count = max(0, math.ceil((stop - start) / step))
        if count > MAX_TRIALS:
            message = f"range: it has more than {MAX_TRIALS} values"
            raise ValueError(message)
        return start, step, count

    def draw(self, chance: random.Random) -> Any:
        """Return one value by chance."""
        if self.uniform is not None:
            low, high = self.uniform
            return min(max(chance.uniform(low, high), low), high)
        if self.loguniform is not None:
            low, high = self.loguniform
            drawn = math.exp(chance.uniform(math.log(low), math.log(high)))
            return min(max(drawn, low), high)  # exp(log(x)) may be a little more than x
        return chance.choice(self.listed() or [])


class SweepRequest(WireModel):
    """Body of `POST templates/{name}/sweeps`.

    Attributes:
        params: the values that all trials share.
        space: the parameters that differ.
        sampling: `grid` = all combinations in order; `random` = drawn; `manual` = whoever made the
            sweep starts its trials one by one (`POST runs/{runId}/trials`). By default grid, or
            random where a space is endless.
        trials: how many; by default all of a grid, 20 drawn.
        seed: of the drawing.
        max_parallel: trials at a time; by default as many as the target takes.
        metric: what the trials are compared by: the last value that each has reported, as Ray
            Tune's `scope="last"` and the value that an Optuna objective returns.
        early_stopping: `median` = a trial is cancelled when its best value so far is worse than the
            median of the completed trials' averages up to the same step.
        min_trials: that have completed, before any is stopped early.
        min_steps: reported values of a trial, before it is stopped early.
        version: of the template; the newest by default.
    """

    params: Annotated[dict[str, Any], Field(repr=False)] = {}
    space: dict[str, Space] = {}
    sampling: Annotated[str, one_of(["grid", "random", "manual"])] | None = None
    trials: Annotated[Whole, Field(ge=1, le=MAX_TRIALS)] | None = None
    seed: Whole = 0
    max_parallel: Annotated[Whole, Field(ge=1, le=MAX_TRIALS)] | None = None
    metric: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    goal: Annotated[str, one_of(["minimize", "maximize"])] = "minimize"
    early_stopping: Annotated[str, one_of(["none", "median"])] = "none"
    min_trials: Annotated[Whole, Field(ge=1)] = 3
    min_steps: Annotated[Whole, Field(ge=1)] = 3
    display_name: DisplayName | None = None
    experiment: str | None = None
    run_id: str | None = None
    tags: Tags = {}
    version: Annotated[Whole, Field(ge=1, le=2**62)] | None = None

    @model_validator(mode="after")
    def _sensible(self) -> SweepRequest:
        if self.sampling != "manual" and not self.space:
            message = "space: name at least one parameter with several values"
            raise ValueError(message)
        twice = set(self.space) & set(self.params)
        if twice:
            message = f"{', '.join(sorted(twice))[:200]} stands in params and in space; give one"
            raise ValueError(message)
        if self.early_stopping != "none" and self.metric is None:
            message = "early stopping needs a metric"
            raise ValueError(message)
        return self


class TrialRequest(WireModel):
    """Body of `POST runs/{runId}/trials`: the values that the sweep does not share."""

    params: Annotated[dict[str, Any], Field(repr=False)] = {}


class SweepPlan(WireModel):
    """What a sweep's parent run is asked to do; part of its definition.

    Attributes:
        template, version: what is run.
        count: how many trials there will be; None for a manual sweep.
    """

    template: str
    version: int
    params: dict[str, Any] = {}
    space: dict[str, Space] = {}
    sampling: str = "grid"
    count: int | None = None
    seed: int = 0
    max_parallel: int | None = None
    metric: str | None = None
    goal: str = "minimize"
    early_stopping: str = "none"
    min_trials: int = 3
    min_steps: int = 3

    def trials(self) -> Iterator[dict[str, Any]]:
        """Yield the values of each trial, in order; nothing for a manual sweep."""
        return itertools.islice(self._all(), self.count or 0)

    def _all(self) -> Iterator[dict[str, Any]]:
        if self.sampling == "grid":
            columns = [space.listed() or [] for space in self.space.values()]
            for row in itertools.product(*columns):
                yield dict(zip(self.space, row, strict=True))
        elif self.sampling == "random":
            for index in itertools.count():
                chance = random.Random(f"{self.seed}:{index}")  # noqa: S311 - no secret
                yield {name: space.draw(chance) for name, space in self.space.items()}


def plan_sweep(request: SweepRequest, template: str, version: int) -> SweepPlan:
    """Return the plan of a request, with what it leaves open decided.

    Raises:
        ValueError: a grid of endless or too many values.
    """
    lists = [space.listed() for space in request.space.values()]
    endless = any(values is None for values in lists)
    sampling = request.sampling or ("random" if endless else "grid")
    count: int | None = None
    if sampling == "grid":
        if endless:
            message = (
                "a grid needs lists or ranges; use sampling 'random' for uniform or loguniform"
            )
            raise ValueError(message)
        size = math.prod(len(values or []) for values in lists)
        count = min(size, request.trials or size)
        if count > MAX_TRIALS:
            message = f"the grid has {count} trials; {MAX_TRIALS} are the most"
            raise ValueError(message)
    elif sampling == "random":
        count = request.trials or 20
    shared = set(SweepPlan.model_fields) & set(SweepRequest.model_fields)
    values = {name: getattr(request, name) for name in shared - {"sampling", "version"}}
    return SweepPlan.model_construct(
        **values, template=template, version=version, sampling=sampling, count=count
    )
