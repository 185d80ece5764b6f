"""What can be asked about templates: keep, look, compare, run (floor: services)."""

from __future__ import annotations

import asyncio
import difflib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import ExecError, Fault, InvalidRequest
from jupyter_exec.model.documents import dump_yaml
from jupyter_exec.model.ids import legal_experiment
from jupyter_exec.model.instance import instantiate
from jupyter_exec.model.labels import check_count
from jupyter_exec.model.template import RUN
from jupyter_exec.services import validation
from jupyter_exec.store import templates

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from jupyter_exec.model.instance import Instance
    from jupyter_exec.model.run import Run
    from jupyter_exec.model.template import TemplateSpec, TemplateVersion
    from jupyter_exec.services.experiments import ExperimentService
    from jupyter_exec.services.journal import Journal
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.services.sourcing import Sourced
    from jupyter_exec.services.submission import Submission

_WIRE = {"display_name": "displayName", "experiment": "experiment", "run_id": "runId"}


class TemplateService:
    """The verbs on templates.

    Args:
        server_timestamp: when the server was started, in epoch milliseconds; part of versions' ids.
    """

    def __init__(
        self,
        journal: Journal,
        runs: RunService,
        experiments: ExperimentService,
        server_timestamp: int,
    ) -> None:
        self._journal = journal
        self._runs = runs
        self._experiments = experiments
        self._timestamp = server_timestamp

    async def create(self, spec: TemplateSpec) -> TemplateVersion:
        """Store a new template.

        Raises:
            InvalidRequest: it could not be filled in, or there is one of that name.
        """
        checked = await asyncio.to_thread(_checked, spec)
        return await self._journal.write(templates.create, checked, self._timestamp)

    async def update(self, name: str, spec: TemplateSpec) -> TemplateVersion:
        """Store the next version of a template; those before it stay.

        Raises:
            NotFound: there is none.
            InvalidRequest: it could not be filled in, or has another name.
        """
        before = await self.get(name)
        if spec.name != name:
            message = f"a template keeps its name; this one is {name!r}. Make a new one instead"
            raise InvalidRequest(message, "name")
        checked = await asyncio.to_thread(_checked, spec, before)
        return await self._journal.write(templates.update, checked, self._timestamp)

    async def delete(self, name: str) -> TemplateVersion:
        """Take a template off the list, and return what it was; its versions stay.

        Raises:
            NotFound: there is none.
        """
        return await self._journal.write(templates.delete, name)

    async def restore(self, name: str, version: int) -> TemplateVersion:
        """Make an earlier version the newest one, also of a template that was deleted.

        Raises:
            NotFound: there was never such a version.
        """
        return await self._journal.write(templates.restore, name, version, self._timestamp)

    async def get(self, name: str, version: int | None = None) -> TemplateVersion:
        """Return the newest version of a template, or any one; or raise NotFound."""
        return await self._journal.read(templates.get, name, version)

    async def find(
        self, q: str | None = None, limit: int = 25, after: str | None = None
    ) -> tuple[list[TemplateVersion], str | None, int]:
        """Return a page of templates by name, the `after` of the next page, and how many match."""
        return await self._journal.read(templates.find, q, limit, after)

    async def all(self) -> list[TemplateVersion]:
        """Return every template by name."""
        return (await self._journal.read(templates.find, None, None, None))[0]

    async def versions(self, name: str) -> list[TemplateVersion]:
        """Return all versions that a name has had, newest first; or raise NotFound."""
        return await self._journal.read(templates.versions, name)

    async def export(self, name: str, version: int | None = None) -> str:
        """Return a template as YAML; `create` of that makes the same template."""
        return _yaml(await self.get(name, version))

    async def diff(self, name: str, before: int, after: int) -> str:
        """Return what differs between two versions, as a unified diff of their YAML.

        Raises:
            NotFound: there was never such a version.
        """
        versions = [await self.get(name, version) for version in (before, after)]
        old, new = (_yaml(version).splitlines() for version in versions)
        lines = difflib.unified_diff(
            old, new, f"{name} version {before}", f"{name} version {after}", lineterm=""
        )
        return "".join(f"{line}\n" for line in lines)

    async def submission(
        self, version: TemplateVersion, params: Mapping[str, Any], sourced: Sourced | None = None
    ) -> Submission:
        """Return what `RunService.start` makes a run of.

        Args:
            params: name -> value; null = not given.
            sourced: the source of its runs, where that was taken before.

        Raises:
            InvalidRequest: with all faults: of the values, or of what they make.
        """
        return await self._submission(version, params, {}, sourced)

    async def run(
        self,
        name: str,
        params: Mapping[str, Any],
        *,
        version: int | None = None,
        display_name: str | None = None,
        experiment: str | None = None,
        tags: Mapping[str, str] | None = None,
        run_id: str | None = None,
    ) -> Run:
        """Run a template.

        Args:
            params: name -> value; null = not given.
            version: the newest where it is None.
            display_name, experiment, run_id: in place of the template's own; a run to which
                neither gives a name is called after the template.
            tags: besides the template's own.

        Raises:
            NotFound: there is no such template.
            InvalidRequest: with all faults.
            Conflict: the run id is taken by another request.
        """
        wanted = {"display_name": display_name, "experiment": experiment, "run_id": run_id}
        changes = {field: value for field, value in wanted.items() if value is not None}
        found = await self.get(name, version)
        submission = await self._submission(found, params, changes, None)
        submission = replace(submission, tags={**submission.tags, **(tags or {})})
        check_count(submission.tags)
        with _in_template(found, changes):
            return await self._runs.start(submission)

    async def _submission(
        self,
        version: TemplateVersion,
        params: Mapping[str, Any],
        changes: Mapping[str, str],
        sourced: Sourced | None,
    ) -> Submission:
        instance = await asyncio.to_thread(instantiate, version.spec, params)
        with _in_template(version, changes):
            submission = await self._of(version.name, instance, changes, sourced)
        came_from = {
            "name": version.name,
            "version": version.version,
            "parameters": dict(instance.parameters),
        }
        return replace(submission, template=came_from)

    async def _of(
        self, name: str, instance: Instance, changes: Mapping[str, str], sourced: Sourced | None
    ) -> Submission:
        if instance.request is not None:
            request = instance.request.model_copy(update=dict(changes))
            if "experiment" not in {*changes, *instance.request.model_fields_set}:
                request = request.model_copy(update={"experiment": legal_experiment(name)})
            if not request.display_name and not request.definition.configuration.job_name:
                request = request.model_copy(update={"display_name": name})
            return await self._runs.submission(request, sourced=sourced)
        if instance.experiment is None:
            message = "a template that is neither a run nor an experiment"
            raise TypeError(message)
        faults = validation.name_faults(changes.get("experiment", "default"), None)
        if "run_id" in changes:
            message = "an experiment gets its id from the server; leave it out"
            faults.append(Fault("runId", message))
        if faults:
            raise InvalidRequest.of(faults)
        submission = await self._experiments.submission(instance.experiment, instance.secrets)
        own_name = instance.experiment.meta.name or name
        return replace(
            submission,
            experiment=changes.get("experiment", submission.experiment),
            display_name=changes.get("display_name", own_name),
        )


def _checked(spec: TemplateSpec, before: TemplateVersion | None = None) -> TemplateSpec:
    """Return what is stored of a spec, or raise InvalidRequest."""
    current = spec if before is None else spec.following(before.spec)
    whole = current.with_role_parameters()
    whole.check()
    return whole


def _yaml(version: TemplateVersion) -> str:
    return dump_yaml(version.spec.export())


@contextmanager
def _in_template(version: TemplateVersion, changes: Collection[str]) -> Iterator[None]:
    """Name faults of what a template makes by their place in the template."""
    sent = {_WIRE[field] for field in changes}
    prefix = RUN if version.spec.run is not None else "experimentSpec"

    def place(target: str | None) -> str | None:
        if target is None or target in sent:
            return target
        within = "definition." if prefix == RUN and target.startswith("configuration") else ""
        return f"{prefix}.{within}{target}"

    try:
        yield
    except ExecError as error:
        faults = [fault._replace(target=place(fault.target)) for fault in error.faults]
        if isinstance(error, InvalidRequest):
            raise InvalidRequest.of(faults) from None
        raise type(error)(error.message, faults[0].target, faults) from None
