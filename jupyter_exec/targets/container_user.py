"""A name for a container's user, whom the image does not know (floor: targets; blocks).

A run's container has the user of the server, by number. Java, and with it Spark, refuses to work
for somebody without a name; so do ssh, and Python's getpass, which torch.compile asks. As some
images do when they start, the user gets a line in the container's own /etc/passwd.
"""

from __future__ import annotations

import io
import pwd
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docker import APIClient

_PASSWD = "/etc/passwd"  # noqa: S105 - a file
_NAME, _UID = 0, 2  # columns, passwd(5)


def give_name(api: APIClient, container: str, user: str, home: str) -> None:
    """Let a container that was made, and does not run yet, know its user; leave it if it does.

    An image without users, and a container that is read-only, stay as they are.

    Args:
        user: as the container was made with: `1000:1000`.
        home: folder that the user may write to.
    """
    from docker import errors

    uid, _, gid = user.partition(":")
    if not uid.isdecimal() or not int(uid):
        return
    with suppress(errors.APIError, KeyError):
        chunks, _ = api.get_archive(container, _PASSWD)
        with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
            entry = archive.getmember("passwd")
            file = archive.extractfile(entry) if entry.isfile() else None
            if file is None:
                return
            text = file.read()
        rows = [line.split(b":") for line in text.splitlines()]
        known = [row for row in rows if len(row) > _UID]
        if any(row[_UID] == uid.encode() for row in known):
            return
        name = _name(int(uid), [row[_NAME] for row in known])
        line = f"{name}:x:{uid}:{gid or '0'}::{home}:/bin/sh\n".encode()
        text = text if text.endswith(b"\n") or not text else text + b"\n"
        api.put_archive(container, "/etc", _archive(entry, text + line))


def _name(uid: int, taken: Sequence[bytes]) -> str:
    """Return what the user is called on this machine, unless the image has another of that name."""
    with suppress(KeyError):
        name = pwd.getpwuid(uid).pw_name
        if name.encode() not in taken:
            return name
    return f"user{uid}"


def _archive(entry: tarfile.TarInfo, content: bytes) -> bytes:
    entry.size = len(content)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()
