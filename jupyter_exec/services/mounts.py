"""Data that a run sees in place: links to folders, mounts of stores (floor: services)."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.config import LOCAL
from jupyter_exec.datastores.download import make_folder
from jupyter_exec.datastores.local import LocalStore
from jupyter_exec.datastores.mounting import PROGRAM, is_mounted, unmount_all
from jupyter_exec.datastores.request import TransferFault
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.job import Mount
from jupyter_exec.targets.clean_environment import clean_environment

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_exec.datastores.request import Item
    from jupyter_exec.store.paths import RunPaths

log = logging.getLogger(__name__)

MOUNT_S = 60.0
_LOOK_S = 0.02
_CODE = "MountFailed"


async def show(item: Item, paths: RunPaths, *, read_only: bool) -> tuple[Mount, ...]:
    """Show a part of a store in the working folder; what is shown already stays.

    Args:
        read_only: the store is; a mount always is.

    Returns:
        What the processes of the run need to see besides the run's folder.

    Raises:
        RunFailed: `MountFailed`: it is not there, or something is in its place.
    """
    if item.store.protocol == LOCAL:
        real = await asyncio.to_thread(_existing, item)
        await asyncio.to_thread(_link, item, real, paths)
        return (Mount(str(real), read_only=read_only),)
    folder = paths.mounts / item.name
    if not await asyncio.to_thread(_lives, folder):
        await _mount(item, folder)
    await asyncio.to_thread(_link, item, folder, paths)
    # The folder above: FUSE lets nobody but its own user look at a mount, an engine neither.
    return (Mount(str(paths.mounts), read_only=True),)


async def hide(paths: RunPaths) -> None:
    """Unmount what a run has seen; where that cannot be done the log of the server tells it."""
    if paths.mounts.is_dir():
        try:
            await asyncio.to_thread(unmount_all, paths.mounts)
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("could not unmount what is below %s: %s", paths.mounts, error)


def _existing(item: Item) -> Path:
    try:
        real = LocalStore(item.store).resolved(item.remote)
    except TransferFault as fault:
        raise RunFailed(_CODE, f"{item.field}: {fault.message}") from None
    if not real.exists():
        where = f"{item.remote or '.'} of datastore {item.store.name!r}"
        raise RunFailed(_CODE, f"{item.field}: {where} is not there")
    return real


def _link(item: Item, real: Path, paths: RunPaths) -> None:
    """Make the link in the working folder, and tell it."""
    before, _, name = item.place.rpartition("/")
    try:
        link = make_folder(paths.work, before) / name
    except TransferFault as fault:
        raise RunFailed(_CODE, f"{item.field}: {fault.message}") from None
    if not (link.is_symlink() and link.readlink() == real):
        if os.path.lexists(link):
            message = f"{item.field}: {item.place} is in the run's folder already; name another"
            raise RunFailed(_CODE, f"{message} place")
        link.symlink_to(real)
    where = f"{item.store.shown_url.rstrip('/')}/{item.remote}".rstrip("/")
    with paths.data_log.open("a", encoding="utf-8") as file:
        file.write(f"{item.name}: {where} is shown at {item.place}\n")


def _lives(folder: Path) -> bool:
    """Tell whether a mount of an earlier attempt is still served; makes room where it is not."""
    if is_mounted(folder):
        with suppress(OSError):
            os.listdir(folder)  # noqa: PTH208 - whether it can be listed, and nothing more
            return True
        unmount_all(folder.parent)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return False


async def _mount(item: Item, folder: Path) -> None:
    """Start the program that is the file system, and wait until it is there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # whatever it says may hold secrets
        env=clean_environment(os.environ),
        start_new_session=True,
    )
    asked = {"store": asdict(item.store), "remote": item.remote, "folder": str(folder)}
    mounted = False
    try:
        error = await asyncio.wait_for(_mounted(process, asked, folder), MOUNT_S)
        mounted = error is None
    except asyncio.TimeoutError:
        error = f"it was not there after {MOUNT_S:g} s"
    finally:
        if not mounted:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())
    if error is not None:
        for secret in item.store.secrets:
            error = error.replace(secret, "***")
        raise RunFailed(_CODE, f"{item.field}: {error}")


async def _mounted(
    process: asyncio.subprocess.Process, asked: dict[str, Any], folder: Path
) -> str | None:
    """Wait until a folder is mounted; returns why it is not."""
    if process.stdin is None or process.stdout is None:
        message = "a program without pipes"
        raise TypeError(message)
    with suppress(ConnectionError):
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        await process.stdin.drain()
    process.stdin.close()
    line = await process.stdout.readline()
    answer: dict[str, str] = json.loads(line or '{"error": "the program has ended"}')
    if "error" in answer:
        return answer["error"]
    began = time.monotonic()
    while not await asyncio.to_thread(is_mounted, folder):
        if process.returncode is not None:
            return f"FUSE refused it after {time.monotonic() - began:.1f} s"
        await asyncio.sleep(_LOOK_S)  # nothing tells of a new mount
    return None
