"""Framework PySpark: real Spark, in local mode and as a cluster; the peer is spark-submit."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
from background_server import until
from framework_runs import finish, logs, submit
from maven_repositories import make_package
from needs import need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import RunningServer

pytestmark = pytest.mark.timeout(400)

LONG_S = 300.0
QUICK = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
"""A JVM that starts on less of a processor; its code need not be the fastest."""
LESS = {"spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "2"}
SESSION = """
import os, sys, time
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
context = spark.sparkContext
"""
WAIT = """
open(os.environ["HERE"] + "/ready", "w").close()
until = time.monotonic() + 120
while not os.path.exists(os.environ["HERE"] + "/go") and time.monotonic() < until:
    time.sleep(0.05)
"""
WORDS = """
text = context.parallelize(["to be or not to be", "that is the question to ask"] * 10, 4)
pairs = text.flatMap(str.split).map(lambda word: (word, 1))
counts = dict(pairs.reduceByKey(lambda a, b: a + b, 2).collect())
print("counts", counts["to"], counts["question"], flush=True)
"""
FIT = """
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.regression import LinearRegression
rows = spark.createDataFrame([(float(x), 3.0 * x + 1.0) for x in range(20)], ["x", "y"])
rows = VectorAssembler(inputCols=["x"], outputCol="features").transform(rows)
model = LinearRegression(labelCol="y").fit(rows)
print("fit", round(model.coefficients[0], 3), round(model.intercept, 3), flush=True)
"""


@pytest.fixture(scope="module", autouse=True)
def java() -> str:
    return need("java", "apt-get install openjdk-17-jre-headless")


def processes_of(server: RunningServer) -> list[str]:
    """Command lines of what lives of this server's runs."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(server.data_dir) in " ".join(process.environ().values()):
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


def spark(**configuration: str) -> dict[str, Any]:
    named = {f"spark.{name.replace('_', '.')}": value for name, value in configuration.items()}
    return {"framework": "PySpark", "spark": {"configuration": {**LESS, **named}}}


def environment(python: str, **section: Any) -> dict[str, Any]:
    named = {"userManagedDependencies": True, "interpreterPath": python}
    return {"environment": {"python": named, "spark": section, "environmentVariables": QUICK}}


def ended(server: RunningServer, run: dict[str, Any]) -> dict[str, str]:
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    return logs(server, run)


def test_words_a_fit_the_page_and_a_killed_server(
    make_server: Callable[..., RunningServer], spark_python: str, tmp_path: Path
) -> None:
    server = make_server()
    told = 'print("told", context.getConf().get("spark.our.word"), context.master, flush=True)\n'
    told += "print('python', sys.executable, context.pythonExec, sys.argv[1:], flush=True)\n"
    run_id = submit(
        server,
        SESSION + told + WORDS + WAIT + FIT,
        spark_python,
        {"HERE": str(tmp_path), **QUICK},
        **spark(our_word="a b;$HOME", driver_memory="600m"),
        arguments=["--name", "x y", "$AZUREML_RUN_ID"],
        resources={"cpus": 2},
    )
    run = server.wait_for_status(run_id, "Running")
    until((tmp_path / "ready").exists, LONG_S)
    (title,) = run["pages"]
    page = httpx.get(run["pages"]["Spark UI"], trust_env=False, timeout=30)
    assert (title, page.status_code) == ("Spark UI", 200)
    assert "Spark Jobs" in page.text
    assert {ip.removeprefix("::ffff:") for ip in _listening(server)} == {"127.0.0.1"}

    server.restart(kill=True)
    assert server.run(run_id)["pages"] == run["pages"]
    (tmp_path / "go").touch()
    run = server.wait_for_end(run_id, LONG_S)
    text = ended(server, run)["driver-0"]
    assert run["pages"] == {}
    assert "told a b;$HOME local[2]\n" in text
    assert f"python {spark_python} {spark_python} ['--name', 'x y', '{run_id}']\n" in text
    assert "counts 30 10\n" in text
    assert "fit 3.0 1.0\n" in text
    assert processes_of(server) == []


def _listening(server: RunningServer) -> list[str]:
    """Return where the JVMs of this server's runs listen."""
    found = []
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "java" and str(server.data_dir) in str(process.environ()):
            found += [one.laddr.ip for one in process.net_connections() if one.status == "LISTEN"]
    return found


