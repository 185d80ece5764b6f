"""`%%submit`, `%submit` and `%runs` (floor: magics, above client, model and errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Register the magics and their Tab completion; called by `%load_ext jupyter_exec`."""
    from jupyter_exec.magics import completion
    from jupyter_exec.magics.submit import ExecMagics

    magics = ExecMagics(shell)
    shell.register_magics(magics)
    completion.register(shell, magics)
