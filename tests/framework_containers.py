"""Frameworks in containers: an environment of this machine's, bound into a small Debian."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
from framework_runs import API
from servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker_engine import DockerEngine


def environment_of(python: str) -> Path:
    """Return the folder of a virtual environment."""
    return Path(python).parent.parent


def needed_by(python: str) -> list[str]:
    """Return what of this machine a container needs for a virtual environment's Python.

    Debian's own is in the image too.
    """
    base = [] if sys.base_prefix == "/usr" else [sys.base_prefix]
    return [str(environment_of(python)), *base]


def server_with(
    folder: Path, engine: DockerEngine, roots: list[str], **target: Any
) -> RunningServer:
    """Return a server whose containers may have folders of this machine."""
    there = {"type": "docker", "engine_url": engine.url, "bind_roots": roots, **target}
    targets = {"local": {"type": "local", "warm": 0, "cpus": 8}, "docker": there}
    return RunningServer(folder, config={"ExecApp": {"compute_targets": targets}})


def section(
    engine: DockerEngine,
    python: str,
    more: tuple[str, ...] = (),
    variables: Mapping[str, str] = {},
    arguments=(),
) -> dict[str, Any]:
    """Return the `environment` of a definition."""
    words = [word for path in [*needed_by(python), *more] for word in ("-v", f"{path}:{path}:ro")]
    return {
        "docker": {"enabled": True, "baseImage": engine.image, "arguments": [*words, *arguments]},
        "python": {"userManagedDependencies": True, "interpreterPath": python},
        "environmentVariables": dict(variables),
    }


def submit(
    server: RunningServer, script: str, environment: dict[str, Any], **configuration: Any
) -> str:
    folder = server.root_dir / secrets.token_hex(4)
    folder.mkdir()
    (folder / "train.py").write_text(textwrap.dedent(script))
    configuration = {"script": "train.py", "environment": environment, **configuration}
    body = {"definition": {"configuration": configuration}, "source": {"path": folder.name}}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runId"])


def left_at(engine: DockerEngine, run_id: str) -> list[str]:
    """Return the containers and networks that the engine still has of a run."""
    wanted = {"label": f"jupyter_exec.run={run_id}"}
    with closing(docker.APIClient(base_url=engine.url)) as api:
        containers = [
            each["Names"][0].removeprefix("/") for each in api.containers(all=True, filters=wanted)
        ]
        return containers + [each["Name"] for each in api.networks(filters=wanted)]


def image_with(engine: DockerEngine, python: str, packages: tuple[str, ...]) -> str:
    """Return an image whose own Python has packages of an environment; made once per daemon.

    Args:
        packages: names of folders in its site-packages.
    """
    tag = f"jupyter-exec-test/{'-'.join(packages)}:latest".replace(".", "_")
    (site,) = environment_of(python).glob("lib/python*/site-packages")
    with closing(docker.APIClient(base_url=engine.url, timeout=300)) as api:
        if api.images(tag, quiet=True):
            return tag
        made = api.create_container(engine.image, ["true"])["Id"]
        try:
            words = ["tar", "-C", str(site), "-cf", "-", *packages]
            with subprocess.Popen(words, stdout=subprocess.PIPE) as tar:
                api.put_archive(made, "/usr/lib/python3/dist-packages", tar.stdout)
            api.commit(made, *tag.split(":"))
        finally:
            api.remove_container(made)
    return tag
