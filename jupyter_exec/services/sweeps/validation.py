"""What is wrong with a sweep before anything of it is stored (floor: services; pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Fault, InvalidRequest
from jupyter_exec.model.ids import RUN_ID
from jupyter_exec.model.lenient import fold
from jupyter_exec.model.parameters import complete, value_faults
from jupyter_exec.model.substitution import Value, fill
from jupyter_exec.model.sweep import MAX_TRIALS, plan_sweep
from jupyter_exec.model.template import RUN
from jupyter_exec.services.validation import name_faults
from jupyter_exec.store.sweeps import trial_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from jupyter_exec.model.parameters import Parameter
    from jupyter_exec.model.sweep import Space, SweepPlan, SweepRequest
    from jupyter_exec.model.template import TemplateSpec, TemplateVersion

MOST_PER_PARAMETER = 5  # faults of one parameter's values that are answered
_WHOLE = {"integer", "boolean", "array"}
SOURCE = {"source", "overlay"}


def check_sweep(template: TemplateVersion, request: SweepRequest) -> SweepPlan:
    """Return the plan of a request. Blocking, where there are many values.

    Raises:
        InvalidRequest: with all faults.
    """
    spec = template.spec
    faults = [*_space_faults(spec, request), *_params_faults(spec, request)]
    faults += [*_source_faults(spec, request), *_name_faults(request)]
    try:
        plan = plan_sweep(request, template.name, template.version)
    except ValueError as error:
        faults.append(Fault("space", str(error)))
    if faults:
        raise InvalidRequest.of(faults)
    return plan


def in_source(spec: TemplateSpec) -> set[str]:
    """Return the parameters that decide what the source is; all trials share one source."""
    field_name, document = spec.document()
    if field_name != RUN:
        return set()
    source = {name: value for name, value in document.items() if fold(name) in SOURCE}
    blanks = {parameter.name: Value(None, "") for parameter in spec.parameters}
    return fill(source, blanks).used


def _space_faults(spec: TemplateSpec, request: SweepRequest) -> Iterator[Fault]:
    known = {parameter.name: parameter for parameter in spec.parameters}
    for name, space in request.space.items():
        field = f"space.{name}"
        parameter = known.get(name)
        if parameter is None:
            shown = ", ".join(known) or "none"
            message = f"illegal key: {name[:80]!r} is no parameter; there are: {shown[:500]}"
            yield Fault(field, message)
        elif parameter.secret:
            message = "a secret is not stored, and the values of a sweep are; give it in params"
            yield Fault(field, message)
        else:
            yield from _value_faults(parameter, space, field)


def _value_faults(parameter: Parameter, space: Space, field: str) -> Iterator[Fault]:
    """Yield what of a space's values does not fit, and where."""
    way = next(iter(space.model_fields_set))
    values: list[Any] | None = space.listed()
    if values is None:
        if parameter.kind in _WHOLE or parameter.enum is not None:
            what = "one of a few values" if parameter.enum is not None else parameter.kind
            message = f"{way} draws fractions, and {parameter.name} is {what}; give choice or range"
            yield Fault(f"{field}.{way}", message)
            return
        values = list(space.uniform or space.loguniform or ())
    found = 0
    for index, value in enumerate(values):
        place = f"{field}.{way}" if way == "range" else f"{field}.{way}[{index}]"
        for sentence in value_faults(parameter, value):
            yield Fault(place, f"{parameter.name}: {sentence}")
            found += 1
        if found >= MOST_PER_PARAMETER:
            return


def _params_faults(spec: TemplateSpec, request: SweepRequest) -> list[Fault]:
    """Return what is wrong with the shared values; what the trials bring may be missing."""
    manual = request.sampling == "manual"
    shared = [
        parameter.model_copy(update={"required": "false"})
        if manual or parameter.name in request.space
        else parameter
        for parameter in spec.parameters
    ]
    return complete(shared, request.params)[1]


def _source_faults(spec: TemplateSpec, request: SweepRequest) -> Iterator[Fault]:
    shared = in_source(spec)
    for name in request.space:
        if name in shared:
            message = f"{name} stands in {RUN}.source, and all trials share one source"
            yield Fault(f"space.{name}", message)
    for parameter in spec.parameters:
        given = request.params.get(parameter.name) is not None or parameter.value is not None
        if request.sampling == "manual" and parameter.name in shared and not given:
            message = f"{parameter.name} stands in {RUN}.source, which all trials share; give it"
            yield Fault(f"params.{parameter.name}", message)


def _name_faults(request: SweepRequest) -> list[Fault]:
    faults = name_faults(request.experiment or "default", request.run_id)
    last = trial_id(request.run_id or "x", MAX_TRIALS)
    if not faults and not RUN_ID.fullmatch(last):
        message = f"it is too long: {last[-10:]!r} must fit behind it, within 256 characters"
        faults.append(Fault("runId", message))
    return faults


def check_trial(spec: TemplateSpec, params: Collection[str]) -> None:
    """Refuse a manual trial that would need another source.

    Raises:
        InvalidRequest: naming the parameters.
    """
    others = sorted(in_source(spec).intersection(params))
    if others:
        message = f"stands in {RUN}.source, and all trials share one source"
        raise InvalidRequest.of([Fault(f"params.{name}", message) for name in others])
