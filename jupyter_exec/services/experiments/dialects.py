"""Environments from Azure ML's words to Submarine's, and back (floor: services)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_exec.model.environment import DockerSection, EnvironmentDefinition, PythonSection
from jupyter_exec.model.experiment import EnvironmentSpec, KernelSpec

if TYPE_CHECKING:
    from collections.abc import Mapping


def python_of(spec: EnvironmentSpec | None) -> PythonSection | None:
    """Return the packages of Submarine's environment; None where it has none."""
    if spec is None or spec.kernel_spec is None:
        return None
    kernel = spec.kernel_spec
    pip = kernel.pip_dependencies or ()
    dependencies: list[Any] = list(kernel.conda_dependencies or ())
    if pip:
        dependencies.append({"pip": list(pip)})
    if not dependencies:
        return None
    channels = {"channels": list(kernel.channels)} if kernel.channels else {}
    return PythonSection(
        user_managed_dependencies=False,
        conda_dependencies={**channels, "dependencies": dependencies},
    )


def definition_of(spec: EnvironmentSpec, version: str | None) -> EnvironmentDefinition:
    """Return Submarine's environment in Azure ML's words."""
    image = spec.image or spec.docker_image
    docker = DockerSection(enabled=True, base_image=image) if image else DockerSection()
    python = python_of(spec) or PythonSection()
    return EnvironmentDefinition(name=spec.name, version=version, docker=docker, python=python)


def spec_of(name: str, definition: EnvironmentDefinition) -> EnvironmentSpec:
    """Return what Submarine's experiments can use of an environment: its image, its packages."""
    docker = definition.docker
    image = docker.base_image if docker.enabled and docker.base_image else None
    kernel = _kernel_of(name, definition.python.conda_dependencies or {})
    has_packages = bool(kernel.conda_dependencies or kernel.pip_dependencies)
    return EnvironmentSpec(
        name=name,
        docker_image=image,
        image=image,
        kernel_spec=kernel if has_packages or image is None else None,
    )


def _kernel_of(name: str, conda: Mapping[str, Any]) -> KernelSpec:
    values = {key.casefold(): value for key, value in conda.items()}
    lines: list[str] = []
    packages: list[str] = []
    dependencies = values.get("dependencies")
    for line in dependencies if isinstance(dependencies, list) else []:
        if isinstance(line, str):
            lines.append(line)
        elif isinstance(line, dict) and isinstance(line.get("pip"), list):
            packages += [str(package) for package in line["pip"]]
    return KernelSpec(
        name=name,
        channels=[str(channel) for channel in values.get("channels") or []],
        conda_dependencies=lines,
        pip_dependencies=packages,
    )
