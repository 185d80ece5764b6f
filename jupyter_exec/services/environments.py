"""Environments, named and built: listed, registered, collected (floor: services)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.collection import (
    JUST_USED_S,
    BuiltEnvironment,
    built,
    collect,
)
from jupyter_exec.errors import InvalidRequest, ReadOnly
from jupyter_exec.model.environment import EnvironmentDefinition, without_password
from jupyter_exec.model.run import isoformat
from jupyter_exec.model.wire import parse
from jupyter_exec.services.experiments.dialects import definition_of, spec_of
from jupyter_exec.services.experiments.named_environments import checked_name
from jupyter_exec.store import named_environments, used_environments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.model.definition import RunDefinition
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.store.named_environments import NamedEnvironment
    from jupyter_exec.store.paths import DataPaths

DAY_S = 86_400.0
OTHER_SERVER = "another server owns the data directory; ask that one"


@dataclass(frozen=True)
class EnvironmentLimits:
    """How long, and how many, built environments are kept.

    Attributes:
        max_age_days: since one was last used.
        max_bytes: of all of them together.
    """

    max_age_days: float = 30.0
    max_bytes: int = 20 * 2**30


class EnvironmentService:
    """The verbs on environments.

    Args:
        writable: False where another server owns the data directory.
        server_timestamp: when the server was started, in epoch milliseconds; part of their ids.
    """

    def __init__(
        self,
        journal: Journal,
        paths: DataPaths,
        limits: EnvironmentLimits,
        server_timestamp: int,
        *,
        writable: bool,
    ) -> None:
        self._journal = journal
        self._root = paths.environments
        self._limits = limits
        self._writable = writable
        self._server_timestamp = server_timestamp

    async def named(self) -> list[dict[str, Any]]:
        """Return every version of all named environments."""
        found = await self._journal.read(named_environments.versions)
        return [_named_json(one) for one in found]

    async def built(self) -> list[dict[str, Any]]:
        """Return the built ones, with the runs that use them."""
        return await self._json(await asyncio.to_thread(built, self._root))

    async def collect(
        self,
        max_age_days: float | None = None,
        max_bytes: int | None = None,
        *,
        dry_run: bool = False,
    ) -> list[dict[str, Any]]:
        """Take away built environments and images that are old or too many.

        None that a going run needs, and of images only those that were built from Dockerfiles.

        Args:
            max_age_days: of those that stay; None = the operator's.
            max_bytes: the same.
            dry_run: only tell which would go.

        Raises:
            ReadOnly: another server owns the data directory.
        """
        if not self._writable:
            raise ReadOnly(OTHER_SERVER)
        limits = self._limits
        days = limits.max_age_days if max_age_days is None else max_age_days
        most = limits.max_bytes if max_bytes is None else max_bytes
        spare_after = time.time()
        if await self._journal.read(used_environments.is_preparing):
            spare_after -= JUST_USED_S
        in_use = await self._journal.read(used_environments.in_use)
        gone = await asyncio.to_thread(
            collect,
            self._root,
            in_use,
            days * DAY_S,
            most,
            spare_after=spare_after,
            dry_run=dry_run,
        )
        return await self._json(gone)

    async def _json(self, environments: Sequence[BuiltEnvironment]) -> list[dict[str, Any]]:
        answers = []
        for one in environments:
            image = one.image.tag if one.image is not None else None
            if image is None:
                users = await self._journal.read(used_environments.users, one.hash)
            else:
                users = await self._journal.read(used_environments.users_of_image, image)
            answers.append(
                {
                    "hash": one.hash,
                    "kind": one.kind,
                    "python": one.python,
                    "image": image,
                    "sizeBytes": one.size_bytes,
                    "builtAt": isoformat(one.built_at),
                    "lastUsedAt": isoformat(one.used_at),
                    "runs": users.total,
                    "usedBy": users.newest,
                }
            )
        return answers

    async def register(self, definition: EnvironmentDefinition) -> None:
        """Keep what a run calls by name and version, unless that is known, or can be no name."""
        if not _says_what(definition):
            return
        try:
            name = checked_name(definition.name)
        except InvalidRequest:
            return
        version = definition.version or ""
        known = await self._journal.read(named_environments.versions)
        if any(one.spec.name == name and one.version == version for one in known):
            return
        spec = spec_of(name, definition)
        content = definition.to_json()
        await self._journal.write(
            named_environments.register, self._server_timestamp, spec, version, content
        )

    async def completed(self, definition: RunDefinition) -> RunDefinition:
        """Return a definition whose environment is only a name with what that name stands for.

        Raises:
            InvalidRequest: nobody has registered an environment of that name and version, or it is
                another one.
        """
        asked = definition.configuration.environment
        if asked.name is None:
            return definition
        known = await self._journal.read(named_environments.versions)
        if _says_what(asked):
            _check_version(asked, known)
            return definition
        found = [one for one in known if one.spec.name == asked.name]
        if asked.version:
            found = [one for one in found if one.version == asked.version]
        if not found:
            version = f" version {asked.version!r}" if asked.version else ""
            names = sorted({one.spec.name or "" for one in known})
            message = (
                f"there is no environment {asked.name[:80]!r}{version}; there are: "
                f"{', '.join(names[:20]) or 'none yet'}. Name one, or say what is in it"
            )
            raise InvalidRequest(message, "configuration.environment.name")
        registered = _registered(found[-1])
        variables = {**registered.environment_variables, **asked.environment_variables}
        environment = registered.model_copy(update={"environment_variables": variables})
        configuration = definition.configuration.model_copy(update={"environment": environment})
        return definition.model_copy(update={"configuration": configuration})


def _says_what(definition: EnvironmentDefinition) -> bool:
    nothing = EnvironmentDefinition()
    return definition.python != nothing.python or definition.docker != nothing.docker


def _registered(environment: NamedEnvironment) -> EnvironmentDefinition:
    """Return what a name stands for, whichever dialect it was registered in."""
    if environment.definition is None:
        return definition_of(environment.spec, environment.version or None)
    return parse(EnvironmentDefinition, environment.definition)


def _check_version(asked: EnvironmentDefinition, known: Sequence[NamedEnvironment]) -> None:
    """Raise InvalidRequest where name and version are registered, and stand for something else."""
    for one in known:
        if asked.version and (one.spec.name, one.version) == (asked.name, asked.version):
            plain = parse(EnvironmentDefinition, without_password(asked)[0].to_json())
            if _content(plain) != _content(_registered(one)):
                message = (
                    f"environment {one.spec.name!r} version {one.version[:80]!r} is registered "
                    "with other content; give this one another version, or leave the version out"
                )
                raise InvalidRequest(message, "configuration.environment.version")


def _content(definition: EnvironmentDefinition) -> tuple[Any, ...]:
    return definition.python, definition.docker, definition.spark


def _named_json(environment: NamedEnvironment) -> dict[str, Any]:
    return {
        "name": environment.spec.name,
        "version": environment.version or None,
        "environmentId": environment.environment_id,
        "definition": _registered(environment).to_json(),
        "environmentSpec": environment.spec.model_dump(mode="json", by_alias=True),
    }
