"""What was asked, in Submarine's words: an experiment and its roles (floor: model).

Source: `ExperimentSpec` of Apache Submarine 0.8's REST API. Numbers are text in that API wherever a
template may hold a placeholder; `replicas` is the one that is a number once it is filled in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, model_validator

from jupyter_exec.model.documents import literal
from jupyter_exec.model.environment import Variables
from jupyter_exec.model.git_url import GitUrl, parse_git_url
from jupyter_exec.model.resources import known_resources, needed
from jupyter_exec.model.wire import Text, WireModel, one_of

if TYPE_CHECKING:
    from jupyter_exec.model.job import Resources

FRAMEWORKS: dict[str, tuple[str, ...]] = {
    "TensorFlow": ("Ps", "Worker", "Chief", "Master", "Evaluator"),
    "PyTorch": ("Master", "Worker"),
    "XGBoost": ("Master", "Worker"),
}
CREDENTIALS = ("JUPYTER_EXEC_GIT_USERNAME", "JUPYTER_EXEC_GIT_PASSWORD")
"""Secrets that are for fetching the code, not for the run's processes."""
PLACEHOLDER = re.compile(r"\{\{((?:(?!\{\{|\}\}).)+)\}\}", re.DOTALL)


def has_placeholder(value: Any) -> bool:
    """Tell whether a leaf waits to be filled in by a template."""
    return isinstance(value, str) and PLACEHOLDER.search(value) is not None


def _count(value: Any) -> Any:
    if has_placeholder(value):
        return value
    text = str(literal(value))
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,15}", text, re.ASCII) or int(text) < 1:
        shown = text if isinstance(value, bool) else repr(text[:80])
        message = f"{shown} is not a number of replicas: give a whole number from 1"
        raise ValueError(message)
    return int(text)


Count = Annotated[
    int,
    PlainValidator(_count, json_schema_input_type=int | str),
    PlainSerializer(lambda count: count),
]
"""A number; in a template it may also be the text of a placeholder."""


def parse_resources(text: str) -> dict[str, str]:
    """Split `cpu=1,memory=1024M,nvidia.com/gpu=1` into its parts; placeholders stay.

    Raises:
        ValueError: parts that are not `name=value`, or not one of the three; all of them.
    """
    pairs: list[tuple[str, str]] = []
    problems: list[str] = []
    for part in text.split(","):
        name, equals, value = (word.strip() for word in part.partition("="))
        if equals:
            pairs.append((name, value))
        else:
            example = "give for example cpu=1,memory=1024M"
            problems.append(f"{part[:80]!r} is not name=value; {example}")
    try:
        known = known_resources(pairs)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise ValueError("; ".join(problems[:10]))
    return known


def _check_amounts(parts: dict[str, str]) -> None:
    needed({name: value for name, value in parts.items() if not has_placeholder(value)})


def _check_resources(text: str | None) -> str | None:
    if text:
        _check_amounts(parse_resources(text))
    return text


class KernelSpec(WireModel):
    """Packages of an environment."""

    name: str | None = None
    channels: list[str] | None = None
    conda_dependencies: list[str] | None = None
    pip_dependencies: list[str] | None = None


class EnvironmentSpec(WireModel):
    """What the processes find: an image, or packages; or the name of a stored environment."""

    name: str | None = None
    docker_image: str | None = None
    kernel_spec: KernelSpec | None = None
    description: str | None = None
    image: str | None = None


class ExperimentMeta(WireModel):
    """What all roles share."""

    name: str | None = None
    namespace: str | None = "default"
    framework: str | None = None
    cmd: str | None = None
    env_vars: Variables | None = None
    tags: list[str] | None = None
    experiment_id: str | None = None


