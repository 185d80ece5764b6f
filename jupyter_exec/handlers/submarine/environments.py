"""Submarine's environments: `environment`, `environment/{environment}` (floor: handlers).

Source: `EnvironmentRestApi` of Apache Submarine 0.8; its `{id}` is the environment's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_exec.handlers.base import operation
from jupyter_exec.handlers.submarine.base import SubmarineHandler, enveloped
from jupyter_exec.model.experiment import EnvironmentSpec
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from jupyter_exec.services.experiments.named_environments import NamedEnvironments
    from jupyter_exec.store.named_environments import NamedEnvironment


def _view(environment: NamedEnvironment) -> dict[str, Any]:
    spec = environment.spec.model_dump(mode="json", by_alias=True)
    return {"environmentId": environment.environment_id, "environmentSpec": spec}


class _EnvironmentHandler(SubmarineHandler):
    async def environments(self) -> NamedEnvironments:
        """Return the service."""
        return (await self.house()).experiments.environments

    async def environment_body(self) -> EnvironmentSpec:
        """Return what an environment is to be, or raise InvalidRequest."""
        return parse(EnvironmentSpec, await self.spec_body("environmentSpec", "name"))


class SubmarineEnvironmentsHandler(_EnvironmentHandler):
    """`environment`: list and create."""

    @operation(
        "Submarine: list all environments",
        resource="environments",
        action="read",
        answer="SubmarineEnvironmentList",
    )
    async def get(self) -> Any:
        """Answer every environment."""
        return enveloped([_view(found) for found in await (await self.environments()).find()])

    @operation(
        "Submarine: create an environment (JSON or YAML)",
        resource="environments",
        action="write",
        body=EnvironmentSpec,
        parsed=False,
        answer="SubmarineEnvironment",
        errors=(400, 413, 503),
    )
    async def post(self) -> Any:
        """Store an environment under a name that is not taken."""
        spec = await self.environment_body()
        return enveloped(_view(await (await self.environments()).create(spec)))


class SubmarineEnvironmentHandler(_EnvironmentHandler):
    """`environment/{environment}`: show, change, delete."""

    @operation(
        "Submarine: show an environment",
        resource="environments",
        action="read",
        answer="SubmarineEnvironment",
        errors=(404,),
    )
    async def get(self, environment: str) -> Any:
        """Answer one."""
        return enveloped(_view(await (await self.environments()).get(environment)))

    @operation(
        "Submarine: change an environment (JSON or YAML); what GET answers may be sent back",
        resource="environments",
        action="write",
        body=EnvironmentSpec,
        parsed=False,
        answer="SubmarineEnvironment",
        errors=(400, 404, 413, 503),
    )
    async def patch(self, environment: str) -> Any:
        """Replace what it is; it keeps its name."""
        environments = await self.environments()
        await environments.get(environment)
        spec = await self.environment_body()
        return enveloped(_view(await environments.update(environment, spec)))

    @operation(
        "Submarine: delete an environment",
        resource="environments",
        action="write",
        answer="SubmarineEnvironment",
        errors=(404, 503),
    )
    async def delete(self, environment: str) -> Any:
        """Forget it, and answer what it was."""
        return enveloped(_view(await (await self.environments()).delete(environment)))
