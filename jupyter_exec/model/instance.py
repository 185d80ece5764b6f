"""A template filled in: values in, what is to be run out (floor: model; pure)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.documents import literal
from jupyter_exec.model.experiment import ExperimentSpec
from jupyter_exec.model.parameters import complete
from jupyter_exec.model.request import SubmitRequest
from jupyter_exec.model.substitution import Value, fill
from jupyter_exec.model.template import EXPERIMENT, TemplateSpec
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.filled import Filled


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
    if field_name == EXPERIMENT:
        experiment = parse(ExperimentSpec, filled.document, field_name)
        return Instance(experiment, None, shown, filled.secrets)
    request = _with_secrets(parse(SubmitRequest, filled.document, field_name), filled)
    return Instance(None, request, shown, request.secrets)


def _with_secrets(request: SubmitRequest, filled: Filled) -> SubmitRequest:
    """Return the request with its secrets, and what they are for."""
    definition = request.definition
    configuration = definition.configuration
    taken = {**configuration.secret_parameters, **filled.secret_parameters}
    configuration = configuration.model_copy(update={"secret_parameters": taken})
    return request.model_copy(
        update={
            "secrets": {**request.secrets, **filled.secrets},
            "definition": definition.model_copy(update={"configuration": configuration}),
        }
    )


def _as_text(given: Any, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and isinstance(given, float):
        return str(value)  # 2.0 is a whole number, and written as one
    text = literal(given)
    return text if isinstance(text, str) else json.dumps(value, ensure_ascii=False)
