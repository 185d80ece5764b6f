"""What we answer about environments and datastores, which runs are provided with (floor: model)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from jupyter_exec.model.answers.events import Answer, Bytes
from jupyter_exec.model.environment import EnvironmentDefinition
from jupyter_exec.model.experiment import EnvironmentSpec


class DatastoreView(Answer):
    """A datastore; `reachable` is null where nobody asked it, `error` says why it is of no use."""

    name: str
    protocol: str | None
    url: str | None
    read_only: bool | None
    reachable: bool | None
    error: str | None


class DatastoreList(Answer):
    """All datastores."""

    datastores: list[DatastoreView]


class NamedEnvironment(Answer):
    """An environment that has a name, one version of it.

    `definition` is what a run's definition called so, or what Submarine's words come to.
    """

    name: str
    version: str | None
    environment_id: str
    definition: EnvironmentDefinition | None
    environment_spec: EnvironmentSpec


class BuiltEnvironment(Answer):
    """An environment or an image that was built; runs that ask for the same use it."""

    hash: str
    kind: Annotated[str, Field(description="venv, conda, image: packages in one; dockerfile")]
    python: Annotated[str | None, Field(description="version; null: an image has what it has")]
    image: Annotated[str | None, Field(description="name of one that was built of a Dockerfile")]
    size_bytes: Bytes
    built_at: AwareDatetime
    last_used_at: AwareDatetime
    runs: Annotated[int, Field(ge=0, description="how many have used it")]
    used_by: Annotated[list[str], Field(description="ids of the newest of them")]


class EnvironmentList(Answer):
    """The environments that have a name, and those that are built."""

    named: list[NamedEnvironment]
    built: list[BuiltEnvironment]


class EnvironmentDraft(Answer):
    """What a file says that a run needs, as a part of its definition."""

    environment: EnvironmentDefinition


class CollectedEnvironments(Answer):
    """The built environments that were taken away, or would be."""

    environments: list[BuiltEnvironment]


PROVISION_ANSWERS: tuple[type[Answer], ...] = (
    CollectedEnvironments,
    DatastoreList,
    EnvironmentDraft,
    EnvironmentList,
)
