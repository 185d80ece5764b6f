"""Real git repositories, and a real git server that asks for a password."""

from __future__ import annotations

import base64
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from needs import need

if TYPE_CHECKING:
    import ssl

_IDENTITY = ("user.name=A", "user.email=a@example.org", "commit.gpgsign=false", "tag.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    settings = [word for setting in _IDENTITY for word in ("-c", setting)]
    done = subprocess.run(
        [need("git", "apt-get install git"), *settings, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return done.stdout.decode().strip()


def commit(repository: Path, text: str) -> str:
    """Commit another `train.py` and return the commit."""
    (repository / "train.py").write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "more")
    return git(repository, "rev-parse", "HEAD")


def make_repository(root: Path) -> Path:
    """Make a repository with two branches and two tags."""
    root.mkdir()
    git(root, "init", "-q", "-b", "trunk")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    commit(root, "print('trunk 1')\n")
    git(root, "tag", "v1")
    git(root, "tag", "-a", "-m", "x", "annotated")
    git(root, "checkout", "-q", "-b", "side/two")
    commit(root, "print('side')\n")
    git(root, "checkout", "-q", "trunk")
    commit(root, "print('trunk 2')\n")
    return root


class GitServer:
    """`git http-backend` below a web server of ours.

    Args:
        root: the repositories lie below it.
        user: name and password, as `name:password`.
        context: of TLS; None = plain http.
    """

    def __init__(self, root: Path, user: str, context: ssl.SSLContext | None = None) -> None:
        folder = subprocess.run(
            [need("git", "apt-get install git"), "--exec-path"], capture_output=True, check=True
        )
        self.backend = need(
            str(Path(folder.stdout.decode().strip()) / "git-http-backend"), "apt-get install git"
        )
        self.root = root
        self.expected = "Basic " + base64.b64encode(user.encode()).decode()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if context else "http"
        threading.Thread(target=self._server.serve_forever).start()

    def url(self, repository: Path) -> str:
        """Return the address of a repository."""
        place = f"127.0.0.1:{self._server.server_port}"
        return f"{self._scheme}://{place}/{repository.relative_to(self.root)}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: GitServer

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != self.owner.expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        env = {
            "GIT_PROJECT_ROOT": str(self.owner.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "ann",
        }
        done = subprocess.run(
            [self.owner.backend], input=body, env=env, capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
