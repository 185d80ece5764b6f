"""Runs from JupyterLab: a cell, a notebook, a script or a folder becomes a run.

This module only holds the version and the hooks that Jupyter Server and IPython look for;
everything else is imported when it is used, so that neither a server start nor `from jupyter_exec
import current_run` pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_exec.client import ExecClient, Run

__version__ = "0.1.0"
__all__ = ["ExecClient", "Run", "__version__", "connect", "load_ipython_extension"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Name the server extension; called by jupyter_server when it looks for extensions."""
    from jupyter_exec.app import ExecApp

    return [{"module": "jupyter_exec.app", "app": ExecApp}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics and how a run is displayed; called by `%load_ext jupyter_exec`."""
    from jupyter_exec import magics
    from jupyter_exec.widgets import display

    magics.register(shell)
    display.register(shell)


def __getattr__(name: str) -> Any:
    """Import the client when it is asked for (PEP 562)."""
    if name in {"ExecClient", "Run", "connect"}:
        from jupyter_exec import client

        return getattr(client, name)
    message = f"module 'jupyter_exec' has no attribute {name!r}"
    raise AttributeError(message)
