"""Words that a person types, turned into a run configuration (floor: client).

The magics, the command line and `ExecClient.submit` share these, so `-p lr=0.1` or `--time-limit
2h` mean the same everywhere. Names and shapes follow `jupyter_exec.model.definition`; the server
has the last word on every value.
"""

from __future__ import annotations

import getpass
import json
import math
import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.environment import environment_section
from jupyter_exec.client.frameworks import framework_section
from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "configuration",
    "environment_section",
    "parse_duration",
    "parse_parameter",
    "parse_parameters",
    "parse_tag",
    "parse_tags",
    "parse_value",
    "split_words",
]

_NUMBER = re.compile(r"^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$")
_WORDS = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
}
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT_NAMES = {
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "min": "m",
    "mins": "m",
    "minute": "m",
    "minutes": "m",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "w",
    "weeks": "w",
}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _no_constant(text: str) -> float:
    raise ValueError(text)


def parse_value(text: str) -> Any:
    """Read a value: a number, true, false, null, JSON in brackets or quotes; else the text itself.

    `007`, `1_000`, `nan` and `hello` are text; `"5"` with its quotes is the text 5.
    """
    bare = text.strip()
    if bare in _WORDS:
        return _WORDS[bare]
    try:
        if _NUMBER.match(bare):
            return int(bare) if re.fullmatch(r"[+-]?\d+", bare) else _finite(bare)
        if bare[:1] in {"[", "{", '"'}:
            return json.loads(bare, parse_constant=_no_constant, parse_float=_finite)
    except ValueError:
        return text
    return text