def test_a_package_is_there_before_the_run_is_running(
    server: RunningServer, spark_python: str, tmp_path: Path
) -> None:
    package = make_package(tmp_path, "greetings", "greeting", "words = 'good morning'\n")
    section = {"packages": [package], "repositories": [tmp_path.as_uri()], "precachePackages": True}
    script = "import greeting\nprint(greeting.words)\n"  # spark-submit offers a jar to Python too
    run = finish(
        server,
        script,
        "",
        LONG_S,
        **spark(ui_enabled="false"),
        **environment(spark_python, **section),
    )
    told = ended(server, run)
    assert "good morning\n" in told["driver-0"]
    assert "found org.example#greetings;1.0" in told["environment"]
    assert "SUCCESSFUL" in told["environment"]
    assert "SUCCESSFUL" not in told["driver-0"]  # it was in the cache by then
    assert list((server.data_dir / "prepared").glob("spark-*.done"))


def test_an_unknown_package_fails_the_run_before_it_is_running(
    server: RunningServer, spark_python: str, tmp_path: Path
) -> None:
    package = {"group": "org.example", "artifact": "nowhere", "version": "7.0"}
    # The repositories that Spark has by itself are out of the tests' reach.
    (tmp_path / "ivysettings.xml").write_text(SETTINGS.format(folder=tmp_path))
    run = finish(
        server,
        "print('never')",
        "",
        LONG_S,
        **spark(jars_ivySettings=str(tmp_path / "ivysettings.xml")),
        **environment(spark_python, packages=[package]),
    )
    assert (run["status"], run["startedAt"]) == ("Failed", None)
    assert run["error"] == {
        "code": "PreparationFailed",
        "message": "Spark's packages cannot be resolved: org.example:nowhere:7.0: not found "
        "(its log, environment.txt, has the rest)",
    }


SETTINGS = """
<ivysettings><settings defaultResolver="ours"/><resolvers>
<ibiblio name="ours" m2compatible="true" root="file://{folder}"/>
</resolvers></ivysettings>
"""


def test_a_cluster_of_two_workers(server: RunningServer, spark_python: str) -> None:
    where = """
    def at(_):
        import os, time
        time.sleep(0.2)
        yield os.getcwd().rsplit("/", 1)[-1]  # an executor's folder is named by its number
    places = set(context.parallelize(range(8), 8).mapPartitions(at).collect())
    print("places", sorted(places), context.master)
    """
    run = finish(
        server,
        SESSION + textwrap.dedent(where) + WORDS,
        spark_python,
        LONG_S,
        variables=QUICK,
        **spark(ui_enabled="false"),
        nodeCount=2,
        resources={"cpus": 1},
    )
    told = ended(server, run)
    assert set(told) >= {"driver-0", "master-0", "worker-0", "worker-1"}
    assert "counts 30 10\n" in told["driver-0"]
    assert "places ['0', '1'] spark://127.0.0.1:" in told["driver-0"]
    for worker in ("worker-0", "worker-1"):
        assert "Successfully registered with master" in told[worker]
        assert "Asked to launch executor" in told[worker]
    assert told["master-0"].count("Registering worker") == 2
    assert processes_of(server) == []


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("raise ValueError('no luck')", "ValueError: no luck (exit code 1)"),
        (
            "context.parallelize(range(4), 2).map(lambda x: 1 // (x - x)).collect()",
            "ZeroDivisionError: integer division or modulo by zero (exit code 1)",
        ),
    ],
)
def test_the_exception_of_python_is_the_cause(
    server: RunningServer, spark_python: str, script: str, cause: str
) -> None:
    quiet = spark(ui_enabled="false")
    run = finish(server, SESSION + script, spark_python, LONG_S, variables=QUICK, **quiet)
    assert (run["status"], run["error"]["message"]) == ("Failed", cause), logs(server, run)


def busy_cluster(server: RunningServer, python: str, folder: Path) -> str:
    """Return a run whose tasks are at work, on two workers, for ever."""
    busy = """
    def long(_):
        open(os.environ["HERE"] + "/ready", "w").close()
        time.sleep(600)
    context.parallelize(range(2), 2).foreach(long)
    """
    run_id = submit(
        server,
        SESSION + textwrap.dedent(busy),
        python,
        {"HERE": str(folder), **QUICK},
        **spark(ui_enabled="false"),
        nodeCount=2,
        resources={"cpus": 1},
    )
    until((folder / "ready").exists, LONG_S)
    return run_id


