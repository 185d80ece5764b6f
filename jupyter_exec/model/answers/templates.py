"""What we answer about templates (floor: model)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from jupyter_exec.model.answers.events import Answer
from jupyter_exec.model.experiment import ExperimentSpec
from jupyter_exec.model.parameters import Parameter
from jupyter_exec.model.template import TemplateSpec


class TemplateOrigin(Answer):
    """The template that a run was made from, and the values; those that are secret are not here."""

    name: str
    version: Annotated[int, Field(ge=1)]
    parameters: dict[str, Any]


class Template(Answer):
    """One version of a template."""

    name: str
    version: Annotated[int, Field(ge=1)]
    action: Annotated[Literal["create", "update", "restore"], Field(description="what made it")]
    created_at: AwareDatetime
    spec: TemplateSpec


class TemplateList(Answer):
    """A page of templates by name; `next` is the `cursor` of the page after it."""

    templates: list[Template]
    next: str | None
    total: Annotated[int, Field(ge=0)]


class TemplateVersions(Answer):
    """All versions of a template, newest first."""

    versions: list[Template]


class TemplateSchema(Answer):
    """JSON Schema of a template's values, which every form renders; `x-group` is a heading."""

    dialect: Annotated[str, Field(alias="$schema")]
    title: str
    description: str | None = None
    type: Literal["object"]
    properties: dict[str, Any]
    required: list[str]
    additional_properties: Literal[False]


class TemplateExport(Answer):
    """A template as a file holds it: without what is empty, or follows from the rest."""

    name: str
    author: str | None = None
    description: str | None = None
    parameters: list[Parameter] = []
    experiment_spec: ExperimentSpec | None = None
    run: dict[str, Any] | None = None


class TemplateDraft(TemplateExport):
    """A template that is not stored; `POST templates` takes it as it is."""

    hints: Annotated[list[str], Field(description="what its author should know")] = []


class TemplateDiff(Answer):
    """A unified diff of two versions as YAML; empty where they are equal."""

    diff: str


TEMPLATE_ANSWERS: tuple[type[Answer], ...] = (
    Template,
    TemplateDiff,
    TemplateDraft,
    TemplateExport,
    TemplateList,
    TemplateSchema,
    TemplateVersions,
)
