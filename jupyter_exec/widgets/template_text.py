"""A template as plain text: where there is no form, and beside it (floor: widgets)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.client.template import Template

_WIDEST = 60


def plain_text(template: Template) -> str:
    """Return what a template is for, a line for each parameter, and how it is run."""
    rows = [_row(parameter) for parameter in template.parameters]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    # A secret is asked for, and belongs into no line of a notebook.
    open_ones = [each for each in template.parameters if not each.get("secret")]
    asked = [each for each in open_ones if each.get("required") == "true"]
    example = [f"{_quoted(each['name'])}=..." for each in asked or open_ones[:2]]
    head = f"{template.name}, version {template.version}"
    return "\n".join(
        [
            f"{head}: {template.description}" if template.description else head,
            *(
                f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {about}".rstrip()
                for name, kind, about in rows
            ),
            " ".join([f"To run it: %template run {_quoted(template.name)}", *example]),
        ]
    )


def _row(parameter: Mapping[str, Any]) -> tuple[str, str, str]:
    value, required = parameter.get("value"), parameter.get("required") == "true"
    name = _short(f"{_quoted(str(parameter['name']))}={'' if value is None else value}")
    kind = "secret" if parameter.get("secret") else str(parameter.get("type") or "string")
    about = [
        "required" if required else "",
        _allowed(parameter),
        str(parameter.get("description") or parameter.get("label") or ""),
    ]
    return name, kind, _short(", ".join(filter(None, about)))


def _allowed(parameter: Mapping[str, Any]) -> str:
    low, high = parameter.get("minimum"), parameter.get("maximum")
    if parameter.get("enum"):
        return f"one of {', '.join(map(str, parameter['enum']))}"
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None or high is not None:
        return f"at least {low:g}" if low is not None else f"at most {high:g}"
    return ""


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.:@%+-]+", name) else f"'{name}'"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
