"""Transfers as the program does them, without a server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores import program
from jupyter_exec.datastores.config import Datastore
from jupyter_exec.datastores.places import relative
from jupyter_exec.datastores.request import Item, OpenStore, TransferRequest

if TYPE_CHECKING:
    from pathlib import Path


def opened(url: str, **settings: Any) -> OpenStore:
    store = Datastore.read("shop", {"url": url, **settings})
    options = store.opening({"WORD": "hush-hush"})
    secrets = store.secrets({"WORD": "hush-hush"})
    return OpenStore("shop", store.protocol, url, store.shown_url, options, store.checksum, secrets)


class Mover:
    """Transfers between a store and a working folder."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.cache = folder / "cache"
        self.log = folder / "data.txt"
        self.state = folder / "uploads.jsonl"
        self.work.mkdir()
        self.stop = threading.Event()
        self.told: list[dict[str, Any]] = []

    def move(
        self,
        kind: str,
        store: OpenStore,
        remote: str = "",
        place: str = "in",
        overwrite: bool = False,
        cache_bytes: int = 2**30,
    ) -> dict[str, Any]:
        item = Item(
            "x",
            store,
            relative(remote),
            not remote or remote.endswith("/"),
            relative(place),
            place.endswith("/"),
            overwrite,
        )
        request = TransferRequest(
            kind,
            (item,),
            str(self.work),
            str(self.log),
            str(self.cache),
            cache_bytes,
            str(self.state),
        )
        assert TransferRequest.from_json(request.to_json()) == request
        return program.serve(request, self.told.append, self.stop)

    def get(self, *args: Any, **more: Any) -> dict[str, Any]:
        return self.move("download", *args, **more)

    def put(self, *args: Any, **more: Any) -> dict[str, Any]:
        return self.move("upload", *args, **more)

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.work.rglob("*") if path.is_file())
        return {path.relative_to(self.work).as_posix(): path.read_bytes() for path in found}

    def kept(self) -> list[Path]:
        return [path for path in self.cache.rglob("*") if path.is_file()]

    def log_text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""