def test_cancel_leaves_nothing(server: RunningServer, spark_python: str, tmp_path: Path) -> None:
    run_id = busy_cluster(server, spark_python, tmp_path)
    assert any("CoarseGrainedExecutorBackend" in line for line in processes_of(server))
    server.client.post(f"jupyter-exec/v1/runs/{run_id}/cancel").raise_for_status()
    assert server.wait_for_end(run_id)["status"] == "Canceled"
    assert processes_of(server) == []


def test_a_killed_worker_is_named(server: RunningServer, spark_python: str, tmp_path: Path) -> None:
    run_id = busy_cluster(server, spark_python, tmp_path)

    def is_worker(process: psutil.Process) -> bool:
        try:
            here = process.environ().get("AZUREML_RUN_ID") == run_id
            return here and "org.apache.spark.deploy.worker.Worker" in process.cmdline()
        except psutil.Error:
            return False

    worker = next(filter(is_worker, psutil.process_iter()))
    worker.kill()
    message = server.wait_for_end(run_id)["error"]["message"]
    assert re.match(r"worker-[01]: ended by SIGKILL", message)
    assert processes_of(server) == []


def test_workers_that_never_come_are_named(server: RunningServer, spark_python: str) -> None:
    hold = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:0"
    variables = {**QUICK, "SPARK_WORKER_OPTS": hold}
    fields = {**spark(), "nodeCount": 2, "startTimeoutSeconds": 5, "resources": {"cpus": 0.1}}
    run = finish(server, SESSION, spark_python, variables=variables, **fields)
    assert run["status"] == "Failed"
    assert re.fullmatch(
        r"driver-0: worker-0 \(127\.0\.0\.1:\d+\), worker-1 \(127\.0\.0\.1:\d+\) did not answer "
        r"within 5 s; see the logs of that name; startTimeoutSeconds says how long to wait "
        r"\(exit code 1\)",
        run["error"]["message"],
    ), logs(server, run)
    assert processes_of(server) == []


def test_no_spark_and_no_java(server: RunningServer, learning_python: str) -> None:
    run = finish(server, "", learning_python, **spark())
    assert run["error"]["code"] == "ExitCode"
    assert run["error"]["message"].startswith(f"There is no Spark here: {learning_python} has no")
    run = finish(server, "", learning_python, variables={"SPARK_HOME": "/nowhere"}, **spark())
    cause = "SPARK_HOME is /nowhere, which has no bin/spark-submit; set it right or unset it"
    assert run["error"]["message"] == f"{cause} (exit code 1)"


def test_executors_that_no_worker_can_hold_are_refused(server: RunningServer) -> None:
    settings = {"spark": {"configuration": {"spark.executor.memory": "100t"}}}
    configuration = {"framework": "PySpark", "script": "train.py", "nodeCount": 2, **settings}
    field = "definition.configuration.spark.configuration"
    assert _refused(server, configuration) == {field}  # by the machine's memory
    assert _refused(server, {**configuration, "resources": {"memory": "1Gi"}}) == {field}


def test_what_makes_no_sense_is_refused(server: RunningServer) -> None:
    packages = [{"group": "a", "artifact": "b;rm -rf", "version": "1"}, {"group": "a"}]
    configuration = {
        "framework": "PySpark",
        "communicator": "Nccl",
        "script": "train.py",
        "environment": {"spark": {"packages": packages, "repositories": ["nowhere"]}},
    }
    assert _refused(server, configuration) == {"definition.configuration.communicator"}
    field = "definition.configuration.environment.spark"
    assert _refused(server, {**configuration, "communicator": "None"}) == {
        f"{field}.packages[0].artifact",
        f"{field}.packages[1].artifact",
        f"{field}.packages[1].version",
        f"{field}.repositories[0]",
    }


def _refused(server: RunningServer, configuration: dict[str, Any]) -> set[str]:
    (server.root_dir / "some").mkdir(exist_ok=True)
    body = {"definition": {"configuration": configuration}, "source": {"path": "some"}}
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 400
    error = json.loads(answer.text)["error"]
    return {detail["target"] for detail in error.get("details") or [error]}
