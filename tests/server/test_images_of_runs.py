"""Definitions that say `docker`, from a request to the end of their runs in real containers."""

from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import docker
import nbformat
import pytest
from azure_requests import address, startrun, zipped
from docker_images import debian_tarball
from docker_registries import PASSWORD, USER, registry_with_password
from local_packages import CondaChannel, index_variables, make_wheel
from servers import RunningServer

from jupyter_exec.model.answers.runs import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docker_engine import DockerEngine

RUNS = "jupyter-exec/v1/runs"
DOCKER = "configuration.environment.docker"


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: DockerEngine
) -> Iterator[RunningServer]:
    """A server with containers beside `local`; its packages come from a folder."""
    packages = tmp_path_factory.mktemp("packages")
    make_wheel(packages / "wheels", "greeting")
    targets = {
        "local": {"type": "local", "warm": 0},
        "docker": {"type": "docker", "engine_url": docker_engine.url, "shares": "local"},
    }
    running = RunningServer(
        tmp_path_factory.mktemp("server"),
        config={"ExecApp": {"compute_targets": targets}},
        env=index_variables(packages),
    )
    yield running
    running.close()


def submit(server: RunningServer, section: dict[str, Any], **configuration: Any) -> dict[str, Any]:
    """Return a run in a container when it has ended."""
    more = configuration.pop("body", {})
    docker_section = {"enabled": True, **section}
    environment = {"docker": docker_section, **configuration.pop("environment", {})}
    definition = {"configuration": {"environment": environment, **configuration}}
    answer = server.client.post(RUNS, json={"definition": definition, **more})
    assert answer.status_code == 201, answer.text
    return server.wait_for_end(answer.json()["runId"])


def faults(server: RunningServer, section: dict[str, Any], **configuration: Any) -> dict[str, str]:
    """Return what is wrong with a request: message by field."""
    environment = {"docker": {"enabled": True, **section}}
    configuration = {"command": "true", "environment": environment, **configuration}
    answer = server.client.post(RUNS, json={"definition": {"configuration": configuration}})
    assert answer.status_code == 400, answer.text
    details = answer.json()["error"]["details"]
    return {each["target"].removeprefix("definition."): each["message"] for each in details}


def environment_of(server: RunningServer, run_id: str) -> dict[str, Any]:
    answer = server.client.get(f"{RUNS}/{run_id}/environment")
    assert answer.status_code == 200, answer.text
    ANSWERS["RunLock"].model_validate(answer.json(), extra="forbid")
    shown: dict[str, Any] = answer.json()
    return shown


def microsofts_example(image: str, *, enabled: bool) -> dict[str, Any]:
    """Return a definition as the REST reference has it, with a package that is here."""
    return {
        "configuration": {
            "script": "train.py",
            "arguments": ["--epochs", "2"],
            "framework": "Python",
            "communicator": "None",
            "target": "local",
            "dataReferences": {},
            "jobName": None,
            "maxRunDurationSeconds": None,
            "nodeCount": 1,
            "environment": {
                "python": {
                    "interpreterPath": "python",
                    "userManagedDependencies": False,
                    "condaDependencies": {
                        "name": "project_environment",
                        "dependencies": ["python=3.11", {"pip": ["greeting"]}],
                    },
                },
                "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
                "docker": {
                    "baseImage": image,
                    "enabled": enabled,
                    "sharedVolumes": True,
                    "arguments": [],
                    "baseImageRegistry": {"address": None, "username": None, "password": None},
                },
                "spark": {"repositories": [], "packages": [], "precachePackages": True},
                "inferencingStackVersion": None,
            },
            "history": {"outputCollection": True, "directoriesToWatch": ["logs"]},
        },
        "snapshotId": None,
        "parentRunId": None,
    }


@pytest.mark.parametrize("enabled", [True, False])
def test_microsofts_own_example(
    server: RunningServer, docker_engine: DockerEngine, enabled: bool
) -> None:
    text = "import greeting, os, sys\nprint(greeting.version)\n"
    text += "print(sys.argv[1:], os.environ['EXAMPLE_ENV_VAR'])\n"
    text += "print('contained', not os.path.isdir('/root/.cache'))\n"
    text += "open('outputs/made.txt', 'w').write('kept')\n"
    sent = startrun(
        microsofts_example(docker_engine.image, enabled=enabled), zipped({"train.py": text})
    )
    answer = server.client.post(address("startrun"), **sent)
    assert answer.status_code == 200, answer.text
    run = server.wait_for_end(answer.json()["runId"])
    assert run["error"] is None
    assert run["target"] == ("docker" if enabled else "local")
    said, told, contained = server.log(run["runId"]).splitlines()
    assert (said, told) == ("1.0", "['--epochs', '2'] EXAMPLE_VALUE")
    assert contained == f"contained {enabled}"
    kept = server.client.get(f"{RUNS}/{run['runId']}/outputs/made.txt")
    assert kept.text == "kept"


