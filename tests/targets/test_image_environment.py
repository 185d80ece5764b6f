"""Images are really pulled, built and filled here, by a Docker daemon of the tests' own."""

# ruff: noqa: ASYNC110 - what an engine does can only be looked at; nothing else runs on the loop of a test

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker_images import debian_tarball
from docker_registries import PASSWORD, USER, registry_with_password
from local_packages import CondaChannel, index_variables, make_wheel

from jupyter_exec.environments.base import EnvironmentRequest
from jupyter_exec.environments.collection import built, collect
from jupyter_exec.environments.image import ImageEnvironment
from jupyter_exec.environments.images import LABEL
from jupyter_exec.environments.kept_images import ImageRemoval, tidy
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import (
    REGISTRY_PASSWORD,
    EnvironmentDefinition,
    without_password,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker_engine import DockerEngine
    from docker_registries import Registry

    from jupyter_exec.environments.base import PreparedEnvironment

DOCKER = "configuration.environment.docker"


class Preparing:
    """An environment's maker with a folder of its own, and the log of what it does."""

    def __init__(self, folder: Path, engine_url: str) -> None:
        self.root = folder / "environments"
        self.log = folder / "environment.txt"
        self.url = engine_url
        self.way = ImageEnvironment(self.root, engine_url)

    def request(self, docker: dict[str, Any] | None = None, **more: Any) -> EnvironmentRequest:
        python = more.pop("python", {})
        definition = {"docker": docker or {}, "python": python}
        return EnvironmentRequest(
            EnvironmentDefinition.model_validate(definition), self.log, **more
        )

    async def __call__(
        self, docker: dict[str, Any] | None = None, **more: Any
    ) -> PreparedEnvironment:
        return await self.way.prepare(self.request(docker, **more))

    async def failure(self, docker: dict[str, Any] | None = None, **more: Any) -> RunFailed:
        with pytest.raises(RunFailed) as raised:
            await self(docker, **more)
        assert "\n" not in raised.value.message
        return raised.value

    def text(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def containers(self) -> list[dict[str, Any]]:
        with closing(docker.APIClient(base_url=self.url)) as client:
            return client.containers(all=True, filters={"label": f"{LABEL}={self.root}"})

    def run(self, prepared: PreparedEnvironment, *command: str) -> str:
        """Return what a program prints that sees what the environment says that it needs."""
        binds = [f"{mount.path}:{mount.path}:ro" for mount in prepared.mounts]
        with closing(docker.DockerClient(base_url=self.url)) as client:
            image = prepared.container.image
            printed = client.containers.run(
                image, list(command), volumes=binds, network_mode="none", remove=True
            )
        return printed.decode().strip()


@pytest.fixture
def prepare(tmp_path: Path, docker_engine: DockerEngine) -> Preparing:
    return Preparing(tmp_path, docker_engine.url)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry_with_password(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def forget(docker_engine: DockerEngine) -> Iterator[Callable[[str], str]]:
    """Remove images when the test is over."""
    names: list[str] = []

    def remember(name: str) -> str:
        names.append(name)
        return name

    yield remember
    with closing(docker.APIClient(base_url=docker_engine.url)) as client:
        for name in names:
            if client.images(name):
                client.remove_image(name, force=True)


# ---------------------------------------------------------------- images and their Python


async def test_an_image_that_is_there_is_used_with_its_python(prepare, docker_engine):
    prepared = await prepare({"baseImage": docker_engine.image, "arguments": ["--init"]})
    assert prepared.python == "/usr/bin/python3"
    assert prepared.container.image.startswith("sha256:")
    assert prepared.container.options.init
    assert prepared.record["reference"] == docker_engine.image
    assert prepared.mounts == ()
    assert json.loads(json.dumps(prepared.record)) == prepared.record
    assert prepare.containers() == []


async def test_an_image_without_python_will_do_for_a_command(prepare, docker_engine):
    assert (await prepare({"baseImage": docker_engine.bare_image})).python == ""
    assert (
        await prepare({"baseImage": docker_engine.bare_image}, python={"interpreterPath": "python"})
    ).python == ""


@pytest.mark.parametrize(
    ("path", "told"),
    [("/usr/bin", "is a folder"), ("/opt/x/python", "does not exist"), ("pypy", "does not exist")],
)
async def test_an_interpreter_that_the_image_lacks_is_told(prepare, docker_engine, path, told):
    failed = await prepare.failure(
        {"baseImage": docker_engine.image}, python={"interpreterPath": path}
    )
    assert failed.code == "InterpreterMissing"
    assert told in failed.message
    assert docker_engine.image in failed.message


async def test_a_python_in_a_folder_that_is_bound(prepare, docker_engine, tmp_path):
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to("/usr/bin/python3")  # the image's
    arguments = [f"--volume={tmp_path}/env:/opt/env:ro", "--volume=volume:/opt/volume"]
    section = {"baseImage": docker_engine.image, "arguments": arguments}
    for path in ("/opt/env/bin/python", "/opt/volume/bin/python"):
        assert (await prepare(section, python={"interpreterPath": path})).python == path
    missing = await prepare.failure(section, python={"interpreterPath": "/opt/env/bin/python4"})
    assert missing.code == "InterpreterMissing"
    assert f"{tmp_path}/env, which is bound there, has no bin/python4" in missing.message
    outside = await prepare.failure(section, python={"interpreterPath": "/opt/environment/python"})
    assert f"does not exist in image {docker_engine.image}" in outside.message


async def test_the_image_of_the_run_before_is_used_though_its_name_has_moved_on(
    prepare, docker_engine, forget
):
    name = forget("jupyter-exec-test/moving:latest")
    with closing(docker.APIClient(base_url=docker_engine.url)) as client:
        client.tag(docker_engine.image, name)
        first = await prepare({"baseImage": name})
        client.tag(docker_engine.bare_image, name)
    again = await prepare({"baseImage": name}, recorded=first.record)
    assert again.container.image == first.container.image
    assert again.record["reference"] == name
    other = await prepare({"baseImage": name})
    assert other.container.image != first.container.image
    gone = {**first.record, "image": "sha256:" + "0" * 64}
    assert (await prepare({"baseImage": name}, recorded=gone)).container == other.container
    assert "is gone; taking what is there" in prepare.text()


async def test_every_role_has_its_image(prepare, docker_engine):
    roles = frozenset({docker_engine.image, docker_engine.bare_image})
    prepared = await prepare(images=roles)
    assert prepared.container.image is None
    assert set(prepared.images) == roles
    assert len(set(prepared.images.values())) == 2
    failed = await prepare.failure(images=frozenset({"Not An Image"}))
    assert "is not the name of an image" in failed.message


# ---------------------------------------------------------------- pulling


async def test_an_image_is_pulled_with_a_password_that_nothing_repeats(
    prepare, docker_engine, registry, tmp_path
):
    name = registry.push(docker_engine.url, docker_engine.bare_image, "team/bare:1")
    section = {"address": registry.address, "username": USER, "password": PASSWORD}
    asked = {"baseImage": "team/bare:1", "baseImageRegistry": section}
    definition, secrets = without_password(EnvironmentDefinition.model_validate({"docker": asked}))
    assert secrets == {REGISTRY_PASSWORD: PASSWORD}
    assert PASSWORD not in repr(definition) + definition.model_dump_json()
    section.pop("password")
    refused = await prepare.failure(asked)
    assert refused.code == "ImagePullRefused"
    assert "baseImageRegistry" in refused.message
    wrong = await prepare.failure(asked, secrets={REGISTRY_PASSWORD: "wrong-one"})
    assert wrong.code == "ImagePullRefused"
    assert "wrong-one" not in wrong.message + prepare.text()

    prepared = await prepare(asked, secrets=secrets)
    assert prepared.record["digest"].startswith(f"{registry.address}/team/bare@sha256:")
    assert f"pulling {name}" in prepare.text()
    for file in filter(Path.is_file, tmp_path.rglob("*")):
        assert PASSWORD.encode() not in file.read_bytes()
    assert PASSWORD not in json.dumps(prepared.record) + repr(
        prepare.request(asked, secrets=secrets)
    )
    assert (await prepare(asked)).container == prepared.container  # without the password
    registry.forget(docker_engine.url)
    again = await prepare(asked, secrets=secrets, recorded=prepared.record)
    assert again.record == prepared.record
    registry.forget(docker_engine.url)


async def test_what_was_pulled_is_pulled_again_by_its_digest(prepare, docker_engine, registry):
    name = registry.push(docker_engine.url, docker_engine.bare_image, "team/moving:1")
    section = {"address": registry.address, "username": USER}
    asked = {"baseImage": "team/moving:1", "baseImageRegistry": section}
    of_role = frozenset({name})
    more = {"secrets": {REGISTRY_PASSWORD: PASSWORD}}
    first = await prepare(asked, images=of_role, **more)
    registry.push(docker_engine.url, docker_engine.bare_image, "team/moving:1")
    registry.forget(docker_engine.url)
    again = await prepare(asked, images=of_role, recorded=first.record, **more)
    assert again.record == first.record
    assert again.record["digests"] == {name: first.record["digest"]}
    registry.forget(docker_engine.url)
    new = await prepare(asked, images=of_role, **more)
    assert new.record["digest"] != first.record["digest"]
    registry.forget(docker_engine.url)
    # Its registry has lost it: there is nothing better than what the name means now.
    lost = first.record["digest"].partition("@")[0] + "@sha256:" + "0" * 64
    gone = {**first.record, "digest": lost, "image": "sha256:" + "0" * 64}
    later = await prepare(asked, recorded=gone, **more)
    assert later.record["digest"] == new.record["digest"]
    assert f"{lost}, is gone; taking what is there" in prepare.text()
    registry.forget(docker_engine.url)


async def test_an_image_that_is_nowhere_is_told(prepare, registry):
    section = {"address": registry.address, "username": USER}
    secrets = {REGISTRY_PASSWORD: PASSWORD}
    failed = await prepare.failure(
        {"baseImage": "team/none:7", "baseImageRegistry": section}, secrets=secrets
    )
    assert failed.code == "ImageNotFound"
    assert f"{registry.address}/team/none:7" in failed.message


async def test_a_registry_that_is_not_there_is_told(prepare):
    failed = await prepare.failure({"baseImage": "127.0.0.1:9/x:1"})
    assert failed.code == "ImagePullFailed"
    assert "connection refused" in failed.message


async def test_a_pull_that_hangs_is_cancelled(prepare):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        name = f"127.0.0.1:{silent.getsockname()[1]}/slow:1"
        pulling = asyncio.create_task(prepare({"baseImage": name}))
        with (await asyncio.to_thread(silent.accept))[0]:
            pulling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(pulling, 10)


async def test_an_engine_that_is_not_there_is_told(tmp_path):
    prepare = Preparing(tmp_path, f"unix://{tmp_path}/none.sock")
    failed = await prepare.failure({"baseImage": "x"})
    assert failed.code == "NoContainerEngine"
    assert f"{tmp_path}/none.sock: there is no such socket" in failed.message


# ---------------------------------------------------------------- building


async def test_a_dockerfile_is_built_once(prepare, docker_engine, forget, tmp_path):
    dockerfile = f"FROM {docker_engine.image}\nRUN echo {tmp_path} > /made\n"
    first = await prepare({"baseDockerfile": dockerfile})
    forget(first.record["reference"])
    assert prepare.run(first, "cat", "/made") == str(tmp_path)
    assert "Step 2/2 : RUN echo" in prepare.text()
    prepare.log.unlink()
    again = await prepare({"baseDockerfile": dockerfile.replace("\n", "  \n")})
    assert again.container == first.container
    assert prepare.text() == ""


async def test_runs_that_need_the_same_dockerfile_wait_for_one_build(
    prepare, docker_engine, forget, tmp_path
):
    asked = {"baseDockerfile": f"FROM {docker_engine.image}\nRUN echo {tmp_path} && sleep 0.3\n"}
    prepared = await asyncio.gather(*(prepare(asked) for _ in range(5)))
    forget(prepared[0].record["reference"])
    assert len({each.container.image for each in prepared}) == 1
    assert prepare.text().count("Step 1/2") == 1
    assert "waiting for it" in prepare.text()


async def test_a_dockerfile_that_fails_names_the_step_and_its_last_lines(prepare, docker_engine):
    steps = ["RUN true", "RUN echo all is well; echo cannot frobnicate >&2; exit 7", "RUN true"]
    failed = await prepare.failure(
        {"baseDockerfile": "\n".join([f"FROM {docker_engine.image}", *steps])}
    )
    assert failed.code == "ImageBuildFailed"
    assert "step 3/4, RUN echo all is well;" in failed.message
    assert "cannot frobnicate" in failed.message
    assert "exit status 7" in failed.message
    assert "step 2" not in failed.message
    assert "cannot frobnicate" in prepare.text()


async def test_a_dockerfile_that_is_none_is_told(prepare):
    failed = await prepare.failure({"baseDockerfile": "FROM x\nRNU make\n"})
    assert "line 2: unknown instruction: RNU" in failed.message


async def test_a_build_that_is_cancelled_ends_in_the_engine(prepare, docker_engine, tmp_path):
    marked = f"echo {tmp_path.name}"
    dockerfile = f"FROM {docker_engine.image}\nRUN {marked}; sleep 600\n"
    building = asyncio.create_task(prepare({"baseDockerfile": dockerfile}))

    def ours() -> list[dict[str, Any]]:
        with closing(docker.APIClient(base_url=docker_engine.url)) as client:
            return [each for each in client.containers() if marked in each["Command"]]

    async with asyncio.timeout(30):
        while f"{tmp_path.name}\n" not in prepare.text().replace(dockerfile, ""):
            await asyncio.sleep(0.02)
        assert await asyncio.to_thread(ours)
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
        while await asyncio.to_thread(ours):
            await asyncio.sleep(0.02)


# ---------------------------------------------------------------- what nobody uses

FOR_EVER_S, ALL_BYTES = 1e9, 2**60


def names(prepare: Preparing, image: str) -> list[str]:
    """Return the names of an image; none where the engine does not have it."""
    with closing(docker.APIClient(base_url=prepare.url)) as client:
        return [
            tag for found in client.images() if found["Id"] == image for tag in found["RepoTags"]
        ]


def files_of_images(prepare: Preparing) -> list[str]:
    return sorted(path.suffix for path in prepare.root.glob("image-*"))


async def test_an_image_that_was_built_is_collected(prepare, docker_engine, forget, tmp_path):
    steps = [f"FROM {docker_engine.image}", f"RUN echo {tmp_path} > /made", "RUN echo 1 >> /made"]
    prepared = await prepare({"baseDockerfile": "\n".join(steps)})
    tag, image = forget(prepared.record["reference"]), prepared.container.image
    (one,) = built(prepare.root)
    assert (one.kind, one.image.tag, one.image_id) == ("dockerfile", tag, image)
    assert 0 < one.size_bytes < 2**20  # what it was made from is not ours
    assert files_of_images(prepare) == [".json", ".lock"]
    assert collect(prepare.root, {image}, 0.0, 0) == []
    assert collect(prepare.root, (), FOR_EVER_S, ALL_BYTES) == []
    assert collect(prepare.root, (), 0.0, 0, spare_after=one.used_at - 1) == []
    assert [each.hash for each in collect(prepare.root, (), 0.0, 0, dry_run=True)] == [one.hash]
    assert names(prepare, image) == [tag]
    assert [each.hash for each in collect(prepare.root, (), 0.0, 0)] == [one.hash]
    assert names(prepare, image) == []
    assert files_of_images(prepare) == []
    with closing(docker.APIClient(base_url=prepare.url)) as client:
        assert client.images(docker_engine.image)
        created = "".join(each["CreatedBy"] for each in client.history(docker_engine.image))
        assert str(tmp_path) not in created
    again = await prepare({"baseDockerfile": "\n".join(steps)}, recorded=prepared.record)
    assert prepare.run(again, "cat", "/made") == f"{tmp_path}\n1"


async def test_what_of_an_image_is_somebody_elses_stays(prepare, docker_engine, forget, tmp_path):
    section = {"baseDockerfile": f"FROM {docker_engine.image}\nRUN echo {tmp_path} > /made\n"}
    prepared = await prepare(section)
    tag, image = forget(prepared.record["reference"]), prepared.container.image
    alone = {"NetworkMode": "none"}
    with closing(docker.APIClient(base_url=prepare.url)) as client:
        container = client.create_container(tag, ["true"], host_config=alone)["Id"]
        assert collect(prepare.root, (), 0.0, 0) == []  # a container is made of it
        client.remove_container(container)
        client.tag(tag, forget("jupyter-exec-test/mine:1"))
    (one,) = built(prepare.root)
    away = replace(one.image, url=f"unix://{tmp_path}/none.sock")
    one.image.record.rename(away.record)
    content = {**json.loads(away.record.read_text()), "engine": away.url}
    away.record.write_text(json.dumps(content))
    assert collect(prepare.root, (), 0.0, 0) == []  # its engine does not answer
    assert [each.hash for each in built(prepare.root)] == [one.hash]
    away.record.rename(one.image.record)
    one.image.record.write_text(json.dumps({**content, "engine": prepare.url}))
    assert len(collect(prepare.root, (), 0.0, 0)) == 1
    assert names(prepare, image) == ["jupyter-exec-test/mine:1"]


async def test_an_image_that_was_used_meanwhile_stays(prepare, docker_engine, forget, tmp_path):
    """Also that of a run which finds it by what was recorded."""
    section = {"baseDockerfile": f"FROM {docker_engine.image}\nRUN echo {tmp_path} > /made\n"}
    prepared = await prepare(section)
    forget(prepared.record["reference"])
    (one,) = built(prepare.root)
    removal = ImageRemoval(())
    await prepare(section, recorded=prepared.record)
    assert not removal.take_away(one.image, one.used_at)
    (now,) = built(prepare.root)
    assert now.used_at > one.used_at
    os.utime(now.image.record, (0, 0))
    await prepare(section)
    assert not removal.take_away(one.image, one.used_at)
    assert names(prepare, prepared.container.image)
    # A removal that was cut off begins anew.
    now.image.record.rename(now.image.leaving)
    tidy(prepare.root)
    assert len(collect(prepare.root, (), 0.0, 0)) == 1
    assert files_of_images(prepare) == []


async def test_a_build_that_failed_leaves_no_lock(prepare, docker_engine):
    await prepare.failure({"baseDockerfile": f"FROM {docker_engine.image}\nRUN exit 1\n"})
    assert files_of_images(prepare) == []


# ---------------------------------------------------------------- packages


SAY = "import greeting; print(greeting.version)"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages; no other index is asked."""
    for name, value in index_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        make_wheel(folder, "greeting", version)
    return folder


def packages(*dependencies: Any) -> dict[str, Any]:
    conda = {"dependencies": list(dependencies)}
    return {"userManagedDependencies": False, "condaDependencies": conda}


async def test_packages_are_installed_for_the_python_of_the_image(prepare, docker_engine, wheels):
    asked = {"baseImage": docker_engine.image}
    python = packages("python=3.11", {"pip": ["greeting<2"]})
    first = await prepare(asked, python=python)
    assert first.python.startswith(str(prepare.root))
    assert [mount.read_only for mount in first.mounts] == [True]
    assert prepare.run(first, first.python, "-c", SAY) == "1.0"
    assert "greeting==1.0" in first.record["lock"]
    assert "+ greeting==1.0" in prepare.text()
    assert prepare.containers() == []
    prepare.log.unlink()
    again = await prepare(asked, python=python)
    assert again == first
    assert "$" not in prepare.text()


async def test_a_run_that_is_repeated_gets_the_versions_that_it_had(prepare, docker_engine, wheels):
    asked, python = {"baseImage": docker_engine.image}, packages({"pip": ["greeting"]})
    (wheels / "greeting-2.0-py3-none-any.whl").rename(wheels.parent / "later.whl")
    first = await prepare(asked, python=python)
    (wheels.parent / "later.whl").rename(wheels / "greeting-2.0-py3-none-any.whl")
    for folder in prepare.root.glob("*"):
        if folder.is_dir():
            folder.rename(wheels.parent / f"gone-{folder.name}")
    again = await prepare(asked, python=python, recorded=first.record)
    assert prepare.run(again, again.python, "-c", SAY) == "1.0"
    assert again.record["hash"] == first.record["hash"]
    new = await prepare(asked, python=python)
    assert prepare.run(new, new.python, "-c", SAY) == "2.0"


async def test_conda_packages_are_seen_in_the_container(
    prepare, docker_engine, wheels, monkeypatch
):
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(wheels.parent / "rattler"))
    channel = CondaChannel(wheels.parent / "channel")
    channel.add_python()
    channel.add("data", "3.1", {"share/data.txt": "what it holds\n"})
    python = packages("python", "data=3")
    python["condaDependencies"]["channels"] = [channel.url]
    first = await prepare({"baseImage": docker_engine.bare_image}, python=python)
    assert first.record["kind"] == "conda"
    first = await prepare({"baseImage": docker_engine.image}, python=python)
    data = Path(first.python).parents[1] / "share" / "data.txt"
    assert prepare.run(first, "cat", str(data)) == "what it holds"
    again = await prepare({"baseImage": docker_engine.image}, python=python, recorded=first.record)
    assert again == first


@pytest.fixture
def channel(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> CondaChannel:
    """A conda channel with a Python that runs wherever it is put, and a module for it."""
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(wheels.parent / "rattler"))
    channel = CondaChannel(wheels.parent / "channel")
    channel.add_python_of(debian_tarball())
    channel.add_module("compass", "4.2")
    return channel


async def test_a_python_of_conda_runs_in_the_container(prepare, docker_engine, channel):
    """With packages of both kinds; the image's own Python is another."""
    python = packages("python=3.11", "compass>=4", {"pip": ["greeting<2"]})
    python["condaDependencies"]["channels"] = [channel.url]
    first = await prepare({"baseImage": docker_engine.image}, python=python)
    assert (first.record["kind"], first.record["image"]) == ("conda", first.container.image)
    say = "import compass, greeting, sys; print(sys.prefix, compass.version, greeting.version)"
    prefix = str(Path(first.python).parents[1])
    assert prepare.run(first, first.python, "-c", say) == f"{prefix} 4.2 1.0"
    prepare.log.unlink()
    again = await prepare({"baseImage": docker_engine.image}, python=python)
    assert again == first
    assert "$" not in prepare.text()


async def test_a_python_that_the_image_lacks_is_told(prepare, docker_engine, wheels):
    failed = await prepare.failure(
        {"baseImage": docker_engine.image}, python=packages("python=3.6")
    )
    assert "has no Python ==3.6.*, but 3.11" in failed.message
    failed = await prepare.failure({"baseImage": docker_engine.bare_image}, python=packages("pip"))
    assert "has no Python at all, but none" in failed.message


async def test_a_package_that_is_nowhere_is_told(prepare, docker_engine, wheels):
    failed = await prepare.failure(
        {"baseImage": docker_engine.image}, python=packages({"pip": ["greeting>3"]})
    )
    assert "greeting>3" in failed.message
    assert not list(prepare.root.glob("*/complete.json"))


async def test_an_image_that_uv_cannot_be_started_in_is_told(
    prepare, docker_engine, tmp_path, monkeypatch
):
    uv = tmp_path / "uv"
    uv.write_text("#!/lib/other-libc\n")
    uv.chmod(0o755)
    for room in ("image_steps", "venv"):
        monkeypatch.setattr(f"jupyter_exec.environments.{room}.find_uv", lambda: str(uv))
    failed = await prepare.failure(
        {"baseImage": docker_engine.image}, python=packages({"pip": ["x"]})
    )
    assert failed.code == "EnvironmentFailed"
    assert "cannot be started in image" in failed.message


async def test_containers_that_a_killed_server_has_left_are_removed(prepare, docker_engine):
    with closing(docker.APIClient(base_url=docker_engine.url)) as client:
        labels = {LABEL: str(prepare.root)}
        alone = client.create_host_config(network_mode="none")
        command = ["sleep", "600"]
        left = client.create_container(
            docker_engine.image, command, labels=labels, host_config=alone
        )
        client.start(left)
    assert len(prepare.containers()) == 1
    await prepare({"baseImage": docker_engine.image})
    assert prepare.containers() == []


# ---------------------------------------------------------------- bad requests


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"baseImage": "a", "baseDockerfile": "FROM a"}, "baseDockerfile"),
        ({"baseDockerfile": " \n"}, "baseDockerfile"),
        ({"baseDockerfile": "\n# FROM a\n\n"}, "baseDockerfile"),
        ({"baseImage": "A B"}, "baseImage"),
        ({"baseImage": "--privileged"}, "baseImage"),
        ({"baseImage": "me:secret@host/x"}, "baseImage"),
        (
            {"baseImage": "a", "baseImageRegistry": {"address": "https://me:secret@host"}},
            "baseImageRegistry.address",
        ),
    ],
)
def test_faults_name_their_field_and_repeat_no_password(tmp_path, section, field):
    way = ImageEnvironment(tmp_path, "unix:///nowhere")
    faults = way.faults(EnvironmentDefinition.model_validate({"docker": section}))
    assert [fault.target for fault in faults] == [f"{DOCKER}.{field}"]
    assert "secret" not in faults[0].message
