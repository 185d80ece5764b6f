"""The seam for environments (floor: environments).

Named in the entry-point group `jupyter_exec.environments`; `services/execution.py` asks `choose`
which one a definition means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.conda_dependencies import needs_conda

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_exec.errors import Fault
    from jupyter_exec.model.container import Container
    from jupyter_exec.model.environment import EnvironmentDefinition
    from jupyter_exec.model.job import Mount


@dataclass(frozen=True)
class EnvironmentRequest:
    """What an environment is prepared for.

    Attributes:
        definition: what was asked.
        log: file that the output of a build goes to, as it comes.
        recorded: what `PreparedEnvironment.record` was for the run that this one repeats, or for
            an earlier attempt; the same versions are used again. None = resolve anew.
        images: further images that roles of the job name, as they name them.
        secrets: variable -> value; such as the password of a registry. Stored and logged nowhere.
    """

    definition: EnvironmentDefinition
    log: Path
    recorded: Mapping[str, Any] | None = None
    images: frozenset[str] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class PreparedEnvironment:
    """What is there when a run may start.

    Attributes:
        python: absolute path of the interpreter, as the run's processes see it; "" where an image
            has none, which is enough for a command that needs none.
        record: plain JSON that says what exactly was used (kept with the run and shown): `hash`,
            `lock` and what else the way to make it needs to make it again.
        container: set where the run goes into a container.
        images: image that a role names -> what the engine calls it.
        mounts: what of this machine the processes need for it.
    """

    python: str
    record: Mapping[str, Any] = field(default_factory=dict)
    container: Container | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()


class Environment(ABC):
    """A way to give a run its Python.

    Args:
        root: folder where built environments are kept, by content hash.
        engine_url: where the container engine of the run's target listens; None = it has none.

    Attributes:
        python_downloads: whether a Python that is not on this machine may be downloaded.
    """

    python_downloads = True

    def __init__(self, root: Path, engine_url: str | None = None) -> None:
        self.root = root
        self.engine_url = engine_url

    @abstractmethod
    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return what is wrong, as far as it can be told without building."""

    @abstractmethod
    async def prepare(self, request: EnvironmentRequest) -> PreparedEnvironment:
        """Build the environment, or find it built.

        Raises:
            RunFailed: it cannot be built; the message is one line that names the cause.
        """


def choose(definition: EnvironmentDefinition, engine_url: str | None = None) -> str:
    """Return the entry-point name of the environment that a definition asks for.

    Args:
        engine_url: of the target that the run goes to; every run of one that has it is contained.
    """
    python = definition.python
    if engine_url is not None:
        return "image"
    if python.user_managed_dependencies is not False:
        return "system"
    if python.base_conda_environment or needs_conda(python.conda_dependencies or {}):
        return "conda"
    return "venv" if python.conda_dependencies else "system"
