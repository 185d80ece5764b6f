"""Lets a worker of XGBoost wait for the tracker, at the moment when it wants to meet the others.

Python imports this when it starts, since its folder is the first of PYTHONPATH. XGBoost itself
tries three times within seconds, and a tracker may be later than that on a busy machine. The start
of the script does not wait: the tracker starts during its imports, and mostly is there after them.

What is told in `JUPYTER_EXEC_TRACKER` is how many seconds to wait. This module, its folder and that
variable are gone before the script begins; a `sitecustomize` of the environment's own follows.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # importing `typing` costs more than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_TOLD = "JUPYTER_EXEC_TRACKER"
_HOLDS_INIT = "xgboost.collective"
_POLL_S = 0.05
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENS = "0A"  # proc(5): TCP_LISTEN


class Finder:
    """Finds one module as everybody does, has its `init` wait, and is gone.

    Args:
        port: of the tracker.
        limit_s: how long to wait for it.
    """

    def __init__(self, port: int, limit_s: float) -> None:
        self._port = port
        self._limit_s = limit_s

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the module is; None for all others."""
        if name != _HOLDS_INIT:
            return None
        sys.meta_path.remove(self)
        spec = _found(name, path, target)
        loader: Any = spec.loader if spec else None
        if loader is not None:
            execute = loader.exec_module

            def exec_module(module: Any) -> None:
                execute(module)
                module.init = self._waiting(module.init)

            loader.exec_module = exec_module
        return spec

    def _waiting(self, init: Callable[..., Any]) -> Callable[..., Any]:
        from functools import wraps

        @wraps(init)
        def waiting(*arguments: Any, **named: Any) -> Any:
            wait(self._port, self._limit_s)
            return init(*arguments, **named)

        return waiting


def wait(port: int, limit_s: float) -> None:
    """Return when somebody listens at a port of this machine, or nobody can tell.

    Asking by a connection would disturb the tracker.

    Raises:
        TimeoutError: nobody does so far.
    """
    import time

    until = time.monotonic() + limit_s
    while listens(port) is False:
        if time.monotonic() >= until:
            message = (
                f"tracker-0 does not listen after {limit_s:g} s; its log tells more; "
                "startTimeoutSeconds says how long to wait"
            )
            raise TimeoutError(message)
        time.sleep(_POLL_S)


def listens(port: int) -> bool | None:
    """Tell whether somebody listens at a port; None where the system does not say."""
    known = None
    for table in _TABLES:
        try:
            with open(table, encoding="ascii") as lines:
                known = False
                for line in lines:
                    words = line.split()
                    if words[3] == _LISTENS and int(words[1].rpartition(":")[2], 16) == port:
                        return True
        except OSError:  # no Linux, or no IPv6
            continue
    return known


def _leave() -> None:
    """Take this folder out of where modules are looked for, here and in programs that follow."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if folder != here]
    rest = [one for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one != here]
    if any(rest):
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def _found(
    name: str, path: Sequence[str] | None, target: ModuleType | None = None
) -> ModuleSpec | None:
    """Return where those who find modules find one."""
    found = (finder.find_spec(name, path, target) for finder in sys.meta_path)
    return next((spec for spec in found if spec is not None), None)


def _next() -> None:
    """Import the `sitecustomize` that would have been imported without this one."""
    spec = _found("sitecustomize", None)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":
    limit = os.environ.pop(_TOLD, None)
    _leave()
    if limit is not None and os.environ.get("DMLC_TRACKER_URI", "").startswith("127."):
        sys.meta_path.insert(0, Finder(int(os.environ["DMLC_TRACKER_PORT"]), float(limit)))
    _next()
