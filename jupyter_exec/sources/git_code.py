"""A git repository checked out into a folder, by a program of its own (floor: sources).

    python -m jupyter_exec.sources.git_code      one JSON object on stdin, one on stdout

A program, because unpacking is heavy Python work that would hold up the server's event loop, and
because it can be killed: when the run is cancelled, or when a server on the other side hangs. It
ends with its stdin, so it does not outlive the server either. Credentials come on stdin, and go
nowhere but into the request.

    a CodeRequest
    a CheckedOut, or {"error"}: one line
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from dulwich.client import (
    HTTPUnauthorized,
    LocalGitClient,
    SSHGitClient,
    get_transport_and_path,
)
from dulwich.config import ConfigFile, StackedConfig
from dulwich.errors import HangupException, NotGitRepository
from dulwich.objects import Commit, ObjectID, Tag
from dulwich.refs import Ref
from dulwich.repo import Repo

from jupyter_exec.model.git_url import parse_git_url
from jupyter_exec.sources.code_request import CheckedOut, CodeRequest, Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from dulwich.client import FetchPackResult, GitClient

IDLE_S = 60
"""A server that is silent for this long is given up."""

_HEAD = Ref(b"HEAD")
_KINDS = (b"refs/heads/", b"refs/tags/")
_CAUSES = {
    HTTPUnauthorized: "the server asks for a user name and a password, and took none it was given",
    NotGitRepository: "there is no repository, or none that may be seen without a password",
}
_OBJECT = re.compile(r"^\w+\([^)]*\): |<[^>]*>:? ?")  # how urllib3 begins its messages
_SHOWN = 10
_SSH = f"ssh -o BatchMode=yes -o ConnectTimeout={IDLE_S // 2} -o ServerAliveInterval={IDLE_S // 4}"


class FetchFault(Exception):
    """The code could not be fetched; its message is one line for the user."""


def check_out(request: CodeRequest, say: Callable[[bytes], None]) -> CheckedOut:
    """Fetch what is needed of a repository, and check it out; blocks.

    Args:
        say: gets what the other side says meanwhile, in pieces.

    Raises:
        FetchFault: with the cause.
        Exception: whatever the network and a strange repository are good for.
    """
    config = _config(request)
    client, path = _client(request, config)
    found = _Choice(request)
    with Repo.init(request.folder, mkdir=True) as repository:
        for depth in (1, None):
            result = client.fetch(
                path.encode(),
                repository,
                determine_wants=found.wants,
                progress=say,
                depth=depth,
            )
            if found.sha is not None and found.sha in repository.object_store:
                break
        return _arrive(request, repository, found, result, config)


class _Choice:
    """Which objects to ask for, once the other side has said what it has."""

    def __init__(self, request: CodeRequest) -> None:
        self._request = request
        self.sha: ObjectID | None = None

    def wants(self, refs: Mapping[Ref, ObjectID], depth: int | None = None) -> list[ObjectID]:
        """Return the one object to ask for; all, with their history, where it may be anywhere."""
        if self._request.commit is not None:
            self.sha = ObjectID(self._request.commit.encode())
            if self.sha in refs.values():
                return [self.sha]
            return [] if depth else sorted(set(refs.values()))  # its branch has moved on since
        ref = self._request.ref
        names = [Ref(kind + ref.encode()) for kind in _KINDS] if ref else [_HEAD]
        self.sha = next((refs[name] for name in names if name in refs), None)
        if self.sha is None:
            raise FetchFault(_unknown(ref, refs))
        return [self.sha]


def _unknown(ref: str | None, refs: Mapping[Ref, ObjectID]) -> str:
    there = [
        name.removeprefix(kind).decode("utf-8", "replace")
        for kind in _KINDS
        for name in sorted(refs)
        if name.startswith(kind) and not name.endswith(b"^{}")
    ]
    if not there:
        return "the repository is empty"
    more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
    names = ", ".join(there[:_SHOWN]) + more
    if ref is None:
        return f"the repository does not say which branch is meant; name one of {names}"
    return f"there is no branch or tag {ref[:200]!r}; there are {names}"


def _arrive(
    request: CodeRequest,
    repository: Repo,
    found: _Choice,
    result: FetchPackResult,
    config: StackedConfig,
) -> CheckedOut:
    """Check out what was fetched, as `git checkout` of a branch or a tag would leave it."""
    if found.sha is None or found.sha not in repository.object_store:
        message = f"commit {request.commit} is not in the repository any more"
        raise FetchFault(message)
    peeled = repository[found.sha]
    while isinstance(peeled, Tag):
        peeled = repository[peeled.object[1]]
    if not isinstance(peeled, Commit):
        message = f"{request.ref!r} is no commit"
        raise FetchFault(message)
    head = result.symrefs.get(_HEAD, b"").removeprefix(b"refs/heads/").decode("utf-8", "replace")
    name = request.ref or head or None
    branch = Ref(b"refs/heads/" + name.encode()) if name else None
    if branch is not None and (branch in result.refs or request.ref is None):
        repository.refs[branch] = peeled.id
        repository.refs.set_symbolic_ref(_HEAD, branch)
    else:
        repository.refs[_HEAD] = peeled.id
    settings = repository.get_config()
    settings.set((b"remote", b"origin"), b"url", request.url.encode())
    settings.write_to_path()
    repository.get_worktree().reset_index(tree=peeled.tree, config=config)
    return CheckedOut(peeled.id.decode(), name)


def _config(request: CodeRequest) -> StackedConfig:
    """Return the user's own settings (proxy, certificates), with limits, and ours on top."""
    ours = ConfigFile()
    if request.trust_certs:
        ours.set((b"http",), b"sslVerify", b"false")
    below = ConfigFile()
    below.set((b"http",), b"timeout", str(IDLE_S).encode())
    backends = StackedConfig.default().backends
    return StackedConfig([ours, *backends, below])


