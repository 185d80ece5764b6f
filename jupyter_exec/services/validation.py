"""Everything that can be known to be wrong before a run is stored (floor: services).

All faults of a request are collected and answered at once, each with the JSON path of its field.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.addresses import secret_faults
from jupyter_exec.errors import ExecError, Fault
from jupyter_exec.launchers.counts import count_faults
from jupyter_exec.model.definition import COMMUNICATORS
from jupyter_exec.model.ids import check_experiment, check_run_id
from jupyter_exec.model.wire import none_of
from jupyter_exec.services.kernels import kernel_fault
from jupyter_exec.services.workspace import watch_faults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.launchers.base import Launcher
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Resources
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
    need = configuration.resources.need()
    try:
        launcher = ways.launcher(configuration)
        faults += launcher.faults(configuration)
        faults += _count_faults(configuration, launcher, faults)
        need = launcher.need(configuration)
    except ExecError as error:
        faults += error.faults
    faults += _communicator_faults(configuration, faults)
    target = None
    try:
        target = ways.target_name(configuration)
        faults += await _target_faults(configuration, ways, target, need, planned=not faults)
    except ExecError as error:
        faults += error.faults
    faults += watch_faults(configuration.history)
    secrets = secret_faults(configuration.environment.python.conda_dependencies)
    faults += secrets
    if not secrets:  # the others repeat what they are about
        environment = ways.environment(configuration.environment, target)
        faults += await asyncio.to_thread(environment.faults, configuration.environment)
    contained = target is not None and ways.target(target).engine_url is not None
    if contained:
        faults += _image_faults(configuration, ways)
    elif configuration.kernel is not None:
        fault = await asyncio.to_thread(kernel_fault, configuration.kernel)
        faults += [fault] if fault else []
    for name, given in _parameters(configuration).items():
        if given and not configuration.notebook:
            message = "only a notebook takes parameters; give a script arguments"
            faults.append(Fault(f"configuration.{name}", message))
    return list(dict.fromkeys(faults))  # target and needs ask the launcher too


def _count_faults(
    configuration: RunConfiguration, launcher: Launcher, known: Sequence[Fault]
) -> list[Fault]:
    """Return the faults of counts that the launcher does not read, or that are too large.

    Args:
        known: what the launcher has told by itself.
    """
    told = {fault.target for fault in known}
    if "configuration.communicator" in told:
        return []  # nobody knows what it would read
    faults = count_faults(configuration, launcher)
    return [fault for fault in faults if fault.target not in told]


def _communicator_faults(configuration: RunConfiguration, known: Sequence[Fault]) -> list[Fault]:
    """Return the fault of a word that nobody knows, where no launcher has told it: of no framework.

    Args:
        known: what is wrong already.
    """
    field, name = "configuration.communicator", configuration.communicator
    if name in COMMUNICATORS or any(fault.target == field for fault in known):
        return []
    return [Fault(field, none_of(name[:80], COMMUNICATORS))]


def _image_faults(configuration: RunConfiguration, ways: Ways) -> list[Fault]:
    """Return the fault of a run in a container of which nobody knows the image."""
    docker = configuration.environment.docker
    try:
        images = ways.launcher(configuration).images(configuration)
    except ExecError:
        return []  # told already
    if docker.base_image or docker.base_dockerfile or images:
        return []
    message = (
        "the run goes into a container, and nothing says of which image: name it in "
        "environment.docker.baseImage (--image in the magics and on the command line), or give the "
        "text of a Dockerfile in environment.docker.baseDockerfile"
    )
    return [Fault("configuration.environment.docker.baseImage", message)]


async def _target_faults(
    configuration: RunConfiguration, ways: Ways, target: str, need: Resources, *, planned: bool
) -> list[Fault]:
    """Return what is wrong with a configuration on the target that it goes to.

    Args:
        planned: nothing else is wrong, so the launcher can be asked.
    """
    faults = await asyncio.to_thread(ways.target(target).faults, configuration)
    admission = await ways.admission(target)
    refused = []
    if planned:
        refused = ways.launcher(configuration).faults_on(configuration, admission.capacity)
    exceeded = admission.exceeds(need)
    if exceeded and not refused:
        refused = [Fault("configuration.resources", exceeded)]
    return faults + refused


def local_run_faults(configuration: RunConfiguration, ways: Ways) -> list[Fault]:
    """Return what a run on the caller's machine cannot be: one process, and nothing is built."""
    faults = []
    field = "configuration.framework"
    if configuration.framework != "Python":
        name = configuration.framework
        message = f"a local run is one Python process or command; submit {name} to a target"
        faults.append(Fault(field, message))
    elif configuration.notebook:
        message = "a local run cannot execute a notebook; submit it to a target"
        faults.append(Fault("configuration.script", message))
    else:
        launcher = ways.launcher(configuration)
        faults += launcher.faults(configuration)
        faults += _count_faults(configuration, launcher, faults)
    if configuration.communicator != "None":
        name = configuration.communicator
        message = f"a local run is one process, so it must be None; submit {name} to a target"
        faults.append(Fault("configuration.communicator", message))
    python = configuration.environment.python
    faults += secret_faults(python.conda_dependencies)
    faults += watch_faults(configuration.history)
    if python.user_managed_dependencies is False and python.conda_dependencies:
        message = "a local run uses an interpreter as it is: set it to true, and interpreterPath"
        faults.append(Fault("configuration.environment.python.userManagedDependencies", message))
    if configuration.node_count != 1:
        message = f"a local run is one process, so it must be 1, not {configuration.node_count}"
        faults.append(Fault("configuration.nodeCount", message))
    if configuration.environment.docker.enabled:
        message = "a local run has no container; set docker.enabled to false"
        faults.append(Fault("configuration.environment.docker.enabled", message))
    if configuration.data_references:
        message = "a local run has no datastores; put the files beside the script"
        faults.append(Fault("configuration.dataReferences", message))
    return faults


def _parameters(configuration: RunConfiguration) -> dict[str, Any]:
    """Return what is put into a notebook's variables, by field."""
    return {
        "parameters": configuration.parameters,
        "secretParameters": configuration.secret_parameters,
    }
