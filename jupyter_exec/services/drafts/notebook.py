"""The parameters that a notebook declares, read without executing it (floor: services).

papermill's inspection reads the cell tagged `parameters`. In Python cells its words are checked
against the code itself, as a regular expression mistakes `"#fff"` for a comment.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_CELL = (
    "no cell of the notebook is tagged 'parameters', so the template has no parameters: tag the "
    "cell that sets them (in JupyterLab: Property Inspector, Cell Tags), or name them by yourself"
)
_LONGEST = 20_000
_UNREADABLE = "the parameters of a notebook in {} cannot be read from it; name them by yourself"
_TYPES = {
    "int": "integer",
    "float": "number",
    "str": "string",
    "bool": "boolean",
    "list": "array",
    "List": "array",
    "tuple": "array",
    "Tuple": "array",
    "Sequence": "array",
}
_TYPE_COMMENT = re.compile(r"type:\s*(\S+)\s*")
_MISSING = object()


@dataclass(frozen=True)
class Declared:
    """One assignment of the cell.

    Attributes:
        annotation: of its type; "" where there is none.
        value: the literal; _MISSING where the value is none.
        comment: what stands behind it.
    """

    annotation: str
    value: Any
    comment: str


def notebook_parameters(notebook: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the parameters that a notebook declares, as JSON, and hints for its author.

    A value that is no literal (`default_factory()`) gives a parameter without a default: what is
    not given keeps the notebook's own value.
    """
    source = _parameters_cell(notebook)
    if source is None:
        return [], [NO_CELL]
    kernel, language = _language(notebook)
    found = _inspected(source, kernel, language)
    if found is None:
        return [], [_UNREADABLE.format(language or kernel or "an unknown language")]
    if language.casefold() == "python":
        found |= _assignments(source)
    parameters, hints = [], []
    for name, declared in found.items():
        if isinstance(declared.value, dict | set | bytes | complex):
            kind = type(declared.value).__name__
            hints.append(f"{name} is left out: a {kind} cannot be the value of a parameter")
        else:
            parameters.append(_parameter(name, declared))
    return parameters, hints


def _parameters_cell(notebook: Mapping[str, Any]) -> str | None:
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        tags = metadata.get("tags") if isinstance(metadata, dict) else None
        if isinstance(tags, list) and "parameters" in tags:
            source = cell.get("source", "")
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            return text[:_LONGEST]
    return None


def _language(notebook: Mapping[str, Any]) -> tuple[str, str]:
    """Return the names of a notebook's kernel and language; one that says neither is Python."""
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    kernelspec, info = (
        section if isinstance(section, dict) else {}
        for section in (metadata.get("kernelspec"), metadata.get("language_info"))
    )
    kernel = str(kernelspec.get("name") or "")
    language = str(kernelspec.get("language") or info.get("name") or "")
    return kernel, language or ("" if kernel and not kernel.startswith("python") else "python")


def _inspected(source: str, kernel: str, language: str) -> dict[str, Declared] | None:
    """Return what papermill finds; None where it cannot read the language.

    Source: `papermill.inspection._infer_parameters`.
    """
    from papermill.exceptions import PapermillException
    from papermill.translators import papermill_translators

    try:
        translator = papermill_translators.find_translator(kernel, language)
        found = translator.inspect({"source": source})
    except (PapermillException, NotImplementedError):
        return None
    declared = {}
    for each in found:
        kind = "" if each.inferred_type_name in {"None", "NoneType"} else each.inferred_type_name
        declared[each.name] = Declared(kind, _literal(each.default), each.help)
    return declared


def _literal(code: str | ast.expr) -> Any:
    try:
        return ast.literal_eval(code)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _MISSING


def _assignments(source: str) -> dict[str, Declared]:
    """Return the assignments of a Python cell; nothing where it is not plain Python."""
    try:
        body = ast.parse(source).body
        comments = dict(_comments(source))
    except (SyntaxError, ValueError, MemoryError, RecursionError, tokenize.TokenError):
        return {}
    declared = {}
    for statement in body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, annotation = statement.targets[0], ""
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, annotation = statement.target, ast.unparse(statement.annotation)
        else:
            continue
        if isinstance(target, ast.Name) and statement.value is not None:
            comment = comments.get(statement.end_lineno or 0, "")
            said = _TYPE_COMMENT.match(comment)
            if said is not None:
                annotation, comment = annotation or said[1], comment[said.end() :]
            declared[target.id] = Declared(annotation, _literal(statement.value), comment)
    return declared


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#").strip()


def _parameter(name: str, declared: Declared) -> dict[str, Any]:
    """Return a parameter as JSON, its default as text."""
    value = list(declared.value) if isinstance(declared.value, tuple) else declared.value
    allowed = _allowed(declared.annotation)
    kind = _kind(declared.annotation, allowed, value)
    parameter: dict[str, Any] = {"name": name, "type": kind}
    if allowed:
        parameter["enum"] = allowed
    if value is not None and value is not _MISSING and fits(value, kind):
        parameter["value"] = value if isinstance(value, str) else json.dumps(value)
    if declared.comment:
        parameter["description"] = declared.comment
    return parameter


def _allowed(annotation: str) -> list[Any]:
    """Return the values of `Literal["a", "b"]`."""
    found = re.search(r"\bLiteral\[(.*)\]", annotation)
    values = _literal(f"[{found[1]}]") if found else []
    return values if isinstance(values, list) else []


def _kind(annotation: str, allowed: list[Any], value: Any) -> str:
    bare = annotation.strip("\"'")
    inner = re.sub(r"^(?:typing\.)?Optional\[(.*)\]$|\s*\|\s*None$", r"\1", bare)
    word = re.split(r"[\[.]", inner.removeprefix("typing."))[0]
    if word in _TYPES:
        return _TYPES[word]
    sample = allowed[0] if allowed else value
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"))
    return next((name for kind, name in kinds if isinstance(sample, kind)), "string")


def fits(value: Any, kind: str) -> bool:
    """Tell whether a literal can be the default of a parameter of this type."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if kind == "array":
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            return False
        return isinstance(value, list)
    is_boolean = isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "boolean": is_boolean,
        "integer": isinstance(value, int) and not is_boolean,
        "number": isinstance(value, int | float) and not is_boolean,
    }[kind]
