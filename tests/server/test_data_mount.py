"""A folder of S3 that a run sees in place, by FUSE; it outlives the server, not the run.

In a container it is there too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from needs import need
from s3_server import s3_server
from servers import TERMINAL, RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker_engine import DockerEngine

API = "jupyter-exec/v1/"


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, Any]]:
    """The setting `datastores` with a bucket that has files."""
    need("fusermount", "apt-get install fuse")
    if not Path("/dev/fuse").exists():
        pytest.skip("needs /dev/fuse, which this machine lacks; to get it: modprobe fuse")
    with s3_server() as address:
        for name in ("in/a.txt", "in/sub/b.txt"):
            httpx.put(f"{address}/shop/{name}", content=name.encode(), trust_env=False)
        options = {"key": "name", "secret": {"env": "STORE"}, "endpoint_url": address}
        yield {"s3": {"url": "s3://shop", "options": options}}


@pytest.fixture(scope="module")
def shop(
    stores: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    config = {"ExecApp": {"datastores": stores}}
    folder = tmp_path_factory.mktemp("server")
    running = RunningServer(folder, config=config, env={"STORE": "hush-hush"})
    yield running
    running.close()


def submit(shop: RunningServer, command: str, path: str, image: str | None = None) -> str:
    reference = {"dataStoreName": "s3", "mode": "Mount", "pathOnDataStore": path}
    configuration: dict[str, Any] = {"command": command, "dataReferences": {"x": reference}}
    if image is not None:
        docker = {"enabled": True, "baseImage": image}
        configuration["environment"] = {
            "docker": docker,
            "python": {"userManagedDependencies": True},
        }
    body: dict[str, Any] = {"source": {}, "definition": {"configuration": configuration}}
    answer = shop.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def mounts_of(shop: RunningServer) -> list[str]:
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [line for line in lines if str(shop.data_dir) in line]


def test_a_run_sees_a_folder_of_s3(shop: RunningServer):
    command = (
        "cd $AZUREML_DATAREFERENCE_x; cat a.txt sub/b.txt; echo; ls; rm -rf a.txt || echo refused"
    )
    run_id = submit(shop, command, "in")
    assert shop.wait_for_end(run_id)["status"] == "Completed"
    lines = shop.log(run_id).splitlines()
    assert lines[:3] == ["in/a.txtin/sub/b.txt", "a.txt", "sub"]
    assert lines[-1] == "refused"
    assert not mounts_of(shop)
    assert "s3://shop/in is shown at dataReferences/x" in shop.log(run_id, "data.txt")


def test_a_mount_outlives_the_server(shop: RunningServer):
    command = "echo go; until test -e go; do sleep 0.05; done; cat $AZUREML_DATAREFERENCE_x/a.txt"
    run_id = submit(shop, command, "in")
    shop.wait_for_status(run_id, "Running")
    assert len(mounts_of(shop)) == 1
    shop.restart(kill=True)
    (work,) = (
        path
        for path in shop.data_dir.glob("runs/*/work")
        if (path.parent / "mounts/x/a.txt").exists()
    )
    (work / "go").touch()
    assert shop.wait_for_end(run_id)["status"] == "Completed"
    assert shop.log(run_id).splitlines()[-1] == "in/a.txt"
    assert not mounts_of(shop)


@pytest.mark.parametrize(
    ("path", "words"), [("in/a.txt", "is a file; only folders"), ("none", "it does not exist")]
)
def test_what_cannot_be_mounted(shop: RunningServer, path: str, words: str):
    run_id = submit(shop, "true", path)
    done = shop.wait_for_end(run_id)
    assert done["error"]["code"] == "MountFailed"
    assert words in done["error"]["message"]
    assert not mounts_of(shop)


def test_a_cancelled_run_leaves_no_mount(shop: RunningServer):
    run_id = submit(shop, "sleep 100", "in")
    shop.wait_for_status(run_id, "Running")
    shop.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
    assert shop.wait_for_status(run_id, TERMINAL)["status"] == "Canceled"
    assert not mounts_of(shop)


def test_a_container_sees_it(
    stores: dict[str, Any],
    make_server: Callable[..., RunningServer],
    docker_engine: DockerEngine,
):
    docker = {"type": "docker", "engine_url": docker_engine.url}
    compute = {"local": {"type": "local"}, "docker": docker}
    config = {"ExecApp": {"compute_targets": compute, "datastores": stores}}
    server = make_server(config=config, env={"STORE": "hush-hush"})
    command = "cd $AZUREML_DATAREFERENCE_x; cat a.txt sub/b.txt; echo; rm a.txt || echo refused"
    run_id = submit(server, command, "in", docker_engine.image)
    done = server.wait_for_end(run_id)
    assert (done["status"], done["target"]) == ("Completed", "docker"), done["error"]
    lines = server.log(run_id).splitlines()
    assert (lines[0], lines[-1]) == ("in/a.txtin/sub/b.txt", "refused")
    assert not mounts_of(server)
