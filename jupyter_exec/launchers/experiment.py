"""Roles that work together: the experiments of Apache Submarine (floor: launchers).

What each replica is told, and whose end is the end of all, is as Kubeflow's training operator has
it (pkg/controller.v1 tensorflow, pytorch, xgboost), which runs Submarine's experiments elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault, InvalidRequest
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.counts import MOST_REPLICAS
from jupyter_exec.launchers.framework import communicator_faults
from jupyter_exec.launchers.tensorflow import tf_config
from jupyter_exec.launchers.threads import threads_of
from jupyter_exec.launchers.xgboost import meeting
from jupyter_exec.model.experiment import FRAMEWORKS, has_placeholder, without_credentials
from jupyter_exec.model.git_url import parse_git_url
from jupyter_exec.model.job import Job, Resources, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.experiment import ExperimentSpec, TaskSpec
    from jupyter_exec.model.job import Address, Replica

_SHELL = "/bin/bash"
_FIELD = "configuration.experiment"
_LEADERS = ("Chief", "Master")
_OURS = ("AZUREML_RUN_ID", "JUPYTER_EXEC_")  # what a run reports by; nobody else may set it


class ExperimentLauncher(Launcher):
    """One role of the job for each of the experiment's, with its command given to bash."""

    counts = ()  # the experiment has its own

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: roles that are missing or too many, commands, the code's URL."""
        spec = _experiment(configuration)
        if spec.meta.framework not in FRAMEWORKS:
            message = f"{spec.meta.framework!r}: give one of {', '.join(FRAMEWORKS)}"
            return [Fault(f"{_FIELD}.meta.framework", message)]
        waiting = [name for name, task in spec.spec.items() if has_placeholder(task.replicas)]
        if waiting:
            message = "it was not filled in: give a whole number"
            return [Fault(f"{_FIELD}.spec.{name}.replicas", message) for name in waiting]
        faults = communicator_faults(configuration, frozenset({"None"}))
        faults += _role_faults(spec) + _command_faults(spec) + _image_faults(spec)
        return faults + (_code_faults(spec) if spec.code else [])

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what all replicas of all roles need together.

        Raises:
            InvalidRequest: resources that are no quantities; with all of them.
        """
        roles, faults = [], []
        for name, task in _experiment(configuration).spec.items():
            try:
                roles.append(Role(name, (), task.replicas, resources=task.need()))
            except ValueError as error:
                faults.append(Fault(f"{_FIELD}.spec.{name}.resources", str(error)))
        if faults:
            raise InvalidRequest.of(faults)
        return Job(tuple(roles)).need()

    def images(self, configuration: RunConfiguration) -> frozenset[str]:
        """Return the images that the roles name."""
        spec = _experiment(configuration)
        return frozenset(image for task in spec.spec.values() if (image := _image(spec, task)))

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return all roles."""
        spec = _experiment(configuration)
        identity = {"JOB_ID": context.run_id}
        if spec.code is not None:
            identity["CODE_PATH"] = f"{context.work_dir}/code"
        roles = []
        for name, task in spec.spec.items():
            image = _image(spec, task)
            own, need = _variables(spec, task), task.need()
            threads = _threads(spec, task, {**context.env, **own})
            role = Role(
                name=name.lower(),
                command=(_SHELL, "-c", _command(spec, task)),
                replicas=task.replicas,
                env={**threads, **own, **identity},
                resources=need,
                listens=_listens(spec, name),
                image=context.images[image] if image else None,
            )
            roles.append(role)
        return Job(
            tuple(roles),
            dict(context.env),
            configuration.max_run_duration_seconds,
            deciders=frozenset({_decider(spec)}),
            python=context.python,
        )

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return TF_CONFIG, or the master's address with world size and rank."""
        spec = _experiment(configuration)
        role, index = replica
        counts = {name.lower(): task.replicas for name, task in spec.spec.items()}
        if spec.meta.framework == "TensorFlow":
            return {"TF_CONFIG": tf_config(counts, addresses, replica)}
        master = addresses["master", 0]
        rank, world = index + 1 if role == "worker" else index, sum(counts.values())
        if spec.meta.framework == "XGBoost":  # whose master starts the tracker
            return meeting(master, world, rank)
        return {
            "MASTER_ADDR": master.host,
            "MASTER_PORT": str(master.port),
            "WORLD_SIZE": str(world),
            "RANK": str(rank),
        }


