"""A template: a run with gaps, and what may fill them (floor: model).

Source: `ExperimentTemplateSpec` of Apache Submarine's REST API. `run` in place of `experimentSpec`
is ours: a body of `POST runs` (notebook, script, command, cell) with placeholders.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from jupyter_exec.errors import Fault, InvalidRequest
from jupyter_exec.model.documents import literal
from jupyter_exec.model.experiment import ExperimentSpec, has_placeholder, parse_resources
from jupyter_exec.model.lenient import fold
from jupyter_exec.model.misfits import misfits
from jupyter_exec.model.parameters import Parameter, has_control, read, schema_of
from jupyter_exec.model.request import SubmitRequest
from jupyter_exec.model.run import isoformat
from jupyter_exec.model.substitution import Value, fill, stored_secrets
from jupyter_exec.model.wire import WireModel, parse

MAX_NAME = 200
MAX_PARAMETERS = 1000
_TAKEN = {"logs", "ping"}  # `experiment/{template}` would never be asked for these
EXPERIMENT, RUN = "experimentSpec", "run"


def _name(name: str) -> str:
    if not name.strip() or len(name) > MAX_NAME:
        message = f"the name of a template has 1 to {MAX_NAME} characters, not {len(name)}"
        raise ValueError(message)
    if name in _TAKEN:
        message = f"{name!r} is an address of Submarine's own; choose another name"
        raise ValueError(message)
    if "/" in name or name in {".", ".."} or has_control(name):
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
    parameters: Annotated[list[Parameter], Field(max_length=MAX_PARAMETERS)] = []
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

        They are appended once, in the order of the roles; what is declared already stays, and so
        does what waits for a parameter of the template's own.
        """
        known = {parameter.name for parameter in self.parameters}
        appended = [
            _role_parameter(name, value)
            for name, value in self.role_values().items()
            if name not in known and _is_plain(value)
        ]
        return self.model_copy(update={"parameters": [*self.parameters, *appended]})

    def role_values(self) -> dict[str, Any]:
        """Return what the roles say themselves, by the names that role parameters have."""
        if self.experiment_spec is None:
            return {}
        values: dict[str, Any] = {}
        for role, task in self.experiment_spec.spec.items():
            values[f"spec.{role}.replicas"] = task.replicas
            for name, value in (task.resource_map or {}).items():
                values[f"spec.{role}.resourceMap.{name}"] = value
        return values

    def following(self, before: TemplateSpec) -> TemplateSpec:
        """Return it with the role parameters of an earlier version brought up to date.

        Who changes `resources` of a role and sends back the parameters that a GET answered means
        the change.
        """
        values = {name: literal(value) for name, value in self.role_values().items()}
        earlier = {parameter.name: parameter for parameter in before.parameters}
        said = {name: literal(value) for name, value in before.role_values().items()}

        def stays(parameter: Parameter) -> bool:
            name = parameter.name
            own = name in said and parameter == earlier.get(name)
            appended = own and parameter == _role_parameter(name, parameter.value)
            return not appended or values.get(name) in {parameter.value, said[name]}

        kept = [
            parameter
            if stays(parameter)
            else _role_parameter(parameter.name, values[parameter.name])
            for parameter in self.parameters
            if stays(parameter) or _is_plain(values.get(parameter.name))
        ]
        return self.model_copy(update={"parameters": kept})

    def document(self) -> tuple[str, Any]:
        """Return what is filled in: its name among the fields, and JSON values."""
        if self.experiment_spec is None:
            return RUN, self.run
        document = self.experiment_spec.to_wire()
        for task in document["spec"].values():
            task["resources"] = None  # said anew by `resourceMap`, whose values are filled in
        return EXPERIMENT, document

    @property
    def snapshot_id(self) -> str | None:
        """Return the snapshot that its runs are made of, where it names one."""
        named = _member(_member(self.run, "source"), "snapshotid")
        return named if isinstance(named, str) and not has_placeholder(named) else None

    def values_schema(self) -> dict[str, Any]:
        """Return the JSON Schema that forms render."""
        return schema_of(self.parameters, self.name, self.description)

    def check(self) -> None:
        """Refuse a template that could not be filled in.

        Raises:
            InvalidRequest: placeholders without a parameter, parameters without a place, defaults
                that do not fit, passwords; all at once.
        """
        defaults = {
            parameter.name: Value(
                None if parameter.value is None else read(parameter, parameter.value)[0],
                parameter.value or "",
            )
            if not parameter.secret
            else Value("", "", secret=True)
            for parameter in self.parameters
        }
        if len(self.parameters) > MAX_PARAMETERS:
            message = (
                f"with those of its roles it has {len(self.parameters):,} parameters; "
                f"{MAX_PARAMETERS:,} are the most"
            )
            raise InvalidRequest(message, "parameters")
        field_name, document = self.document()
        filled = fill(document, defaults, field_name)
        faults = [*filled.faults, *stored_secrets(document, field_name)]
        for index, parameter in enumerate(self.parameters):
            if parameter.name not in filled.used:
                message = f"unused key: {parameter.name!r} stands nowhere in {field_name}"
                faults.append(Fault(f"parameters[{index}]", message))
        if not faults:
            waiting = {each.name for each in self.parameters if each.value is None}
            model = ExperimentSpec if field_name == EXPERIMENT else SubmitRequest
            faults = misfits(model, document, filled.document, waiting, field_name)
        if faults:
            raise InvalidRequest.of(faults)

    def export(self) -> dict[str, Any]:
        """Return it as a file holds it: nothing that is said twice, nothing that is empty.

        What comes of parsing it, with its role parameters, equals this template.
        """
        shown = self.to_json()
        own = self.role_values()
        kept = [each for each in self.parameters if each.name not in own]
        kept += [each for each in self.parameters if each.name in own and not self._implied(each)]
        short = self.model_copy(update={"parameters": kept})
        if short.with_role_parameters() != self:
            kept = self.parameters
        shown["parameters"] = [_as_people_write(parameter) for parameter in kept]
        for task in shown.get("experimentSpec", {}).get("spec", {}).values():
            if task.get("resourceMap") == parse_resources(task.get("resources") or "cpu=1"):
                task.pop("resourceMap", None)
        order = ("name", "author", "description", "parameters", EXPERIMENT, RUN)
        return {name: shown[name] for name in order if shown.get(name) not in (None, "", [])}

    def _implied(self, parameter: Parameter) -> bool:
        value = self.role_values().get(parameter.name)
        return value is not None and parameter == _role_parameter(parameter.name, value)


