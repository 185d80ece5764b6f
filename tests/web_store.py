"""A web server of files with bad moments: it cuts connections, answers 500, waits."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PIECE = 2**16


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that were killed."""

    def handle_error(self, *args: Any) -> None:
        pass


class WebStore:
    """Files on a port of 127.0.0.1.

    Attributes:
        files: path -> content.
        failures: how many of the next requests for content are answered with 500.
        cut_after: bytes after which each answer is cut short; None = never.
        ranges: it knows ranges.
        says_size: it says how large files are.
        gate_at: at this many bytes in all it waits for `gate`, and sets `waiting`.
        token: what `Authorization` must be; None = anything.
        asked: (verb, path, range) of every request.
        sent: bytes of content, in all.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.failures = 0
        self.cut_after: int | None = None
        self.ranges = True
        self.says_size = True
        self.md5 = False
        self.gate_at: int | None = None
        self.gate = threading.Event()
        self.waiting = threading.Event()
        self.token: str | None = None
        self.asked: list[tuple[str, str, str | None]] = []
        self.sent = 0
        self.lock = threading.Lock()
        handler = type("OurHandler", (Handler,), {"store": self})
        self._server = QuietServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def ranges_of(self, path: str) -> list[str | None]:
        return [each[2] for each in self.asked if each[:2] == ("GET", path)]

    def close(self) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    store: WebStore

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        path, asked_range = self.path, self.headers["Range"]
        with self.store.lock:
            self.store.asked.append((self.command, path, asked_range))
            failing = self.store.failures > 0
            self.store.failures -= failing
        if self.store.token is not None and self.headers["Authorization"] != self.store.token:
            self.empty(401)
        elif failing:
            self.empty(500)
        elif path not in self.store.files:
            self.page(path, with_body=with_body)
        else:
            self.file(self.store.files[path], asked_range, with_body=with_body)

    def empty(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def page(self, path: str, *, with_body: bool) -> None:
        inside = [name for name in self.store.files if name.startswith(path)]
        if not inside or not path.endswith("/"):
            self.empty(404)
            return
        names = {name[len(path) :].partition("/") for name in inside}
        links = sorted({f"{first}{slash}" for first, slash, _ in names})
        text = "".join(f'<a href="{link}">{link}</a>' for link in ["../", "?C=N", *links])
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if with_body:
            self.wfile.write(text.encode())

    def file(self, content: bytes, asked_range: str | None, *, with_body: bool) -> None:
        start, end, status = 0, len(content), 200
        if asked_range and self.store.ranges:
            first, _, last = asked_range.removeprefix("bytes=").partition("-")
            start, end, status = int(first), min(int(last) + 1, len(content)), 206
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        if self.store.md5:
            import base64

            digest = base64.b64encode(hashlib.md5(content).digest()).decode()
            self.send_header("Content-MD5", digest)
        if self.store.says_size:
            self.send_header("Content-Length", str(end - start))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if with_body:
            self.body(content[start:end])

    def body(self, content: bytes) -> None:
        for at in range(0, len(content), PIECE):
            if self.store.cut_after is not None and at >= self.store.cut_after:
                self.close_connection = True
                self.connection.close()
                return
            if self.store.gate_at is not None and self.store.sent >= self.store.gate_at:
                self.store.waiting.set()
                self.store.gate.wait(60)
            piece = content[at : at + PIECE]
            try:
                self.wfile.write(piece)
            except OSError:
                return
            with self.store.lock:
                self.store.sent += len(piece)