def test_a_private_image_is_pulled_and_its_password_is_nowhere(
    server: RunningServer, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    with registry_with_password(tmp_path) as registry:
        name = registry.push(docker_engine.url, docker_engine.image, "team/python:1")
        section = {
            "baseImage": "team/python:1",
            "baseImageRegistry": {
                "address": registry.address,
                "username": USER,
                "password": PASSWORD,
            },
        }
        run = submit(server, section, command="env; cat /proc/1/environ")
        run_id = run["runId"]
        assert run["status"] == "Completed", run
        assert f"pulling {name}" in server.log(run_id, "environment.txt")
        shown = environment_of(server, run_id)
        (image,) = shown["images"]
        assert (image["reference"], shown["lock"]) == (name, None)
        assert image["id"].startswith("sha256:")
        assert image["digest"].startswith(f"{registry.address}/team/python@sha256:")
        again = server.client.post(f"{RUNS}/{run_id}/rerun", json={})
        assert again.status_code == 201, again.text
        assert server.wait_for_end(again.json()["runId"])["status"] == "Completed"
        registry.forget(docker_engine.url)
        once_more = server.client.post(f"{RUNS}/{run_id}/rerun", json={}).json()
        refused = server.wait_for_end(once_more["runId"])
        assert refused["error"]["code"] == "ImagePullRefused"
        secrets = {"JUPYTER_EXEC_REGISTRY_PASSWORD": PASSWORD}
        pulled = server.client.post(f"{RUNS}/{run_id}/rerun", json={"secrets": secrets}).json()
        assert server.wait_for_end(pulled["runId"])["status"] == "Completed"
        assert environment_of(server, pulled["runId"]) == shown
        registry.forget(docker_engine.url)
    assert PASSWORD not in json.dumps([server.run(each["runId"]) for each in server.runs()])
    assert PASSWORD not in server.log(run_id) + server.log_text()
    for file in server.folder.rglob("*"):
        if file.is_file():
            assert PASSWORD.encode() not in file.read_bytes(), file


def test_a_dockerfile_that_fails_at_step_3(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    steps = [f"FROM {docker_engine.image}", "RUN true", "RUN echo no such part >&2; exit 4"]
    run = submit(server, {"baseDockerfile": "\n".join(steps)}, command="true")
    assert run["error"]["code"] == "ImageBuildFailed"
    assert run["error"]["message"] == (
        "the image cannot be built: step 3/3, RUN echo no such part >&2; exit 4: no such part; "
        "exit status 4 (its log, environment.txt, has the rest)"
    )
    assert "no such part" in server.log(run["runId"], "environment.txt")


def wait_until_unused(engine: DockerEngine, image: str) -> None:
    """Return when no container is made of an image; those of a run go just after its end."""
    until = time.monotonic() + 30
    with closing(docker.APIClient(base_url=engine.url)) as client:
        while client.containers(all=True, filters={"ancestor": image}):
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_image_that_was_built_goes_when_no_run_needs_it(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    section = {"enabled": True, "baseDockerfile": f"FROM {docker_engine.image}\nENV ITS=own\n"}
    command = "echo $ITS; while [ ! -e go ]; do sleep 0.02; done"
    configuration = {"command": command, "environment": {"docker": section}}
    answer = server.client.post(RUNS, json={"definition": {"configuration": configuration}})
    run_id = answer.json()["runId"]
    server.wait_for_status(run_id, "Running")

    def collected() -> list[dict[str, Any]]:
        answer = server.client.post("jupyter-exec/v1/environments/collect", json={"maxAgeDays": 0})
        ANSWERS["CollectedEnvironments"].model_validate(answer.json(), extra="forbid")
        return [one for one in answer.json()["environments"] if one["kind"] == "dockerfile"]

    listed = server.client.get("jupyter-exec/v1/environments").json()["built"]
    (built,) = [one for one in listed if run_id in one["usedBy"]]
    (shown,) = environment_of(server, run_id)["images"]
    assert (built["kind"], built["image"]) == ("dockerfile", shown["reference"])
    assert built["image"] not in {one["image"] for one in collected()}
    for work in server.data_dir.glob("runs/*/work"):
        (work / "go").touch()
    assert server.wait_for_end(run_id)["status"] == "Completed"
    wait_until_unused(docker_engine, built["image"])
    assert built["image"] in {one["image"] for one in collected()}
    assert not list(server.data_dir.glob("environments/image-*"))
    again = server.client.post(f"{RUNS}/{run_id}/rerun", json={}).json()["runId"]
    server.wait_for_status(again, "Running")
    assert "Step 2/2 : ENV ITS=own" in server.log(again, "environment.txt")
    server.client.post(f"{RUNS}/{again}/cancel")
    server.wait_for_end(again)
    wait_until_unused(docker_engine, built["image"])
    assert built["image"] in {one["image"] for one in collected()}


def test_an_image_without_python_runs_a_command_and_no_script(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    image = {"baseImage": docker_engine.bare_image}
    run = submit(server, image, command=["/say"])
    assert (run["status"], run["error"]) == ("Completed", None)
    files = {"overlay": {"x.py": {"text": "print(1)"}}}
    run = submit(server, image, script="x.py", body=files)
    assert run["error"]["code"] == "InterpreterMissing"
    assert "the image has no Python" in run["error"]["message"]


def test_conda_and_pip_packages_in_a_container(
    server: RunningServer, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    channel = CondaChannel(tmp_path / "channel")
    channel.add_python_of(debian_tarball())
    channel.add_module("compass", "4.2")
    dependencies = ["python", "compass", {"pip": ["greeting"]}]
    conda = {"channels": [channel.url], "dependencies": dependencies}
    python = {"userManagedDependencies": False, "condaDependencies": conda}
    say = "import compass, greeting, sys; print(compass.version, greeting.version, sys.prefix)"
    run = submit(
        server,
        {"baseImage": docker_engine.image},
        environment={"python": python},
        command=["python", "-c", f"{say}; open('outputs/x', 'w').close()"],
    )
    assert run["error"] is None
    prefix = server.data_dir / "environments" / run["environment"]["hash"] / "env"
    assert server.log(run["runId"]) == f"4.2 1.0 {prefix}\n"
    shown = environment_of(server, run["runId"])
    assert (shown["kind"], shown["python"]) == ("conda", "3.11.0")
    assert "greeting==1.0" in shown["lock"]
    assert "compass-4.2" in shown["lock"]
    again = server.client.post(f"{RUNS}/{run['runId']}/rerun", json={}).json()
    assert server.wait_for_end(again["runId"])["environment"] == run["environment"]


def test_what_cannot_be_is_told_before_a_run_is_made(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    image = {"baseImage": docker_engine.image}
    told = faults(server, {**image, "arguments": ["--init", "-v", "/:/host"]})
    assert list(told) == [f"{DOCKER}.arguments[1]"]
    assert list(faults(server, {**image, "baseDockerfile": "FROM x"})) == [
        f"{DOCKER}.baseDockerfile"
    ]
    told = faults(server, {"baseDockerfile": " \n"})
    assert list(told) == [f"{DOCKER}.baseDockerfile"]
    assert "give a Dockerfile's text" in told[f"{DOCKER}.baseDockerfile"]
    assert list(faults(server, {**image, "arguments": ["--pid=foo"]})) == [f"{DOCKER}.arguments[0]"]
    for section, target in (({}, "local"), ({"enabled": False}, "docker")):
        told = faults(server, section, target=target)
        assert list(told) == [f"{DOCKER}.baseImage"]
        for way in ("environment.docker.baseImage", "--image", "environment.docker.baseDockerfile"):
            assert way in told[f"{DOCKER}.baseImage"]
    environment = {"docker": image, "environmentVariables": {"A=B": "c"}}
    told = faults(server, {}, target="docker", environment=environment)
    assert any("environmentVariables" in field for field in told)


def test_on_a_target_of_containers_an_image_need_not_be_enabled(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    image = {"enabled": False, "baseImage": docker_engine.image, "shmSize": "32m"}
    shown = "python3 -c 'import os; print(os.statvfs(\"/dev/shm\").f_blocks * 4096)'"
    run = submit(server, image, command=shown, target="docker")
    assert run["status"] == "Completed", run
    assert server.log(run["runId"]).strip() == str(32 * 2**20)


def test_a_preloaded_library_that_is_not_there_harms_nobody(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    variables = {"LD_PRELOAD": "/nonexistent.so", "LD_LIBRARY_PATH": "/nonexistent"}
    run = submit(
        server,
        {"baseImage": docker_engine.image},
        command="echo value $LD_PRELOAD",
        environment={"environmentVariables": variables},
    )
    assert run["status"] == "Completed", run
    assert "value /nonexistent.so" in server.log(run["runId"])


def notebook(*cells: str) -> dict[str, Any]:
    """Return the source of a run that is a notebook."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    return {"notebook": json.loads(nbformat.writes(made)), "name": "n.ipynb"}


def test_a_notebook_is_executed_in_its_image(
    make_server: Callable[..., RunningServer], docker_engine: DockerEngine
) -> None:
    targets = {"docker": {"type": "docker", "engine_url": docker_engine.url}}
    server = make_server(config={"ExecApp": {"compute_targets": targets}})
    python = {
        "userManagedDependencies": False,
        "condaDependencies": {"dependencies": [{"pip": ["nbclient", "ipykernel"]}]},
    }
    run = submit(
        server,
        {"baseImage": docker_engine.image},
        environment={"python": python},
        target="docker",
        body={"source": notebook("import sys; print(sys.version_info[:2], sys.prefix)")},
    )
    assert run["error"] is None
    executed = server.client.get(f"{RUNS}/{run['runId']}/outputs/n.ipynb").json()
    printed = "".join(executed["cells"][-1]["outputs"][0]["text"])
    assert printed.startswith("(3, 11) " + str(server.data_dir / "environments"))


def test_a_notebook_says_what_its_image_lacks(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    body = {"source": notebook("print(1)")}
    run = submit(server, {"baseImage": docker_engine.image}, body=body)
    assert run["status"] == "Failed"
    assert "add nbclient and ipykernel to the pip packages" in run["error"]["message"]


def test_an_experiment_of_submarine_with_images(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    spec = {
        "meta": {"name": "contained", "framework": "TensorFlow", "cmd": "cat /etc/debian_version"},
        "environment": {"image": docker_engine.image},
        "spec": {"Worker": {"replicas": 1, "resources": "cpu=100m,memory=64M"}},
    }
    answer = server.client.post("api/v1/experiment", json=spec)
    assert answer.status_code == 200, answer.text
    run = server.wait_for_end(server.runs()[0]["runId"])
    assert (run["status"], run["target"]) == ("Completed", "docker"), run
    (image,) = environment_of(server, run["runId"])["images"]
    assert (image["reference"], image["digest"]) == (docker_engine.image, None)
    assert server.log(run["runId"], "worker-0.txt").startswith("12.")


def test_packages_of_submarine_are_installed_beside_its_image(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    """Also those of a stored environment, which a run finds by its name."""
    kernel = {"name": "k", "channels": [], "pipDependencies": ["greeting"]}
    environment = {"name": "subenv", "dockerImage": docker_engine.image, "kernelSpec": kernel}
    assert server.client.post("api/v1/environment", json=environment).status_code == 200
    say = "import greeting, os; print(greeting.version, os.path.isdir('/root/.cache'))"
    command = f'python -c "{say}"'
    given = {"image": docker_engine.image, "kernelSpec": kernel}
    for each in (given, {"name": "subenv"}):
        spec = {
            "meta": {"name": "packed", "framework": "TensorFlow", "cmd": command},
            "environment": each,
            "spec": {"Worker": {"replicas": 1, "resources": "cpu=100m,memory=128M"}},
        }
        assert server.client.post("api/v1/experiment", json=spec).status_code == 200
        run = server.wait_for_end(server.runs()[0]["runId"])
        assert run["error"] is None
        assert server.log(run["runId"], "worker-0.txt") == "1.0 False\n"
    configuration = {"command": command, "environment": {"name": "subenv"}}
    answer = server.client.post(RUNS, json={"definition": {"configuration": configuration}})
    assert answer.status_code == 201, answer.text
    run = server.wait_for_end(answer.json()["runId"])
    assert (run["target"], run["error"]) == ("docker", None)
    assert server.log(run["runId"]) == "1.0 False\n"


def test_pip_packages_are_for_one_image(server: RunningServer, docker_engine: DockerEngine) -> None:
    roles = {
        "Master": {"resources": "cpu=100m", "image": docker_engine.image},
        "Worker": {"resources": "cpu=100m", "image": docker_engine.bare_image},
    }
    spec = {
        "meta": {"name": "two", "framework": "PyTorch", "cmd": "true"},
        "environment": {"kernelSpec": {"name": "k", "pipDependencies": ["greeting"]}},
        "spec": roles,
    }
    assert server.client.post("api/v1/experiment", json=spec).status_code == 200
    run = server.wait_for_end(server.runs()[0]["runId"])
    assert "give all of them the same image" in run["error"]["message"]
