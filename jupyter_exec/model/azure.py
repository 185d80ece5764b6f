"""What Azure ML's clients say twice or in another place than the contract (floor: model; pure).

Source: the run configuration of azureml-core 1.61, as it goes over the wire: `docker.useDocker`,
its arguments and `environmentVariables` lie beside the environment as well as in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_exec.model.lenient import fold

_OF_DOCKER = ("arguments", "sharedVolumes", "shmSize")


def normalised(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a definition with everything where the contract has it; the argument is left alone."""
    configuration = _section(definition, "configuration")
    if configuration is None:
        return definition
    environment = _section(configuration, "environment")
    docker = _section(configuration, "docker") or {}
    variables = _section(configuration, "environmentVariables")
    if environment is None and _value(configuration, "environment") is not None:
        return definition  # not an object: the parser tells
    changed = dict(environment or {})
    if _value(docker, "useDocker") is True:
        section = dict(_section(changed, "docker") or {})
        for name in _OF_DOCKER:
            if _value(docker, name) and not _value(section, name):
                section = _with(section, name, _value(docker, name))
        changed = _with(changed, "docker", _with(section, "enabled", value=True))
    if variables:
        own = _section(changed, "environmentVariables") or {}
        changed = _with(changed, "environmentVariables", {**own, **variables})
    if changed == (environment or {}):
        return definition
    return _with(definition, "configuration", _with(configuration, "environment", changed))


def _value(values: Mapping[str, Any], name: str) -> Any:
    found = [value for key, value in values.items() if fold(str(key)) == fold(name)]
    return next((value for value in found if value is not None), None)


def _section(values: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = _value(values, name)
    return value if isinstance(value, Mapping) else None


def _with(values: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {
        **{key: old for key, old in values.items() if fold(str(key)) != fold(name)},
        name: value,
    }
