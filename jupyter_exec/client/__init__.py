"""The verbs from outside: a Python client of the server (floor: client).

`httpx` is imported with the names that need it, so that reading options costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_exec.client.api import ExecClient, connect
    from jupyter_exec.client.listing import Runs
    from jupyter_exec.client.run import Run
    from jupyter_exec.client.session import NoServer
    from jupyter_exec.client.sweep import Sweep, choice, loguniform, uniform
    from jupyter_exec.client.template import Template
    from jupyter_exec.client.templates import Templates
    from jupyter_exec.client.values import Output, RunError

__all__ = [
    "ExecClient",
    "NoServer",
    "Output",
    "Run",
    "RunError",
    "Runs",
    "Sweep",
    "Template",
    "Templates",
    "choice",
    "connect",
    "loguniform",
    "uniform",
]

_HOMES = {
    "ExecClient": "api",
    "NoServer": "session",
    "Output": "values",
    "Run": "run",
    "RunError": "values",
    "Runs": "listing",
    "Sweep": "sweep",
    "Template": "template",
    "Templates": "templates",
    "choice": "sweep",
    "connect": "api",
    "loguniform": "sweep",
    "uniform": "sweep",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for (PEP 562)."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"jupyter_exec.client.{_HOMES[name]}"), name)
    message = f"module 'jupyter_exec.client' has no attribute {name!r}"
    raise AttributeError(message)