class TaskSpec(WireModel):
    """One role: equal processes. Its own `cmd`, `image` and `envVars` replace those of the meta."""

    replicas: Count = 1
    resources: Annotated[str | None, AfterValidator(_check_resources)] = None
    name: str | None = None
    image: str | None = None
    cmd: str | None = None
    env_vars: Variables | None = None
    resource_map: dict[str, Text] | None = None

    @model_validator(mode="after")
    def _one_account_of_resources(self) -> TaskSpec:
        """Let `resources` and `resourceMap` say the same.

        A client that changes the text sends the map back as it was answered, so the text wins.
        """
        if self.resources:
            parts = parse_resources(self.resources)
        else:
            parts = known_resources((self.resource_map or {}).items())
            _check_amounts(parts)
            self.resources = ",".join(f"{name}={value}" for name, value in parts.items()) or None
        self.resource_map = parts or None
        return self

    def need(self) -> Resources:
        """Return the need of one replica.

        Raises:
            ValueError: something waits to be filled in, or is no quantity.
        """
        if has_placeholder(self.replicas):
            message = f"replicas={self.replicas} was not filled in"
            raise ValueError(message)
        return needed(self.resource_map or {})


class GitCode(WireModel):
    """A repository, and how to get in; name and password are never stored."""

    url: str | None = None
    branch: str | None = None
    username: str | None = None
    password: str | None = None
    trust_certs: bool | None = None


class CodeSpec(WireModel):
    """Code that is fetched before the roles start, to `$CODE_PATH/current`."""

    sync_mode: Annotated[str, one_of(["git"])] = "git"
    url: str | None = None
    git: GitCode | None = None

    @property
    def address(self) -> str | None:
        """The repository's URL, wherever it was given."""
        return (self.git.url if self.git else None) or self.url

    @property
    def branch(self) -> str | None:
        """The branch or tag that was asked for."""
        return (self.git.branch if self.git else None) or None


def without_credentials(code: CodeSpec) -> tuple[CodeSpec, dict[str, str]]:
    """Return the code without user name and password, and these by their names in `CREDENTIALS`.

    A user name of ssh stays: it is part of the address, and no way in. What is no address stays as
    it is, for the launcher's faults to name.
    """
    git = code.git or GitCode()
    ours, theirs = _address(git.url), _address(code.url)
    found: dict[str, str] = {}
    for pair in (git, ours, theirs):
        for variable, value in zip(CREDENTIALS, (pair.username, pair.password), strict=True):
            if value:
                found.setdefault(variable, value)
    changes: dict[str, Any] = {"url": theirs.url or None}
    if code.git is not None:
        bare = {"url": ours.url or None, "username": None, "password": None}
        changes["git"] = code.git.model_copy(update=bare)
    return code.model_copy(update=changes), found


def _address(url: str | None) -> GitUrl:
    try:
        return parse_git_url(url or "")
    except ValueError:
        return GitUrl("", url or "")


class ExperimentSpec(WireModel):
    """What was asked, whole."""

    meta: ExperimentMeta
    environment: EnvironmentSpec | None = None
    spec: Annotated[dict[str, TaskSpec], Field(min_length=1)]
    code: CodeSpec | None = None
    experiment_handler_spec: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _known_framework(self) -> ExperimentSpec:
        """Write the framework and its roles in their own letter case; refuse others."""
        word = self.meta.framework or ""
        if has_placeholder(word):
            return self
        names = {name.casefold(): name for name in FRAMEWORKS}
        name = names.get(word.casefold())
        if name is None:
            message = f"meta.framework {word[:80]!r} is not one of {', '.join(FRAMEWORKS)}"
            raise ValueError(message)
        roles = {role.casefold(): role for role in FRAMEWORKS[name]}
        strangers = [repr(role[:80]) for role in self.spec if role.casefold() not in roles]
        if strangers:
            message = (
                f"spec: {name} has no role {', '.join(strangers[:5])}; "
                f"its roles: {', '.join(FRAMEWORKS[name])}"
            )
            raise ValueError(message)
        self.meta.framework = name
        self.spec = {roles[role.casefold()]: task for role, task in self.spec.items()}
        return self

    def to_wire(self) -> dict[str, Any]:
        """Return it as Submarine answers: nulls kept."""
        return self.model_dump(mode="json", by_alias=True)
