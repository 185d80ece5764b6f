"""What Submarine's routes share: the envelope of every answer, and how bodies are read.

Floor: handlers. Source: `JsonResponse` of Apache Submarine 0.8's REST API.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.handlers.base import ExecHandler

if TYPE_CHECKING:
    from jupyter_exec.errors import ExecError

ENVELOPE = ("status", "code", "success", "message", "result", "attributes")


def enveloped(
    result: Any, status: int = 200, *, success: bool | None = True, message: str | None = None
) -> dict[str, Any]:
    """Return what Submarine answers: always these fields, nulls kept."""
    return {
        "status": HTTPStatus(status).name,
        "code": status,
        "success": success,
        "message": message,
        "result": result,
        "attributes": {},
    }


class SubmarineHandler(ExecHandler):
    """Base of Submarine's routes; everything that fails answers in its envelope, too."""

    error_answer = "SubmarineError"

    def envelope(self, error: ExecError, status: int) -> dict[str, Any]:
        """Return an error; a wrong request names every field at fault."""
        message = error.message
        named = all((fault.target or "") in message for fault in error.faults)
        if isinstance(error, InvalidRequest) and not named:
            message = InvalidRequest.of(error.faults).message
        return enveloped(None, status, success=None, message=message)

    async def spec_body(self, wrapper: str, mark: str) -> dict[str, Any]:
        """Return the spec of a JSON or YAML body; what GET answers may be sent back as it is.

        Args:
            wrapper: field of an answer's `result` that the spec lies in.
            mark: a field by which such a spec is told from the body itself.

        Raises:
            InvalidRequest: it is neither, or no object.
        """
        body = await self.document_body()
        if set(body) >= set(ENVELOPE) and isinstance(body["result"], dict):
            body = body["result"]
        inner = body.get(wrapper)
        return inner if isinstance(inner, dict) and mark in inner and mark not in body else body


class UnknownSubmarinePath(SubmarineHandler):
    """Everything below `api/v1` that is not a route."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate, then say that there is nothing."""
        await super().prepare()
        raise HTTPError(404, "there is nothing at this address")
