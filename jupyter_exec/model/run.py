"""What is known of a run, and how it is shown (floor: model).

`Run` is the stored value; `Run.to_json()` is the form every face sees (REST, client, widgets).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.lifecycle import TERMINAL, RunStatus

if TYPE_CHECKING:
    from collections.abc import Mapping


def isoformat(epoch_s: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC with milliseconds, `2026-01-31T12:00:00.000Z`."""
    if epoch_s is None:
        return None
    moment = datetime.fromtimestamp(epoch_s, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Run:
    """One execution of a snapshot, with an environment, on a compute target.

    Attributes:
        sequence: rises with every run; the newest has the highest.
        folder: name of its folder below `runs/`.
        definition: the run definition as JSON values (no secrets).
        links: folders shown to the run without being copied: relative place -> absolute path.
        scope: what an Azure address named: subscription, resource group, workspace.
        request_hash: equal for equal requests; makes a repeated POST harmless.
        attempt: 1, and one more for each retry.
        handle: what the target needs to find the work again.
        reported_bytes: how far its report file has been told.
        template: what it was made from: `name`, `version` and `parameters` (without secrets).
        source: where the snapshot was taken from, and how: see `Origin` of `services/sourcing.py`;
            None where it was sent.
        usage: what it has used in all: `max_memory_bytes`, `cpu_seconds`; None = not known.
        environment: what its environment turned out to be (`PreparedEnvironment.record`); a
            repetition begins with that of the run it repeats.
        pinned: only a person deletes it, never the operator's limits.
        token_hash: SHA-256 of the token with which the run reports on itself.
    """

    run_id: str
    experiment: str
    display_name: str
    status: RunStatus
    target: str
    created_at: float
    folder: str
    definition: Mapping[str, Any]
    sequence: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    snapshot_id: str | None = None
    parent_run_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    progress: Mapping[str, Any] | None = None
    git: Mapping[str, Any] | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    scope: Mapping[str, str] = field(default_factory=dict)
    request_hash: str = ""
    attempt: int = 1
    handle: Mapping[str, Any] | None = None
    token_hash: str | None = None
    reported_bytes: int = 0
    template: Mapping[str, Any] | None = None
    source: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    pinned: bool = False

    @property
    def ended(self) -> bool:
        """Tell whether nothing more will happen to this run."""
        return self.status in TERMINAL

    @property
    def pages(self) -> dict[str, str]:
        """Web pages that the run serves while it goes on: title -> address."""
        return {} if self.ended else dict((self.handle or {}).get("pages", {}))

    def to_json(self) -> dict[str, Any]:
        """Return the run as every face sees it; folder, handle and hashes stay inside."""
        error = (
            {"code": self.error_code, "message": self.error_message} if self.error_code else None
        )
        return {
            "runId": self.run_id,
            "experiment": self.experiment,
            "displayName": self.display_name,
            "status": self.status.value,
            "target": self.target,
            "createdAt": isoformat(self.created_at),
            "startedAt": isoformat(self.started_at),
            "endedAt": isoformat(self.ended_at),
            "exitCode": self.exit_code,
            "error": error,
            "snapshotId": self.snapshot_id,
            "sourcePath": self.source["path"] if self.source else None,
            "parentRunId": self.parent_run_id,
            "tags": dict(self.tags),
            "pinned": self.pinned,
            "progress": self.progress,
            "attempt": self.attempt,
            "git": {key: self.git.get(key) for key in ("commit", "branch", "dirty")}
            if self.git
            else None,
            "template": self.template,
            "pages": self.pages,
            "usage": usage_json(self.usage),
            "environment": environment_json(self.environment),
            "definition": self.definition,
        }


def usage_json(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a run has used as every face sees it."""
    if usage is None:
        return None
    return {"maxMemoryBytes": usage["max_memory_bytes"], "cpuSeconds": usage["cpu_seconds"]}


def environment_json(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what an environment turned out to be, without its lock, which may be long."""
    if not record:
        return None
    return {name: record.get(name) for name in ("kind", "hash", "python")}


def images_json(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the images that a run was made of: its own, then those of its roles."""
    own = (
        [(record["reference"], record["image"], record.get("digest"))] if "image" in record else []
    )
    digests = record.get("digests") or {}
    of_roles = [
        (name, image, digests.get(name)) for name, image in record.get("images", {}).items()
    ]
    return [
        {"reference": reference, "id": image, "digest": digest}
        for reference, image, digest in [*own, *of_roles]
    ]


RUN_FIELDS = tuple(f.name for f in fields(Run))
