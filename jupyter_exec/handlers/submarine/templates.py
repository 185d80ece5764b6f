"""Submarine's templates: `template`, `template/{template}` (floor: handlers).

Source: `ExperimentTemplateRestApi` of Apache Submarine 0.8. Only templates of experiments have a
form in this dialect; others are not shown here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Fault, InvalidRequest, NotFound
from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.submarine.base import SubmarineHandler, enveloped
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import parse
from jupyter_exec.store.templates import ABSENT

if TYPE_CHECKING:
    from jupyter_exec.model.experiment import ExperimentSpec
    from jupyter_exec.model.parameters import Parameter
    from jupyter_exec.model.template import TemplateVersion
    from jupyter_exec.services.house import House

_OLD_PARAMETERS = "experimentTemplateParamSpec"  # what older clients call `parameters`
_NEWER_META = ("tags", "experimentId")


def template_view(version: TemplateVersion) -> dict[str, Any]:
    """Return a template as Submarine answers it."""
    spec = version.spec
    return {
        "experimentTemplateId": {"id": version.id, "serverTimestamp": version.server_timestamp},
        "experimentTemplateSpec": {
            "name": spec.name,
            "author": spec.author,
            "description": spec.description,
            "parameters": [_parameter_view(parameter) for parameter in spec.parameters],
            "experimentSpec": spec.experiment_spec and _experiment_view(spec.experiment_spec),
        },
    }


def _parameter_view(parameter: Parameter) -> dict[str, Any]:
    """Return Submarine's four fields, and those of ours that were given."""
    theirs = {
        "name": parameter.name,
        "required": parameter.required,
        "description": parameter.description,
        "value": parameter.value,
    }
    return theirs | {
        name: value for name, value in parameter.to_json().items() if name not in theirs
    }


def _experiment_view(spec: ExperimentSpec) -> dict[str, Any]:
    """Return what a template holds, which is never a password's text.

    What only newer clients know is left out if not given.
    """
    shown = spec.to_wire()
    for name in _NEWER_META:
        if shown["meta"][name] is None:
            del shown["meta"][name]
    if shown["experimentHandlerSpec"] is None:
        del shown["experimentHandlerSpec"]
    return shown


async def find_template(house: House, name: str) -> TemplateVersion:
    """Return a template of an experiment, or raise NotFound."""
    version = await house.templates.get(name)
    if version.spec.experiment_spec is None:
        raise NotFound(ABSENT)
    return version


class _TemplateHandler(SubmarineHandler):
    async def template_body(self) -> dict[str, Any]:
        """Return what a template is to be.

        Raises:
            InvalidRequest: a part is missing.
        """
        body = await self.spec_body("experimentTemplateSpec", "experimentSpec")
        if body.get("parameters") is None and _OLD_PARAMETERS in body:
            body = {**body, "parameters": body[_OLD_PARAMETERS]}
        missing = [
            Fault(name, "is required")
            for name in ("name", "parameters", "experimentSpec")
            if body.get(name) is None
        ]
        if missing:
            raise InvalidRequest.of(missing)
        return {name: value for name, value in body.items() if name != "run"}


def _views(versions: list[TemplateVersion]) -> list[dict[str, Any]]:
    return [template_view(version) for version in versions if version.spec.experiment_spec]


class SubmarineTemplatesHandler(_TemplateHandler):
    """`template`: list and create."""

    @operation(
        "Submarine: list all templates",
        resource="templates",
        action="read",
        answer="SubmarineTemplateList",
    )
    async def get(self) -> Any:
        """Answer every template of an experiment."""
        versions = await (await self.house()).templates.all()
        return enveloped(await asyncio.to_thread(_views, versions))

    @operation(
        "Submarine: create a template (JSON or YAML)",
        resource="templates",
        action="write",
        body=TemplateSpec,
        parsed=False,
        answer="SubmarineTemplate",
        errors=(400, 413, 503),
    )
    async def post(self) -> Any:
        """Store a template under a name that is not taken."""
        spec = parse(TemplateSpec, await self.template_body())
        return enveloped(template_view(await (await self.house()).templates.create(spec)))


class SubmarineTemplateHandler(_TemplateHandler):
    """`template/{template}`: show, change, delete."""

    @operation(
        "Submarine: show a template",
        resource="templates",
        action="read",
        answer="SubmarineTemplate",
        errors=(404,),
    )
    async def get(self, template: str) -> Any:
        """Answer one."""
        return enveloped(template_view(await find_template(await self.house(), template)))

    @operation(
        "Submarine: change a template (JSON or YAML); what GET answers may be sent back",
        resource="templates",
        action="write",
        body=TemplateSpec,
        parsed=False,
        answer="SubmarineTemplate",
        errors=(400, 404, 409, 413, 503),
    )
    async def patch(self, template: str) -> Any:
        """Make a new version; it keeps its name."""
        house = await self.house()
        await find_template(house, template)
        spec = parse(TemplateSpec, await self.template_body())
        return enveloped(template_view(await house.templates.update(template, spec)))

    @operation(
        "Submarine: delete a template",
        resource="templates",
        action="write",
        answer="SubmarineTemplate",
        errors=(404, 503),
    )
    async def delete(self, template: str) -> Any:
        """Forget it, and answer what it was."""
        house = await self.house()
        version = await find_template(house, template)
        await house.templates.delete(template)
        return enveloped(template_view(version))
