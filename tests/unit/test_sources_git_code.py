"""Code checked out by the real program: files, http with the real git, ssh with a stand-in."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from git_repositories import GitServer, commit, git
from needs import need

from jupyter_exec.services import code
from jupyter_exec.sources.code_request import CodeRequest

if TYPE_CHECKING:
    from pathlib import Path


def fetched(folder: Path, url: str, env: dict[str, str] | None = None, **more: Any) -> Any:
    """What the program answers; stdin stays open until then."""
    folder.mkdir(exist_ok=True)
    request = {"url": url, "folder": str(folder / "current"), "log": str(folder / "log"), **more}
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter_exec.sources.git_code"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(folder), **(env or {})},
    ) as process:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())


def test_the_default_branch(repository: Path, tmp_path: Path) -> None:
    answer = fetched(tmp_path / "out", f"file://{repository}")
    assert answer == {"commit": git(repository, "rev-parse", "HEAD"), "branch": "trunk"}
    current = tmp_path / "out" / "current"
    assert (current / "train.py").read_text() == "print('trunk 2')\n"
    assert os.access(current / "run.sh", os.X_OK)
    assert git(current, "status", "--porcelain", "--branch") == "## trunk"


@pytest.mark.parametrize(
    ("ref", "text"),
    [("side/two", "side"), ("v1", "trunk 1"), ("annotated", "trunk 1"), ("trunk", "trunk 2")],
)
def test_a_branch_or_a_tag(repository: Path, tmp_path: Path, ref: str, text: str) -> None:
    answer = fetched(tmp_path / "out", f"file://{repository}", ref=ref)
    expected = git(repository, "rev-parse", f"{ref}^{{commit}}")
    assert answer == {"commit": expected, "branch": ref}
    assert (tmp_path / "out/current/train.py").read_text() == f"print('{text}')\n"
    assert git(tmp_path / "out/current", "rev-parse", "HEAD") == expected


def test_a_commit_whose_branch_has_moved_on(repository: Path, tmp_path: Path) -> None:
    old = git(repository, "rev-parse", "HEAD")
    commit(repository, "print('trunk 3')\n")
    answer = fetched(tmp_path / "out", f"file://{repository}", ref="trunk", commit=old)
    assert answer == {"commit": old, "branch": "trunk"}
    assert (tmp_path / "out/current/train.py").read_text() == "print('trunk 2')\n"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"ref": "nope"}, "there is no branch or tag 'nope'; there are side/two, trunk, annotated"),
        ({"commit": "0" * 39 + "1"}, f"commit {'0' * 39}1 is not in the repository any more"),
    ],
)
def test_what_is_not_there(
    repository: Path, tmp_path: Path, more: dict[str, str], message: str
) -> None:
    assert message in fetched(tmp_path / "out", f"file://{repository}", **more)["error"]


@pytest.mark.parametrize("path", ["nowhere", "plain"])
def test_no_repository(tmp_path: Path, path: str) -> None:
    (tmp_path / "plain").mkdir()
    assert "no repository" in fetched(tmp_path / "out", f"file://{tmp_path}/{path}")["error"]


def test_an_empty_repository(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    assert fetched(tmp_path / "out", f"file://{tmp_path}/empty")["error"] == (
        "the repository is empty"
    )


def test_names_with_blanks(repository: Path, tmp_path: Path) -> None:
    odd = tmp_path / "öd d"
    repository.rename(odd)
    answer = fetched(tmp_path / "out", f"file://{tmp_path}/%C3%B6d%20d")
    assert answer["branch"] == "trunk"


# ------------------------------------------------------------------ http


def test_http_with_a_password(repository: Path, git_server: GitServer, tmp_path: Path) -> None:
    url = git_server.url(repository)
    answer = fetched(tmp_path / "out", url, username="ann", password="hush:%@hush", ref="side/two")
    assert answer == {"commit": git(repository, "rev-parse", "side/two"), "branch": "side/two"}
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert (tmp_path / "out/current/.git/config") in files
    forms = [b"hush", base64.b64encode(b"ann:hush:%@hush")]
    assert not [path for path in files if any(form in path.read_bytes() for form in forms)]
    assert git(tmp_path / "out/current", "remote", "get-url", "origin") == url


def test_http_fetches_one_commit_only(
    repository: Path, git_server: GitServer, tmp_path: Path
) -> None:
    fetched(tmp_path / "out", git_server.url(repository), username="ann", password="hush:%@hush")
    assert git(tmp_path / "out/current", "rev-list", "--count", "HEAD") == "1"


def test_http_old_commit(repository: Path, git_server: GitServer, tmp_path: Path) -> None:
    old = git(repository, "rev-parse", "HEAD")
    commit(repository, "print('trunk 3')\n")
    way_in = {"username": "ann", "password": "hush:%@hush"}
    answer = fetched(tmp_path / "out", git_server.url(repository), commit=old, **way_in)
    assert answer["commit"] == old
    assert (tmp_path / "out/current/train.py").read_text() == "print('trunk 2')\n"


@pytest.mark.parametrize("password", [None, "wrong-hush"])
def test_http_with_a_wrong_password(
    repository: Path, git_server: GitServer, tmp_path: Path, password: str | None
) -> None:
    url = git_server.url(repository)
    answer = fetched(tmp_path / "out", url, username="ann", password=password)
    assert "user name and a password" in answer["error"]
    assert "hush" not in json.dumps(answer)


def test_http_not_found(repository: Path, git_server: GitServer, tmp_path: Path) -> None:
    way_in = {"username": "ann", "password": "hush:%@hush"}
    answer = fetched(tmp_path / "out", git_server.url(repository) + "x", **way_in)
    assert "no repository" in answer["error"]


def test_http_nobody_there(tmp_path: Path) -> None:
    answer = fetched(tmp_path / "out", "http://127.0.0.1:1/x.git", password="hush", username="a")
    assert "Connection refused" in answer["error"]
    assert "object at" not in answer["error"]


def test_https_and_its_certificate(repository: Path, tmp_path: Path) -> None:
    openssl = need("openssl", "apt-get install openssl")
    words = "req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run([openssl, *words.split()], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = GitServer(tmp_path, "ann:hush", context)
    try:
        way_in = {"username": "ann", "password": "hush"}
        url = server.url(repository)
        refused = fetched(tmp_path / "out", url, **way_in)
        assert "certificate verify failed" in refused["error"]
        answer = fetched(tmp_path / "again", url, trust_certs=True, **way_in)
        assert answer["branch"] == "trunk"
    finally:
        server.close()


async def test_a_server_that_hangs_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "TIME_LIMIT_S", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        request = CodeRequest(url, str(tmp_path / "current"), str(tmp_path / "log"))
        assert await code._served(request, tmp_path) == {"error": "it took longer than 2 s"}


@contextmanager
def saying(status: int, text: str):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/x.git"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [200, 403, 500])
def test_something_else_answers(tmp_path: Path, status: int) -> None:
    with saying(status, "<html>sign in, ann hush</html>") as url:
        answer = fetched(tmp_path / "out", url, username="ann", password="hush")
    assert answer["error"]
    assert "hush" not in answer["error"]
    assert "\n" not in answer["error"]


# ------------------------------------------------------------------ ssh


@pytest.fixture
def ssh(tmp_path: Path) -> dict[str, str]:
    """A stand-in for ssh: it notes its arguments and does here what it should do there."""
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\nfor last; do :; done\n'
        '[ -z "$REFUSE" ] || { echo "git@host: Permission denied (publickey)." >&2; exit 255; }\n'
        'export GIT_PROTOCOL=version=2\nexec sh -c "$last"\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("url", "host"),
    [("ssh://git@host:2222{}", "git@host"), ("git@host:{}", "git@host"), ("ssh://host{}", "host")],
)
def test_ssh(repository: Path, ssh: dict[str, str], tmp_path: Path, url: str, host: str) -> None:
    answer = fetched(tmp_path / "out", url.format(repository), env=ssh, ref="side/two")
    assert answer["commit"] == git(repository, "rev-parse", "side/two")
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert host in arguments
    assert ("2222" in arguments) == (":2222" in url)
    assert "BatchMode=yes" in arguments


def test_ssh_refuses(repository: Path, ssh: dict[str, str], tmp_path: Path) -> None:
    answer = fetched(tmp_path / "out", f"git@host:{repository}", env={**ssh, "REFUSE": "1"})
    assert answer == {"error": "git@host: Permission denied (publickey)."}


def test_ssh_takes_no_password(repository: Path, ssh: dict[str, str], tmp_path: Path) -> None:
    answer = fetched(tmp_path / "out", f"git@host:{repository}", env=ssh, password="hush")
    assert "no password" in answer["error"]
    assert not (tmp_path / "arguments").exists()


@pytest.mark.parametrize(
    "url", ["ssh://-oProxyCommand=x/y", "-oProxyCommand=x:y", "/etc", "ext::x"]
)
def test_no_address(ssh: dict[str, str], tmp_path: Path, url: str) -> None:
    assert fetched(tmp_path / "out", url, env=ssh)["error"]
    assert not (tmp_path / "arguments").exists()
