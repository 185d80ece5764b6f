"""The names of a draft: the template's, and what its runs are shown as (floor: services)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.experiment import has_placeholder
from jupyter_exec.model.lenient import fold
from jupyter_exec.model.wire import parse
from jupyter_exec.services.submission import default_name
from jupyter_exec.store.sweeps import trial_number

if TYPE_CHECKING:
    from jupyter_exec.model.run import Run

_ILLEGAL = re.compile(r"[^\w .-]+")
_DISPLAY_NAME = "displayName"


def legal(name: str) -> str:
    """Return a template's name made of any text."""
    return _ILLEGAL.sub("-", name).strip(" .-")[:200] or "template"


def given_name(run: Run) -> str | None:
    """Return the name that somebody gave a run; None where it is called after what it executes."""
    if run.parent_run_id is not None and trial_number(run.parent_run_id, run.run_id) is not None:
        return None  # after its values, which the next run will not have
    default = default_name(parse(RunDefinition, run.definition))
    return None if run.display_name == default else run.display_name


def with_name_of(run: Run, body: dict[str, Any], template: str) -> dict[str, Any]:
    """Return the `run` of the template that a run came from, with the name that the run was given.

    One that is made of parameters stays, and so does one that the run has from the template.

    Args:
        template: its name.
    """
    key = next((key for key in body if fold(key) == fold(_DISPLAY_NAME)), _DISPLAY_NAME)
    name = given_name(run)
    if name is None or name == template or has_placeholder(name) or has_placeholder(body.get(key)):
        return body
    return {**body, key: name}