def _client(request: CodeRequest, config: StackedConfig) -> tuple[GitClient, str]:
    """Return what speaks to the other side, and the path there.

    Raises:
        FetchFault: the URL is none, or a password was given for ssh, which takes keys.
    """
    try:
        address = parse_git_url(request.url)
    except ValueError as error:
        raise FetchFault(str(error)) from None
    if address.scheme == "file":
        return LocalGitClient(), unquote(urlsplit(request.url).path)
    if address.scheme != "ssh":
        return get_transport_and_path(
            request.url, config=config, username=request.username, password=request.password
        )
    if request.password is not None:
        message = "ssh takes no password from here; give the server's user a key, or use https"
        raise FetchFault(message)
    client, path = get_transport_and_path(
        request.url,
        config=config,
        username=request.username,
        ssh_command=os.environ.get("GIT_SSH_COMMAND") or _ssh_command(config),
    )
    if not isinstance(client, SSHGitClient):
        message = f"this is not the address of a git repository: {request.url}"
        raise FetchFault(message)
    return client, path


def _ssh_command(config: StackedConfig) -> str:
    """Return the user's own choice, or ssh that never asks and never waits for ever."""
    try:
        return config.get((b"core",), b"sshCommand").decode()
    except KeyError:
        return _SSH


def cause_of(error: BaseException) -> str:
    """Return one line for the user."""
    for kind, text in _CAUSES.items():
        if isinstance(error, kind):
            return text
    if isinstance(error, HangupException) and error.stderr_lines:  # ssh's own words
        text = b"; ".join(filter(None, map(bytes.strip, error.stderr_lines))).decode(
            "utf-8", "replace"
        )
    elif isinstance(error, OSError):
        text = ": ".join(filter(None, (error.filename, error.strerror))) or str(error)
    else:
        text = str(getattr(error.__cause__, "reason", None) or error) or type(error).__name__
    return " ".join(_OBJECT.sub("", text).split())


def serve(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Serve one request; the program ends when stdin does."""
    request = CodeRequest(**json.loads(stdin.readline()))
    threading.Thread(target=_end_with, args=(stdin.fileno(),), daemon=True).start()
    answer: dict[str, Any]
    with Path(request.log).open("ab", buffering=0) as file:
        log = Lines(file, request)
        try:
            answer = asdict(check_out(request, log.write))
        except Exception as error:  # noqa: BLE001 - the outermost frame of this program: it is the answer
            answer = {"error": log.without_secrets(cause_of(error))[:500]}
    stdout.write(json.dumps(answer).encode() + b"\n")
    stdout.flush()


def _end_with(stdin: int) -> None:
    """End this program when the one that wants its answer is gone."""
    with suppress(OSError):
        while os.read(stdin, 4096):
            pass
    os._exit(1)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
