"""`%%submit`, `%runs`, `%template` and their kin (floor: magics, above client, model, errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def register(shell: InteractiveShell) -> None:
    """Register the magics and their Tab completion; called by `%load_ext jupyter_exec`."""
    from jupyter_exec.magics import completion
    from jupyter_exec.magics.submit import ExecMagics
    from jupyter_exec.magics.template import completion as template_completion
    from jupyter_exec.magics.template.known import KnownTemplates
    from jupyter_exec.magics.template.magic import TemplateMagics
    from jupyter_exec.magics.tensorboard import TensorBoardMagics

    magics = ExecMagics(shell)
    known = KnownTemplates(magics.asked)
    shell.register_magics(magics, TemplateMagics(shell, magics, known))
    shell.register_magics(TensorBoardMagics(shell, magics))
    completion.register(shell, magics)
    template_completion.register(shell, known)
