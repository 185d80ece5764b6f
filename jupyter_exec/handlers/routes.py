"""Every address that we answer (floor: handlers); OpenAPI and the tests read this table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_exec.handlers import (
    execution,
    files,
    history,
    local_execution,
    openapi,
    report,
    runs,
    snapshots,
    stream,
)
from jupyter_exec.handlers.base import ExecHandler, UnknownPath

_OWN = "jupyter-exec/v1/"
_WORKSPACE = (
    "subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/"
    "Microsoft.MachineLearningServices/workspaces/{workspaceName}/"
)
_EXECUTION = "execution/v1.0/"
_AZURE = f"{_EXECUTION}{_WORKSPACE}experiments/{{experimentName}}/"
_BESIDE = history.PREFIX + "/"
_HISTORY = f"{_BESIDE}history/v1.0/{_WORKSPACE}"
_HISTORY_RUN = _HISTORY + "experiments/{experimentName}/runs/{runId}"
_CONTENT = f"{_BESIDE}content/v2.0/{_WORKSPACE}snapshots/"
_WHOLE_REST = {"path"}  # path parameters that may hold slashes


@dataclass(frozen=True)
class Route:
    """One address.

    Attributes:
        path: below the server's base URL, with `{parameters}`; a handler's methods get them in
            snake_case.
    """

    path: str
    handler: type[ExecHandler]

    def pattern(self, base_url: str) -> re.Pattern[str]:
        """Return the regular expression of the whole path."""

        def group(found: re.Match[str]) -> str:
            name = re.sub(r"([A-Z])", lambda upper: "_" + upper[0].lower(), found[1])
            return f"(?P<{name}>{'.+' if name in _WHOLE_REST else '[^/]+'})"

        return re.compile(re.escape(base_url) + re.sub(r"\{(\w+)\}", group, self.path))


ROUTES: tuple[Route, ...] = (
    Route(_OWN + "runs", runs.RunsHandler),
    Route(_OWN + "runs/{runId}", runs.RunHandler),
    Route(_OWN + "runs/{runId}/cancel", runs.CancelHandler),
    Route(_OWN + "runs/{runId}/rerun", runs.RerunHandler),
    Route(_OWN + "runs/{runId}/logs", files.LogsHandler),
    Route(_OWN + "runs/{runId}/logs/{name}", report.LogHandler),
    Route(_OWN + "runs/{runId}/outputs", files.OutputsHandler),
    Route(_OWN + "runs/{runId}/outputs/{path}", report.OutputHandler),
    Route(_OWN + "runs/{runId}/diff", files.DiffHandler),
    Route(_OWN + "runs/{runId}/metrics", files.MetricsHandler),
    Route(_OWN + "runs/{runId}/events", stream.RunEventsHandler),
    Route(_OWN + "events", stream.EventsHandler),
    Route(_OWN + "snapshots", snapshots.SnapshotsHandler),
    Route(_OWN + "snapshots/{snapshotId}", snapshots.SnapshotHandler),
    Route(_OWN + "snapshots/{snapshotId}/files/{path}", snapshots.SnapshotFileHandler),
    Route(_OWN + "targets", runs.TargetsHandler),
    Route(_OWN + "openapi.json", openapi.OpenApiHandler),
    Route(_OWN + "runs/{runId}/report", report.ReportHandler),
    Route(_AZURE + "startrun", execution.StartRunHandler),
    Route(_AZURE + "snapshotrun", execution.SnapshotRunHandler),
    Route(_AZURE + "startlocalrun", local_execution.StartLocalRunHandler),
    Route(_AZURE + "localrun", local_execution.StartLocalRunHandler),
    Route(_AZURE + "runId/{runId}/cancel", execution.AzureCancelHandler),
    Route(_BESIDE + "discovery", history.DiscoveryHandler),
    Route(_HISTORY + "experiments/{experimentName}", history.ExperimentHandler),
    Route(_HISTORY_RUN, history.HistoryRunHandler),
    Route(_HISTORY + "experimentids/{experimentId}/runs/{runId}", history.HistoryRunByIdHandler),
    Route(_HISTORY_RUN + "/details", history.RunDetailsHandler),
    Route(_HISTORY_RUN + "/events", history.HistoryEventsHandler),
    Route(_HISTORY_RUN + "/metricsingest/wait", history.MetricsIngestHandler),
    Route(
        f"{_BESIDE}content/v1.0/{_WORKSPACE}snapshots/latest/metadata",
        history.LatestSnapshotHandler,
    ),
    Route(_CONTENT + "getblob", history.SnapshotBlobsHandler),
    Route(_CONTENT + "{snapshotId}", history.AzureSnapshotHandler),
    Route(
        f"{_BESIDE}artifact/v2.0/{_WORKSPACE}artifacts/prefix/contentinfo/{{origin}}/{{container}}/{{path}}",
        history.ArtifactsHandler,
    ),
)


def compile_routes(base_url: str) -> list[tuple[re.Pattern[str], type[ExecHandler]]]:
    """Return pattern and handler of every route, the last one for what is not a route.

    azureml-core looks for the execution service beside the run history, so it is there as well.
    """
    table = [(route.pattern(base_url), route.handler) for route in ROUTES]
    table += [
        (route.pattern(base_url + _BESIDE), route.handler)
        for route in ROUTES
        if route.path.startswith(_EXECUTION)
    ]
    return [*table, (re.compile(".*"), UnknownPath)]
