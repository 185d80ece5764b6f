"""The conda engine, as a program of its own (floor: environments).

    python -m jupyter_exec.environments.conda_program solve REQUEST.json LOCK.yml
    python -m jupyter_exec.environments.conda_program install LOCK.yml PREFIX

A program, so that a build can be killed, holds its lock while it lives, and prints into its log.
It needs py-rattler and nothing of ours. No script of a package is executed. The lock is rattler's
(and pixi's): every package with its URL and hashes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import rattler

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENVIRONMENT = "default"
_TOKEN = re.compile(r"/t/[^/\s]+")  # the operator's, in the address that was asked for


def main(verb: str, source: str, place: str) -> int:
    """Do one of the two; what goes wrong is printed as one line that begins with `error:`."""
    try:
        (_solve if verb == "solve" else _install)(Path(source), Path(place))
    except Exception as error:  # noqa: BLE001 - a program's outermost frame; it is printed
        _say("error: " + _TOKEN.sub("/t/***", " ".join(str(error).split())))
        return 1
    return 0


def _solve(request: Path, lock: Path) -> None:
    asked: Mapping[str, Any] = json.loads(request.read_text(encoding="utf-8"))
    channels = [rattler.Channel(name) for name in asked["channels"]]
    files = sorted(Path(asked["base"]).glob("conda-meta/*.json")) if asked["base"] else []
    base = [rattler.PrefixRecord.from_path(path) for path in files]
    _say(f"solving {', '.join(asked['packages'])} with {', '.join(asked['channels'])}")
    records = asyncio.run(
        rattler.solve(
            channels,
            [*asked["packages"], *(record.name.normalized for record in base)],
            gateway=rattler.Gateway(client=_client()),
            pinned_packages=list(base),
            virtual_packages=rattler.VirtualPackage.detect(),
        )
    )
    subdir = rattler.Subdir.current()
    platform = rattler.LockPlatform(str(subdir), subdir)
    file = rattler.LockFile([platform])
    file.set_channels(_ENVIRONMENT, [channel.to_lock_channel() for channel in channels])
    for record in records:
        _say(f"  {record.url}")
        file.add_conda_package(_ENVIRONMENT, platform, record)
    file.to_path(lock)


def _install(lock: Path, prefix: Path) -> None:
    environment = rattler.LockFile.from_path(lock).environment(_ENVIRONMENT)
    platforms = environment.platforms() if environment else []
    records = environment.conda_repodata_records_for_platform(platforms[0]) if environment else None
    if records is None:
        message = "the lock is of another kind of machine"
        raise ValueError(message)
    for record in records:
        _verify(record)
    _say(f"installing {len(records)} packages")
    installing = rattler.install(
        records, prefix, show_progress=False, execute_link_scripts=False, client=_client()
    )
    asyncio.run(installing)


def _client() -> rattler.Client:
    """Return what asks for packages, with the operator's credentials: RATTLER_AUTH_FILE, netrc."""
    return rattler.Client.authenticated_client()


def _verify(record: rattler.RepoDataRecord) -> None:
    """Compare a package in a folder with its hash; rattler does it for those that it downloads."""
    address = urlsplit(record.url)
    path = Path(unquote(address.path))
    if address.scheme == "file" and path.exists() and record.sha256 is not None:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != record.sha256.hex():
            message = f"{path} is not what it was: its sha256 is {found}, not {record.sha256.hex()}"
            raise ValueError(message)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # Not sys.exit: rattler's threads may be at work still, and crash an interpreter that ends.
    os._exit(main(*sys.argv[1:]))
