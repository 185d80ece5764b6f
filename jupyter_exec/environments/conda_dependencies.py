"""Reading `condaDependencies`: Python, pip packages, conda packages (floor: environments; pure).

Source: Azure ML SDK v1's CondaDependencies, which is conda's environment.yml as JSON:
`{"name", "channels", "dependencies": ["python=3.11", "pip", {"pip": ["numpy>=1.26"]}]}`. `name`
means nothing, and neither do `channels` where only pip packages are installed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from jupyter_exec.environments.addresses import FIELD, PLAIN_HTTP, is_plain_http
from jupyter_exec.errors import Fault
from jupyter_exec.model.requirement import canonical_requirement

# [channel::]name, then whatever says which version
_CONDA = re.compile(r"^(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>[^A-Za-z_.-].*)?$")
_LINE = re.compile(
    r"(?:[A-Za-z0-9_.:/\-]+::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.\-]*)"
    r"(?P<version>[ =<>!~][\w .*<>=!~,|^+\-]*)?",
    re.ASCII,
)
_CHANNEL = re.compile(r"^(?:(?:https?|file)://)?[A-Za-z0-9_.:/%+~\-]+$", re.ASCII)
DEFAULT_CHANNELS = ("conda-forge",)
_ANACONDA = "https://repo.anaconda.com/pkgs/"
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
    dependencies = _value(conda, "dependencies")
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


@dataclass(frozen=True)
class CondaSpec:
    """What a conda environment is built from.

    Attributes:
        channels: names or URLs, the first counts most.
        packages: match specs, sorted, each once; one of them names Python.
        requirements: pip requirement specifiers (PEP 508), sorted, each once.
    """

    channels: tuple[str, ...]
    packages: tuple[str, ...]
    requirements: tuple[str, ...]


def needs_conda(conda: Mapping[str, Any]) -> bool:
    """Tell whether any line names a conda package other than Python and pip."""
    lines = _value(conda, "dependencies")
    return any(
        isinstance(line, str) and _name(line) not in {"python", "pip"}
        for line in (lines if isinstance(lines, list) else [])
    )


def read_conda_spec(conda: Mapping[str, Any]) -> tuple[CondaSpec, list[Fault]]:
    """Return what to build with a conda engine, and all that is wrong, with its JSON path."""
    channels, faults = _channels(_value(conda, "channels"))
    packages, requirements = set[str](), set[str]()
    dependencies = _value(conda, "dependencies")
    if dependencies is not None and not isinstance(dependencies, list):
        message = 'must be a list, for example ["python=3.11", "numpy"]'
        return CondaSpec(channels, (), ()), [*faults, Fault(f"{FIELD}.dependencies", message)]
    for index, line in enumerate(dependencies or []):
        path = f"{FIELD}.dependencies[{index}]"
        if not isinstance(line, str):
            found, wrong = _pip_section(line, path)
            requirements |= found
            faults += wrong
        elif _LINE.fullmatch(line.strip()):
            packages.add(" ".join(line.split()))
        else:
            message = (
                f"{line[:100]!r} is not a conda package: give its name and its version, "
                "for example 'numpy>=1.26' or 'conda-forge::numpy=1.26'"
            )
            faults.append(Fault(path, message))
    if "python" not in {_name(line) for line in packages}:
        packages.add("python")
    return CondaSpec(channels, tuple(sorted(packages)), tuple(sorted(requirements))), faults


def _channels(channels: Any) -> tuple[tuple[str, ...], list[Fault]]:
    field = f"{FIELD}.channels"
    if channels is None or channels == []:
        return DEFAULT_CHANNELS, []
    if not isinstance(channels, list):
        return (), [Fault(field, 'must be a list, for example ["conda-forge"]')]
    found: list[str] = []
    faults = []
    for index, channel in enumerate(channels):
        if not isinstance(channel, str) or not _CHANNEL.match(channel.strip()):
            message = "must be a channel's name, or its https:// or file:// URL without a password"
            faults.append(Fault(f"{field}[{index}]", message))
        elif is_plain_http(channel.strip()):
            faults.append(Fault(f"{field}[{index}]", PLAIN_HTTP))
        elif channel.strip() == "defaults":
            found += [f"{_ANACONDA}main", f"{_ANACONDA}r"]
        elif channel.strip() != "nodefaults":
            found.append(channel.strip().rstrip("/"))
    return tuple(dict.fromkeys(found)) or DEFAULT_CHANNELS, faults


def _value(conda: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in conda.items() if key.casefold() == name), None)


def python_field(conda: Mapping[str, Any]) -> str:
    """Return the JSON path of the line that asks for a version of Python."""
    lines = _value(conda, "dependencies")
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
            f"{shown!r} is a conda package, and this server has no conda engine (pip install "
            f'"jupyter_exec[conda]"); name it under pip instead: {{"pip": ["{name or "..."}"]}}'
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
