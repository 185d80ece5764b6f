"""Experiments: runs that were asked for in Submarine's words (floor: services).

Source: the `experiment` routes of Apache Submarine's REST API.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, Fault, InvalidRequest
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.experiment import (
    CREDENTIALS,
    FRAMEWORKS,
    ExperimentSpec,
    has_placeholder,
    without_credentials,
)
from jupyter_exec.model.ids import legal_experiment
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.wire import parse
from jupyter_exec.services.experiments.dialects import python_of
from jupyter_exec.services.experiments.named_environments import NamedEnvironments
from jupyter_exec.services.sourcing import Sourced
from jupyter_exec.services.submission import Submission
from jupyter_exec.store import experiments as store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.store.experiments import Experiment

_NO_SECRETS: Mapping[str, str] = MappingProxyType({})
_CONDA = "configuration.environment.python.condaDependencies"
_PACKAGE = re.compile(re.escape(_CONDA) + r"\.dependencies\[(\d+)\](?:\.pip(?:\[(\d+)\])?)?")
_PLACES = {
    "configuration.experiment.": "",
    "configuration.environment": "environment",
    "configuration.resources": "spec",
    "configuration.framework": "meta.framework",
    "configuration.": "",
}


def spec_of(run: Run) -> ExperimentSpec:
    """Return what an experiment was asked to be."""
    spec = parse(RunDefinition, run.definition).configuration.experiment
    if spec is None:
        message = f"run {run.run_id} is no experiment"
        raise InvalidRequest(message)
    return spec


class ExperimentService:
    """The verbs on experiments.

    Args:
        server_timestamp: when the server was started, in epoch milliseconds; part of their ids.
    """

    def __init__(self, engine: Engine, runs: RunService, server_timestamp: int) -> None:
        self._journal = engine.journal
        self._runs = runs
        self._insert = partial(store.insert, server_timestamp=server_timestamp)
        self._changing = asyncio.Lock()
        self.environments = NamedEnvironments(engine.journal, server_timestamp)

    async def submission(
        self, spec: ExperimentSpec, secrets: Mapping[str, str] = _NO_SECRETS
    ) -> Submission:
        """Return what `RunService.start` makes an experiment of; its run id is given there.

        Args:
            secrets: variable -> value, for the processes; never stored.

        Raises:
            InvalidRequest: with all faults, each with its place in the spec.
        """
        spec, credentials = await self._plain(spec)
        definition = _definition(spec)
        name = spec.meta.name or ""
        group = legal_experiment(name)
        with as_sent():
            await self._runs.check(group, None, definition)
        return Submission(
            experiment=group,
            definition=definition,
            sourced=Sourced(""),
            run_id=store.NUMBERED,
            display_name=name or group,
            tags=dict.fromkeys(spec.meta.tags or (), ""),
            secrets={**secrets, **credentials},
            insert=self._insert,
        )

    async def _plain(self, spec: ExperimentSpec) -> tuple[ExperimentSpec, dict[str, str]]:
        """Return the spec as it is stored: nothing secret, nothing that a name stands for."""
        faults = _leftovers(spec)
        if faults:
            raise InvalidRequest.of(faults)
        changes: dict[str, Any] = {
            "environment": await self.environments.resolve(spec.environment),
            "meta": spec.meta.model_copy(
                update={"experiment_id": None, "tags": spec.meta.tags or None}
            ),
        }
        credentials: dict[str, str] = {}
        if spec.code is not None:
            changes["code"], credentials = without_credentials(spec.code)
        return spec.model_copy(update=changes), credentials

    async def create(self, spec: ExperimentSpec) -> Run:
        """Set an experiment going, or raise InvalidRequest."""
        return await self._runs.start(await self.submission(spec))

    async def get(self, experiment_id: str) -> Experiment:
        """Return an experiment, or raise NotFound."""
        return await self._journal.read(store.get, experiment_id)

    async def find(self, statuses: Sequence[RunStatus] | None = None) -> list[Experiment]:
        """Return all experiments in these states (None = any), oldest first."""
        return await self._journal.read(store.find, statuses)

    async def delete(self, experiment_id: str) -> Experiment:
        """End an experiment and show it no more; its run stays. Returns what it was.

        Raises:
            NotFound: there is none.
        """
        experiment = await self._journal.write(store.hide, experiment_id)
        await self._runs.cancel(experiment_id)
        return experiment

    async def patch(self, experiment_id: str, spec: ExperimentSpec) -> Experiment:
        """Change an experiment that waits; of one that has begun, its name and its tags.

        Raises:
            NotFound: there is none.
            InvalidRequest: the spec cannot run.
            Conflict: it has begun, and more than its name and tags would change.
        """
        async with self._changing:
            while True:
                experiment = await self.get(experiment_id)
                if await self._changed(experiment.run, spec):
                    return await self.get(experiment_id)

    async def _changed(self, run: Run, spec: ExperimentSpec) -> bool:
        """Change it as its state allows; answers False where the state has changed meanwhile."""
        before = spec_of(run)
        plain, credentials = await self._plain(spec)
        if plain.to_wire() == before.to_wire() and not credentials:
            return True
        if run.status is RunStatus.QUEUED:
            return await self._redefined(run, before, spec)
        renamed = before.model_copy(
            update={
                "meta": before.meta.model_copy(
                    update={"name": plain.meta.name, "tags": plain.meta.tags}
                )
            }
        )
        if plain.to_wire() != renamed.to_wire():
            message = (
                f"the experiment is {run.status.value}: only meta.name and meta.tags may change "
                "now. Delete it and create another one, or send the spec that GET answers"
            )
            raise Conflict(message, "spec")
        definition = {**run.definition}
        definition["configuration"] = {
            **definition["configuration"],
            "experiment": renamed.to_json(),
        }
        return await self._journal.write(
            store.redefine, run.run_id, run.status, definition, *_shown(renamed, run)
        )

    async def _redefined(self, run: Run, before: ExperimentSpec, spec: ExperimentSpec) -> bool:
        submission = await self.submission(spec)
        configuration = submission.definition.configuration
        kept = set(parse(RunDefinition, run.definition).configuration.secrets)
        if _address(before) != _address(spec):
            kept -= set(CREDENTIALS)  # they are for the other repository
        names = sorted(kept | set(submission.secrets))
        definition = submission.definition.model_copy(
            update={"configuration": configuration.model_copy(update={"secrets": names})}
        )

        async def change() -> bool:
            return await self._journal.write(
                store.redefine,
                run.run_id,
                RunStatus.QUEUED,
                definition.to_json(),
                *_shown(spec, run),
            )

        return await self._runs.redefine(run.run_id, submission.secrets, names, change)


def _address(spec: ExperimentSpec) -> str | None:
    return without_credentials(spec.code)[0].address if spec.code else None


def _shown(spec: ExperimentSpec, run: Run) -> tuple[str, dict[str, str]]:
    """Return display name and tags; tags that have a value are not Submarine's, and stay."""
    others = {name: value for name, value in run.tags.items() if value}
    return spec.meta.name or run.experiment, {**dict.fromkeys(spec.meta.tags or (), ""), **others}


