"""The datastores of this server, and what a run may ask of them (floor: services)."""

from __future__ import annotations

import asyncio
import os
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

from jupyter_exec.datastores.config import LOCAL, Datastore
from jupyter_exec.datastores.mounting import unmountable
from jupyter_exec.datastores.places import overlap, relative
from jupyter_exec.datastores.request import Item, OpenStore, TransferRequest
from jupyter_exec.errors import Fault, RunFailed
from jupyter_exec.services.transfer import transfer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.definition import DataReferenceConfiguration, RunConfiguration

CHECK_S = 20.0
DEFAULT_FOLDER = "dataReferences"
_FIELD = "configuration.dataReferences"
_NAME = re.compile(r"[A-Za-z0-9_]{1,100}")


class Datastores:
    """Datastores by name, as the operator has configured them.

    Args:
        settings: name -> url, options, read_only, checksum; see `datastores/config.py`.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self._settings = settings or {}

    @property
    def variables(self) -> frozenset[str]:
        """Names of the server's variables that hold secrets of stores; runs do not get them."""
        names: set[str] = set()
        for name in self._settings:
            try:
                names |= self._read(name).variables
            except ValueError:
                continue  # the list of stores tells what is wrong with it
        return frozenset(names)

    def _read(self, name: str) -> Datastore:
        return Datastore.read(name, self._settings[name])

    def store(self, name: str | None) -> Datastore:
        """Return a datastore; None means the only one.

        Raises:
            ValueError: there is none of that name, or it is not configured well.
        """
        there = ", ".join(self._settings) or "none; the operator names them in ExecApp.datastores"
        if name is None and len(self._settings) == 1:
            name = next(iter(self._settings))
        if name is None:
            raise ValueError(f"name a datastore; there are: {there}")
        if name not in self._settings:
            raise ValueError(f"there is no datastore {name[:80]!r}; there are: {there}")
        try:
            return self._read(name)
        except ValueError as error:
            raise ValueError(f"datastore {name!r} cannot be used: {error}") from None

    def opened(self, store: Datastore) -> OpenStore:
        """Return a datastore with its secrets.

        Raises:
            RunFailed: `DatastoreFailed`: the server's environment lacks one.
        """
        try:
            options = store.opening(os.environ)
        except ValueError as error:
            message = f"datastore {store.name!r} cannot be used: {error}"
            raise RunFailed("DatastoreFailed", message) from None
        return OpenStore(
            name=store.name,
            protocol=store.protocol,
            url=store.url,
            shown_url=store.shown_url,
            options=options,
            checksum=store.checksum,
            secrets=store.secrets(os.environ),
        )

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong with the data references of a run, as far as names and paths go."""
        faults, places = [], {}
        for name, reference in configuration.data_references.items():
            field = f"{_FIELD}.{name}"
            if not _NAME.fullmatch(name):
                message = f"{name[:80]!r} must be letters, digits and '_', to be part of a variable"
                faults.append(Fault(_FIELD, message))
            faults += self._store_faults(field, reference)
            for key, path in (
                ("pathOnDataStore", reference.path_on_data_store),
                ("pathOnCompute", reference.path_on_compute),
            ):
                try:
                    relative(path)
                except ValueError as error:
                    faults.append(Fault(f"{field}.{key}", str(error)))
                    break
            else:
                places[name] = place_of(name, reference)
        return faults + _place_faults(configuration.data_references, places)

    def _store_faults(self, field: str, reference: DataReferenceConfiguration) -> list[Fault]:
        try:
            store = self.store(reference.data_store_name)
            store.opening(os.environ)
        except ValueError as error:
            return [Fault(f"{field}.dataStoreName", str(error))]
        if reference.mode == "Upload" and store.read_only:
            message = f"datastore {store.name!r} is read-only, so nothing can be uploaded to it"
            return [Fault(f"{field}.mode", message)]
        if reference.mode == "Mount" and store.protocol != LOCAL:
            missing = unmountable(store.protocol)
            if missing:
                message = (
                    f"datastore {store.name!r} ({store.protocol}) cannot be mounted: {missing}; "
                    "set mode to Download"
                )
                return [Fault(f"{field}.mode", message)]
        return []

    async def overview(self, *, check: bool) -> list[dict[str, Any]]:
        """Return what every face sees: names and addresses, no credentials.

        Args:
            check: ask every store whether it answers.
        """
        return list(await asyncio.gather(*(self._shown(name, check) for name in self._settings)))

    async def _shown(self, name: str, check: bool) -> dict[str, Any]:  # noqa: FBT001 - internal
        try:
            store = self.store(name)
        except ValueError as error:
            unknown = {"protocol": None, "url": None, "readOnly": None, "reachable": None}
            return {"name": name, **unknown, "error": str(error)}
        cause = await self._unreachable(store) if check else None
        return {
            "name": name,
            "protocol": store.protocol,
            "url": store.shown_url,
            "readOnly": store.read_only,
            "reachable": cause is None if check else None,
            "error": cause,
        }

    async def _unreachable(self, store: Datastore) -> str | None:
        """Return why a store cannot be reached; None where it can."""
        try:
            item = Item("", self.opened(store), "", True, "", True, False)  # noqa: FBT003 - it is unused
            await transfer(TransferRequest("check", (item,)), limit_s=CHECK_S)
        except RunFailed as failure:
            return failure.message
        return None


def place_of(name: str, reference: DataReferenceConfiguration) -> str:
    """Return where in the working folder a data reference has its place."""
    return relative(reference.path_on_compute) or (
        "" if reference.path_on_compute else f"{DEFAULT_FOLDER}/{name}"
    )


def _place_faults(
    references: Mapping[str, DataReferenceConfiguration], places: Mapping[str, str]
) -> list[Fault]:
    """Return the faults of places that are in each other's way, and of impossible ones."""
    faults = []
    for name, place in places.items():
        if references[name].mode == "Mount" and not place:
            message = "a mount cannot take the place of the whole folder; name one inside it"
            faults.append(Fault(f"{_FIELD}.{name}.pathOnCompute", message))
    for one, other in combinations(places, 2):
        modes = [references[one].mode, references[other].mode]
        apart = not overlap(places[one], places[other]) or not (places[one] and places[other])
        if apart or ("Upload" in modes and "Mount" not in modes):
            continue
        message = f"it and {one!r} would take the same place, {places[other] or '.'}"
        faults.append(Fault(f"{_FIELD}.{other}.pathOnCompute", message))
    return faults
