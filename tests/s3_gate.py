"""A gate before an S3 server: it lets some parts of uploads through, and holds the others."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from web_store import QuietServer

_OURS = {"connection", "content-length", "transfer-encoding", "host", "accept-encoding", "expect"}
_VERBS = ("GET", "HEAD", "PUT", "POST", "DELETE")


class S3Gate:
    """Passes requests on to `behind`.

    Attributes:
        let: so many parts pass; the next ones wait for `open`, and are lost if it ends meanwhile.
        held: set when the first part waits.
        passed: numbers of the parts that the server has got.
    """

    def __init__(self, behind: str, let: int) -> None:
        self.behind = behind
        self.let = let
        self.open = threading.Event()
        self.held = threading.Event()
        self.passed: list[int] = []
        self.lock = threading.Lock()
        self.client = httpx.Client(base_url=behind, trust_env=False, timeout=60)
        verbs = {
            f"do_{verb}": _Handler.pass_on for verb in ("GET", "HEAD", "PUT", "POST", "DELETE")
        }
        handler = type("OurGate", (_Handler,), {"gate": self, **verbs})
        self._server = QuietServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def wait_if_closed(self) -> bool:
        """Tell whether a part may pass, in the end."""
        with self.lock:
            self.let -= 1
            passes = self.let >= 0
        if not passes:
            self.held.set()
            self.open.wait(60)
        return passes

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self.client.close()


class _Handler(BaseHTTPRequestHandler):
    gate: S3Gate
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def pass_on(self) -> None:
        content = self._content()
        part = parse_qs(urlsplit(self.path).query).get("partNumber")
        if self.command == "PUT" and part and not self.gate.wait_if_closed():
            self.close_connection = True  # whoever sent it was killed
            return
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _OURS}
        answer = self.gate.client.request(self.command, self.path, content=content, headers=headers)
        if self.command == "PUT" and part:
            self.gate.passed.append(int(part[0]))
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                self.send_header(name, value)
        length = answer.headers.get("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _content(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content
