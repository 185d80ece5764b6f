"""The YAML below `%%template create`, and what is wrong with it, line by line (floor: magics)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.magics.arguments import UsageFault
from jupyter_exec.magics.template.arguments import TEMPLATE
from jupyter_exec.model.documents import load_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.errors import Fault

_FIRST_LINE = 2  # the magic stands on the first line of the cell
_STEP = re.compile(r"[^.\[\]]+")


def specification(cell: str, name: str, magic: str) -> str:
    """Return a cell as the YAML of a whole template; numbers stay as they are written.

    Args:
        cell: a template's YAML; its name may be left out.
        name: of the template.
        magic: what errors begin with.

    Raises:
        UsageFault: it is not YAML, is no mapping, or has another name; with the line.
    """
    if not cell.strip():
        raise UsageFault(f"{magic}: the cell is empty; {TEMPLATE}? shows what may stand there")
    try:
        document = load_yaml(cell)
    except InvalidRequest as error:
        raise UsageFault(f"{magic}: {_unreadable(error, cell)}") from None
    root = yaml.compose(cell, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise UsageFault(
            f"{magic}: line {_line(root)}: a template is a mapping: description, parameters, and "
            f"run or experimentSpec"
        )
    if "name" in document:
        if document["name"] != name:
            shown = f"name: {document['name']}"
            raise UsageFault(
                f"{magic}: line {_line_of(root, ['name'])}: {shown} contradicts {name!r} on the "
                "first line; leave it out"
            )
        return cell
    entry = f"name: {json.dumps(name, ensure_ascii=False)}"
    place = root.start_mark.index
    if root.flow_style:
        return f"{cell[: place + 1]}{entry}, {cell[place + 1 :]}"
    return f"{cell[:place]}{entry}\n{' ' * root.start_mark.column}{cell[place:]}"


def told(faults: Sequence[Fault], cell: str) -> list[str]:
    """Return faults of a template as lines, each with its line in the cell and its field."""
    root = yaml.compose(cell, Loader=yaml.SafeLoader)
    lines = []
    for fault in faults:
        steps = _STEP.findall(fault.target or "")
        line = _line_of(root, steps) if steps else 0
        parts = [f"line {line}" if line else "", fault.target or "", fault.message]
        lines.append(": ".join(part for part in parts if part))
    return lines


def _line_of(node: yaml.Node | None, steps: Sequence[str]) -> int:
    """Return the line in the cell where a path leads, or ends; 0 = its first step leads nowhere."""
    line = 0
    for step in steps:
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == step), None)
        elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
            found = (node.value[int(step)],) * 2
        if found is None:
            return line
        line, node = _line(found[0]), found[1]
    return line


def _line(node: yaml.Node | None) -> int:
    return (node.start_mark.line if node is not None else 0) + _FIRST_LINE


def _unreadable(error: InvalidRequest, cell: str) -> str:
    """Say what keeps a text from being YAML: the line, and the place in it."""
    cause = error.__context__
    mark = cause.problem_mark if isinstance(cause, yaml.MarkedYAMLError) else None
    if not isinstance(cause, yaml.MarkedYAMLError) or mark is None:
        return error.message
    context = cause.context_mark
    while_ = f", {cause.context}" if cause.context else ""
    if while_ and context is not None and context.line != mark.line:
        while_ += f" that began on line {context.line + _FIRST_LINE}"
    lines = cell.splitlines()
    text = lines[mark.line] if mark.line < len(lines) else ""
    return "\n  ".join(
        [
            f"line {mark.line + _FIRST_LINE} is not YAML: {cause.problem}{while_}",
            *([text, " " * mark.column + "^"] if text else []),
        ]
    )
