"""The seam for environments (floor: environments).

Named in the entry-point group `jupyter_exec.environments`; `services/execution.py` asks `choose`
which one a definition means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.errors import Fault
    from jupyter_exec.model.environment import EnvironmentDefinition


@dataclass(frozen=True)
class PreparedEnvironment:
    """What is there when a run may start.

    Attributes:
        python: absolute path of the interpreter.
    """

    python: str


class Environment(ABC):
    """A way to give a run its Python.

    Args:
        root: folder where built environments are kept, by content hash.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def faults(self, definition: EnvironmentDefinition) -> list[Fault]:
        """Return what is wrong, as far as it can be told without building."""

    @abstractmethod
    async def prepare(self, definition: EnvironmentDefinition, log: Path) -> PreparedEnvironment:
        """Build the environment, or find it built.

        Args:
            log: file that the build's output goes to, as it comes.

        Raises:
            RunFailed: it cannot be built; the message is one line that names the cause.
        """


def choose(definition: EnvironmentDefinition) -> str:
    """Return the entry-point name of the environment that a definition asks for."""
    python = definition.python
    if python.user_managed_dependencies is False and python.conda_dependencies:
        return "venv"
    return "system"
