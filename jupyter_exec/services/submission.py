"""A request of any dialect, on its way to a stored run (floor: services; stores nothing)."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import ExecError, Fault, InvalidRequest
from jupyter_exec.model.environment import REGISTRY_PASSWORD, without_password
from jupyter_exec.model.ids import new_run_id
from jupyter_exec.model.lifecycle import RunStatus
from jupyter_exec.model.run import Run
from jupyter_exec.store import runs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping

    from jupyter_exec.model.definition import RunDefinition
    from jupyter_exec.model.request import RerunRequest, SubmitRequest
    from jupyter_exec.services.sourcing import Sourced


@dataclass(frozen=True)
class Submission:
    """A request of any dialect, its source taken.

    Attributes:
        scope: subscription, resource group, workspace of an Azure address.
        queued: False for a run that somebody else executes (a local run's zip).
        secrets: variable -> value, for the run's processes; never stored.
        template: what it was made from: `name`, `version`, `parameters`.
        environment: what the environment of the run that this one repeats turned out to be.
        insert: stores the run; other than `runs.insert` where something is stored beside it.
    """

    experiment: str
    definition: RunDefinition
    sourced: Sourced
    run_id: str | None = None
    display_name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)
    queued: bool = True
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    template: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    insert: Callable[[sqlite3.Connection, Run], Run] = runs.insert


def as_run(submission: Submission, target: str) -> Run:
    """Return the run that a submission asks for; not stored yet.

    Args:
        target: that it goes to; beside the one that was asked for where that has no containers.
    """
    definition = _naming_secrets(submission.definition, submission.secrets)
    git, origin = submission.sourced.git, submission.sourced.origin
    run = Run(
        run_id=submission.run_id or new_run_id(submission.experiment),
        experiment=submission.experiment,
        display_name=submission.display_name or default_name(definition),
        status=RunStatus.QUEUED if submission.queued else RunStatus.NOT_STARTED,
        target=target,
        created_at=time.time(),
        folder=uuid.uuid4().hex,
        definition=definition.model_copy(update={"snapshot_id": None}).to_json(),
        snapshot_id=submission.sourced.snapshot_id or None,
        parent_run_id=definition.parent_run_id,
        tags=submission.tags,
        git={k: v for k, v in git.items() if k != "diff"} if git else None,
        links=submission.sourced.links,
        scope=submission.scope,
        template=submission.template,
        source=asdict(origin) if origin else None,
        environment=submission.environment,
    )
    return replace(run, request_hash=_request_hash(run))


def without_registry_password(submission: Submission) -> Submission:
    """Return a submission whose definition holds no password; it is one of its secrets instead."""
    configuration = submission.definition.configuration
    environment, password = without_password(configuration.environment)
    if environment is configuration.environment:
        return submission
    configuration = configuration.model_copy(update={"environment": environment})
    definition = submission.definition.model_copy(update={"configuration": configuration})
    return replace(submission, definition=definition, secrets={**submission.secrets, **password})


def _naming_secrets(definition: RunDefinition, secrets: Mapping[str, str]) -> RunDefinition:
    """Return the definition with the names of its secrets; their values are not part of it."""
    configuration = definition.configuration.model_copy(update={"secrets": sorted(secrets)})
    return definition.model_copy(update={"configuration": configuration})


def check_secret_parameters(definition: RunDefinition, secrets: Mapping[str, str]) -> None:
    """Refuse parameters that shall get a secret which did not come.

    Raises:
        InvalidRequest: naming them.
    """
    faults = [
        Fault(
            f"configuration.secretParameters.{name}",
            f"{variable[:80]!r} is none of the secrets that came with the request",
        )
        for name, variable in definition.configuration.secret_parameters.items()
        if variable not in secrets
    ]
    if faults:
        raise InvalidRequest.of(faults)


def check_secrets(definition: RunDefinition, request: RerunRequest) -> None:
    """Refuse a repetition without the secrets that the run had.

    A registry's password is missed only when the image is not there any more.

    Raises:
        InvalidRequest: naming them.
    """
    missing = set(definition.configuration.secrets) - set(request.secrets) - {REGISTRY_PASSWORD}
    if missing:
        message = f"{', '.join(sorted(missing))}: a secret is stored nowhere; give it again"
        raise InvalidRequest(message, "secrets")


@contextmanager
def in_definition() -> Iterator[None]:
    """Name fields by their place in our own requests, where the definition is one member."""
    try:
        yield
    except ExecError as error:
        faults = [
            fault._replace(target=f"definition.{fault.target}")
            if (fault.target or "").startswith("configuration")
            else fault
            for fault in error.faults
        ]
        raise type(error)(error.message, faults[0].target, faults) from None


def completed(request: SubmitRequest, script: str | None) -> RunDefinition:
    """Return the definition with what the rest of the request says: parent, and the script."""
    definition = request.definition
    configuration = definition.configuration
    changes: dict[str, Any] = {}
    if request.parent_run_id:
        changes["parent_run_id"] = request.parent_run_id
    if script and not configuration.script and not configuration.command:
        changes["configuration"] = configuration.model_copy(update={"script": script})
    return definition.model_copy(update=changes)


def default_name(definition: RunDefinition) -> str:
    """Return what a run is shown as to which nobody gave a name: what it executes."""
    configuration = definition.configuration
    if configuration.job_name:
        return configuration.job_name
    if configuration.command:
        command = configuration.command
        return (command if isinstance(command, str) else " ".join(command))[:100]
    return configuration.script or "run"


def _request_hash(run: Run) -> str:
    asked: dict[str, Any] = {
        "experiment": run.experiment,
        "definition": run.definition,
        "snapshot": run.snapshot_id,
        "parent": run.parent_run_id,
        "tags": dict(run.tags),
        "links": dict(run.links),
        "scope": dict(run.scope),
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
