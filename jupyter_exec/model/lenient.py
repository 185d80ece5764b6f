"""Reading as much of a faulty request as fits, to tell all its faults at once (floor: model).

`parse` stops where values do not fit their types; what else is wrong with the request (an unknown
target, a missing interpreter) would only show once those are mended. Here the misfits are left out
and the rest is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from jupyter_exec.model.wire import faults_of

if TYPE_CHECKING:
    from jupyter_exec.errors import Fault

Model = TypeVar("Model", bound=BaseModel)

_ROUNDS = 10


def fold(key: str) -> str:
    """Return what equal keys have in common, however they are written."""
    return key.replace("_", "").casefold()


def parse_what_fits(model: type[Model], data: Any) -> tuple[Model, list[Fault]]:
    """Return the model of what fits, and the faults of what does not."""
    faults: list[Fault] = []
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(data), faults
        except ValidationError as error:
            known = {fault.target for fault in faults}
            faults += [fault for fault in faults_of(error) if fault.target not in known]
            for item in error.errors(include_url=False, include_context=False, include_input=False):
                data = _without(data, item["loc"])
    return model(), faults


def _without(data: Any, location: Sequence[int | str]) -> Any:
    """Return JSON values without what lies at a location; of a list nothing is left."""
    if not isinstance(data, Mapping) or not location:
        return {}
    name = fold(str(location[0]))
    rest = location[1:]
    kept: dict[str, Any] = {}
    for key, value in data.items():
        if fold(str(key)) != name:
            kept[key] = value
        elif rest and isinstance(value, Mapping):
            kept[key] = _without(value, rest)
    return kept


def covers(faults: Sequence[Fault], target: str | None) -> bool:
    """Tell whether a field, or what it lies in, is among the faults already."""
    return target is not None and any(
        fault.target and f"{target}.".startswith((f"{fault.target}.", f"{fault.target}["))
        for fault in faults
    )
