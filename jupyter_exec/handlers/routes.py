"""Every address that we answer (floor: handlers); OpenAPI and the tests read this table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_exec.handlers import (
    code_diff,
    datastores,
    drafts,
    execution,
    files,
    history,
    local_execution,
    logs,
    openapi,
    report,
    run_actions,
    runs,
    snapshots,
    stream,
    sweeps,
    tensorboard,
)
from jupyter_exec.handlers import environments as own_environments
from jupyter_exec.handlers import experiments as own_experiments
from jupyter_exec.handlers import templates as own_templates
from jupyter_exec.handlers.base import ExecHandler, UnknownPath
from jupyter_exec.handlers.submarine import environments, experiments, templates
from jupyter_exec.handlers.submarine.base import UnknownSubmarinePath

_OWN = "jupyter-exec/v1/"
_WORKSPACE = (
    "subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/"
    "Microsoft.MachineLearningServices/workspaces/{workspaceName}/"
)
_EXECUTION = "execution/v1.0/"
_SUBMARINE = "api/v1/"
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
    Route(_OWN + "runs/{runId}/logs", logs.LogsHandler),
    Route(_OWN + "runs/{runId}/logs/merged", logs.MergedLogHandler),
    Route(_OWN + "runs/{runId}/logs/{name}", report.LogHandler),
    Route(_OWN + "runs/{runId}/outputs", files.OutputsHandler),
    Route(_OWN + "runs/{runId}/outputs/{path}", report.OutputHandler),
    Route(_OWN + "runs/{runId}/diff", files.DiffHandler),
    Route(_OWN + "runs/{runId}/usage", logs.UsageHandler),
    Route(_OWN + "runs/{runId}/code-diff", code_diff.CodeDiffHandler),
    Route(_OWN + "runs/{runId}/metrics", files.MetricsHandler),
    Route(_OWN + "runs/{runId}/events", stream.RunEventsHandler),
    Route(_OWN + "runs/{runId}/environment", own_environments.RunEnvironmentHandler),
    Route(_OWN + "runs/{runId}/tensorboard", tensorboard.TensorBoardHandler),
    Route(_OWN + "environments", own_environments.EnvironmentsHandler),
    Route(_OWN + "environments/collect", own_environments.CollectHandler),
    Route(_OWN + "environment-drafts", own_environments.EnvironmentDraftsHandler),
    Route(_OWN + "run-actions", run_actions.RunActionsHandler),
    Route(_OWN + "experiments", own_experiments.ExperimentsHandler),
    Route(_OWN + "events", stream.EventsHandler),
    Route(_OWN + "snapshots", snapshots.SnapshotsHandler),
    Route(_OWN + "snapshots/{snapshotId}", snapshots.SnapshotHandler),
    Route(_OWN + "snapshots/{snapshotId}/files/{path}", snapshots.SnapshotFileHandler),
    Route(_OWN + "templates", own_templates.TemplatesHandler),
    Route(_OWN + "templates/{templateName}", own_templates.TemplateHandler),
    Route(_OWN + "templates/{templateName}/schema", own_templates.TemplateSchemaHandler),
    Route(_OWN + "templates/{templateName}/yaml", own_templates.TemplateYamlHandler),
    Route(_OWN + "templates/{templateName}/versions", own_templates.TemplateVersionsHandler),
    Route(
        _OWN + "templates/{templateName}/versions/{version}", own_templates.TemplateVersionHandler
    ),
    Route(_OWN + "templates/{templateName}/diff", own_templates.TemplateDiffHandler),
    Route(_OWN + "templates/{templateName}/restore", own_templates.TemplateRestoreHandler),
    Route(_OWN + "templates/{templateName}/runs", own_templates.TemplateRunsHandler),
    Route(_OWN + "templates/{templateName}/sweeps", sweeps.SweepsHandler),
    Route(_OWN + "runs/{runId}/trials", sweeps.TrialsHandler),
    Route(_OWN + "runs/{runId}/finish", sweeps.FinishHandler),
    Route(_OWN + "template-drafts", drafts.DraftsHandler),
    Route(_OWN + "targets", runs.TargetsHandler),
    Route(_OWN + "datastores", datastores.DatastoresHandler),
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
    Route(_SUBMARINE + "template", templates.SubmarineTemplatesHandler),
    Route(_SUBMARINE + "template/{template}", templates.SubmarineTemplateHandler),
    Route(_SUBMARINE + "experiment", experiments.SubmarineExperimentsHandler),
    Route(_SUBMARINE + "experiment/logs", experiments.SubmarineLogsHandler),
    Route(_SUBMARINE + "experiment/logs/{id}", experiments.SubmarineLogHandler),
    Route(_SUBMARINE + "experiment/ping", experiments.SubmarinePingHandler),
    Route(_SUBMARINE + "experiment/{id}", experiments.SubmarineExperimentHandler),
    Route(_SUBMARINE + "environment", environments.SubmarineEnvironmentsHandler),
    Route(_SUBMARINE + "environment/{environment}", environments.SubmarineEnvironmentHandler),
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
    submarine = re.compile(re.escape(base_url + _SUBMARINE.rstrip("/")) + "(/.*)?")
    return [*table, (submarine, UnknownSubmarinePath), (re.compile(".*"), UnknownPath)]
