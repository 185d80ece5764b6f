"""A token in the address of a conda channel comes to rest nowhere on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from servers import RunningServer

TOKEN = "tk-5ecr3t-of-a-channel"
CHANNEL = f"https://host.example/t/{TOKEN}/channel"
FIELD = "environment.python.condaDependencies.channels[0]"


def body(**python: Any) -> dict[str, Any]:
    conda = {"channels": [CHANNEL], "dependencies": ["python", {"pip": ["six"]}]}
    section = {"condaDependencies": conda, **python}
    environment = {"name": "mine", "python": section}
    return {"configuration": {"command": "true", "environment": environment}}


def assert_kept_nowhere(server: RunningServer) -> None:
    kept = [path for path in server.data_dir.rglob("*") if path.is_file()]
    assert kept
    assert all(TOKEN.encode() not in path.read_bytes() for path in kept)
    assert TOKEN not in server.log_text()


@pytest.mark.parametrize("managed", [True, False])
def test_a_run(server: RunningServer, managed: bool):
    definition = body(userManagedDependencies=managed)
    answer = server.client.post(
        "jupyter-exec/v1/runs", json={"source": {}, "definition": definition}
    )
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"].endswith(FIELD)
    assert "RATTLER_AUTH_FILE" in fault["message"]
    assert TOKEN not in answer.text
    assert_kept_nowhere(server)


def test_an_environment_of_submarine(server: RunningServer):
    kernel = {"name": "k", "channels": [CHANNEL], "condaDependencies": [], "pipDependencies": []}
    answer = server.client.post(
        "api/v1/environment", json={"name": "mine", "kernelSpec": kernel, "dockerImage": ""}
    )
    assert answer.status_code == 400, answer.text
    assert "RATTLER_AUTH_FILE" in answer.text
    assert TOKEN not in answer.text
    assert_kept_nowhere(server)
