"""Numbers of a definition: what is none, and what is too large to count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.request import RestoreRequest
from jupyter_exec.model.sweep import SweepRequest
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from pydantic import BaseModel

NUMBERS = {"integer", "number"}


def numbers(model: type[BaseModel]) -> list[tuple[str, ...]]:
    """Return the paths of all numbers below a model, but those of a list or of any name."""
    schema = model.model_json_schema(by_alias=True)
    found = []

    def look(part: dict[str, Any], path: tuple[str, ...]) -> None:
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        kinds = {part.get("type"), *(one.get("type") for one in part.get("anyOf", ()))}
        if kinds & NUMBERS:
            found.append(path)
        for one in part.get("anyOf", ()):
            look({**one, "type": one.get("type") if "$ref" in one else None}, path)
        for name, member in part.get("properties", {}).items():
            look(member, (*path, name))

    look(schema, ())
    return found


def put(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    assert isinstance(value, dict)
    return value


FIELDS = [
    (model, path)
    for model in (RunConfiguration, SweepRequest, RestoreRequest)
    for path in numbers(model)
]


def test_the_numbers_are_found() -> None:
    paths = {".".join(path) for _, path in FIELDS}
    assert {"nodeCount", "mpi.processCountPerNode", "resources.cpus", "startTimeoutSeconds"} < paths
    assert {"resources.memory", "pyTorch.processCount", "seed", "version"} < paths


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize(
    ("model", "path"), FIELDS, ids=[f"{model.__name__}.{'.'.join(path)}" for model, path in FIELDS]
)
def test_a_boolean_is_no_number(model: type[BaseModel], path: tuple[str, ...], value: bool) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(model, put(path, value))
    told = {fault.target: fault.message for fault in refused.value.faults}
    assert "is not a" in told[".".join(path)]


def test_intervals_hold_numbers() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(SweepRequest, {"space": {"x": {"uniform": [False, 5]}}})
    assert refused.value.faults[0].target == "space.x.uniform[0]"


@pytest.mark.parametrize("limit_s", [0, 7 * 24 * 3600 + 1, 10**15, 10**400])
def test_nobody_waits_longer_than_a_week(limit_s: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(RunConfiguration, {"startTimeoutSeconds": limit_s})
    assert [fault.target for fault in refused.value.faults] == ["startTimeoutSeconds"]
    assert parse(RunConfiguration, {"startTimeoutSeconds": 7 * 24 * 3600})


def test_a_duration_fits_into_64_bits() -> None:
    """As the contract has it (`format: int64`)."""
    longest = 2**63 - 1
    assert parse(RunConfiguration, {"maxRunDurationSeconds": longest})
    with pytest.raises(InvalidRequest):
        parse(RunConfiguration, {"maxRunDurationSeconds": longest + 1})
