"""Framework PySpark: spark-submit, with a cluster of its own where it has several nodes.

Floor: launchers. One node is local mode. Several are a standalone cluster: a `master`, a `worker`
for each node, and the `driver`, whose end is the run's. A run that is told of a YARN, or of another
master, is the driver alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault
from jupyter_exec.launchers.base import Launcher
from jupyter_exec.launchers.commands import job_of, posix_path, script_faults
from jupyter_exec.launchers.counts import crowd_faults
from jupyter_exec.launchers.framework import FrameworkLauncher
from jupyter_exec.launchers.spark_fit import fit_faults, fit_faults_on
from jupyter_exec.launchers.spark_packages import package_faults
from jupyter_exec.launchers.spark_runner.main import TOLD
from jupyter_exec.launchers.spark_submit import (
    MEBIBYTE,
    RUNNER,
    conf_words,
    cores,
    heap,
    on_yarn,
    preparation,
    runner_command,
    submit_command,
    unless_asked,
    yarn_words,
)
from jupyter_exec.launchers.threads import thread_variables
from jupyter_exec.model.job import Job, Mount, Resources, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.launchers.base import LaunchContext, Preparation
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Address, Replica

_DRIVER = ("driver", 0)
_MASTER = ("master", 0)
_DEPLOY = "org.apache.spark.deploy"
_LOOPBACK = "127.0.0.1"
_SECRET = "_SPARK_AUTH_SECRET"  # noqa: S105 - the variable in which Spark's own processes pass it
_SHARING = {"spark.cores.max", "spark.executor.cores"}
_SETTING = re.compile(r"[^\s=\0]+")


class SparkLauncher(Launcher):
    """Local mode, a standalone cluster, or the driver of another one."""

    most = 100_000  # executors of a YARN are no processes here; `faults` looks at our own cluster

    def faults(self, configuration: RunConfiguration) -> list[Fault]:
        """Return what is wrong: script, settings, packages, nodes and executors."""
        faults = _script_faults(configuration)
        settings = configuration.spark.configuration
        for name, value in settings.items():
            if not _SETTING.fullmatch(name) or "\0" in value:
                message = (
                    f"{name[:80]!r} cannot be a setting of Spark's: a name has no spaces or '='"
                )
                faults.append(Fault("configuration.spark.configuration", message))
        if (
            configuration.node_count > 1
            and "spark.master" in settings
            and not on_yarn(configuration)
        ):
            message = (
                "several nodes are a cluster of the run's own, and spark.master names another one: "
                "leave one of them out"
            )
            faults.append(Fault("configuration.nodeCount", message))
        if not faults and _is_cluster(configuration):
            faults += crowd_faults(configuration, configuration.node_count, self.counts)
            faults += fit_faults(configuration)
        return faults + package_faults(configuration)

    def faults_on(self, configuration: RunConfiguration, capacity: Resources) -> list[Fault]:
        """Return the fault of executors that are larger than what a worker has on the target."""
        is_cluster = _is_cluster(configuration)
        return fit_faults_on(configuration, capacity.memory_bytes) if is_cluster else []

    def need(self, configuration: RunConfiguration) -> Resources:
        """Return what the job needs: each node as much as `resources` says."""
        one = configuration.resources.need()
        if not _is_cluster(configuration):
            return one
        roles = (
            Role("master", (), resources=_beside(one)),
            Role("worker", (), configuration.node_count, resources=one),
            Role("driver", (), resources=_beside(one)),
        )
        return Job(roles).need()

    def preparation(
        self, configuration: RunConfiguration, context: LaunchContext
    ) -> Preparation | None:
        """Return how to have the packages resolved."""
        return preparation(configuration, context)

    def plan(self, configuration: RunConfiguration, context: LaunchContext) -> Job:
        """Return the driver, with a master and workers where the run has a cluster of its own.

        Raises:
            RunFailed: the image has no Python.
        """
        cluster = _is_cluster(configuration)
        roles = _cluster(configuration, context) if cluster else ()
        env = {**_python_variables(configuration, context), **_guarded(context, cluster=cluster)}
        one = configuration.resources.need()
        driver = Role(
            "driver",
            submit_command(configuration, context, _own_options(configuration, cluster=cluster)),
            env={**env, **thread_variables(configuration, context.env)},
            resources=_beside(one) if cluster else one,
            listens=not on_yarn(configuration),
        )
        return job_of(
            (*roles, driver),
            configuration,
            context,
            deciders=frozenset({_DRIVER}),
            mounts=(Mount(str(RUNNER.parent)),),
        )

    def replica_env(
        self,
        configuration: RunConfiguration,
        addresses: Mapping[Replica, Address],
        replica: Replica,
    ) -> Mapping[str, str]:
        """Return the addresses in Spark's words, and whom to wait for."""
        if replica not in addresses:
            return {}
        here = addresses[replica]
        told = {"driver": _driver_told, "master": _master_told, "worker": _worker_told}
        words, peers = told[replica[0]](configuration, addresses, here)
        name = "SPARK_LOCAL_IP" if here.host == _LOOPBACK else "SPARK_LOCAL_HOSTNAME"
        named = {} if _is_set(configuration, name) else {name: here.host}
        return {**named, TOLD: json.dumps({"words": words, "peers": peers})}

    def pages(
        self, configuration: RunConfiguration, addresses: Mapping[Replica, Address]
    ) -> Mapping[str, str]:
        """Return the driver's own page, unless the definition puts it elsewhere."""
        if not _has_page(configuration):
            return {}
        here = addresses[_DRIVER]
        port = configuration.spark.configuration.get("spark.ui.port", str(here.port))
        # Not the root: it sends a browser to where it thinks it is, and a proxy may be in between.
        return {"Spark UI": f"http://{here.host}:{port}/jobs/"}


