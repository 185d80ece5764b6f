"""How Azure ML's run history shows what we know of a run (floor: model; pure).

Source: RunDto, RunDetailsDto and ExperimentDto as azureml-core 1.61 reads them. It asks for
`runNumber` and `rootRunId` even where it has no use for them, and every member that we do not know
is left out: nothing here is made up.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.run import isoformat

if TYPE_CHECKING:
    from jupyter_exec.model.run import Run

CANCELED_EVENTS = (
    "Microsoft.MachineLearning.Run.Canceled",
    "Microsoft.MachineLearning.Run.CancelRequested",
)
CONTAINER = "dcid."  # begins the name under which the artifact service knows a run's files
_EXPERIMENTS = uuid.uuid5(uuid.NAMESPACE_URL, "https://schema.jupyter.org/jupyter_exec/experiment")


def experiment_id(name: str) -> str:
    """Return the id of an experiment, which to us is only a name: always the same for a name."""
    return str(uuid.uuid5(_EXPERIMENTS, name))


def run_view(run: Run, root_run_id: str, cancel_uri: str) -> dict[str, Any]:
    """Return a run as RunDto.

    Args:
        root_run_id: the first of its ancestors, itself where it has none.
        cancel_uri: where a POST cancels it.
    """
    return _known(
        {
            "runNumber": run.sequence,
            "rootRunId": root_run_id,
            "parentRunId": run.parent_run_id,
            "experimentId": experiment_id(run.experiment),
            "dataContainerId": CONTAINER + run.run_id,
            "displayName": run.display_name,
            "createdUtc": isoformat(run.created_at),
            "scriptName": run.definition.get("configuration", {}).get("script"),
            "tags": dict(run.tags),
            "cancelUri": cancel_uri,
        }
        | _state(run)
    )


def run_details(run: Run) -> dict[str, Any]:
    """Return a run as RunDetailsDto; the addresses of its logs come from the artifact service."""
    return _known(_state(run) | {"runDefinition": dict(run.definition), "logFiles": {}})


def _state(run: Run) -> dict[str, Any]:
    """Return what both views have."""
    error = None
    if run.error_code:
        root = {"code": run.error_code, "message": run.error_message or "", "details": []}
        error = {"error": root}
    return {
        "runId": run.run_id,
        "target": run.target,
        "status": run.status.value,
        "startTimeUtc": isoformat(run.started_at),
        "endTimeUtc": isoformat(run.ended_at),
        "properties": _properties(run),
        "error": error,
    }


def _properties(run: Run) -> dict[str, str]:
    """Return the properties that Azure ML would note by itself; we keep no others."""
    properties = {"ContentSnapshotId": run.snapshot_id}
    git = run.git or {}
    for name in ("branch", "commit", "dirty"):
        if git.get(name) is not None:
            properties[f"azureml.git.{name}"] = str(git[name])
    return _known(properties)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
