"""What to run, said as the `source` of POST runs (floor: client, above sources).

A file or folder below the server's root is named by its path: nothing is copied over HTTP.
Everything else is packed here, by the same ignore rules, and uploaded as a snapshot.
"""

from __future__ import annotations

import base64
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from jupyter_exec.client.discovery import Server

Source: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | None"
"""A notebook's, script's or folder's path; a notebook's content; None = only the overlay."""
Content: TypeAlias = "str | bytes | Mapping[str, str]"
"""A file of an overlay: text, bytes, or the wire's own `{"text": ...}` or `{"base64": ...}`."""
Upload = Callable[[Path, "Wanted", Mapping[str, Content]], dict[str, Any]]
"""Packs and uploads a folder with an overlay on top; returns what the server answers."""

_NOTEBOOK = "notebook.ipynb"


@dataclass(frozen=True)
class Wanted:
    """Which part of a folder a run gets.

    Attributes:
        files: patterns; empty = everything that the ignore rules leave.
        link: big folders inside it, shown to the run without being copied.
        snapshot: False = nothing but the script itself.
        limit: stop at an unexpectedly big folder; None = where the folder came along with its
            script.
    """

    files: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    snapshot: bool = True
    limit: bool | None = None


@dataclass
class Prepared:
    """A source as the server wants it.

    Attributes:
        body: `source` of the request.
        script: what to run in it, where the source decides that.
        command: the same for what is no Python script or notebook.
        name: what a person would call it.
        language: of a notebook; None where it does not say.
        kernel: kernelspec that a notebook asks for.
        overlay: files laid on top.
        uploaded: the snapshot, where the folder had to be uploaded.
    """

    body: dict[str, Any]
    script: str | None = None
    command: list[str] | None = None
    name: str | None = None
    language: str | None = None
    kernel: str | None = None
    overlay: dict[str, Content] = field(default_factory=dict)
    uploaded: dict[str, Any] | None = None


def prepare(
    source: Source,
    script: str | None,
    wanted: Wanted,
    overlay: Mapping[str, Content],
    server: Server,
    upload: Upload,
) -> Prepared:
    """Make the source of a request.

    Args:
        source: see `Source`.
        script: which file of a folder to run, or a notebook's name.
        wanted: which part of the folder.
        overlay: files laid on top of it.
        server: where it goes.
        upload: called for a folder that the server cannot read by itself.

    Raises:
        InvalidRequest: it does not exist, or cannot be sent.
    """
    if source is None:
        return Prepared({}, script, overlay=dict(overlay))
    if isinstance(source, Mapping):
        name = script or _NOTEBOOK
        body = {"notebook": dict(source), "name": name}
        prepared = Prepared(body, name, name=name, overlay=dict(overlay))
        return _with_kernel(prepared, source)
    path = Path(os.path.abspath(Path(source).expanduser()))  # noqa: PTH100 - links keep their names
    if path.is_dir():
        prepared = Prepared({}, script, name=script or path.name)
        limit = bool(wanted.limit)
    elif path.is_file():
        if script not in {None, path.name}:
            message = f"{path} is a file: with a script inside a folder, submit the folder"
            raise InvalidRequest(message, "script")
        path, prepared = path.parent, _of_file(path)
        limit = wanted.limit is not False
    else:
        raise InvalidRequest(f"{source} does not exist", "source")
    if not wanted.snapshot:
        alone = path / (prepared.name or "")
        own = {alone.name: alone.read_bytes()} if alone.is_file() else {}
        prepared.overlay = {**own, **overlay}
        return prepared
    prepared.body = _path_body(path, wanted, server)
    if prepared.body:
        prepared.body.update({"limit": True} if limit else {})
        prepared.overlay = dict(overlay)
    else:
        # A snapshot is not changed afterwards, so what lies on top goes in with the rest.
        prepared.uploaded = upload(path.resolve(), replace(wanted, limit=limit), overlay)
        prepared.body = {"snapshotId": prepared.uploaded["snapshotId"]}
    return prepared


def overlay_json(overlay: Mapping[str, Content]) -> dict[str, dict[str, str]]:
    """Return an overlay as the wire has it."""
    return {path: _content_json(content) for path, content in overlay.items()}


def content_bytes(content: Content) -> bytes:
    """Return the bytes of one file of an overlay."""
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes):
        return content
    return base64.b64decode(content["base64"]) if "base64" in content else content["text"].encode()


def _content_json(content: Content) -> dict[str, str]:
    if isinstance(content, str):
        return {"text": content}
    if isinstance(content, bytes):
        return {"base64": base64.b64encode(content).decode("ascii")}
    return dict(content)


def _of_file(path: Path) -> Prepared:
    if path.suffix in {".sh", ".bash"}:
        return Prepared({}, command=[*_shell_of(path), path.name], name=path.name)
    prepared = Prepared({}, path.name, name=path.name)
    if path.suffix == ".ipynb":
        import json

        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidRequest(f"{path} is not a notebook: {error}", "source") from error
        return _with_kernel(prepared, notebook)
    return prepared


def _shell_of(path: Path) -> list[str]:
    with path.open("rb") as file:
        first = file.readline(200)
    if first.startswith(b"#!"):
        return shlex.split(first[2:].decode("utf-8", errors="replace"))
    return ["bash" if path.suffix == ".bash" else "sh"]


def _with_kernel(prepared: Prepared, notebook: Any) -> Prepared:
    metadata = notebook.get("metadata") if isinstance(notebook, Mapping) else None
    if isinstance(metadata, Mapping):
        kernelspec = metadata.get("kernelspec") or {}
        info = metadata.get("language_info") or {}
        prepared.kernel = kernelspec.get("name")
        prepared.language = kernelspec.get("language") or info.get("name")
    return prepared


def _path_body(folder: Path, wanted: Wanted, server: Server) -> dict[str, Any]:
    """Return a source that names the folder; an empty one where the server cannot read it."""
    root = server.root_dir
    real = folder.resolve()
    if server.local and root is not None and real.is_relative_to(root):
        body: dict[str, Any] = {"path": real.relative_to(root).as_posix()}
        body.update({"files": list(wanted.files)} if wanted.files else {})
        body.update({"link": list(wanted.link)} if wanted.link else {})
        return body
    if wanted.link:
        message = (
            f"{folder} lies outside of the root folder of the server {server.shown}"
            f"{f' ({root})' if root else ''}, so that nothing in it can be linked"
        )
        raise InvalidRequest(message, "link")
    return {}