class PySparkLauncher(FrameworkLauncher):
    """Spark's processes find each other by themselves: no communicator goes with it."""

    by_communicator = {"None": SparkLauncher()}  # noqa: RUF012 - a table


def _is_cluster(configuration: RunConfiguration) -> bool:
    """Tell whether the run has a cluster of its own."""
    return configuration.node_count > 1 and not on_yarn(configuration)


def _has_page(configuration: RunConfiguration) -> bool:
    """Tell whether the driver is here, and shows how it is doing; YARN shows that by itself."""
    enabled = configuration.spark.configuration.get("spark.ui.enabled", "true").lower()
    return enabled != "false" and not on_yarn(configuration)


def _beside(one: Resources) -> Resources:
    """Return what the driver and the master need beside workers that need so much: no processor.

    Memory they may have as a worker has.
    """
    return Resources(0, one.memory_bytes, 0, one.shrinks)


def _is_set(configuration: RunConfiguration, name: str) -> bool:
    return name in configuration.environment.environment_variables


def _cluster(configuration: RunConfiguration, context: LaunchContext) -> tuple[Role, ...]:
    """Return the master and the workers."""
    one = configuration.resources.need()
    env = {**_python_variables(configuration, context), **_guarded(context, cluster=True)}
    master = runner_command(
        configuration, context, "spark-class", f"{_DEPLOY}.master.Master", "--webui-port", "0"
    )
    folder = f"{context.work_dir}/logs/spark"  # where executors have their logs, by number
    offer = ["--webui-port", "0", "--work-dir", folder, "--cores", str(cores(one.cpus))]
    if one.memory_bytes is not None:
        offer += ["--memory", f"{one.memory_bytes // MEBIBYTE}m"]
    worker = runner_command(
        configuration, context, "spark-class", f"{_DEPLOY}.worker.Worker", *offer
    )
    threads = thread_variables(configuration, context.env, configuration.node_count)
    nodes = configuration.node_count
    return (
        Role("master", master, env=env, resources=_beside(one), listens=True),
        Role("worker", worker, nodes, env={**env, **threads}, resources=one, listens=True),
    )


