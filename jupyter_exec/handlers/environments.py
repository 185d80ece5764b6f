"""`environments`, what is below it, `environment-drafts`, `runs/{runId}/environment`.

Floor: handlers.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from pydantic import Field

from jupyter_exec.client.environment import environment_section
from jupyter_exec.client.project_files import is_project_file
from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.run import environment_json, images_json
from jupyter_exec.model.wire import Number, Whole, WireModel


class CollectRequest(WireModel):
    """Which built environments are to go; what is not given is as the operator has set it."""

    max_age_days: Annotated[Number, Field(ge=0, allow_inf_nan=False)] | None = None
    max_bytes: Annotated[Whole, Field(ge=0, le=2**62)] | None = None
    dry_run: bool = False


class EnvironmentsHandler(ExecHandler):
    """`environments`."""

    @operation(
        "List environments: those that have a name, and those that are built",
        resource="environments",
        action="read",
        answer="EnvironmentList",
    )
    async def get(self) -> Any:
        """Answer all of both."""
        environments = (await self.house()).environments
        return {"named": await environments.named(), "built": await environments.built()}


class CollectHandler(ExecHandler):
    """`environments/collect`."""

    @operation(
        "Remove built environments that nobody uses",
        resource="environments",
        action="write",
        body=CollectRequest,
        answer="CollectedEnvironments",
        errors=(400, 503),
    )
    async def post(self, body: CollectRequest) -> Any:
        """Answer which ones are gone."""
        house = await self.house()
        gone = await house.environments.collect(
            body.max_age_days, body.max_bytes, dry_run=body.dry_run
        )
        return {"environments": gone}


class ProjectFileRequest(WireModel):
    """A `pyproject.toml`, `uv.lock` or `pylock.toml` below the server's root."""

    path: str


class EnvironmentDraftsHandler(ExecHandler):
    """`environment-drafts`."""

    @operation(
        "Read what a project, or its lock, needs, as the environment of a run",
        resource="environments",
        action="write",
        body=ProjectFileRequest,
        answer="EnvironmentDraft",
        errors=(400, 404),
    )
    async def post(self, body: ProjectFileRequest) -> Any:
        """Answer what `%%submit --env` makes of the same file; nothing is stored."""
        file = (await self.house()).sourcing.inside(body.path, "path")
        if not is_project_file(file):
            message = f"{body.path[:200]} is neither a pyproject.toml, a uv.lock nor a pylock.toml"
            raise InvalidRequest(message, "path")
        try:
            return {"environment": await asyncio.to_thread(environment_section, file)}
        except InvalidRequest as error:
            message = error.message.replace(str(file), body.path).replace(f"{file.parent}/", "")
            raise InvalidRequest(message, "path") from error


class RunEnvironmentHandler(ExecHandler):
    """`runs/{runId}/environment`."""

    @operation(
        "Show the environment of a run, with its lock and its images",
        resource="runs",
        action="read",
        answer="RunLock",
        errors=(404,),
    )
    async def get(self, run_id: str) -> Any:
        """Answer every package that it has, which a repetition gets again."""
        run = await (await self.house()).runs.get(run_id)
        shown = environment_json(run.environment)
        if run.environment is None or shown is None:
            message = f"run {run_id} has no environment of its own, or not yet"
            raise NotFound(message, "runId")
        lock = run.environment.get("lock")
        return {**shown, "lock": lock, "images": images_json(run.environment)}
