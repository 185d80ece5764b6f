"""The real apache-submarine 0.8, unmodified; nothing but its host and a header is set."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from client_environments import make_client
from git_repositories import make_repository
from submarine_requests import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import RunningServer

VERSION = "0.8.0"
DRIVER = Path(__file__).parents[1] / "submarine_driver.py"
PAGE = Path(__file__).parents[2] / "notebooks" / "rest-clients.md"
# What `import submarine.client` needs; the package asks for much more, for its own server's side.
NEEDS = ["six", "python-dateutil", "urllib3", "certifi", "boto3"]


@pytest.fixture(scope="session")
def client_python() -> str:
    """The interpreter of an environment with apache-submarine."""
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    installs = [["--no-deps", f"apache-submarine=={VERSION}"], NEEDS]
    return make_client(f"apache-submarine-{VERSION}-python-{python}", sys.executable, installs)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("base_url", ["/", "/user/somebody/"])
def test_the_client_does_all_it_can(
    make_server: Callable[..., RunningServer], client_python: str, tmp_path: Path, base_url: str
) -> None:
    server = make_server(base_url=base_url, config=CONFIG)
    repository = make_repository(tmp_path / "repository").as_uri()
    done = subprocess.run(
        [client_python, str(DRIVER), server.url.rstrip("/"), server.token, repository],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, f"{done.stderr}\n{server.log_text()[-5000:]}"
    told = json.loads(done.stdout)
    check_experiments(told, done.stderr)
    check_templates(told)
    check_environments(told)
    statuses = {run["status"] for run in server.runs() if run["displayName"] != "going"}
    assert statuses == {"Completed"}


def check_experiments(told: dict[str, Any], printed: str) -> None:
    """What the client printed is the logs, as its users see them."""
    assert "Pong" in told["ping"]
    created, finished = told["created"], told["finished"]
    statuses = (created["status"], finished["status"], told["async"])
    assert statuses == ("Accepted", "Succeeded", "Succeeded")
    assert created["spec"] == finished["spec"]
    assert created["spec"]["meta"]["tags"] == ["one"]
    assert printed.count("trunk 2\nhello\n") >= 2
    (log,) = told["logs"]
    assert log["experimentId"] == created["experimentId"]
    assert [pod["podName"].removeprefix(log["experimentId"]) for pod in log["logContent"]] == [
        "-worker-0",
        "-worker-1",
        "-ps-0",
    ]
    assert told["patched"]["spec"]["meta"]["name"] == "second"
    assert [one["name"] for one in told["listed"]] == ["second"]
    assert (told["deleted"]["status"], told["deleted"]["acceptedTime"]) == ("Deleted", None)
    assert told["gone"] == [404, "Not found experiment."]


def check_templates(told: dict[str, Any]) -> None:
    template = told["template"]
    assert told["templates"] == [template]
    spec = template["experimentTemplateSpec"]
    assert [parameter["name"] for parameter in spec["parameters"]][:3] == [
        "word",
        "name",
        "spec.Ps.replicas",
    ]
    patched = told["patched template"]
    assert patched["experimentTemplateSpec"] == spec
    assert told["deleted template"] == patched
    assert told["filled"]["logContent"][0]["podLog"] == ["filled"]


def check_environments(told: dict[str, Any]) -> None:
    environment = told["environment"]
    assert environment["environmentSpec"]["kernelSpec"]["pipDependencies"] == ["six"]
    assert told["environments"] == [environment]
    assert told["same environment"] == environment
    changed = told["changed environment"]
    assert changed["environmentSpec"]["dockerImage"] == "x:2"
    assert told["deleted environment"] == changed


@pytest.mark.timeout(300)
def test_the_page(
    make_server: Callable[..., RunningServer], client_python: str, tmp_path: Path
) -> None:
    """The section of notebooks/rest-clients.md, as it stands there."""
    section = PAGE.read_text().partition("\n## apache-submarine\n")[2]
    (script,) = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    server = make_server(config=CONFIG)
    pointing = {"JUPYTER_URL": server.url.rstrip("/"), "JUPYTER_TOKEN": server.token}
    done = subprocess.run(
        [client_python, "-c", script],
        env={**os.environ, **pointing},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Succeeded\n"
    assert "me\n" in done.stderr
