"""A server that is not root, with a container engine that it may use by its group."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from framework_containers import bound
from framework_environments import environments_folder, python_with
from local_packages import index_variables, make_wheel
from needs import need
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker_engine import DockerEngine

RUNS = "jupyter-exec/v1/runs"
UID, GID = 31_415, 27_182  # nobody's; they need no names


def give(folder: Path) -> None:
    """Let all of a folder belong to the other user."""
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, UID, GID)


@pytest.fixture(scope="module")
def server(docker_engine: DockerEngine) -> Iterator[RunningServer]:
    """It owns its folder only; wherever this project is installed it may read, as anybody could."""
    setpriv = need("setpriv", "apt-get install util-linux")
    socket = Path(docker_engine.url.removeprefix("unix://")).stat()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_wheel(folder / "packages" / "wheels", "greeting")
        become = [f"--reuid={UID}", f"--regid={GID}", f"--groups={socket.st_gid}"]
        rights = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        python = folder / "python"
        words = shlex.join([setpriv, *become, *rights, sys.executable])
        python.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        python.chmod(0o755)
        targets = {
            "local": {"type": "local", "warm": 0},
            "docker": {
                "type": "docker",
                "engine_url": docker_engine.url,
                "bind_roots": [str(environments_folder())],
            },
        }
        running = RunningServer(
            folder,
            config={"ExecApp": {"compute_targets": targets}},
            env=index_variables(folder / "packages"),
            python=str(python),
            start=False,
        )
        give(folder)
        running.start()
        yield running
        running.close()


def test_what_a_run_writes_belongs_to_the_servers_user(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    conda = {"dependencies": [{"pip": ["greeting"]}]}
    environment = {
        "docker": {"enabled": True, "baseImage": docker_engine.image},
        "python": {"userManagedDependencies": False, "condaDependencies": conda},
    }
    say = "import getpass, greeting, os, pwd; "
    say += "os.makedirs('outputs/deep'); open('outputs/deep/made', 'w').close()"
    home = "os.environ['HOME'], pwd.getpwuid(os.getuid()).pw_dir, getpass.getuser()"
    script = f"{say}; print(os.getuid(), os.getgid(), {home}, greeting.version)"
    configuration: dict[str, Any] = {"command": ["python", "-c", script]}
    configuration["environment"] = environment
    body = {"definition": {"configuration": configuration}}
    answer = server.client.post(RUNS, json=body)
    assert answer.status_code == 201, answer.text
    run_id = answer.json()["runId"]
    run = server.wait_for_end(run_id)
    assert run["error"] is None
    assert server.log(run_id) == f"{UID} {GID} /tmp /tmp user{UID} 1.0\n"
    (made,) = server.data_dir.glob("runs/*/work/outputs/deep/made")
    for path in server.data_dir.rglob("*"):
        assert (path.lstat().st_uid, path.lstat().st_gid) == (UID, GID), path
    assert server.client.delete(f"{RUNS}/{run_id}").status_code == 204
    assert not made.exists()


@pytest.mark.timeout(400)  # its environment is made, once per machine
def test_torchrun_needs_no_folder_of_roots(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    """Of the attempt's folder, a container's user has single files only."""
    command = ["python3", "-c", "import os; print(os.environ['RANK'])"]
    environment = bound(docker_engine, python_with("torch"))
    configuration = {"framework": "PyTorch", "communicator": "Gloo", "nodeCount": 2}
    configuration |= {"command": command, "environment": environment}
    answer = server.client.post(RUNS, json={"definition": {"configuration": configuration}})
    assert answer.status_code == 201, answer.text
    run = server.wait_for_end(answer.json()["runId"], 180)
    assert (run["status"], run["error"]) == ("Completed", None)
    assert server.log(run["runId"], "rank-1.txt") == "1\n"


def test_another_user_is_refused(server: RunningServer, docker_engine: DockerEngine) -> None:
    """Root of a container could leave files of root's in the run's folder."""
    docker = {"enabled": True, "baseImage": docker_engine.image, "arguments": ["--user=0"]}
    configuration = {"command": "true", "environment": {"docker": docker}}
    answer = server.client.post(RUNS, json={"definition": {"configuration": configuration}})
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["error"]["details"]
    assert f"--user: it may only be {UID}:{GID}" in fault["message"]
