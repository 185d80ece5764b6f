"""What a template is drafted of, said as the body of `POST template-drafts` (floor: client)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.sweep import plain
from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from jupyter_exec.client.discovery import Server


def draft_body(
    run_id: str | None,
    notebook: str | os.PathLike[str] | Mapping[str, Any] | None,
    script: str | os.PathLike[str] | None,
    parameters: Sequence[Any] | Mapping[str, Any] | None,
    server: Server,
) -> dict[str, Any]:
    """Return the body; a file below the server's root is named by its path, a notebook is sent.

    Raises:
        InvalidRequest: not exactly one of run, notebook and script; a file that cannot be read.
    """
    given = {"run": run_id, "notebook": notebook, "script": script}
    named = [name for name, value in given.items() if value is not None]
    if len(named) != 1:
        shown = " and ".join(named) or "none"
        raise InvalidRequest(f"give one of run, notebook and script, not {shown}", "run")
    body: dict[str, Any] = {}
    if run_id is not None:
        body["runId"] = run_id
    elif isinstance(notebook, Mapping):
        body["notebook"] = dict(notebook)
    elif notebook is not None:
        body |= _notebook(notebook, server)
    elif script is not None:
        body["script"] = _script(script, server)
    if parameters:
        body["parameters"] = _parameters(parameters)
    return body


def _parameters(parameters: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    if isinstance(parameters, Mapping):
        return [{"name": name, "value": plain(value)} for name, value in parameters.items()]
    return [dict(each) if isinstance(each, Mapping) else each for each in parameters]


def _below_root(path: str | os.PathLike[str], server: Server) -> str | None:
    """Return a file's path below the server's root; None where it lies elsewhere, or who knows."""
    real = Path(path).expanduser().resolve()
    root = server.root_dir
    if server.local and root is not None and real.is_relative_to(root) and real.is_file():
        return real.relative_to(root).as_posix()
    return None


def _notebook(path: str | os.PathLike[str], server: Server) -> dict[str, Any]:
    inside = _below_root(path, server)
    real = Path(path).expanduser()
    if inside is not None or not real.is_file():
        return {"path": inside or str(path)}  # what is not here may be on the server
    try:
        content = json.loads(real.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{path} is not a notebook: {error}", "notebook") from error
    return {"notebook": content, "fileName": real.name}


def _script(path: str | os.PathLike[str], server: Server) -> str:
    inside = _below_root(path, server)
    if inside is None and server.root_dir is not None and Path(path).expanduser().is_file():
        message = (
            f"{path} lies outside of the root folder of the server {server.shown} "
            f"({server.root_dir}); a template needs its script there"
        )
        raise InvalidRequest(message, "script")
    return inside or str(path)
