"""A small HTTP server that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PREFIX = "/jupyter-exec/v1/"


@dataclass
class Request:
    """What came in; `path` is below our prefix."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """What goes out; an iterator is sent in chunks, and `breaks` leaves out the last one."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False


Route = Callable[[Request], Answer]


class StandIn:
    """Answers on a free port of 127.0.0.1; `routes` maps "GET runs/x" to a function."""

    def __init__(self, port: int = 0) -> None:
        self.routes: dict[str, Route] = {}
        self.requests: list[Request] = []
        self.on("GET targets", Answer({"targets": []}))
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                outer._answer(self)

            do_GET = do_POST = do_DELETE = do_any  # noqa: N815 - http.server looks for these

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                pass  # the client went away

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def on(self, what: str, answer: Answer | Route) -> None:
        self.routes[what] = answer if callable(answer) else lambda _: answer

    def seen(self, what: str) -> list[Request]:
        method, path = what.split(" ", 1)
        return [one for one in self.requests if (one.method, one.path) == (method, path)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix(PREFIX)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        headers = {key.lower(): value for key, value in handler.headers.items()}
        request = Request(handler.command, path, query, headers, body)
        self.requests.append(request)
        route = self.routes.get(f"{request.method} {path}")
        answer = route(request) if route else Answer({"message": "Not Found"}, 404)
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if isinstance(answer.body, Iterator):
            self._stream(handler, answer)
            return
        content = (
            answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        )
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _stream(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for block in answer.body:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
        if not answer.breaks:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True


def run_json(
    run_id: str = "default_1_abcd", status: str = "Running", **more: Any
) -> dict[str, Any]:
    """A run as the server shows it."""
    return {
        "runId": run_id,
        "experiment": "default",
        "displayName": "train.py",
        "status": status,
        "target": "local",
        "createdAt": "2026-01-31T12:00:00.000Z",
        "startedAt": "2026-01-31T12:00:01.000Z",
        "endedAt": None,
        "exitCode": None,
        "error": None,
        "tags": {},
        "progress": None,
        "attempt": 1,
        "definition": {"configuration": {}},
        **more,
    }


def event(event_id: int, kind: str = "state", **data: Any) -> bytes:
    """A server-sent event."""
    content = json.dumps({"id": event_id, "type": kind, "runId": "default_1_abcd", **data})
    return f"id: {event_id}\nevent: {kind}\ndata: {content}\n\n".encode()
