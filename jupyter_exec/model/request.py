"""What a face asks for: the bodies of our own routes (floor: model)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.environment import Variables
from jupyter_exec.model.labels import DisplayName, TagChanges, Tags
from jupyter_exec.model.wire import Whole, WireModel, one_of


def _inside(path: str) -> str:
    """Accept a relative POSIX path that stays in its folder."""
    pure = PurePosixPath(path)
    if not path or "\0" in path or pure.is_absolute() or ".." in pure.parts or not pure.parts:
        message = f"{path[:200]!r} is not a relative path inside the folder"
        raise ValueError(message)
    return str(pure)


RelativePath = Annotated[str, AfterValidator(_inside)]


Secrets = Annotated[Variables, Field(repr=False)]


class OverlayFile(WireModel):
    """The content of one file: text, or bytes in base64."""

    text: str | None = None
    base64: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> OverlayFile:
        if (self.text is None) == (self.base64 is None):
            message = "give either text or base64"
            raise ValueError(message)
        self.content()
        return self

    def content(self) -> bytes:
        """Return the bytes.

        Raises:
            ValueError: what is there is not base64.
        """
        if self.base64 is None:
            return (self.text or "").encode()
        try:
            return base64.b64decode(self.base64, validate=True)
        except binascii.Error as error:
            message = f"is not base64: {error}"
            raise ValueError(message) from None


class Source(WireModel):
    """Where the code comes from: at most one of three ways; none of them = an empty folder.

    Attributes:
        path: folder or file, relative to the server's root or absolute and inside it. A file stands
            for its folder, and is the script unless the definition names one.
        notebook: the content of a notebook, as nbformat JSON.
        name: file name of that notebook.
        files: only these (globs, relative to the folder).
        link: folders shown to the run at the same relative place without being copied.
        limit: refuse a folder of more than 2,000 files or 50 MB.
    """

    snapshot_id: str | None = None
    path: str | None = None
    notebook: dict[str, Any] | None = None
    name: RelativePath = "notebook.ipynb"
    files: list[str] | None = None
    link: list[RelativePath] = []
    limit: bool = False

    @model_validator(mode="after")
    def _at_most_one(self) -> Source:
        given = [
            name for name in ("snapshot_id", "path", "notebook") if getattr(self, name) is not None
        ]
        if len(given) > 1:
            message = "give only one of snapshotId, path and notebook"
            raise ValueError(message)
        return self


class SubmitRequest(WireModel):
    """Body of `POST runs`.

    Attributes:
        secrets: variable -> value, for the processes of the run; stored nowhere, so a run that has
            not begun when the server stops fails, and a repetition needs them again.
    """

    experiment: str = "default"
    run_id: str | None = None
    display_name: DisplayName | None = None
    tags: Tags = {}
    parent_run_id: str | None = None
    definition: RunDefinition = RunDefinition()
    source: Source = Source()
    overlay: dict[RelativePath, OverlayFile] = {}
    secrets: Secrets = {}


class RerunRequest(WireModel):
    """Body of `POST runs/{id}/rerun`: nothing for an exact repetition, or what shall differ.

    `definition` is a JSON merge patch (RFC 7396) on the run's definition; `secrets` are needed
    again where the run had some.
    """

    run_id: str | None = None
    display_name: DisplayName | None = None
    tags: Tags | None = None
    definition: dict[str, Any] = {}
    secrets: Secrets = {}


class ChangeRequest(WireModel):
    """Body of `PATCH runs/{id}`: what is given changes; null removes a tag."""

    display_name: Annotated[DisplayName, Field(min_length=1)] | None = None
    tags: TagChanges = {}
    pinned: bool | None = None


class ActionRequest(WireModel):
    """Body of `POST run-actions`: one action for many runs; `tags` as in `PATCH runs/{id}`."""

    action: Annotated[str, one_of(["cancel", "delete", "tag", "pin", "unpin"])]
    run_ids: Annotated[list[str], Field(min_length=1, max_length=1000)]
    tags: TagChanges = {}

    @model_validator(mode="after")
    def _tags_for_tag(self) -> ActionRequest:
        if (self.action == "tag") != bool(self.tags):
            message = "the action 'tag', and no other, takes tags: give at least one"
            raise ValueError(message)
        return self


class DraftRequest(WireModel):
    """Body of `POST template-drafts`: what a template shall be made of; exactly one of four.

    Attributes:
        name: of the template; by default that of what it is made of.
        run_id: a run; its literal values become parameters.
        path: a notebook below the server's root.
        notebook: the content of one, as nbformat JSON; `file_name` is what it is called.
        script: a script below the server's root.
        parameters: of a script or notebook: names, or objects with `name`, `value`, `type`, ...
    """

    name: str | None = None
    run_id: str | None = None
    path: str | None = None
    notebook: dict[str, Any] | None = None
    file_name: RelativePath = "notebook.ipynb"
    script: str | None = None
    parameters: Annotated[list[str | dict[str, Any]], Field(max_length=1000)] = []

    @model_validator(mode="after")
    def _exactly_one(self) -> DraftRequest:
        names = {"run_id": "runId", "path": "path", "notebook": "notebook", "script": "script"}
        if sum(getattr(self, name) is not None for name in names) != 1:
            message = f"give exactly one of {', '.join(names.values())}"
            raise ValueError(message)
        return self


Version = Annotated[Whole, Field(ge=1, le=2**62)]


class TemplateRunRequest(WireModel):
    """Body of `POST templates/{templateName}/runs`.

    Attributes:
        params: name -> value; what is not given, or null, has its default.
        version: the newest by default.
        display_name, experiment, run_id: in place of the template's own.
        tags: besides the template's own.
    """

    params: Annotated[dict[str, Any], Field(repr=False)] = {}
    version: Version | None = None
    display_name: DisplayName | None = None
    experiment: str | None = None
    run_id: str | None = None
    tags: Tags = {}


class RestoreRequest(WireModel):
    """Body of `POST templates/{templateName}/restore`."""

    version: Version


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396) and return the result; the arguments are left alone."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
