"""Everything that can be known to be wrong before a run is stored (floor: services).

All faults of a request are collected and answered at once, each with the JSON path of its field.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_exec.errors import ExecError, Fault
from jupyter_exec.model.ids import check_experiment, check_run_id
from jupyter_exec.services.kernels import kernel_fault

if TYPE_CHECKING:
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.services.ways import Ways


def name_faults(experiment: str, run_id: str | None) -> list[Fault]:
    """Return what is wrong with the experiment's name and the run's id."""
    faults: list[Fault] = []
    for check, value in ((check_experiment, experiment), (check_run_id, run_id)):
        try:
            if value is not None:
                check(value)
        except ExecError as error:
            faults += error.faults
    return faults


async def configuration_faults(configuration: RunConfiguration, ways: Ways) -> list[Fault]:
    """Return what is wrong with a configuration: target, framework, environment, needs, kernel."""
    faults: list[Fault] = []
    try:
        ways.target(configuration.target)
        exceeded = (await ways.admission(configuration.target)).exceeds(
            configuration.resources.need()
        )
        if exceeded:
            faults.append(Fault("configuration.resources", exceeded))
    except ExecError as error:
        faults += error.faults
    try:
        faults += ways.launcher(configuration).faults(configuration)
    except ExecError as error:
        faults += error.faults
    faults += ways.environment(configuration.environment).faults(configuration.environment)
    if configuration.kernel is not None:
        fault = await asyncio.to_thread(kernel_fault, configuration.kernel)
        faults += [fault] if fault else []
    return faults + _not_here(configuration)


def _not_here(configuration: RunConfiguration) -> list[Fault]:
    """Return what this server cannot do, rather than leaving it out silently."""
    faults = []
    if configuration.environment.docker.enabled:
        message = "this server has no container engine; set docker.enabled to false"
        faults.append(Fault("configuration.environment.docker.enabled", message))
    if configuration.data_references:
        message = "this server has no datastores; link a folder or put the files beside the script"
        faults.append(Fault("configuration.dataReferences", message))
    return faults