def _as_people_write(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter with numbers and booleans as such, where that reads back as the same."""
    shown = parameter.to_json()
    if parameter.is_required:
        shown["required"] = True
    if parameter.kind in {"integer", "number", "boolean"} and parameter.value is not None:
        typed = read(parameter, parameter.value)[0]
        shown["value"] = typed if literal(typed) == parameter.value else parameter.value
    for bound in ("minimum", "maximum"):
        if bound in shown and float(shown[bound]).is_integer():
            shown[bound] = int(shown[bound])
    return shown


def _role_parameter(name: str, value: Any) -> Parameter:
    entry = {"name": name, "required": "false", "description": "", "value": value}
    return Parameter.model_construct(**{**entry, "value": literal(value)})


def _member(values: Any, name: str) -> Any:
    """Return a member of an object, however its key is written."""
    if not isinstance(values, dict):
        return None
    return next((value for key, value in values.items() if fold(key) == name), None)


def _is_plain(value: Any) -> bool:
    return value is not None and not has_placeholder(value)


@lru_cache(256)
def _spec(document: str) -> TemplateSpec:
    return parse(TemplateSpec, json.loads(document))


@dataclass(frozen=True)
class TemplateVersion:
    """One state of a template, kept for ever.

    Attributes:
        id: counts up over all versions of all templates.
        server_timestamp: when the server that made it was started, in epoch milliseconds.
        version: counts up over the versions of this template.
        action: what made it: `create`, `update` or `restore`.
        created_at: epoch seconds.
        document: `TemplateSpec.to_json()` as text; a list of templates need not read it.
    """

    id: int
    server_timestamp: int
    name: str
    version: int
    action: str
    created_at: float
    document: str

    @property
    def spec(self) -> TemplateSpec:
        """Return what the template is; read when it is first asked for."""
        return _spec(self.document)

    def to_json(self) -> dict[str, Any]:
        """Return it as our own routes show it."""
        return {
            "name": self.name,
            "version": self.version,
            "action": self.action,
            "createdAt": isoformat(self.created_at),
            "spec": json.loads(self.document),
        }
