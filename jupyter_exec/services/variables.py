"""What a run finds in its environment, beyond what its target gives it (floor: services; pure).

Source: Azure ML SDK v1's documentation of a run's environment; the JUPYTER_EXEC_* ones are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.run import Run


def run_variables(
    run: Run,
    environment_variables: Mapping[str, str],
    metrics_file: str,
    url: str | None,
    token: str,
) -> dict[str, str]:
    """Return the variables of a run; those of its definition win over all but the run's identity.

    Args:
        environment_variables: of the definition's environment.
        metrics_file: where the run appends metrics and progress, as its processes see it.
        url: the server's address; None = the run cannot reach it, and gets no token for it either.
        token: lets the run report on itself and on nothing else; ends with the run.
    """
    return {
        "AZUREML_ARM_SUBSCRIPTION": run.scope.get("subscription", ""),
        "AZUREML_ARM_RESOURCEGROUP": run.scope.get("resourceGroup", ""),
        "AZUREML_ARM_WORKSPACE_NAME": run.scope.get("workspace", ""),
        "AZUREML_ARM_PROJECT_NAME": run.experiment,
        "AZUREML_OUTPUT_DIRECTORY": "./outputs",
        **environment_variables,
        "AZUREML_RUN_ID": run.run_id,
        "JUPYTER_EXEC_RUN_ID": run.run_id,
        "JUPYTER_EXEC_METRICS": metrics_file,
        **({"JUPYTER_EXEC_URL": url, "JUPYTER_EXEC_TOKEN": token} if url is not None else {}),
    }