def _named(text: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name:
        raise InvalidRequest(f"{text!r} is not name=value; for example: {example}", option)
    return name, value


def parse_parameter(text: str) -> tuple[str, Any]:
    """Read `name=value` of `-p`.

    Raises:
        InvalidRequest: there is no `=` or no name.
    """
    name, value = _named(text, "parameters", "-p lr=0.1")
    return name, parse_value(value)


def parse_parameters(texts: Sequence[str]) -> dict[str, Any]:
    """Read several `name=value`; the last of equal names wins."""
    return dict(parse_parameter(text) for text in texts)


def parse_tag(text: str) -> tuple[str, str]:
    """Read a tag: `name=value`, or `name` alone, whose value is empty. Values stay text."""
    if "=" not in text:
        text += "="
    name, value = _named(text, "tags", "--tag owner=me")
    return name, value.strip()


def parse_tags(texts: Sequence[str]) -> dict[str, str]:
    """Read several tags; the last of equal names wins."""
    return dict(parse_tag(text) for text in texts)


def read_secrets(names: Sequence[str]) -> dict[str, str]:
    """Return the values of secrets by name: of this process's variables, or asked for.

    Values are never part of a command, which shells and notebooks keep.
    """
    # Looked up when it is called: a kernel has its own `getpass.getpass` while a cell runs.
    return {
        name: os.environ[name] if name in os.environ else getpass.getpass(f"{name}: ")
        for name in names
    }


def parse_duration(value: str | float, option: str = "time_limit") -> int:
    """Return whole seconds (rounded up) of `90`, `45s`, `10 min`, `2h`, `1h30m`, `1.5d` or `2w`.

    Raises:
        InvalidRequest: it is none of these.
    """
    text = str(value).strip().lower()
    total, position = 0.0, 0
    for part in _DURATION_PART.finditer(text):
        unit = _UNIT_NAMES.get(part[2], part[2])
        if part.start() != position or unit not in _UNITS_S or (not unit and part[0] != text):
            position = -1
            break
        total += float(part[1]) * _UNITS_S[unit]
        position = part.end()
    if isinstance(value, bool) or not text or position != len(text) or not math.isfinite(total):
        message = f"{value!r} is not a duration: give seconds, or '90s', '10m', '2h', '1h30m', '3d'"
        raise InvalidRequest(message, option)
    return math.ceil(total)


def split_words(values: Sequence[str] | str | None) -> list[str]:
    """Return a list of words from a list, or from text with spaces or commas between them."""
    if values is None:
        return []
    if isinstance(values, str):
        return [word for word in shlex.split(values.replace(",", " ")) if word]
    return [str(value) for value in values]


def configuration(  # noqa: PLR0913 - a run has that many sides, and each is an option
    *,
    script: str | None = None,
    command: Sequence[str] | str | None = None,
    arguments: Sequence[Any] = (),
    parameters: Mapping[str, Any] | None = None,
    target: str | None = None,
    env: Any = None,
    python: str | None = None,
    kernel: str | None = None,
    cpus: float | str | None = None,
    memory: int | str | None = None,
    gpus: int | str | None = None,
    time_limit: str | float | None = None,
    retries: int | str | None = None,
    environment_variables: Mapping[str, Any] | None = None,
    image: str | None = None,
    docker_arguments: Sequence[str] | None = None,
    framework: str | None = None,
    communicator: str | None = None,
    processes: int | str | None = None,
    nodes: int | str | None = None,
) -> dict[str, Any]:
    """Make the `configuration` of a run definition; what is not given is left out.

    Args:
        script: notebook or script inside the source.
        command: instead of a script: argv, or one line for the shell.
        arguments: of the script.
        parameters: of a notebook: name -> JSON value.
        target: compute target.
        env: see `environment_section`.
        python: interpreter where `env` does not say otherwise.
        kernel: name of a kernelspec, for a notebook; then `python` is not used.
        cpus: processors; fractions are fine.
        memory: upper bound: bytes, or text such as `2G`.
        gpus: whole devices.
        time_limit: seconds, or text such as `2h`.
        retries: how often a failed run is tried again.
        environment_variables: set for the run.
        image: of the container that it runs in; its Python is used unless `env` says otherwise.
        docker_arguments: options of `docker run`, for example `["--shm-size", "2g"]`.
        framework, communicator, processes, nodes: see `frameworks.framework_section`.

    Raises:
        InvalidRequest: `env`, `time_limit`, `processes` or `nodes` cannot be read.
    """
    environment = environment_section(env, None if kernel or image else python)
    if image or docker_arguments:
        environment = {**environment, **_container(environment, image, docker_arguments)}
    if environment_variables:
        variables = {**environment.get("environmentVariables", {}), **environment_variables}
        environment = {**environment, "environmentVariables": variables}
    resources = {"cpus": cpus, "memory": memory, "gpus": gpus}
    values: dict[str, Any] = {
        "script": script,
        "command": command if command is None or isinstance(command, str) else list(command),
        "arguments": [str(argument) for argument in arguments] or None,
        "parameters": dict(parameters) if parameters else None,
        "target": target,
        "kernel": kernel,
        "environment": environment or None,
        "resources": {name: value for name, value in resources.items() if value is not None}
        or None,
        "maxRunDurationSeconds": None if time_limit is None else parse_duration(time_limit),
        "retries": retries,
        **framework_section(framework, communicator, processes, nodes, gpus),
    }
    return {name: value for name, value in values.items() if value is not None}


def _container(
    environment: Mapping[str, Any], image: str | None, arguments: Sequence[str] | None
) -> dict[str, Any]:
    """Return what makes a run one in a container."""
    docker: dict[str, Any] = {"enabled": True}
    if image:
        docker["baseImage"] = image
    if arguments:
        docker["arguments"] = list(arguments)
    if "python" in environment:
        return {"docker": docker}
    # Of a run that is repeated: the interpreter that it had is not in the image.
    return {"docker": docker, "python": {"interpreterPath": None}}


def experiment_of(source: object) -> str:
    """Return the experiment that a run belongs to when none is named: its folder's name.

    Args:
        source: a folder, or a file of one; the working folder for anything else.
    """
    path = Path(source) if isinstance(source, str | Path) else Path()
    folder = (path if path.is_dir() else path.parent).resolve().name
    legal = re.sub(r"[^A-Za-z0-9_. -]+", "-", folder)[:200]
    return re.sub(r"^[^A-Za-z0-9]+", "", legal) or "default"
