"""The program that transfers data for one run (floor: datastores).

    python -m jupyter_exec.datastores.program      a TransferRequest on stdin; see `request.py`

A program, because stores are talked to by threads and packages that nobody can interrupt, and a
program can be killed: when the run is cancelled, or when a store on the other side hangs. It ends
with its stdin, so it does not outlive the server either. Secrets come on stdin, and go nowhere but
into the stores' requests.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.cache import DownloadCache
from jupyter_exec.datastores.download import download
from jupyter_exec.datastores.mishaps import Stopped
from jupyter_exec.datastores.request import TransferFault, TransferRequest
from jupyter_exec.datastores.store import open_store
from jupyter_exec.datastores.upload import upload
from jupyter_exec.datastores.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE_S = 600.0
"""A store from which nothing comes for this long is given up."""

_TELL_S = 0.5
_FAILED = {"download": "DownloadFailed", "upload": "UploadFailed", "check": "DatastoreFailed"}


def serve(
    request: TransferRequest,
    tell: Callable[[dict[str, Any]], None],
    stop: threading.Event,
    idle_s: float = IDLE_S,
) -> dict[str, Any]:
    """Do what is asked, and return the last line; blocks.

    Args:
        tell: gets what is to be told meanwhile.
        stop: set when the run is cancelled.
    """
    secrets = [secret for item in request.items for secret in item.store.secrets]
    work = Work(Path(request.log), stop, secrets)
    began = time.monotonic()
    waiting = ThreadPoolExecutor(1, "transfer")
    try:
        future = waiting.submit(_transfer, request, work)
        while not future.done():
            wait([future], timeout=_TELL_S)
            tell({"progress": _progress(request, work)})
            _check_idle(request, work, idle_s)
        future.result()
    except TransferFault as fault:
        message = work.masked(fault.message)
        with suppress(OSError):  # where the disk is full there may be no room for it either
            work.say(f"failed: {message}")
        return {"error": message, "code": fault.code}
    except Stopped:
        return {"error": "it was cancelled", "code": "Canceled"}
    finally:
        waiting.shutdown(wait=False, cancel_futures=True)
        work.close()
    if request.kind != "check":
        work.say(f"{request.kind} done: {work.done} bytes in {time.monotonic() - began:.1f} s")
    return {"placed": work.placed, "bytes": work.done}


def _check_idle(request: TransferRequest, work: Work, idle_s: float) -> None:
    """Give a store up that is silent.

    Raises:
        TransferFault: it has been for too long.
    """
    if time.monotonic() - work.active_at > idle_s:
        message = f"nothing has come or gone for {idle_s:g} s"
        raise TransferFault(_FAILED[request.kind], message)


def _progress(request: TransferRequest, work: Work) -> dict[str, Any]:
    return {"done": max(work.done, 0), "total": work.total, "label": f"{request.kind} of data"}


def _transfer(request: TransferRequest, work: Work) -> None:
    folder = Path(request.work)
    if request.kind == "download":
        kept = Path(request.cache) if request.cache else folder
        cache = DownloadCache(kept, request.cache_bytes if request.cache else 0)
        download(request.items, folder, cache, work)
    elif request.kind == "upload":
        upload(request.items, folder, Path(request.state), work)
    else:
        for item in request.items:
            with work.naming("DatastoreFailed", item, item.store.shown_url):
                open_store(item.store).check()


def _tell(said: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()


def _end_with_stdin() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(1)


def main() -> None:
    """Serve one request."""
    line = sys.stdin.buffer.readline()
    if not line:
        return
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        answer = serve(TransferRequest.from_json(json.loads(line)), _tell, threading.Event())
    except Exception as error:  # noqa: BLE001 - the outermost frame; the server tells it
        answer = {"error": f"{type(error).__name__}: {error}", "code": "ServiceError"}
    _tell(answer)
    os._exit(0)  # threads that still talk to a store are of no use


if __name__ == "__main__":
    main()
