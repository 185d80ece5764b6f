"""Addresses of git repositories: how they look, and what is secret in them (floor: model).

Source: "GIT URLS" in git-clone(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

SCHEMES = ("https", "http", "ssh", "file")
EXAMPLES = "https://host/path.git, ssh://git@host/path.git, git@host:path.git or file:///path"

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_SCP = re.compile(r"^(?:[^@:/\s]+@)?[^@:/\s]+:(?!//|:)[^\s].*$")


@dataclass(frozen=True)
class GitUrl:
    """A repository's address, taken apart.

    Attributes:
        scheme: one of `SCHEMES`; `ssh` for `git@host:path` too.
        url: without password, and without user name where that is a credential (http, https).
        username, password: what was taken out of `url`.
    """

    scheme: str
    url: str
    username: str | None = None
    password: str | None = None


def parse_git_url(text: str) -> GitUrl:
    """Take an address apart.

    Raises:
        ValueError: it is none; the message shows examples, and nothing of the address, which may
            hold a password.
    """
    text = text.strip()
    found = _SCHEME.match(text)
    if not found and _SCP.match(text) and not text.startswith("-") and text.isprintable():
        return GitUrl("ssh", text)
    scheme = found[1].lower() if found else ""
    if scheme not in SCHEMES or not text.isprintable():
        message = f"this is not the address of a git repository; give for example {EXAMPLES}"
        raise ValueError(message)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        message = f"the host of this address cannot be read; give for example {EXAMPLES}"
        raise ValueError(message) from None
    if scheme == "file":
        if parts.netloc not in {"", "localhost"} or not parts.path.strip("/"):
            message = "a file:// address names an absolute path of this machine: file:///path"
            raise ValueError(message)
        return GitUrl(scheme, text)
    if not parts.hostname or not parts.path.strip("/"):
        message = f"this address lacks its host or its path; give for example {EXAMPLES}"
        raise ValueError(message)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host += f":{port}" if port else ""
    username = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    if scheme == "ssh" and parts.username:  # who to be is part of the address there
        host, username = f"{parts.username}@{host}", None
    return GitUrl(scheme, parts._replace(netloc=host).geturl(), username, password)


def without_userinfo(text: str) -> str:
    """Return an address as it may be shown, whatever it is."""
    try:
        return parse_git_url(text).url
    except ValueError:
        return re.sub(r"(//)[^/]*@", r"\1", text)[:200]
