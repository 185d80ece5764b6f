"""The OpenAPI 3.1 document of all ROUTES, made from operations and models (floor: handlers).

Nothing is written down twice: an address comes from `routes.py`, what a verb takes and answers from
its `Operation`, every schema from a pydantic model. Only what none of them knows stands here.
"""

from __future__ import annotations

import asyncio
import re
from functools import cache
from http.client import responses
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from jupyter_exec import __version__
from jupyter_exec.handlers.base import ExecHandler, Operation, operation, operations_of
from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from jupyter_exec.handlers.routes import Route

Json = dict[str, Any]

_TEXT: Json = {"type": "string", "minLength": 1}
_EXPERIMENT: Json = {"type": "string", "pattern": "^[a-zA-Z0-9][a-zA-Z0-9_. -]{0,254}$"}
_PATH_SCHEMAS: dict[str, Json] = {
    "runId": {"type": "string", "pattern": "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,255}$"},
    "snapshotId": {"type": "string", "format": "uuid"},
    "name": {"type": "string", "pattern": "^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,200}\\.txt$"},
    "experimentName": _EXPERIMENT,
    "version": {"type": "integer", "minimum": 1},
}
_PATH_TEXTS = {
    "path": "Path of a file; its slashes may be sent as they are.",
    "name": "Name of a log, for example main-0.txt; GET runs/{runId}/logs lists them.",
}
_EVENT_ID: Json = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Go on after this event.",
    "schema": {"type": "integer", "minimum": 0},
}
_RANGE: Json = {
    "name": "Range",
    "in": "header",
    "description": "One range of bytes, for example bytes=0-99 or bytes=-100.",
    "schema": {"type": "string", "pattern": "^bytes=([0-9]+-[0-9]*|-[0-9]+)$"},
}
_INTEGER_HEADER: Json = {"schema": {"type": "integer", "minimum": 0}}
_ERRORS = {401, 403}  # of every verb
_PROJECT = "application/zip"
_MULTIPART = "multipart/form-data"
_EVENTS = "text/event-stream"
_STREAM: Json = {"type": "string", "description": "`data` of each event is an `Event`, in JSON"}
_LINES = "application/x-ndjson"
_PARTIAL = 206
_NO_CONTENT = 204
_BAD_REQUEST = 400
_RANGE_NOT_SATISFIABLE = 416


class OpenApiHandler(ExecHandler):
    """`openapi.json`."""

    @operation("Describe this API", resource="runs", action="read", answer="OpenApiDocument")
    async def get(self) -> Any:
        """Answer the document."""
        return await asyncio.to_thread(document, self.base_url)


