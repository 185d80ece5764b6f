"""Runs in containers, from a request to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docker_engine import DockerEngine


def targets(url: str) -> dict[str, Any]:
    docker = {"type": "docker", "engine_url": url}
    return {"ExecApp": {"compute_targets": {"local": {"type": "local"}, "docker": docker}}}


@pytest.fixture(scope="module")
def server(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    running = RunningServer(tmp_path_factory.mktemp("server"), config=targets(docker_engine.url))
    yield running
    running.close()


def start(server: RunningServer, image: str, command: Any, **more: Any) -> str:
    docker = {"enabled": True, "baseImage": image}
    environment = {"docker": docker, "python": {"userManagedDependencies": True}}
    configuration = {"command": command, "environment": environment, **more}
    body = {"definition": {"configuration": configuration}}
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def test_a_definition_with_docker_enabled(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    """On target local; it goes to the target beside it."""
    command = "mkdir -p outputs; grep PRETTY /etc/os-release | tee outputs/system.txt"
    run = server.wait_for_end(start(server, docker_engine.image, command))
    assert (run["status"], run["error"]) == ("Completed", None)
    assert run["target"] == "docker"
    assert "bookworm" in server.log(run["runId"])
    assert server.wait_for_end(start(server, docker_engine.image, "exit 3"))["exitCode"] == 3


def test_an_address_that_a_container_cannot_reach_is_left_out(
    server: RunningServer, docker_engine: DockerEngine
) -> None:
    """The server listens on loopback, and a container's loopback is its own."""
    command = "env | grep -E '^JUPYTER_EXEC_(URL|TOKEN|RUN_ID)=' | cut -d= -f1"
    run_id = start(server, docker_engine.image, command)
    assert server.wait_for_end(run_id)["status"] == "Completed"
    assert server.log(run_id).split() == ["JUPYTER_EXEC_RUN_ID"]
    body = {"definition": {"configuration": {"command": command}}, "source": {}}
    run_id = server.client.post("jupyter-exec/v1/runs", json=body).json()["runId"]
    assert server.wait_for_end(run_id)["status"] == "Completed"
    names = {f"JUPYTER_EXEC_{name}" for name in ("RUN_ID", "URL", "TOKEN")}
    assert set(server.log(run_id).split()) == names


def test_targets_share_the_machine(server: RunningServer, docker_engine: DockerEngine) -> None:
    local, docker = server.client.get("jupyter-exec/v1/targets").json()["targets"]
    assert (local["containerEngine"], local["sharesCapacityOf"]) == (None, None)
    assert docker["containerEngine"] == docker_engine.url
    assert docker["sharesCapacityOf"] == "local"
    assert docker["capacity"] == local["capacity"]


def test_a_server_that_was_killed(
    make_server: Callable[..., RunningServer], docker_engine: DockerEngine
) -> None:
    """The container goes on, its log too; the next server has the outcome."""
    server = make_server(config=targets(docker_engine.url))
    command = "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo went on; exit 5"
    run_id = start(server, docker_engine.image, command)
    server.wait_for_status(run_id, "Running")
    server.restart(kill=True)
    (work,) = server.data_dir.glob("runs/*/work")
    (work / "go").touch()
    run = server.wait_for_end(run_id)
    assert (run["exitCode"], run["error"]["message"]) == (5, "went on (exit code 5)")
    assert server.log(run_id) == "begun\nwent on\n"


def test_cancel(server: RunningServer, docker_engine: DockerEngine) -> None:
    run_id = start(server, docker_engine.image, ["sleep", "600"])
    server.wait_for_status(run_id, "Running")
    server.client.post(f"jupyter-exec/v1/runs/{run_id}/cancel")
    assert server.wait_for_end(run_id)["status"] == "Canceled"


def test_no_engine(make_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    """The run says so, with the way out; the server does as before without."""
    server = make_server(config=targets(f"unix://{tmp_path}/no.sock"))
    assert len(server.client.get("jupyter-exec/v1/targets").json()["targets"]) == 2
    run = server.wait_for_end(start(server, "some/image", "true"))
    assert (run["status"], run["error"]["code"]) == ("Failed", "NoContainerEngine")
    assert "DOCKER_HOST" in run["error"]["message"]
