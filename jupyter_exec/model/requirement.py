"""What a run may name under pip: requirement specifiers, PEP 508 (floor: model; pure)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

LONGEST_REQUIREMENT = 2000


def canonical_requirement(package: Any) -> str:
    """Return a requirement specifier (PEP 508) in one spelling.

    Raises:
        ValueError: it is none. pip's options, files and bare paths are none, so that a definition
            cannot choose another package index or read a file of the server.
    """
    if not isinstance(package, str):
        message = "must be a string, for example 'numpy>=1.26'"
        raise ValueError(message)  # noqa: TRY004 - one kind of error for one kind of fault
    shown = package if len(package) <= 100 else package[:100] + "..."  # noqa: PLR2004
    if len(package) > LONGEST_REQUIREMENT or not package.strip().isprintable():
        message = (
            f"{shown!r} is longer than {LONGEST_REQUIREMENT} characters or holds others than text"
        )
        raise ValueError(message)
    try:
        requirement = Requirement(package.strip())
    except InvalidRequirement:
        message = (
            f"{shown!r} is not a requirement specifier; options, files and paths are not taken: "
            "name packages, for example 'numpy>=1.26' or 'mine @ https://host/mine-1.0-py3-none-any.whl'"
        )
        raise ValueError(message) from None
    requirement.name = canonicalize_name(requirement.name)
    address = urlsplit(requirement.url or "")
    web = address.scheme.endswith(("http", "https"))
    if address.password or (web and address.username):  # a token can stand for the name
        message = (
            f"the address of {requirement.name} holds a name or a password, and a definition is "
            "stored: leave it out, and let the operator give it (a netrc file, or an index of uv)"
        )
        raise ValueError(message)
    return str(requirement)
