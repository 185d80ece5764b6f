"""Disks that are really full: of a container engine, and of the folder of the environments."""

from __future__ import annotations

import http.server
import io
import os
import subprocess
import tarfile
import threading
import zipfile
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker_engine import mount_small_disk, own_daemon
from docker_registries import PASSWORD, USER, registry_with_password
from local_packages import index_variables, make_wheel

from jupyter_exec.environments.base import EnvironmentRequest
from jupyter_exec.environments.collection import built
from jupyter_exec.environments.image import ImageEnvironment
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import REGISTRY_PASSWORD, EnvironmentDefinition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from docker_engine import Daemon, DockerEngine
    from servers import RunningServer

MANY = 60_000_000
FEW = 6_000_000


@pytest.fixture(scope="module")
def daemon(docker_engine: DockerEngine) -> Iterator[Daemon]:
    """An engine whose disk has room for few."""
    with own_daemon(disk="40m") as daemon:
        yield daemon


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder for environments on a disk that has room for few."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a disk of its own")
    folder = tmp_path / "data" / "environments"
    folder.mkdir(parents=True)
    mount_small_disk(folder, "4m")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


class Zeros(http.server.BaseHTTPRequestHandler):
    """Sends as many bytes as the path says."""

    def do_GET(self) -> None:
        count = int(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Length", str(count))
        self.end_headers()
        with suppress(OSError):  # the other side has no room
            self.wfile.write(bytes(count))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def zeros() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Zeros) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def kept(daemon: Daemon) -> tuple[set[str], list[Any]]:
    """Return the images and the containers of an engine, all of them."""
    with closing(docker.APIClient(base_url=daemon.url)) as client:
        return set(client.images(all=True, quiet=True)), client.containers(all=True)


def images_known(folder: Path) -> list[Path]:
    return list(folder.glob("data/environments/image-*"))


async def failure(url: str, folder: Path, section: dict[str, Any], **more: Any) -> RunFailed:
    definition = {"docker": section, "python": more.pop("python", {})}
    asked = EnvironmentDefinition.model_validate(definition)
    request = EnvironmentRequest(asked, folder / "log.txt", **more)
    with pytest.raises(RunFailed) as raised:
        await ImageEnvironment(folder / "data" / "environments", url).prepare(request)
    return raised.value


async def test_while_an_image_is_built(
    daemon: Daemon, docker_engine: DockerEngine, zeros: str, tmp_path: Path
) -> None:
    """What the steps before have come to goes, too; another build has the room then."""
    before = kept(daemon)
    steps = [f"FROM {docker_engine.bare_image}", f"ADD {zeros}/{FEW} /few", "ENV A=b"]
    section = {"baseDockerfile": "\n".join([*steps, f"ADD {zeros}/{MANY} /many"])}
    failed = await failure(daemon.url, tmp_path, section)
    assert failed.code == "DiskFull"
    assert "the disk of the container engine is full" in failed.message
    assert kept(daemon) == before
    assert images_known(tmp_path) == []


async def test_while_an_image_is_pulled(
    daemon: Daemon, docker_engine: DockerEngine, tmp_path: Path
) -> None:
    before = kept(daemon)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("many")
        member.size = MANY
        tar.addfile(member, io.BytesIO(bytes(MANY)))
    name = "jupyter-exec-test/many:1"
    with (
        registry_with_password(tmp_path) as registry,
        closing(docker.APIClient(base_url=docker_engine.url, timeout=60)) as client,
    ):
        client.import_image_from_data(archive.getvalue(), *name.split(":"))
        pushed = registry.push(docker_engine.url, name, "team/many:1")
        client.remove_image(name)
        section = {"baseImage": pushed, "baseImageRegistry": {"username": USER}}
        section["baseImageRegistry"]["address"] = registry.address
        secrets = {REGISTRY_PASSWORD: PASSWORD}
        failed = await failure(daemon.url, tmp_path, section, secrets=secrets)
        registry.forget(docker_engine.url)
    assert failed.code == "DiskFull"
    assert "the disk of the container engine is full" in failed.message
    assert kept(daemon) == before


@pytest.fixture
def large_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A package that is larger than the disk; returns what the server has to be told of it."""
    variables = index_variables(tmp_path / "packages")
    make_wheel(tmp_path / "packages" / "wheels", "many")
    (wheel,) = (tmp_path / "packages" / "wheels").glob("many-*.whl")
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("many.bin", bytes(FEW))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


PACKAGES = {
    "userManagedDependencies": False,
    "condaDependencies": {"dependencies": [{"pip": ["many"]}]},
}


def test_while_an_environment_is_built(
    make_server: Callable[..., RunningServer],
    small_disk: Path,
    large_wheel: dict[str, str],
) -> None:
    server = make_server(data_dir=small_disk.parent, env=large_wheel)
    configuration = {"command": "true", "environment": {"python": PACKAGES}}
    body = {"definition": {"configuration": configuration}}
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    run = server.wait_for_end(answer.json()["runId"])
    assert run["error"]["code"] == "DiskFull", run
    assert "the disk is full, so the environment cannot be built" in run["error"]["message"]
    assert nothing_is_left(small_disk)


async def test_while_packages_are_installed_for_an_image(
    docker_engine: DockerEngine, small_disk: Path, large_wheel: dict[str, str], tmp_path: Path
) -> None:
    del large_wheel
    section = {"baseImage": docker_engine.image}
    failed = await failure(docker_engine.url, tmp_path, section, python=PACKAGES)
    assert failed.code == "DiskFull"
    assert "the disk is full, so the environment cannot be built" in failed.message
    assert nothing_is_left(small_disk)


def nothing_is_left(root: Path) -> bool:
    """Tell whether no environment is there, neither whole nor a part of one."""
    folders = {path.name for path in root.iterdir() if path.is_dir()} - {"resolved", ".uv-cache"}
    return not folders and built(root) == [] and not list(root.glob("resolved/*.work"))
