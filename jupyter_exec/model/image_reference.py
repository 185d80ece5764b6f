"""The name of an image, and where it is pulled from (floor: model; pure).

Source: the grammar of references in github.com/distribution/reference.
"""

from __future__ import annotations

import re

LONGEST = 500
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::\d+)?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
    re.ASCII,
)
_ADDRESS = re.compile(rf"(?:https?://)?({_HOST})(?:/(?:v[12]/?)?)?", re.ASCII)
_ID = re.compile(r"sha256:[0-9a-f]{64}")


def check_reference(image: str) -> str:
    """Return the name of an image.

    Raises:
        ValueError: it is none. It is not repeated, as it may hold a password by mistake.
    """
    if len(image) > LONGEST or not (_REFERENCE.fullmatch(image) or _ID.fullmatch(image)):
        message = "is not the name of an image: give for example python:3.12 or host/name:tag"
        raise ValueError(message)
    return image


def check_address(address: str) -> str:
    """Return a registry's host and port.

    Raises:
        ValueError: it is no address; it is not repeated either.
    """
    found = _ADDRESS.fullmatch(address.strip())
    if not found:
        message = (
            "is not the address of a registry: give its host, for example registry.example:5000"
        )
        raise ValueError(message)
    return found[1]


def full_reference(image: str, address: str | None) -> str:
    """Return an image's name with its registry in front, as Azure ML puts the two together.

    Raises:
        ValueError: one of them is not what it should be.
    """
    check_reference(image)
    if not address or _ID.fullmatch(image):
        return image
    host = check_address(address)
    hub = host in {"docker.io", "index.docker.io"}
    return image if hub or image.startswith(f"{host}/") else f"{host}/{image}"
