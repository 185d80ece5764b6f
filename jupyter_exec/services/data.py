"""The data of a run: fetched before it, shown to it, brought away after it (floor: services)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.download import make_folder
from jupyter_exec.datastores.places import relative
from jupyter_exec.datastores.request import Item, TransferFault, TransferRequest
from jupyter_exec.errors import RunFailed
from jupyter_exec.services import mounts
from jupyter_exec.services.datastores import place_of
from jupyter_exec.services.transfer import transfer
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_exec.model.definition import DataReferenceConfiguration, RunConfiguration
    from jupyter_exec.model.job import Mount
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.store.paths import RunPaths

VARIABLE = "AZUREML_DATAREFERENCE_"
_TELL_S = 1.0
_RUN_ID = ("$AZUREML_RUN_ID", "${AZUREML_RUN_ID}")


@dataclass(frozen=True)
class RunData:
    """What a run finds of its data.

    Attributes:
        places: name of a reference -> where it lies, below the working folder.
        mounts: what its processes need to see of this machine.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()


def variables(data: RunData, work: str) -> dict[str, str]:
    """Return the variables that tell a run where its data is.

    Args:
        work: absolute path of the working folder, as its processes see it.
    """
    return {
        f"{VARIABLE}{name}": str(PurePosixPath(work, place)) for name, place in data.places.items()
    }


async def fetch(
    engine: Engine, run: Run, configuration: RunConfiguration, paths: RunPaths
) -> RunData:
    """Put into the working folder what a run wants to find there.

    It can be done again from the start, and what was downloaded is found in the cache.

    Raises:
        RunFailed: `DownloadFailed`, `DownloadRefused`, `MountFailed` or `DatastoreFailed`, naming
            the reference and the cause.
    """
    references = configuration.data_references
    if not references:
        return RunData()
    places = {name: place_of(name, reference) for name, reference in references.items()}
    seen: list[Mount] = []
    for name, reference in references.items():
        if reference.mode == "Mount":
            item = _item(engine, run, name, reference)
            read_only = engine.datastores.store(item.store.name).read_only
            seen += await mounts.show(item, paths, read_only=read_only)
        elif reference.mode == "Upload" and not reference.path_on_compute:
            await asyncio.to_thread(_make, paths.work, places[name])
    items = [
        _item(engine, run, name, reference, again=run.attempt > 1)
        for name, reference in references.items()
        if reference.mode == "Download"
    ]
    if items:
        request = TransferRequest(
            "download",
            tuple(items),
            work=str(paths.work),
            log=str(paths.data_log),
            cache=str(engine.paths.downloads),
            cache_bytes=engine.data_cache_bytes,
        )
        places |= await _told(engine, run, request)
    return RunData(places, tuple(seen))


async def _bring_away(
    engine: Engine, run: Run, configuration: RunConfiguration, paths: RunPaths
) -> None:
    """Upload what a run leaves; after a restart it goes on where it was.

    Raises:
        RunFailed: `UploadFailed`, `UploadRefused` or `DatastoreFailed`.
    """
    items = [
        _item(engine, run, name, reference)
        for name, reference in configuration.data_references.items()
        if reference.mode == "Upload"
    ]
    if items:
        request = TransferRequest(
            "upload",
            tuple(items),
            work=str(paths.work),
            log=str(paths.data_log),
            state=str(paths.uploads),
        )
        await _told(engine, run, request)


class Delivery:
    """What a run leaves, on its way to where it shall go; also what a failed one leaves.

    Attributes:
        canceled: it was ended, or not begun, as the run was cancelled.
    """

    def __init__(self, engine: Engine, configuration: RunConfiguration, paths: RunPaths) -> None:
        self._engine = engine
        self._configuration = configuration
        self._paths = paths
        self._going: asyncio.Future[None] | None = None
        self.canceled = False

    async def deliver(self, run: Run, *, canceled: bool) -> RunFailed | None:
        """Upload; returns why it failed.

        Args:
            canceled: somebody wants the run to end, so nothing is begun any more.
        """
        references = self._configuration.data_references.values()
        if not any(reference.mode == "Upload" for reference in references):
            return None
        if canceled:
            self.canceled = True
            return None
        uploading = _bring_away(self._engine, run, self._configuration, self._paths)
        self._going = asyncio.ensure_future(uploading)
        try:
            await self._going
        except RunFailed as failure:
            return failure
        except asyncio.CancelledError:
            if not self.canceled:
                raise  # nobody waits any more
        finally:
            self._going = None
        return None

    def cancel(self) -> bool:
        """End it; tells whether it was under way."""
        if self._going is None:
            return False
        self.canceled = True
        self._going.cancel()
        return True


async def _told(engine: Engine, run: Run, request: TransferRequest) -> dict[str, str]:
    """Transfer, telling the progress as that of the run while it goes on."""
    told_at = 0.0

    async def tell(progress: dict[str, Any]) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= _TELL_S and progress["total"]:
            told_at = time.monotonic()
            await engine.journal.write(runs.save_progress, run.run_id, progress)

    before = run.progress or {"done": None, "total": None, "label": None}
    try:
        return await transfer(request, tell)
    finally:
        if told_at:  # what the run itself has said counts again
            await asyncio.shield(engine.journal.write(runs.save_progress, run.run_id, before))


def _item(
    engine: Engine,
    run: Run,
    name: str,
    reference: DataReferenceConfiguration,
    *,
    again: bool = False,
) -> Item:
    """Return what is to be done for a reference.

    Args:
        again: an attempt before this one has put its data there already.

    Raises:
        RunFailed: `DatastoreFailed`: the store is not configured any more.
    """
    try:
        store = engine.datastores.store(reference.data_store_name)
    except ValueError as error:
        raise RunFailed("DatastoreFailed", f"dataReferences.{name}: {error}") from None
    written = reference.path_on_data_store or ""
    if reference.mode == "Upload":
        written = written or f"{run.run_id}/"
        for word in _RUN_ID:
            written = written.replace(word, run.run_id)
    remote, place = relative(written), place_of(name, reference)
    on_compute = reference.path_on_compute or "/"
    return Item(
        name=name,
        store=engine.datastores.opened(store),
        remote=remote,
        remote_is_folder=not remote or written.endswith("/"),
        place=place,
        place_is_folder=not place or on_compute.endswith("/"),
        overwrite=reference.overwrite or again,
    )


def _make(work: Path, place: str) -> None:
    """Make the folder that a run may leave its data in.

    Raises:
        RunFailed: something is in its way.
    """
    try:
        make_folder(work, place)
    except TransferFault as fault:
        raise RunFailed(fault.code, fault.message) from None
