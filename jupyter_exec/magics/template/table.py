"""What `%template` and `%template history` show: tables, as text and as HTML (floor: magics)."""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from jupyter_exec.magics.listing import ago, aligned
from jupyter_exec.magics.template.arguments import TEMPLATE
from jupyter_exec.magics.words import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_exec.client.template import Template

# What every role of an experiment has; of interest in the form, too much for a line.
_OF_ROLES = re.compile(r"spec\.\w+\.(replicas|resourceMap\..+)")
_ACTIONS = {"create": "created", "update": "changed", "restore": "restored"}


class _Table(ABC):
    """Rows below a head; `empty` is what there is to say without any."""

    head: tuple[str, ...]
    empty: str

    @abstractmethod
    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells."""

    def below(self) -> str:
        """Return what stands below the rows; "" = nothing."""
        return ""

    def __repr__(self) -> str:
        rows = self.rows()
        return "\n".join(
            filter(None, [aligned([self.head, *rows]) if rows else self.empty, self.below()])
        )

    def _repr_html_(self) -> str:
        rows = self.rows()
        if not rows:
            return f"<em>{html.escape(self.empty)}</em>"
        head = "".join(f"<th style='text-align: left'>{text}</th>" for text in self.head)
        body = "".join(
            "<tr>"
            + "".join(f"<td style='text-align: left'>{html.escape(text)}</td>" for text in row)
            + "</tr>"
            for row in rows
        )
        table = f"<table class='jp-exec-templates'><thead><tr>{head}</tr></thead>"
        return f"{table}<tbody>{body}</tbody></table><div>{html.escape(self.below())}</div>"


class TemplateTable(_Table):
    """Some templates by name.

    Args:
        templates: what is shown.
        more: whether there are others.
    """

    head = ("Name", "Version", "Changed", "Parameters", "Description")
    empty = f"No templates. {TEMPLATE}? shows how to make one."

    def __init__(self, templates: Sequence[Template], *, more: bool) -> None:
        self.templates = list(templates)
        self._more = more

    def rows(self) -> list[tuple[str, ...]]:  # noqa: D102 - as above
        return [
            (
                quote(template.name),
                str(template.version),
                _when(template.about),
                ", ".join(parameter_words(template.parameters)),
                template.description,
            )
            for template in self.templates
        ]

    def below(self) -> str:  # noqa: D102 - as above
        return f"... and more: {TEMPLATE} list TEXT shows those with TEXT" if self._more else ""


class HistoryTable(_Table):
    """The versions of a template, newest first."""

    head = ("Version", "When", "What")
    empty = "No versions."

    def __init__(self, versions: Sequence[Mapping[str, Any]]) -> None:
        self.versions = list(versions)

    def rows(self) -> list[tuple[str, ...]]:  # noqa: D102 - as above
        return [
            (
                str(version["version"]),
                _when(version),
                _ACTIONS.get(version["action"], version["action"]),
            )
            for version in self.versions
        ]


def parameter_words(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the parameters as they are given: `lr=0.1`; `data=...` where one must be given.

    A secret is named only, as its value belongs into no line of a notebook.
    """
    return [
        f"{quote(str(parameter['name']))} (secret)"
        if parameter.get("secret")
        else f"{quote(str(parameter['name']))}={_default(parameter)}"
        for parameter in parameters
        if not _OF_ROLES.fullmatch(str(parameter["name"]))
    ]


def _default(parameter: Mapping[str, Any]) -> str:
    value = parameter.get("value")
    if value is None:
        return "..." if parameter.get("required") == "true" else ""
    return quote(str(value)) if value else '""'


def _when(version: Mapping[str, Any]) -> str:
    from jupyter_exec.client.values import parse_time

    return ago(parse_time(version.get("createdAt")))
