"""Routes that are imported when the first request for one of them comes (floor: handlers).

A server that nobody asks for runs does not pay for pydantic and the services.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tornado.routing import Router

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
    from tornado.web import Application

    from jupyter_exec.services.house import House

PREFIXES = ("jupyter-exec/v1", "execution", "api/v1")


class LazyRouter(Router):
    """Everything below our prefixes.

    Args:
        application: the server's tornado application.
        base_url: the server's base URL.
        house: returns the services.
    """

    # jupyter_server asks every mounted target which verbs lack authentication; routes.py answers
    # for ours.
    SUPPORTED_METHODS: tuple[str, ...] = ()

    def __init__(
        self, application: Application, base_url: str, house: Callable[[], Awaitable[House]]
    ) -> None:
        self._application = application
        self._base_url = base_url
        self._house = house
        self._rules: list[Any] | None = None

    def rules(self) -> list[Any]:
        """Return what jupyter_server mounts: our prefixes, and this router behind them."""
        base = re.escape(self._base_url)
        return [(f"{base}(?:{'|'.join(PREFIXES)})(?:/.*)?", self)]

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> HTTPMessageDelegate | None:
        """Return the handler of a request; tornado calls it."""
        if self._rules is None:
            from jupyter_exec.handlers.routes import compile_routes

            self._rules = compile_routes(self._base_url)
        path = request.path
        for pattern, handler in self._rules:
            found = pattern.fullmatch(path)
            if found:
                return self._application.get_handler_delegate(
                    request,
                    handler,
                    {"house": self._house},
                    path_kwargs={k: _unquote(v) for k, v in found.groupdict().items()},
                )
        return None


def _unquote(value: str) -> bytes:
    from tornado.escape import url_unescape

    return url_unescape(value, encoding=None, plus=False)
