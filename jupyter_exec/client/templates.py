"""Templates: runs with gaps, kept on the server (floor: client)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.client.draft import draft_body
from jupyter_exec.client.run import Run
from jupyter_exec.client.template import Template, path_of, send
from jupyter_exec.errors import InvalidRequest, NotFound

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from jupyter_exec.client.api import ExecClient

__all__ = ["Template", "Templates"]

_PAGE = 100


class Templates:
    """The templates on a server; `ExecClient.templates`."""

    def __init__(self, client: ExecClient) -> None:
        self._client = client

    def list(self, q: str | None = None, limit: int | None = None) -> list[Template]:
        """Return templates in the order of their names.

        Args:
            q: with this text in their name, author or description.
            limit: at most so many; None = all.
        """
        found: list[Template] = []
        query: dict[str, Any] = {} if q is None else {"q": q}
        while limit is None or len(found) < limit:
            left = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = self._client.session.json("GET", "templates", params={**query, "limit": left})
            found += [Template(self._client, each) for each in page["templates"]]
            if page.get("next") is None:
                break
            query["cursor"] = page["next"]
        return found

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.list())) or "<no templates>"

    def get(self, name: str, version: int | None = None) -> Template:
        """Return one template, at its newest or another version.

        Raises:
            NotFound: there is none of that name.
        """
        path = path_of(name) if version is None else f"{path_of(name)}/versions/{version}"
        about = self._client.session.json("GET", path)
        return Template(self._client, about, newest=version is None)

    def create(self, spec: Mapping[str, Any] | str) -> Template:
        """Make a template of its specification, or of YAML.

        Raises:
            InvalidRequest: with everything that is wrong with it; or there is one of that name,
                of which `save` makes a new version.
        """
        return Template(self._client, send(self._client, "POST", "templates", spec))

    def save(self, spec: Mapping[str, Any] | str) -> Template:
        """Make a template, or a new version of the one with that name."""
        name = _name_of(spec)
        if name:
            try:
                return Template(self._client, send(self._client, "PUT", path_of(name), spec))
            except NotFound:  # then it is a new one
                return self.create(spec)
        return self.create(spec)

    def load(self, source: str | os.PathLike[str]) -> Template:
        """Save a template from YAML.

        Args:
            source: a file; or the text itself, which has several lines.
        """
        if isinstance(source, str) and "\n" in source:
            return self.save(source)
        try:
            return self.save(Path(source).expanduser().read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"{source} is not text in UTF-8: {error}", "source") from None

    def draft(
        self,
        *,
        run: Run | str | None = None,
        notebook: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        script: str | os.PathLike[str] | None = None,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Return what a template of something could be; `save` it after a look at it.

        Args:
            run: its literal values become parameters.
            notebook: its cell tagged `parameters` tells them; a path or the content.
            script: the parameters are named in `parameters`; it gets them as `--name value`.
            parameters: names; names with defaults (a mapping); or whole parameters.
            name: of the template.

        Raises:
            InvalidRequest: not exactly one of the three is given, or it cannot be read.
            NotFound: there is none.
        """
        run_id = run.run_id if isinstance(run, Run) else run
        body = draft_body(run_id, notebook, script, parameters, self._client.server)
        if name is not None:
            body["name"] = name
        return self._client.session.json("POST", "template-drafts", json=body)

    def from_run(self, run: Run | str, name: str) -> Template:
        """Save a template of a run; see `draft`."""
        return self.save(self.draft(run=run, name=name))

    def from_notebook(
        self, notebook: str | os.PathLike[str] | Mapping[str, Any], name: str
    ) -> Template:
        """Save a template of a notebook; see `draft`."""
        return self.save(self.draft(notebook=notebook, name=name))

    def from_script(
        self,
        script: str | os.PathLike[str],
        name: str,
        parameters: Sequence[Any] | Mapping[str, Any] = (),
    ) -> Template:
        """Save a template of a script; see `draft`."""
        return self.save(self.draft(script=script, parameters=parameters, name=name))


def _name_of(spec: Mapping[str, Any] | str) -> str:
    if isinstance(spec, str):
        from jupyter_exec.model.documents import load_yaml

        spec = load_yaml(spec)
    return str(spec.get("name") or "") if isinstance(spec, Mapping) else ""
