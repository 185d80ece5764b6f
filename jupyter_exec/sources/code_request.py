"""What is asked of the program that fetches code, and what it answers (floor: sources).

Apart from `git_code.py`, so that the server needs not import dulwich.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from typing import BinaryIO


@dataclass(frozen=True)
class CodeRequest:
    """What to check out, and where.

    Attributes:
        url: without credentials.
        folder: absolute path that does not exist.
        log: file for what the other side says meanwhile.
        ref: branch or tag; None = the repository's own choice.
        commit: hex id; the ref may have moved on since.
        trust_certs: ask for no valid certificate.
    """

    url: str
    folder: str
    log: str
    ref: str | None = None
    commit: str | None = None
    username: str | None = None
    password: str | None = None
    trust_certs: bool = False


@dataclass(frozen=True)
class CheckedOut:
    """What was checked out: the commit's hex id, and the branch or tag it was found by."""

    commit: str
    branch: str | None


class Lines:
    """What the other side says, line by line, without lines that are overwritten on a terminal.

    Args:
        file: where they go.
        request: its password is in none of them.
    """

    def __init__(self, file: BinaryIO, request: CodeRequest) -> None:
        self._file = file
        self._rest = b""
        secrets = [request.password, None if request.password else request.username]
        self._secrets = [form for word in secrets if word for form in {word, quote(word, safe="")}]

    def write(self, data: bytes) -> None:
        """Take a piece of text, which may end anywhere."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            text = line.rpartition(b"\r")[2].decode("utf-8", "replace")
            self._file.write(self.without_secrets(text).encode() + b"\n")

    def without_secrets(self, text: str) -> str:
        """Return a text that may be shown."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text
