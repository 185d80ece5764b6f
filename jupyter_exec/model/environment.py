"""What a run needs to find: Python, variables, Docker, Spark packages (floor: model).

Source: `EnvironmentDefinition` and its sections in the Execution Service API 2019-09-30.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from jupyter_exec.model.sizes import Size
from jupyter_exec.model.wire import Text, WireModel

REGISTRY_PASSWORD = "JUPYTER_EXEC_REGISTRY_PASSWORD"  # noqa: S105 - a variable's name
"""The secret that pulls an image; it is not for the run's processes."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def _variables(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            message = (
                f"{name[:80]!r} is not a variable name: letters, digits and '_', "
                "not beginning with a digit"
            )
            raise ValueError(message)
        if "\0" in value:
            message = f"the value of {name} holds a NUL character"
            raise ValueError(message)
    return variables


def _without_nulls(variables: Any) -> Any:
    if isinstance(variables, Mapping):
        return {name: value for name, value in variables.items() if value is not None}
    return variables


Variables = Annotated[dict[str, Text], BeforeValidator(_without_nulls), AfterValidator(_variables)]


class PythonSection(WireModel):
    """Which Python: that at `interpreter_path`, or one built from `conda_dependencies`.

    `conda_dependencies_file` is azureml-core's; it reads the file itself, and sends what it holds.
    """

    interpreter_path: str | None = None
    user_managed_dependencies: bool | None = None
    conda_dependencies: dict[str, Any] | None = None
    conda_dependencies_file: str | None = None
    base_conda_environment: str | None = None

    @field_validator("conda_dependencies_file")
    @classmethod
    def _is_read_already(cls, file: str, info: ValidationInfo) -> str:
        """Refuse a file of the client's machine in place of its content."""
        unused = info.data.get("user_managed_dependencies") is True
        if file and not unused and info.data.get("conda_dependencies") is None:
            message = (
                f"{file[:200]!r} is not read here, so the run would lack its packages: send the "
                "file's content as condaDependencies (--env FILE does that)"
            )
            raise ValueError(message)
        return file


class ContainerRegistry(WireModel):
    """Where an image is pulled from. The password is used for the pull and stored nowhere."""

    address: str | None = None
    username: str | None = None
    password: Text | None = Field(default=None, exclude=True, repr=False)


class DockerSection(WireModel):
    """The container of a run; used where `enabled`, and on targets whose runs all have one.

    `shm_size` is azureml-core's. `shared_volumes` is about the run's folder, which its container
    always sees.
    """

    enabled: bool = False
    base_image: str | None = None
    base_dockerfile: str | None = None
    shared_volumes: bool | None = None
    shm_size: Size | None = None
    arguments: list[Text] = []
    base_image_registry: ContainerRegistry | None = None


class SparkMavenPackage(WireModel):
    """A package by Maven coordinates."""

    group: str | None = None
    artifact: str | None = None
    version: str | None = None


class SparkSection(WireModel):
    """Repositories and packages of a Spark environment."""

    repositories: list[str] = []
    packages: list[SparkMavenPackage] = []
    precache_packages: bool | None = None


class EnvironmentDefinition(WireModel):
    """Everything a run needs to find where it runs."""

    name: str | None = None
    version: Text | None = None
    python: PythonSection = PythonSection()
    environment_variables: Variables = {}
    docker: DockerSection = DockerSection()
    spark: SparkSection = SparkSection()
    inferencing_stack_version: Text | None = None


def without_password(
    environment: EnvironmentDefinition,
) -> tuple[EnvironmentDefinition, dict[str, str]]:
    """Return a definition without the password of its registry, and that as a secret of the run."""
    registry = environment.docker.base_image_registry
    if registry is None or registry.password is None:
        return environment, {}
    bare = registry.model_copy(update={"password": None})
    docker = environment.docker.model_copy(update={"base_image_registry": bare})
    changed = environment.model_copy(update={"docker": docker})
    return changed, {REGISTRY_PASSWORD: registry.password} if registry.password else {}
