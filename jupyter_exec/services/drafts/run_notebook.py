"""Notebooks that drafts are made of: files, and those that were run, with the run's values.

Floor: services; blocking, called in threads.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.documents import literal
from jupyter_exec.services.drafts.literals import type_of
from jupyter_exec.services.drafts.notebook import NO_CELL, fits, notebook_parameters

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.model.run import Run
    from jupyter_exec.store.snapshots import SnapshotStore

    Json = dict[str, Any]

_LARGEST_BYTES = 100_000_000


def run_parameters(run: Run, snapshots: SnapshotStore | None) -> tuple[list[Json], list[str]]:
    """Return what the notebook of a run declares, read from its snapshot, and hints.

    Nothing where it ran no notebook. A value that the run was given is the default, in its own type
    where it does not fit the declared one; null and objects cannot be values of parameters.

    Args:
        snapshots: None where whoever asks may not read them.
    """
    configuration = run.definition.get("configuration") or {}
    script = configuration.get("script") or ""
    if run.snapshot_id is None or configuration.get("command") or not script.endswith(".ipynb"):
        return [], []
    if snapshots is None:
        message = "only the parameters that the run was given are here: you may not read snapshots"
        return [], [message]
    try:
        with snapshots.open_file(run.snapshot_id, script) as file:
            declared, hints = notebook_parameters(_parsed(file.read(_LARGEST_BYTES), script))
    except (NotFound, InvalidRequest) as error:
        return [], [f"only the parameters that the run was given are here: {error.message}"]
    given = configuration.get("parameters") or {}
    found = [
        _with_value(each, given[each["name"]]) if each["name"] in given else each
        for each in declared
        if given.get(each["name"], "") is not None and not isinstance(given.get(each["name"]), dict)
    ]
    return found, [] if given and hints == [NO_CELL] else hints


def _with_value(parameter: Json, value: Any) -> Json:
    """Return a declared parameter with a run's value as its default."""
    shown = json.dumps(value) if isinstance(value, list) else literal(value)
    changed = parameter | {"value": shown}
    if not fits(value, parameter["type"]):
        changed["type"] = type_of(value)
    if value not in parameter.get("enum", [value]):
        del changed["enum"]
    return changed


def read_notebook(path: Path) -> Json:
    """Return the JSON of a notebook in the server's root folder.

    Raises:
        InvalidRequest: it is too large, or not JSON; its target is `path`.
    """
    if path.stat().st_size > _LARGEST_BYTES:
        message = f"{path.name} is larger than {_LARGEST_BYTES:,} bytes; clear its outputs"
        raise InvalidRequest(message, "path")
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path.name} is not a notebook: {error}"
        raise InvalidRequest(message[:300], "path") from None
    return _parsed(data, path.name)


def _parsed(data: bytes, name: str) -> Json:
    """Return the JSON of a notebook; empty where it is no object.

    Raises:
        InvalidRequest: it is not JSON; its target is `path`.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"{name} is not a notebook: {error}"
        raise InvalidRequest(message[:300], "path") from None
    return content if isinstance(content, dict) else {}