def _experiment(configuration: RunConfiguration) -> ExperimentSpec:
    if configuration.experiment is None:
        message = "an experiment has a specification of its roles"
        raise InvalidRequest(message, _FIELD)
    return configuration.experiment


def _command(spec: ExperimentSpec, task: TaskSpec) -> str:
    return task.cmd or spec.meta.cmd or ""


def _image(spec: ExperimentSpec, task: TaskSpec) -> str | None:
    environment = spec.environment
    shared = (environment.image or environment.docker_image) if environment else None
    return task.image or shared


def _variables(spec: ExperimentSpec, task: TaskSpec) -> dict[str, str]:
    """Return a role's own variables, or else everybody's; the two are not mixed."""
    chosen = spec.meta.env_vars if task.env_vars is None else task.env_vars
    return {name: value for name, value in (chosen or {}).items() if not name.startswith(_OURS)}


def _threads(spec: ExperimentSpec, task: TaskSpec, env: Mapping[str, str]) -> dict[str, str]:
    """Return how many threads a replica may start, where its processors are counted or shared."""
    counted = "cpu" in (task.resource_map or {})
    alone = sum(other.replicas for other in spec.spec.values()) == 1
    return threads_of(task.need().cpus, env) if counted or not alone else {}


def _listens(spec: ExperimentSpec, role: str) -> bool:
    """Tell whether the others are told this role's addresses."""
    return spec.meta.framework == "TensorFlow" or role == "Master"


def _decider(spec: ExperimentSpec) -> Replica:
    """Return whose end is the experiment's."""
    leader = next((name for name in _LEADERS if name in spec.spec), "Worker")
    return leader.lower(), 0


def _role_faults(spec: ExperimentSpec) -> list[Fault]:
    faults = []
    framework, roles = spec.meta.framework, spec.spec
    leaders = [name for name in _LEADERS if name in roles]
    if framework == "TensorFlow" and not leaders and "Worker" not in roles:
        message = "TensorFlow needs a Worker, a Chief or a Master, whose end is the experiment's"
        faults.append(Fault(f"{_FIELD}.spec", message))
    if framework != "TensorFlow" and not leaders:
        message = f"{framework} needs a Master: it is rank 0, and the others ask for its address"
        faults.append(Fault(f"{_FIELD}.spec", message))
    if len(leaders) > 1:
        message = f"there are {' and '.join(leaders)}, and one of them leads: leave one out"
        faults.append(Fault(f"{_FIELD}.spec.{leaders[-1]}", message))
    for name in leaders:
        if roles[name].replicas > 1:
            message = f"{roles[name].replicas} is too many: there is one {name}"
            faults.append(Fault(f"{_FIELD}.spec.{name}.replicas", message))
    count = sum(task.replicas for task in roles.values())
    if count > MOST_REPLICAS:
        message = (
            f"{count} replicas are too many: all roles of an experiment have at most "
            f"{MOST_REPLICAS} together"
        )
        faults.append(Fault(f"{_FIELD}.spec", message))
    return faults


def _command_faults(spec: ExperimentSpec) -> list[Fault]:
    faults = []
    for name, task in spec.spec.items():
        command = _command(spec, task)
        field = f"{_FIELD}.spec.{name}.cmd"
        if not command.strip():
            message = f"role {name} has no command: give it one, or give all roles one in meta.cmd"
            faults.append(Fault(field, message))
        elif "\0" in command:
            faults.append(Fault(field, "a command cannot hold a NUL character"))
    return faults


def _image_faults(spec: ExperimentSpec) -> list[Fault]:
    """Return the faults of roles without an image where others have one."""
    without = [name for name, task in spec.spec.items() if not _image(spec, task)]
    if len(without) == len(spec.spec):
        return []
    message = "other roles name an image, so all do: name this one's, or one for all in environment"
    return [Fault(f"{_FIELD}.spec.{name}.image", message) for name in without]


def _code_faults(spec: ExperimentSpec) -> list[Fault]:
    code = spec.code
    if code is None:
        return []
    field = f"{_FIELD}.code.git.url" if code.git and code.git.url else f"{_FIELD}.code.url"
    if not code.address:
        return [Fault(field, "name the git repository that holds the code")]
    try:
        parse_git_url(code.address)
    except ValueError as error:
        return [Fault(field, str(error))]
    found = without_credentials(code)[1]
    if not found:
        return []
    message = f"a definition is stored, so it holds no way in; send {', '.join(found)} as secrets"
    return [Fault(field, message)]
