"""What all our handlers share: authorisation, parsing, answers, errors (floor: handlers).

`operation` turns a method into a verb: it authorises, parses the body and the query, calls the
method and writes its answer. It also keeps what the verb is, so that the OpenAPI document and the
tests know every verb there is. Errors of every kind leave through `ExecHandler.write_error`, in the
dialect of the handler.
"""

from __future__ import annotations

import asyncio
import errno
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import wraps
from http.client import responses
from typing import TYPE_CHECKING, Any, cast

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError

from jupyter_exec.errors import ExecError, Fault, Forbidden, InvalidRequest, NoRoom, TooLarge
from jupyter_exec.handlers.encoding import encode, is_large
from jupyter_exec.model.documents import check_text, load_json, load_yaml
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from pydantic import BaseModel

    from jupyter_exec.services.house import House

UNKNOWN_USER = "log in first, or send a header 'Authorization: token ...'"
_YAML = {"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"}
_YAML_BYTES = 2**20
VERBS = ("get", "head", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """What a verb is.

    Attributes:
        resource, action: what Jupyter's authorizer is asked: may the user read, write or execute
            that resource? None where the verb checks a run's own token instead.
        actions: in place of `action`, where the body says which of them it is; the method asks.
        body: model of the JSON body.
        query: model of the query string.
        answer: name of the answer's schema in the OpenAPI document.
        status: of a success.
        media_type: of the answer.
        also: another media type that the same verb answers on request.
        parsed: False where the method reads the body by itself; `body` then only documents it.
    """

    summary: str
    resource: str | None
    action: str | None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: str | None = None
    status: int = 200
    media_type: str = "application/json"
    also: str | None = None
    body_type: str = "application/json"
    errors: tuple[int, ...] = ()
    parsed: bool = True
    actions: tuple[str, ...] = ()


Verb = Callable[..., Awaitable[Any]]


def operation(
    summary: str, *, resource: str | None, action: str | None, **more: Any
) -> Callable[[Verb], Verb]:
    """Make a verb of a method; see Operation for the arguments.

    The method gets the path's arguments, and `body` and `query` where models are named. What it
    returns is written as JSON; None means that it has written by itself.
    """
    what = Operation(summary, resource, action, **more)

    def decorate(method: Verb) -> Verb:
        @wraps(method)
        async def verb(self: ExecHandler, *args: Any, **kwargs: Any) -> None:
            try:
                if what.resource is not None and what.action is not None:
                    await self.authorise(what.action, what.resource)
                if what.query is not None:
                    kwargs["query"] = self.parse_query(what.query)
                if what.body is not None and what.parsed:
                    kwargs["body"] = parse(what.body, self.json_body())
                answer = await method(self, *args, **kwargs)
            except ExecError as error:
                self.write_failure(error)
                return
            if answer is not None and is_large(answer):
                self.answer_encoded(await asyncio.to_thread(encode, answer), what.status)
            elif answer is not None:
                self.answer(answer, what.status)
            elif what.status == 204:  # noqa: PLR2004 - No Content
                self.set_status(204)

        verb.operation = what  # type: ignore[attr-defined]
        return verb

    return decorate


def operations_of(handler: type[ExecHandler]) -> dict[str, Operation]:
    """Return the verbs of a handler class by lower-case method name."""
    found = {verb: getattr(getattr(handler, verb), "operation", None) for verb in VERBS}
    return {verb: what for verb, what in found.items() if what is not None}


class ExecHandler(JupyterHandler):
    """Base of all our handlers; speaks Azure's error envelope, which our own routes use too.

    Attributes:
        error_answer: name of the schema of `envelope`'s answers in the OpenAPI document.
    """

    error_answer = "ErrorResponse"

    def initialize(self, house: Callable[[], Awaitable[House]]) -> None:
        """Take what LazyRouter passes; called by tornado."""
        self._get_house = house

    async def house(self) -> House:
        """Return the services."""
        return await self._get_house()

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate; an unknown user gets 401 in JSON, never a login page."""
        if await self.has_own_token():
            return
        try:
            await cast("Awaitable[None]", super().prepare(_redirect_to_login=False))
        except HTTPError as error:
            known = bool(getattr(self, "_jupyter_current_user", None))
            if error.status_code != 403 or known or not self.check_host():  # noqa: PLR2004 - Forbidden
                raise
            raise HTTPError(401, UNKNOWN_USER) from None
        if not self.check_origin():
            raise HTTPError(404)
        await self.authenticate()

    async def has_own_token(self) -> bool:
        """Tell whether the request needs no user, as it carries a token of the handler's own."""
        return False

    async def authenticate(self) -> None:
        """Refuse a request without a user."""
        if not self.current_user:
            raise HTTPError(401, UNKNOWN_USER)

    def check_xsrf_cookie(self) -> None:
        """Check for forged requests of a known user; an unknown one is refused for that."""
        if getattr(self, "_jupyter_current_user", None):
            super().check_xsrf_cookie()

    async def authorise(self, action: str, resource: str) -> None:
        """Ask Jupyter's authorizer.

        Raises:
            Forbidden: the user may not.
        """
        allowed = self.authorizer.is_authorized(self, self.current_user, action, resource)
        if not await ensure_async(allowed):
            message = f"you are not allowed to {action} {resource} on this server"
            raise Forbidden(message)

    def raw_body(self) -> bytes:
        """Return the body as it came."""
        return self.request.body

    def json_body(self) -> Any:
        """Return the decoded body; an empty one counts as `{}`.

        Raises:
            InvalidRequest: it is not JSON.
        """
        raw = self.raw_body()
        if not raw.strip():
            return {}
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError) as error:
            message = f"the body is not JSON: {error}"
            raise InvalidRequest(message[:300]) from None
        if not isinstance(body, dict):
            message = "the body must be a JSON object"
            raise InvalidRequest(message)
        check_text(body, raw)
        return body

    async def document_body(self) -> dict[str, Any]:
        """Return a JSON or YAML body, by its Content-Type; numbers know how they were written.

        An empty body counts as `{}`.

        Raises:
            InvalidRequest: it is neither, or no object.
            TooLarge: it is YAML of more than a megabyte; JSON may be larger.
        """
        raw = self.raw_body()
        media_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type not in _YAML:
            body = await asyncio.to_thread(load_json, raw) if raw.strip() else {}
        elif len(raw) > _YAML_BYTES:
            message = f"YAML may have {_YAML_BYTES:,} bytes; send larger documents as JSON"
            raise TooLarge(message)
        else:  # it takes seconds to read a megabyte
            body = await asyncio.to_thread(load_yaml, raw)
        if body is None:
            return {}
        if not isinstance(body, dict):
            message = "the body must be an object"
            raise InvalidRequest(message)
        await asyncio.to_thread(check_text, body, raw)
        return body

    def parse_query(self, model: type[BaseModel]) -> BaseModel:
        """Return the query string as a model; unknown parameters are ignored.

        Raises:
            InvalidRequest: a value does not fit, or is not UTF-8.
        """
        values: dict[str, Any] = {}
        for name, found in self.request.query_arguments.items():
            try:
                values[name] = found[-1].decode()
            except UnicodeDecodeError:
                message = "is not UTF-8"
                raise InvalidRequest(message, name) from None
        return parse(model, values)

    def answer(self, values: Any, status: int = 200) -> None:
        """Write JSON values."""
        self.answer_encoded(encode(values), status)

    def answer_encoded(self, body: bytes, status: int) -> None:
        """Write JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(body)

    def envelope(self, error: ExecError, status: int) -> dict[str, Any]:
        """Return an error in this dialect: ErrorResponse of the Azure contract."""
        details = [_detail(error.code, fault) for fault in error.faults]
        root = {"code": error.code, "message": error.message, "target": error.target}
        return {
            "error": {k: v for k, v in root.items() if v is not None} | {"details": details},
            "correlation": {"request": uuid.uuid4().hex},
            "environment": "jupyter",
            "location": "local",
            "time": datetime.now(timezone.utc).isoformat(),
        }

    def write_failure(self, error: ExecError, status: int | None = None) -> None:
        """Write an error of ours, unless the answer has begun already."""
        if self._headers_written:
            self.log.warning("jupyter_exec: %s", error.message)
            self.finish()
            return
        self.clear_header("Content-Length")
        self.answer(self.envelope(error, status or error.status), status or error.status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write any other error in this dialect; called by tornado."""
        exception = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(exception, OSError) and exception.errno == errno.ENOSPC:
            exception = NoRoom()
        if isinstance(exception, ExecError):
            self.write_failure(exception)
            return
        message = responses.get(status_code, "error")
        if isinstance(exception, HTTPError) and exception.log_message:
            message = (
                exception.log_message % exception.args if exception.args else exception.log_message
            )
        if status_code == 405:  # noqa: PLR2004 - Method Not Allowed
            self.set_header("Allow", ", ".join(verb.upper() for verb in self.verbs()))
            message = f"{self.request.method} is not possible here"
        if status_code >= 500:  # noqa: PLR2004 - our fault; the log has the traceback
            message = "something went wrong in the server; its log tells what"
        error = ExecError(message)
        error.code = "ServiceError" if status_code >= 500 else "UserError"  # noqa: PLR2004
        self.write_failure(error, status_code)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Leave faults of a request out of the log; called by tornado."""
        if not isinstance(value, ExecError) or value.status >= 500:  # noqa: PLR2004
            super().log_exception(typ, value, tb)

    def verbs(self) -> list[str]:
        """Return the verbs of this handler."""
        return list(operations_of(type(self)))

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Ignore; only handlers that stream their body take chunks."""


def _detail(code: str, fault: Fault) -> dict[str, str]:
    detail = {"code": code, "message": fault.message}
    return detail | ({"target": fault.target} if fault.target else {})


class UnknownPath(ExecHandler):
    """Everything below our prefixes that is not a route: 404 in JSON."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate, then say that there is nothing."""
        await super().prepare()
        raise HTTPError(404, "there is nothing at this address")