def _leftovers(spec: ExperimentSpec) -> list[Fault]:
    """Return what a template may hold and an experiment may not: placeholders for what is read."""
    faults = []
    if spec.meta.framework not in FRAMEWORKS:
        message = f"{(spec.meta.framework or '')[:80]!r} is not one of {', '.join(FRAMEWORKS)}"
        faults.append(Fault("meta.framework", message))
    for role, task in spec.spec.items():
        parts = (task.resource_map or {}).items()
        faults += [
            Fault(f"spec.{role}.resources", f"{name}={value[:80]!r} was not filled in")
            for name, value in parts
            if has_placeholder(value)
        ]
    return faults


def _definition(spec: ExperimentSpec) -> RunDefinition:
    configuration: dict[str, Any] = {"experiment": spec, "framework": spec.meta.framework}
    python = python_of(spec.environment)
    if python is not None:  # with an image too, they are for its Python
        configuration["environment"] = {"python": python}
    return parse(RunDefinition, {"configuration": configuration})


@contextmanager
def as_sent() -> Iterator[None]:
    """Name fields by their place in the spec that the client sent."""
    try:
        yield
    except InvalidRequest as error:
        faults = [fault._replace(target=_in_spec(fault.target)) for fault in error.faults]
        raise InvalidRequest.of(faults) from None


def _in_spec(target: str | None) -> str | None:
    if target is None:
        return None
    package = _PACKAGE.match(target)
    if package:
        kind, index = ("pip", package[2]) if "pip" in package[0] else ("conda", package[1])
        place = f"environment.kernelSpec.{kind}Dependencies"
        return place if index is None else f"{place}[{index}]"
    for ours, theirs in _PLACES.items():
        if target.startswith(ours):
            return theirs + target[len(ours) :] if ours.endswith(".") else theirs
    return target
