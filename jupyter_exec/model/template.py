"""A template: a run with gaps, and what may fill them (floor: model).

Source: `ExperimentTemplateSpec` of Apache Submarine's REST API. `run` in place of `experimentSpec`
is ours: a body of `POST runs` (notebook, script, command, cell) with placeholders.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from jupyter_exec.errors import Fault, InvalidRequest
from jupyter_exec.model.documents import literal
from jupyter_exec.model.experiment import ExperimentSpec
from jupyter_exec.model.parameters import Parameter, complete, read, schema_of
from jupyter_exec.model.request import SubmitRequest
from jupyter_exec.model.run import isoformat
from jupyter_exec.model.substitution import Value, fill
from jupyter_exec.model.wire import WireModel, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NAME = 200
EXPERIMENT, RUN = "experimentSpec", "run"


def _name(name: str) -> str:
    if not name.strip() or len(name) > MAX_NAME:
        message = f"the name of a template has 1 to {MAX_NAME} characters, not {len(name)}"
        raise ValueError(message)
    if "/" in name or name in {".", ".."} or not name.isprintable():
        message = f"{name!r} cannot be the name of a template: no slash, no control characters"
        raise ValueError(message)
    return name


class TemplateSpec(WireModel):
    """What a template is. Values of parameters may stand wherever a text is.

    Attributes:
        experiment_spec: Submarine's words; roles and replicas.
        run: a body of `POST runs`; one of the two is given.
    """

    name: Annotated[str, AfterValidator(_name)]
    author: str | None = None
    description: str | None = None
    parameters: Annotated[list[Parameter], Field(max_length=1000)] = []
    experiment_spec: ExperimentSpec | None = None
    run: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _whole(self) -> TemplateSpec:
        if (self.experiment_spec is None) == (self.run is None):
            message = "give either experimentSpec or run"
            raise ValueError(message)
        twice = [
            name for name, count in Counter(p.name for p in self.parameters).items() if count > 1
        ]
        if twice:
            message = f"parameters: {', '.join(twice)[:200]} stands there more than once"
            raise ValueError(message)
        return self

    def with_role_parameters(self) -> TemplateSpec:
        """Return it with the parameters that every role has: replicas and resources.

        They are appended once, in the order of the roles; what is declared already stays.
        """
        if self.experiment_spec is None:
            return self
        appended = []
        known = {parameter.name for parameter in self.parameters}
        for role, task in self.experiment_spec.spec.items():
            values = {"replicas": task.replicas} | {
                f"resourceMap.{name}": value for name, value in (task.resource_map or {}).items()
            }
            for place, value in values.items():
                name = f"spec.{role}.{place}"
                if name not in known:
                    entry = {"name": name, "required": "false", "description": "", "value": value}
                    appended.append(parse(Parameter, entry))
        return self.model_copy(update={"parameters": [*self.parameters, *appended]})

    def document(self) -> tuple[str, Any]:
        """Return what is filled in: its name among the fields, and JSON values."""
        if self.experiment_spec is not None:
            return EXPERIMENT, self.experiment_spec.to_wire()
        return RUN, self.run

    def values_schema(self) -> dict[str, Any]:
        """Return the JSON Schema that forms render."""
        return schema_of(self.parameters, self.name, self.description)

    def check(self) -> None:
        """Refuse a template that could not be filled in.

        Raises:
            InvalidRequest: placeholders without a parameter, parameters without a place, defaults
                that do not fit; all at once.
        """
        defaults = {
            parameter.name: Value(
                None if parameter.value is None else read(parameter, parameter.value)[0],
                parameter.value or "",
                parameter.secret,
            )
            for parameter in self.parameters
        }
        field_name, document = self.document()
        filled = fill(document, defaults, field_name)
        faults = list(filled.faults)
        for index, parameter in enumerate(self.parameters):
            if parameter.name not in filled.used:
                message = f"unused key: {parameter.name!r} stands nowhere in {field_name}"
                faults.append(Fault(f"parameters[{index}]", message))
        if not faults and all(
            parameter.value is not None or parameter.secret for parameter in self.parameters
        ):
            faults += _misfits(field_name, filled.document)
        if faults:
            raise InvalidRequest.of(faults)


def _misfits(field_name: str, document: Any) -> list[Fault]:
    """Return what of a filled-in document does not fit its model."""
    model = ExperimentSpec if field_name == EXPERIMENT else SubmitRequest
    try:
        parse(model, document, field_name)
    except InvalidRequest as error:
        return list(error.faults)
    return []


@dataclass(frozen=True)
class Instance:
    """A template that was filled in.

    Attributes:
        experiment: what to run, in Submarine's words; or
        request: in our own.
        parameters: name -> value, without the secret ones.
        secrets: variable -> value, for the processes of the run only.
    """

    experiment: ExperimentSpec | None
    request: SubmitRequest | None
    parameters: Mapping[str, Any]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def instantiate(spec: TemplateSpec, params: Mapping[str, Any], prefix: str = "params") -> Instance:
    """Fill a template in.

    Args:
        params: name -> value; null = not given.

    Raises:
        InvalidRequest: with every key and value that does not fit.
    """
    values, faults = complete(spec.parameters, params, prefix)
    if faults:
        raise InvalidRequest.of(faults)
    secret = {parameter.name for parameter in spec.parameters if parameter.secret}
    texts = {parameter.name: parameter.value for parameter in spec.parameters} | {
        name: value for name, value in params.items() if value is not None
    }
    stand_ins = {
        name: Value(value, _as_text(texts[name], value), name in secret)
        for name, value in values.items()
    }
    field_name, document = spec.document()
    filled = fill(document, stand_ins, field_name)
    if filled.faults:
        raise InvalidRequest.of(filled.faults)
    shown = {name: value for name, value in values.items() if name not in secret}
    experiment = request = None
    if field_name == EXPERIMENT:
        experiment = parse(ExperimentSpec, filled.document, field_name)
    else:
        request = parse(SubmitRequest, filled.document, field_name)
    return Instance(experiment, request, shown, filled.secrets)


def _as_text(given: Any, value: Any) -> str:
    if value is None:
        return ""
    text = literal(given)
    return text if isinstance(text, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class TemplateVersion:
    """One state of a template, kept for ever.

    Attributes:
        id: counts up over all versions of all templates.
        server_timestamp: when the server that made it was started, in epoch milliseconds.
        version: counts up over the versions of this template.
        action: what made it: `create`, `update` or `restore`.
        created_at: epoch seconds.
    """

    id: int
    server_timestamp: int
    name: str
    version: int
    action: str
    created_at: float
    spec: TemplateSpec

    def to_json(self) -> dict[str, Any]:
        """Return it as our own routes show it."""
        return {
            "name": self.name,
            "version": self.version,
            "action": self.action,
            "createdAt": isoformat(self.created_at),
            "spec": self.spec.to_json(),
        }