@cache
def document(base_url: str) -> Json:
    """Return the OpenAPI document of a server.

    Args:
        base_url: of the server, with slashes at both ends; a client resolves it against the address
            that it got the document from.
    """
    from jupyter_exec.handlers.routes import ROUTES

    schemas = _Schemas([what for route in ROUTES for what in operations_of(route.handler).values()])
    paths: Json = {}
    names: set[str] = set()
    for route in ROUTES:
        for verb, what in operations_of(route.handler).items():
            described = _operation(route, verb, what, schemas)
            if described["operationId"] in names:  # one handler, two addresses
                described["operationId"] = f"{route.path.rpartition('/')[2]}_{verb}"
            names.add(described["operationId"])
            paths.setdefault(f"/{route.path}", {})[verb] = described
    token = {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`token T` with the server's token; a run reports on itself with its own.",
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "jupyter_exec", "version": __version__},
        "servers": [{"url": base_url.rstrip("/") or "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas.definitions, "securitySchemes": {"token": token}},
    }


class _Schemas:
    """JSON schemas of all models; what they share is referred to by name.

    Attributes:
        definitions: what stands in components/schemas.
    """

    def __init__(self, operations: list[Operation]) -> None:
        models: dict[type[BaseModel], None] = dict.fromkeys(ANSWERS.values())
        models |= dict.fromkeys(what.body for what in operations if what.body is not None)
        models |= dict.fromkeys(what.query for what in operations if what.query is not None)
        self._references, defined = models_json_schema(
            [(model, "validation") for model in models],
            by_alias=True,
            ref_template="#/components/schemas/{model}",
        )
        self.definitions: Json = defined["$defs"]
        for definition in self.definitions.values():
            definition.pop("title", None)
            for field in definition.get("properties", {}).values():
                field.pop("title", None)
        queries = {what.query.__name__ for what in operations if what.query is not None}
        self.queries = {name: self.definitions.pop(name) for name in queries}

    def reference(self, model: type[BaseModel]) -> Json:
        """Return the schema that refers to a model."""
        return self._references[model, "validation"]

    def answer(self, name: str) -> Json:
        """Return the schema that refers to an answer."""
        return self.reference(ANSWERS[name])


def _operation(route: Route, verb: str, what: Operation, schemas: _Schemas) -> Json:
    stem = route.handler.__name__.removesuffix("Handler")
    described: Json = {
        "operationId": f"{stem}_{verb}",
        "summary": what.summary,
        "tags": [what.resource or "runs"],
        "parameters": list(_parameters(route, what, schemas)),
        "responses": _responses(route, what, schemas),
    }
    actions = [f"`{action}`" for action in (what.action, *what.actions) if action]
    if actions:
        asked = " or ".join(actions)
        described["description"] = f"Asks the authorizer for {asked} on `{what.resource}`."
    body = _body(route, what, schemas)
    if body:
        described["requestBody"] = {"required": True, "content": body}
    return described


def _parameters(route: Route, what: Operation, schemas: _Schemas) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", route.path):
        parameter = {"name": name, "in": "path", "required": True}
        if name in _PATH_TEXTS:
            parameter["description"] = _PATH_TEXTS[name]
        yield parameter | {"schema": _PATH_SCHEMAS.get(name, _TEXT)}
    if what.query is not None:
        for name, schema in schemas.queries[what.query.__name__].get("properties", {}).items():
            parameter = {"name": name, "in": "query", "schema": _without_null(schema)}
            if parameter["schema"].get("type") == "array":
                parameter |= {"style": "form", "explode": False}
            yield parameter
    if _EVENTS in (what.media_type, what.also):
        yield _EVENT_ID
    if _RANGE_NOT_SATISFIABLE in what.errors:
        yield _RANGE


def _without_null(schema: Json) -> Json:
    """Return the schema of a query parameter: one that is not given is absent, not null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
    return rest | kinds[0] if len(kinds) == 1 else schema


def _body(route: Route, what: Operation, schemas: _Schemas) -> Json:
    """Return the content of a request by media type; empty where a verb takes none."""
    if what.body is None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {} if what.body_type == "application/json" else {what.body_type: binary}
    definition = schemas.reference(what.body)
    archive = {"type": "string", "format": "binary", "contentMediaType": _PROJECT}
    if what.body_type == _MULTIPART:
        parts = {"runDefinitionFile": definition, "projectZipFile": archive}
        return {_MULTIPART: _multipart(parts, {"runDefinitionFile": "application/json"})}
    if route.path.endswith("/localrun"):
        files = {"type": "array", "items": archive, "minItems": 1}
        files["description"] = "definition.json and aml_config.zip, told apart by their file names"
        return {
            what.body_type: {"schema": definition},
            _MULTIPART: _multipart({"files": files}, {}),
        }
    return {what.body_type: {"schema": definition}}


def _multipart(parts: Json, types: dict[str, str]) -> Json:
    content: Json = {"schema": {"type": "object", "properties": parts, "required": list(parts)}}
    if types:
        content["encoding"] = {name: {"contentType": value} for name, value in types.items()}
    return content


def _responses(route: Route, what: Operation, schemas: _Schemas) -> Json:
    described: Json = {str(what.status): _success(what, schemas)}
    if _RANGE_NOT_SATISFIABLE in what.errors:
        described[str(_PARTIAL)] = _success(what, schemas) | {"description": responses[_PARTIAL]}
    errors = _ERRORS | set(what.errors)
    if "{" in route.path or what.query is not None:
        errors.add(_BAD_REQUEST)  # an address that is not UTF-8
    for status in sorted(errors):
        described[str(status)] = {
            "description": responses[status],
            "content": {"application/json": {"schema": schemas.answer(route.handler.error_answer)}},
        }
    return described


def _success(what: Operation, schemas: _Schemas) -> Json:
    success: Json = {"description": responses[what.status]}
    if what.status == _NO_CONTENT:
        return success
    content: Json = {}
    for media_type in filter(None, (what.media_type, what.also)):
        if media_type in {"application/json", "text/yaml"}:
            content[media_type] = {"schema": schemas.answer(what.answer or "")}
        elif media_type.startswith("text/") or media_type == _LINES:
            content[media_type] = {
                "schema": _STREAM if media_type == _EVENTS else {"type": "string"}
            }
        else:
            content[media_type] = {"schema": {"type": "string", "format": "binary"}}
    if what.media_type in {"text/plain", _LINES}:
        success["headers"] = {"X-Log-Offset": _INTEGER_HEADER, "X-Log-Size": _INTEGER_HEADER}
    return success | {"content": content}
