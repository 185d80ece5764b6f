"""Frameworks in containers: packages of an environment of this machine's, in a small Debian."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
from servers import RunningServer

if TYPE_CHECKING:
    from docker_engine import DockerEngine

SITE = "/opt/site"
"""Where a container sees the packages."""


def site_packages(python: str) -> Path:
    """Return the folder of packages of a virtual environment."""
    (folder,) = Path(python).parent.parent.glob("lib/python*/site-packages")
    return folder


def container_server(folder: Path, engine: DockerEngine, roots: list[str]) -> RunningServer:
    """Return a server whose containers may have what is in these folders of this machine."""
    containers = {"type": "docker", "engine_url": engine.url, "bind_roots": roots}
    targets = {"local": {"type": "local", "warm": 0, "cpus": 8}, "docker": containers}
    return RunningServer(folder, config={"ExecApp": {"compute_targets": targets}})


def bound(engine: DockerEngine, python: str) -> dict[str, Any]:
    """Return the `environment` of a definition: the image's Python, an environment's packages.

    Both are Pythons of the same version, as a test sees to.
    """
    volume = f"--volume={site_packages(python)}:{SITE}:ro"
    return {
        "docker": {"enabled": True, "baseImage": engine.image, "arguments": [volume]},
        "python": {"userManagedDependencies": True},
        "environmentVariables": {"PYTHONPATH": SITE},
    }


def image_with(engine: DockerEngine, python: str, name: str, *packages: str) -> str:
    """Return an image whose own Python has packages of an environment; made once per daemon.

    Args:
        name: of the image.
        packages: folders in site-packages.
    """
    tag = f"jupyter-exec-test/{name}"
    with closing(docker.APIClient(base_url=engine.url, timeout=300)) as api:
        if api.images(tag, quiet=True):
            return tag
        made = api.create_container(engine.image, ["true"])["Id"]
        try:
            with tempfile.TemporaryFile() as archive:
                words = ["tar", "-C", str(site_packages(python)), "-c", *packages]
                subprocess.run(words, stdout=archive, check=True)
                archive.seek(0)
                api.put_archive(made, "/usr/lib/python3/dist-packages", archive)
            api.commit(made, tag, "latest")
        finally:
            api.remove_container(made)
    return tag


def kept_of(engine: DockerEngine, run_id: str) -> list[str]:
    """Return the containers and networks that the engine has of a run."""
    wanted = {"label": f"jupyter_exec.run={run_id}"}
    with closing(docker.APIClient(base_url=engine.url)) as api:
        containers = api.containers(all=True, filters=wanted)
        networks = [each["Name"] for each in api.networks(filters=wanted)]
    return networks + [each["Names"][0].removeprefix("/") for each in containers]


def kill_in(engine: DockerEngine, run_id: str, replica: str, pid: int) -> None:
    """Kill a process of a container by the number that it has in there."""
    with closing(docker.APIClient(base_url=engine.url)) as api:
        (name,) = [each for each in kept_of(engine, run_id) if each.endswith(f"-{replica}")]
        api.exec_start(api.exec_create(name, ["sh", "-c", f"kill -9 {pid}"])["Id"])
