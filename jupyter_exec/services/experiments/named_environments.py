"""Environments that have a name: made, looked up, changed, forgotten (floor: services).

An experiment whose `environment.name` names one runs with what it says. Source: the `environment`
routes of Apache Submarine's REST API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.environments.addresses import FIELD, secret_faults
from jupyter_exec.errors import Fault, InvalidRequest, NotFound
from jupyter_exec.store import named_environments as store

if TYPE_CHECKING:
    from jupyter_exec.model.experiment import EnvironmentSpec
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.named_environments import NamedEnvironment

MAX_NAME = 200
_SHOWN = 20


class NamedEnvironments:
    """The verbs on named environments.

    Args:
        server_timestamp: when the server was started, in epoch milliseconds; part of their ids.
    """

    def __init__(self, journal: Journal, server_timestamp: int) -> None:
        self._journal = journal
        self._server_timestamp = server_timestamp

    async def create(self, spec: EnvironmentSpec) -> NamedEnvironment:
        """Store one.

        Raises:
            InvalidRequest: it has no name, none that can be one, or one that is taken; an address
                in it holds a password or a token.
        """
        name = checked_name(spec.name)
        _check_addresses(spec)
        return await self._journal.write(store.insert, self._server_timestamp, name, spec)

    async def get(self, name: str) -> NamedEnvironment:
        """Return one, or raise NotFound."""
        return await self._journal.read(store.get, name)

    async def find(self) -> list[NamedEnvironment]:
        """Return all."""
        return await self._journal.read(store.find)

    async def update(self, name: str, spec: EnvironmentSpec) -> NamedEnvironment:
        """Replace what one is; experiments that have been submitted keep what they got.

        Raises:
            NotFound: there is none.
            InvalidRequest: the spec has another name; an address in it holds a password or a token.
        """
        await self.get(name)
        _check_addresses(spec)
        if spec.name is not None and spec.name != name:
            message = f"an environment keeps its name: it is {name!r}, not {spec.name[:80]!r}"
            raise InvalidRequest(message, "name")
        spec = spec.model_copy(update={"name": name})
        return await self._journal.write(store.update, name, spec)

    async def delete(self, name: str) -> NamedEnvironment:
        """Forget one and return what it was, or raise NotFound."""
        return await self._journal.write(store.delete, name)

    async def resolve(self, spec: EnvironmentSpec | None) -> EnvironmentSpec | None:
        """Return an experiment's environment with what its name stands for; its own words win.

        Raises:
            InvalidRequest: there is no environment of that name.
        """
        if spec is None or not spec.name:
            return spec
        try:
            named = (await self.get(spec.name)).spec
        except NotFound:
            names = [environment.spec.name or "" for environment in (await self.find())[:_SHOWN]]
            message = (
                f"there is no environment {spec.name[:80]!r}; there are: "
                f"{', '.join(names) or 'none'}. Create it with POST environment"
            )
            raise InvalidRequest(message, "environment.name") from None
        own = {name: value for name, value in spec if value is not None}
        return named.model_copy(update=own)


def checked_name(name: str | None) -> str:
    """Return a name that an environment can have.

    Raises:
        InvalidRequest: it is none.
    """
    if name is None or not name.strip() or len(name) > MAX_NAME:
        message = f"an environment needs a name of 1 to {MAX_NAME} characters"
        raise InvalidRequest(message, "name")
    if "/" in name or name in {".", ".."} or not name.isprintable():
        message = f"{name!r} cannot be the name of an environment: no slash, no control characters"
        raise InvalidRequest(message, "name")
    return name


def _check_addresses(spec: EnvironmentSpec) -> None:
    """Raise InvalidRequest for channels that hold what must not be stored."""
    if spec.kernel_spec is None:
        return
    kernel = spec.kernel_spec
    lines = {"channels": kernel.channels, "dependencies": kernel.conda_dependencies}
    faults = secret_faults(lines)
    if faults:
        ours = {"channels": "kernelSpec.channels", "dependencies": "kernelSpec.condaDependencies"}
        named = []
        for fault in faults:
            section, bracket, index = (fault.target or "").removeprefix(f"{FIELD}.").partition("[")
            named.append(Fault(f"{ours[section]}{bracket}{index}", fault.message))
        raise InvalidRequest.of(named)
