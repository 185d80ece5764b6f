"""Reading `condaDependencies` without conda: Python and pip packages (floor: environments; pure).

Source: Azure ML SDK v1's CondaDependencies, which is conda's environment.yml as JSON:
`{"name", "channels", "dependencies": ["python=3.11", "pip", {"pip": ["numpy>=1.26"]}]}`. `name` and
`channels` mean nothing where only pip packages are installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from jupyter_exec.errors import Fault

FIELD = "configuration.environment.python.condaDependencies"
LONGEST_REQUIREMENT = 2000

# [channel::]name, then whatever says which version
_CONDA = re.compile(r"^(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>[^A-Za-z_.-].*)?$")
_FUZZY = re.compile(r"^=?\s*(?P<number>\d+(?:\.\d+)*)(?:\.?\*)?$")


@dataclass(frozen=True)
class VenvSpec:
    """What a virtual environment is built from; equal for definitions that mean the same.

    Attributes:
        python: which versions of Python fit; empty = any.
        requirements: pip requirement specifiers (PEP 508), sorted, each once.
    """

    python: str
    requirements: tuple[str, ...]


def read_conda_dependencies(conda: Mapping[str, Any]) -> tuple[VenvSpec, list[Fault]]:
    """Return what to build, and all that is wrong or would need conda, with its JSON path."""
    values = {key.casefold(): value for key, value in conda.items()}
    dependencies = values.get("dependencies")
    python, requirements = SpecifierSet(), set[str]()
    faults: list[Fault] = []
    if dependencies is not None and not isinstance(dependencies, list):
        message = 'must be a list, for example ["python=3.11", {"pip": ["numpy"]}]'
        return VenvSpec("", ()), [Fault(f"{FIELD}.dependencies", message)]
    for index, dependency in enumerate(dependencies or []):
        path = f"{FIELD}.dependencies[{index}]"
        if isinstance(dependency, str):
            versions, fault = _conda_package(dependency)
            if fault is not None:
                faults.append(Fault(path, fault))
            elif versions is not None and _name(dependency) == "pip":
                requirements.add(f"pip{versions}")
            elif versions is not None:
                python &= versions
        else:
            found, wrong = _pip_section(dependency, path)
            requirements |= found
            faults += wrong
    return VenvSpec(str(python), tuple(sorted(requirements))), faults


def python_field(conda: Mapping[str, Any]) -> str:
    """Return the JSON path of the line that asks for a version of Python."""
    lines = next((v for k, v in conda.items() if k.casefold() == "dependencies"), None)
    for index, line in enumerate(lines if isinstance(lines, list) else []):
        if isinstance(line, str) and _name(line) == "python":
            return f"{FIELD}.dependencies[{index}]"
    return f"{FIELD}.dependencies"


def _name(dependency: str) -> str:
    found = _CONDA.match(dependency.strip())
    return found["name"].casefold() if found else ""


def _conda_package(dependency: str) -> tuple[SpecifierSet | None, str | None]:
    """Return the versions of `python` or `pip` that a line allows, or why it cannot be met."""
    name = _name(dependency)
    if name not in {"python", "pip"}:
        shown = dependency[:100]
        return None, (
            f"{shown!r} is a conda package, and this server has no conda engine; "
            f'name it under pip instead: {{"pip": ["{name or "..."}"]}}'
        )
    found = _CONDA.match(dependency.strip())
    version = ((found["version"] if found else None) or "").strip()
    fuzzy = _FUZZY.match(version)
    try:
        return SpecifierSet(f"=={fuzzy['number']}.*" if fuzzy else version), None
    except InvalidSpecifier:
        return None, (
            f"{dependency[:100]!r} is not understood without conda; "
            f"write for example '{name}=3.11' or '{name}>=3.9,<3.13'"
        )


def _pip_section(section: Any, path: str) -> tuple[set[str], list[Fault]]:
    """Return the requirements of one `{"pip": [...]}`, in canonical form."""
    if not isinstance(section, Mapping) or list(section) != ["pip"]:
        message = 'must be a package\'s name and version, or {"pip": [...]}'
        return set(), [Fault(path, message)]
    packages = section["pip"]
    if packages is None:
        return set(), []
    if not isinstance(packages, list):
        message = 'must be a list of requirement specifiers, for example ["numpy>=1.26"]'
        return set(), [Fault(f"{path}.pip", message)]
    requirements: set[str] = set()
    faults: list[Fault] = []
    for index, package in enumerate(packages):
        try:
            requirements.add(canonical_requirement(package))
        except ValueError as error:
            faults.append(Fault(f"{path}.pip[{index}]", str(error)))
    return requirements, faults


def canonical_requirement(package: Any) -> str:
    """Return a requirement specifier (PEP 508) in one spelling.

    Raises:
        ValueError: it is none. pip's options, files and bare paths are none, so that a definition
            cannot choose another package index or read a file of the server.
    """
    if not isinstance(package, str):
        message = "must be a string, for example 'numpy>=1.26'"
        raise ValueError(message)  # noqa: TRY004 - one kind of error for one kind of fault
    shown = package if len(package) <= 100 else package[:100] + "..."  # noqa: PLR2004
    if len(package) > LONGEST_REQUIREMENT or not package.strip().isprintable():
        message = (
            f"{shown!r} is longer than {LONGEST_REQUIREMENT} characters or holds others than text"
        )
        raise ValueError(message)
    try:
        requirement = Requirement(package.strip())
    except InvalidRequirement:
        message = (
            f"{shown!r} is not a requirement specifier; options, files and paths are not taken: "
            "name packages, for example 'numpy>=1.26' or 'mine @ https://host/mine-1.0-py3-none-any.whl'"
        )
        raise ValueError(message) from None
    requirement.name = canonicalize_name(requirement.name)
    return str(requirement)