def _own_options(configuration: RunConfiguration, *, cluster: bool) -> list[str]:
    """Return our options; what the definition asks for comes after them, and wins."""
    if on_yarn(configuration):
        return yarn_words(configuration)
    asked, resources = configuration.spark.configuration, configuration.resources
    ours: dict[str, str] = {}
    if cluster:
        limit_s = configuration.start_timeout_seconds
        total = cores(resources.need().cpus) * configuration.node_count
        ours = {
            "spark.authenticate": "true",
            "spark.authenticate.secret": f"${_SECRET}",  # must be there; the variable goes before
            "spark.cores.max": str(total),
            # Work begins when all have come, rather than on the first of them alone.
            "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        }
        if not _SHARING & asked.keys():  # else not all cores may be used, and Spark waits 30 s
            ours["spark.scheduler.maxRegisteredResourcesWaitingTime"] = f"{limit_s}s"
    if resources.memory is not None:
        ours["spark.driver.memory"] = heap(resources.memory)
        if cluster:
            ours["spark.executor.memory"] = heap(resources.memory)
    words = conf_words(unless_asked(configuration, ours))
    if cluster or "spark.master" in asked:
        return words
    tasks = "*" if resources.cpus is None else str(cores(resources.cpus))
    return ["--master", f"local[{tasks}]", *words]


def _python_variables(configuration: RunConfiguration, context: LaunchContext) -> dict[str, str]:
    """Return which Python the driver and the tasks have; on other machines it is theirs to say."""
    names = ["PYSPARK_DRIVER_PYTHON"]
    if not on_yarn(configuration):
        names.append("PYSPARK_PYTHON")
    return {name: context.python for name in names if name not in context.env}


def _guarded(context: LaunchContext, *, cluster: bool) -> dict[str, str]:
    """Return what keeps others of this machine out of the cluster: a secret of the run's own."""
    if not cluster:
        return {}
    token = context.env.get("JUPYTER_EXEC_TOKEN", "")
    secret = hashlib.sha256(f"{token} spark".encode()).hexdigest()
    more = context.env.get("SPARK_DAEMON_JAVA_OPTS", "")
    closed = "-Dspark.authenticate=true -Dspark.master.rest.enabled=false"
    return {_SECRET: secret, "SPARK_DAEMON_JAVA_OPTS": f"{more} {closed}".strip()}


def _driver_told(
    configuration: RunConfiguration, addresses: Mapping[Replica, Address], here: Address
) -> tuple[list[str], dict[str, str]]:
    """Return the driver's first words, and whom it waits for: the master and all workers."""
    settings = {"spark.ui.port": str(here.port), "spark.driver.host": here.host}
    peers = {
        f"{role}-{index}": str(address)
        for (role, index), address in addresses.items()
        if role != "driver"
    }
    if _is_cluster(configuration):
        settings["spark.master"] = f"spark://{addresses[_MASTER]}"
    return conf_words(unless_asked(configuration, settings)), peers


def _master_told(
    _configuration: RunConfiguration, _addresses: Mapping[Replica, Address], here: Address
) -> tuple[list[str], dict[str, str]]:
    return ["--host", here.host, "--port", str(here.port)], {}


def _worker_told(
    _configuration: RunConfiguration, addresses: Mapping[Replica, Address], here: Address
) -> tuple[list[str], dict[str, str]]:
    """Return a worker's first words, and the master that it waits for."""
    master = str(addresses[_MASTER])
    words = ["--host", here.host, "--port", str(here.port), f"spark://{master}"]
    return words, {"master-0": master}


def _script_faults(configuration: RunConfiguration) -> list[Fault]:
    """Return the fault of a command, or of a script that is not Python's."""
    if configuration.command:
        message = "PySpark runs a script; leave the command out, or set framework to Python"
        return [Fault("configuration.command", message)]
    script = posix_path(configuration.script or "")
    faults = script_faults(configuration.script)
    if not faults and not script.endswith(".py"):
        faults = [Fault("configuration.script", f"PySpark runs Python scripts; {script} is no .py")]
    return faults
