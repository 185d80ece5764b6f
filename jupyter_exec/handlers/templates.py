"""Our own routes about templates: `templates`, `templates/{templateName}` (floor: handlers)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from jupyter_exec.errors import ExecError, InvalidRequest, NotFound
from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.body import JsonBodyHandler
from jupyter_exec.model.request import RestoreRequest, SubmitRequest, TemplateRunRequest, Version
from jupyter_exec.model.strangers import strangers
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import WireModel, parse
from jupyter_exec.store.templates import ABSENT

if TYPE_CHECKING:
    from jupyter_exec.services.templates import TemplateService


class TemplatesQuery(WireModel):
    """What a list of templates is narrowed by: `q` is part of the name, author or description."""

    q: str | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 25
    cursor: str | None = None


class DiffQuery(WireModel):
    """Two versions of a template; by default the newest, and the one before `to`."""

    before: Version | None = Field(None, alias="from")
    after: Version | None = Field(None, alias="to")


class TemplateBaseHandler(JsonBodyHandler):
    """What the routes of templates share."""

    async def templates(self) -> TemplateService:
        """Return the service."""
        return (await self.house()).templates

    async def spec(self, name: str | None = None) -> TemplateSpec:
        """Return the template in the body.

        Args:
            name: that it has unless the body says otherwise.

        Raises:
            InvalidRequest: it is none, or has fields that nobody reads.
        """
        body = await self.document_body()
        if name is not None and body.get("name") is None:
            body["name"] = name
        return await asyncio.to_thread(_written, body)

    def write_failure(self, error: ExecError, status: int | None = None) -> None:
        """Write an error; of a template that is not there, say which."""
        if isinstance(error, NotFound) and error.message == ABSENT:
            name = self.path_kwargs.get("template_name", "")
            version = " with that version" if error.target == "version" else ""
            message = f"there is no template {name[:80]!r}{version}; GET templates lists them"
            error = NotFound(message, error.target)
        super().write_failure(error, status)


def _written(body: dict[str, Any]) -> TemplateSpec:
    """Return a template as a person wrote it, or raise InvalidRequest."""
    faults = [*strangers(TemplateSpec, body), *strangers(SubmitRequest, body.get("run"), "run")]
    try:
        spec = parse(TemplateSpec, body)
    except InvalidRequest as error:
        faults += error.faults
    if faults:
        raise InvalidRequest.of(faults)
    return spec


class TemplatesHandler(TemplateBaseHandler):
    """`templates`: list and create."""

    @operation(
        "List templates by name",
        resource="templates",
        action="read",
        query=TemplatesQuery,
        answer="TemplateList",
        errors=(400,),
    )
    async def get(self, query: TemplatesQuery) -> Any:
        """Answer a page of templates, each at its newest version."""
        templates = await self.templates()
        page, following, total = await templates.find(query.q, query.limit, query.cursor)
        return {
            "templates": [version.to_json() for version in page],
            "next": following,
            "total": total,
        }

    @operation(
        "Create a template (JSON or YAML)",
        resource="templates",
        action="write",
        body=TemplateSpec,
        parsed=False,
        answer="Template",
        status=201,
        errors=(400, 413, 503),
    )
    async def post(self) -> Any:
        """Store a template under a name that is not taken."""
        templates = await self.templates()
        return (await templates.create(await self.spec())).to_json()


class TemplateHandler(TemplateBaseHandler):
    """`templates/{templateName}`: show, change, delete."""

    @operation(
        "Show a template", resource="templates", action="read", answer="Template", errors=(404,)
    )
    async def get(self, template_name: str) -> Any:
        """Answer its newest version."""
        return (await (await self.templates()).get(template_name)).to_json()

    @operation(
        "Make a new version of a template (JSON or YAML)",
        resource="templates",
        action="write",
        body=TemplateSpec,
        parsed=False,
        answer="Template",
        errors=(400, 404, 413, 503),
    )
    async def put(self, template_name: str) -> Any:
        """Store the next version; those before it stay."""
        templates = await self.templates()
        return (await templates.update(template_name, await self.spec(template_name))).to_json()

    @operation(
        "Delete a template; its versions and its runs stay",
        resource="templates",
        action="write",
        status=204,
        errors=(404, 413, 503),
    )
    async def delete(self, template_name: str) -> None:
        """Take it off the list."""
        await (await self.templates()).delete(template_name)


class TemplateSchemaHandler(TemplateBaseHandler):
    """`templates/{templateName}/schema`."""

    @operation(
        "Describe a template's values as JSON Schema",
        resource="templates",
        action="read",
        answer="TemplateSchema",
        errors=(404,),
    )
    async def get(self, template_name: str) -> Any:
        """Answer what forms render."""
        return (await (await self.templates()).get(template_name)).spec.values_schema()


class TemplateYamlHandler(TemplateBaseHandler):
    """`templates/{templateName}/yaml`."""

    @operation(
        "Export a template as YAML, which POST and PUT take",
        resource="templates",
        action="read",
        media_type="text/yaml",
        answer="TemplateExport",
        errors=(404,),
    )
    async def get(self, template_name: str) -> None:
        """Answer a file for `git`."""
        text = await (await self.templates()).export(template_name)
        self.set_header("Content-Type", "text/yaml; charset=utf-8")
        self.finish(text)


class TemplateVersionsHandler(TemplateBaseHandler):
    """`templates/{templateName}/versions`."""

    @operation(
        "List all versions of a template, newest first",
        resource="templates",
        action="read",
        answer="TemplateVersions",
        errors=(404,),
    )
    async def get(self, template_name: str) -> Any:
        """Answer them, also those of a template that was deleted."""
        versions = await (await self.templates()).versions(template_name)
        return {"versions": [version.to_json() for version in versions]}


class TemplateVersionHandler(TemplateBaseHandler):
    """`templates/{templateName}/versions/{version}`."""

    @operation(
        "Show one version of a template",
        resource="templates",
        action="read",
        answer="Template",
        errors=(400, 404),
    )
    async def get(self, template_name: str, version: str) -> Any:
        """Answer it, also of a template that was deleted."""
        number = _version(version)
        return (await (await self.templates()).get(template_name, number)).to_json()


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 - SQLite's
        message = f"{text[:80]!r} is not the number of a version; they count from 1"
        raise InvalidRequest(message, "version")
    return int(text)


class TemplateDiffHandler(TemplateBaseHandler):
    """`templates/{templateName}/diff`."""

    @operation(
        "Compare two versions of a template",
        resource="templates",
        action="read",
        query=DiffQuery,
        answer="TemplateDiff",
        errors=(400, 404),
    )
    async def get(self, template_name: str, query: DiffQuery) -> Any:
        """Answer what differs in their YAML."""
        templates = await self.templates()
        after = query.after
        if after is None:
            after = (await templates.versions(template_name))[0].version
        before = max(1, after - 1) if query.before is None else query.before
        return {"diff": await templates.diff(template_name, before, after)}


class TemplateRestoreHandler(TemplateBaseHandler):
    """`templates/{templateName}/restore`."""

    @operation(
        "Make an earlier version of a template the newest one",
        resource="templates",
        action="write",
        body=RestoreRequest,
        answer="Template",
        errors=(400, 404, 413, 503),
    )
    async def post(self, template_name: str, body: RestoreRequest) -> Any:
        """Store it once more, also of a template that was deleted."""
        return (await (await self.templates()).restore(template_name, body.version)).to_json()


class TemplateRunsHandler(TemplateBaseHandler):
    """`templates/{templateName}/runs`."""

    @operation(
        "Run a template (JSON or YAML)",
        resource="runs",
        action="execute",
        body=TemplateRunRequest,
        parsed=False,
        answer="Run",
        status=201,
        errors=(400, 404, 409, 413, 503),
    )
    async def post(self, template_name: str) -> Any:
        """Fill it in, and queue a run of it."""
        body = parse(TemplateRunRequest, await self.document_body())
        templates = await self.templates()
        run = await templates.run(
            template_name,
            body.params,
            version=body.version,
            display_name=body.display_name,
            experiment=body.experiment,
            tags=body.tags,
            run_id=body.run_id,
        )
        return run.to_json()
