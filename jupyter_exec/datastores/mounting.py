"""Folders of stores seen as folders of this machine: fsspec's FUSE (floor: datastores).

    python -m jupyter_exec.datastores.mounting     one line of JSON on stdin: store, remote, folder

The program is the file system, so it goes on without the server, as runs do, until somebody
unmounts the folder. It answers one line, {} or {"error"}, before it mounts. A mount is read-only
always, so that whoever removes the folder of a run with its mounts removes nothing of the store.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_exec.datastores.config import HTTP, MEMORY
from jupyter_exec.datastores.mishaps import told
from jupyter_exec.datastores.request import OpenStore, TransferFault
from jupyter_exec.datastores.store import Store

PROGRAM = "jupyter_exec.datastores.mounting"
_MOUNTS = Path("/proc/self/mounts")
_UNMOUNT_S = 20.0


def unmountable(protocol: str) -> str | None:
    """Return why stores of a protocol cannot be mounted here; None where they can."""
    if protocol in HTTP:
        return "a web server has no folders"
    if protocol == MEMORY:
        return "memory cannot be shared"
    return _missing()


@cache
def _missing() -> str | None:
    """Return what this machine lacks; looked up once."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK) or not _MOUNTS.exists():
        return "this machine has no /dev/fuse"
    if shutil.which("fusermount") is None or ctypes.util.find_library("fuse") is None:
        return "this machine has no libfuse 2 and fusermount (apt-get install fuse)"
    if importlib.util.find_spec("fuse") is None:
        return "fusepy is not installed (pip install 'jupyter_exec[fuse]')"
    return None


def is_mounted(folder: Path) -> bool:
    """Tell whether something is mounted at a folder, also where nobody serves it any more."""
    if not _MOUNTS.exists():
        return False
    name = str(folder).replace("\\", r"\134").replace(" ", r"\040").replace("\t", r"\011")
    return any(line.split(" ")[1:2] == [name] for line in _MOUNTS.read_text().splitlines())


def unmount_all(mounts: Path) -> None:
    """Unmount what is mounted below a folder; blocks, for a while at most.

    Raises:
        OSError, subprocess.TimeoutExpired: it cannot be done.
    """
    for folder in mounts.iterdir() if mounts.is_dir() else ():
        if is_mounted(folder):
            command = ["fusermount", "-u", "-z", str(folder)]
            subprocess.run(command, check=False, capture_output=True, timeout=_UNMOUNT_S)


def _serve(store: OpenStore, remote: str, folder: str) -> None:
    """Mount, and be the file system; returns when it is unmounted.

    Raises:
        TransferFault: it cannot be mounted.
    """
    from fsspec.fuse import FUSEr
    from fuse import FUSE

    opened = Store(store)
    where = f"{store.shown_url.rstrip('/')}/{remote}".rstrip("/")
    try:
        is_folder = opened.is_folder(remote)
    except Exception as error:
        raise TransferFault("MountFailed", f"{where}: {told(error)}") from error
    if not is_folder:
        message = f"{where} is a file; only folders can be mounted. Set mode to Download"
        raise TransferFault("MountFailed", message)
    _answer({})
    operations = FUSEr(opened.filesystem, opened.path(remote), None)
    FUSE(operations, folder, foreground=True, nothreads=True, ro=True)


def _answer(said: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve one mount."""
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        _serve(OpenStore(**asked["store"]), asked["remote"], asked["folder"])
    except TransferFault as fault:
        _answer({"error": fault.message})


if __name__ == "__main__":
    main()
