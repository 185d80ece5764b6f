"""PySpark beyond its golden plans: what is refused, packages, pages, and what tells a cause."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.launchers.pyspark import PySparkLauncher
from jupyter_exec.launchers.spark_packages import why_unresolved
from jupyter_exec.launchers.spark_runner import main as runner
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address, Resources
from jupyter_exec.targets.shim.record import last_line

LAUNCHER = PySparkLauncher()
CONTEXT = LaunchContext(
    "exp_1", "/runs/1/work", "/env/bin/python", "/server/bin/python", None, {}, cache="/data/cache"
)
PACKAGE = {"group": "org.example", "artifact": "greetings", "version": "1.0"}


def asked(section=None, variables=None, settings=None, **fields):
    environment = {"spark": section or {}, "environmentVariables": variables or {}}
    spark = {"configuration": settings or {}}
    fields = {"framework": "PySpark", "script": "a.py", "spark": spark, **fields}
    return RunConfiguration.model_validate({"environment": environment, **fields})


def words(configuration, context=CONTEXT):
    return list(LAUNCHER.plan(configuration, context).roles[-1].command[3:])


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ({"communicator": "Nccl"}, "configuration.communicator"),
        ({"communicator": "Mpi"}, "configuration.communicator"),
        ({"command": "ls"}, "configuration.command"),
        ({"script": "a.jar"}, "configuration.script"),
        ({"script": "a.ipynb"}, "configuration.script"),
        ({"script": "/a.py"}, "configuration.script"),
        ({"settings": {"a b": "1"}}, "configuration.spark.configuration"),
        ({"nodeCount": 2, "settings": {"spark.master": "local[2]"}}, "configuration.nodeCount"),
    ],
)
def test_what_spark_cannot_run_is_refused(fields, target):
    assert [fault.target for fault in LAUNCHER.faults(asked(**fields))] == [target]


GIB = 2**30


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"settings": {"spark.executor.memory": "1025m"}}, "1025m, and a worker has 1024 MiB"),
        ({"settings": {"spark.executor.memory": "2G"}}, "set it to 1024m or less"),
        ({"settings": {"spark.executor.memory": "1025"}}, "1025, and"),
        ({"settings": {"spark.executor.memory": "1024m"}}, None),
        ({"settings": {"spark.executor.memory": "1gb"}}, None),
        ({"settings": {"spark.executor.memory": "much"}}, None),  # Spark says so itself
        ({"resources": {"memory": "300Mi"}}, "worker with 300 MiB has no room"),
        ({"resources": {"memory": "512Mi"}}, None),
        ({"resources": {"cpus": 4}, "settings": {"spark.executor.cores": "4"}}, None),
        ({"resources": {"cpus": 1.5}, "settings": {"spark.executor.cores": "2"}}, "worker has 1,"),
        ({"resources": {}, "settings": {"spark.executor.cores": "2"}}, "executor.cores is 2, and"),
        ({"settings": {"spark.task.cpus": "3"}}, "spark.task.cpus is 3, and an executor has 2"),
        (
            {"settings": {"spark.executor.cores": "2", "spark.cores.max": "1"}},
            "spark.cores.max is 1",
        ),
        ({"settings": {"spark.task.cpus": "2", "spark.cores.max": "1"}}, "executor has 1"),
        ({"nodeCount": 1, "settings": {"spark.executor.memory": "9t"}}, None),
    ],
)
def test_executors_fit_into_workers(fields, said):
    configuration = asked(
        **{"nodeCount": 2, "resources": {"cpus": 2, "memory": GIB}, **fields},
    )
    faults = LAUNCHER.faults(configuration) + LAUNCHER.faults_on(configuration, Resources(9, GIB))
    assert len(faults) == (said is not None)
    for fault in faults:
        assert said in fault.message


def test_a_worker_of_unknown_size_has_what_the_machine_has():
    configuration = asked(nodeCount=2, settings={"spark.executor.memory": "3g"})
    assert LAUNCHER.faults(configuration) == []
    assert LAUNCHER.faults_on(configuration, Resources(2, 4 * GIB)) == []
    (fault,) = LAUNCHER.faults_on(configuration, Resources(2, 4 * GIB - 1))
    assert fault.target == "configuration.spark.configuration"
    assert "a worker has 3071 MiB (on target 'local', all memory but 1 GiB)" in fault.message
    assert LAUNCHER.faults_on(configuration, Resources(2)) == []
    said = {"SPARK_WORKER_MEMORY": "9g"}
    configuration = asked(nodeCount=2, settings={"spark.executor.memory": "3g"}, variables=said)
    assert LAUNCHER.faults_on(configuration, Resources(2, GIB)) == []


@pytest.mark.parametrize("part", ["group", "artifact", "version"])
@pytest.mark.parametrize(
    "value", [None, "", "a b", "a;b", "$(id)", "a:b", "a,b", "--conf", "a\n", "../a", "a/b"]
)
def test_coordinates_are_names(part, value):
    faults = LAUNCHER.faults(asked({"packages": [PACKAGE, {**PACKAGE, part: value}]}))
    assert [f.target for f in faults] == [f"configuration.environment.spark.packages[1].{part}"]


@pytest.mark.parametrize(
    "repository", ["here", "", "-x", "https://a, b", "https://ann:pw@host/m", "https://token@host"]
)
def test_repositories_are_addresses_without_passwords(repository):
    faults = LAUNCHER.faults(asked({"repositories": ["file:/m", "https://host/m", repository]}))
    assert [f.target for f in faults] == ["configuration.environment.spark.repositories[2]"]


def test_what_the_definition_sets_wins():
    settings = {"spark.master": "local[3]", "spark.driver.memory": "3g", "spark.ui.port": "4050"}
    configuration = asked(settings=settings, resources={"cpus": 1, "memory": "1G"})
    given = words(configuration)
    assert [word for word in given if "master" in word or "memory" in word] == [
        "spark.master=local[3]",
        "spark.driver.memory=3g",
    ]
    here = {("driver", 0): Address("127.0.0.1", 10001)}
    told = LAUNCHER.replica_env(configuration, here, ("driver", 0))
    assert "ui.port" not in told["JUPYTER_EXEC_SPARK"]
    assert LAUNCHER.pages(configuration, here) == {"Spark UI": "http://127.0.0.1:4050/jobs/"}
    assert LAUNCHER.pages(asked(settings={"spark.ui.enabled": "False"}), here) == {}
    named = asked(variables={"SPARK_LOCAL_IP": "127.0.0.9"})
    assert "SPARK_LOCAL_IP" not in LAUNCHER.replica_env(named, here, ("driver", 0))


def test_a_script_is_no_option_and_nobody_says_how_many_processors():
    assert words(asked(script="-a.py")) == ["spark-submit", "--master", "local[*]", "./-a.py"]


def test_how_long_a_cluster_waits_for_its_processes():
    name = "spark.scheduler.maxRegisteredResourcesWaitingTime"
    configuration = asked(nodeCount=2, startTimeoutSeconds=7)
    for role in LAUNCHER.plan(configuration, CONTEXT).roles:
        assert role.command[2] == "7"
    assert f"{name}=7s" in words(configuration)
    # Not all cores can be used, perhaps: Spark goes on without them after a time of its own.
    shared = asked(nodeCount=2, settings={"spark.cores.max": "1"})
    assert name not in " ".join(words(shared))
    chosen = asked(nodeCount=2, settings={name: "3s"})
    assert [word for word in words(chosen) if name in word] == [f"{name}=3s"]


@pytest.mark.parametrize("mode", ["None", "Client", "Cluster"])
def test_yarn_is_only_where_the_run_is_told_of_one(mode):
    hdi = {"yarnDeployMode": mode}
    assert "yarn" not in words(asked(hdi=hdi))
    assert "yarn" not in words(
        asked(hdi=hdi, variables={"YARN_CONF_DIR": "/c"}, settings={"spark.master": "local"})
    )
    given = words(asked(hdi=hdi, variables={"YARN_CONF_DIR": "/c"}))
    deployed = [] if mode == "None" else ["--deploy-mode", mode.lower()]
    assert given == ["spark-submit", "--master", "yarn", *deployed, "a.py"]


def test_packages_are_resolved_into_the_cache_that_runs_share():
    section = {"packages": [PACKAGE], "repositories": ["file:///m"]}
    settings = {"spark.jars.excludes": "a:b", "spark.x": "1"}
    configuration = asked(section, settings=settings)
    done = LAUNCHER.preparation(configuration, CONTEXT)
    ivy = "spark.jars.ivy=/data/cache/ivy"
    assert ivy in done.command
    assert ivy in words(configuration)
    assert "spark.jars.excludes=a:b" in done.command
    assert "spark.x=1" not in done.command
    assert done == LAUNCHER.preparation(configuration, CONTEXT)
    patient = asked(section, settings=settings, startTimeoutSeconds=7)
    assert LAUNCHER.preparation(patient, CONTEXT).key == done.key
    another = asked({**section, "packages": [{**PACKAGE, "version": "2.0"}]})
    assert LAUNCHER.preparation(another, CONTEXT).key != done.key

    later = asked({**section, "precachePackages": False})
    assert LAUNCHER.preparation(later, CONTEXT) is None
    assert not any("spark.jars.ivy" in word for word in words(later))
    assert LAUNCHER.preparation(asked(), CONTEXT) is None
    contained = replace(CONTEXT, cache=None)
    assert LAUNCHER.preparation(configuration, contained) is None
    assert "spark.jars.ivy=/tmp/ivy" in words(configuration, contained)


def test_packages_of_both_places_are_taken():
    named = {"spark.jars.packages": "a:b:1", "spark.jars.repositories": "file:/n"}
    section = {"packages": [PACKAGE], "repositories": ["file:/m"]}
    given = words(asked(section, settings=named))
    assert given[-5:-1] == [
        "--packages",
        "org.example:greetings:1.0,a:b:1",
        "--repositories",
        "file:/m,file:/n",
    ]
    assert not any("spark.jars.packages" in word for word in given)


def test_the_package_that_is_nowhere_is_named():
    printed = (
        "\t\t:: org.example#a;1.0: not found\n"
        'Exception in thread "main" java.lang.RuntimeException: [unresolved dependency: '
        "org.example#a;1.0: not found, unresolved dependency: org.example#b;2: not found]\n\tat x\n"
    )
    assert why_unresolved(printed) == (
        "Spark's packages cannot be resolved: org.example:a:1.0: not found; "
        "org.example:b:2: not found (its log, environment.txt, has the rest)"
    )
    assert "There is no Java here" in why_unresolved("There is no Java here, which\n")
    assert "printed nothing" in why_unresolved("")


INFO = "26/11/23 13:57:05 INFO SparkContext: Successfully stopped SparkContext\n"
TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n'
STACK = "\tat org.apache.spark.Some.thing(Some.scala:1)\n\t... 12 more\n\n"


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (TRACEBACK + "ValueError: no luck\n" + INFO, "ValueError: no luck"),
        ("that is all\n" + INFO, "that is all"),
        (
            TRACEBACK + "py4j.protocol.Py4JJavaError: An error occurred\n: java.lang.Error: full\n"
            f"{STACK}Caused by: java.lang.Error: deep\n{STACK}",
            "java.lang.Error: full",
        ),
        (
            f"py4j: {TRACEBACK}ValueError: of a task\n SQLSTATE: 38000\n{STACK}{INFO}",
            "ValueError: of a task",
        ),
        (
            TRACEBACK + "pyspark.errors.AnalysisException: [A] no x\n'Project ['x]\n+- Range\n",
            "pyspark.errors.AnalysisException: [A] no x",
        ),
        ("Caused by: java.lang.Error: a\n" + STACK, "Caused by: java.lang.Error: a"),
        (
            TRACEBACK + "ValueError: handled\nno such layer: 7\n",
            "ValueError: handled … no such layer: 7",
        ),
        (INFO, INFO.strip()),
    ],
)
def test_the_line_that_tells_the_cause_where_a_jvm_has_the_last_word(tmp_path, log, cause):
    (tmp_path / "log").write_text("before\n" * 2000 * (log != INFO) + log)
    assert last_line(str(tmp_path / "log")) == cause


def test_who_does_not_answer_is_named():
    with socket.create_server(("127.0.0.1", 0)) as here, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        there = f"127.0.0.1:{here.getsockname()[1]}"
        missing = f"127.0.0.1:{closed.getsockname()[1]}"
        runner.wait_for({"master-0": there}, 10)
        with pytest.raises(SystemExit) as told:
            runner.wait_for({"master-0": there, "worker-1": missing}, 0.1)
    assert told.value.code.startswith(f"worker-1 ({missing}) did not answer within 0.1 s")


def test_where_spark_and_java_are_looked_for(tmp_path, monkeypatch):
    home = tmp_path / "spark"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "spark-submit").touch(0o755)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("SPARK_HOME", raising=False)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(runner, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pip install pyspark"):
        runner.spark_home()
    (tmp_path / "bin" / "spark-submit").symlink_to(home / "bin" / "spark-submit")
    assert runner.spark_home() == str(home)
    monkeypatch.setenv("SPARK_HOME", str(home))
    assert runner.spark_home() == str(home)
    monkeypatch.setenv("SPARK_HOME", str(tmp_path / "none"))
    with pytest.raises(SystemExit, match="no bin/spark-submit"):
        runner.spark_home()
    with pytest.raises(SystemExit, match="openjdk-17-jre-headless"):
        runner.find_java()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    with pytest.raises(SystemExit, match="no bin/java"):
        runner.find_java()
