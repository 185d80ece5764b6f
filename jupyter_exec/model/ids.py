"""Run ids and experiment names: what is legal, and how we make one (floor: model).

Source: the swagger's `runId` pattern, and the form `{experiment}_{epoch}_{8 hex}` that Azure ML's
own clients use.
"""

from __future__ import annotations

import re
import secrets
import time

from jupyter_exec.errors import InvalidRequest

RUN_ID = re.compile(r"[a-zA-Z0-9][\w-]{0,255}", re.ASCII)
EXPERIMENT = re.compile(r"[a-zA-Z0-9][\w. -]{0,254}", re.ASCII)


def new_run_id(experiment: str) -> str:
    """Make a run id in the clients' own form: `{experiment}_{epoch seconds}_{8 hex digits}`."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", experiment)[:200].lstrip("_-") or "run"
    return f"{name}_{int(time.time())}_{secrets.token_hex(4)}"


def _short(text: str, length: int = 64) -> str:
    return text if len(text) <= length else text[:length] + "..."


def check_run_id(run_id: str, target: str = "runId") -> str:
    """Return the id, or raise InvalidRequest naming the pattern it breaks."""
    if not RUN_ID.fullmatch(run_id):
        shown = _short(run_id)
        message = (
            f"{shown!r} is not a run id: 1 to 256 letters, digits, '_' or '-', "
            "beginning with a letter or digit"
        )
        raise InvalidRequest(message, target)
    return run_id


def check_experiment(name: str, target: str = "experiment") -> str:
    """Return the experiment's name, or raise InvalidRequest saying what a name may hold."""
    if not EXPERIMENT.fullmatch(name):
        shown = _short(name)
        message = (
            f"{shown!r} is not an experiment name: 1 to 255 letters, digits, spaces, "
            "'_', '-' or '.', beginning with a letter or digit"
        )
        raise InvalidRequest(message, target)
    return name


def legal_experiment(name: str) -> str:
    """Return the experiment's name nearest to any text; "experiment" where nothing is left."""
    legal = re.sub(r"[^\w. -]", "-", name, flags=re.ASCII).lstrip("_. -")[:255]
    return legal or "experiment"
