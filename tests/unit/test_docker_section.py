"""`environment.docker` on its way into the store: a password, and Azure's two places."""

from __future__ import annotations

import json

import pytest

from jupyter_exec.environments.pulls import PullProgress, failure
from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.azure import normalised
from jupyter_exec.model.definition import RunDefinition
from jupyter_exec.model.environment import REGISTRY_PASSWORD
from jupyter_exec.model.image_reference import full_reference
from jupyter_exec.model.request import RerunRequest
from jupyter_exec.model.substitution import stored_secrets
from jupyter_exec.model.wire import parse
from jupyter_exec.services.sourcing import Sourced
from jupyter_exec.services.submission import (
    Submission,
    as_run,
    check_secrets,
    without_registry_password,
)

PASSWORD = "plugh-3a1c"


def definition(password: object = PASSWORD) -> RunDefinition:
    registry = {"address": "host:5000", "username": "ann", "password": password}
    docker = {"enabled": True, "baseImage": "x", "baseImageRegistry": registry}
    return parse(RunDefinition, {"configuration": {"environment": {"docker": docker}}})


@pytest.mark.parametrize("password", [PASSWORD, 4711])
def test_a_password_becomes_a_secret_and_is_not_stored(password):
    asked = Submission("e", definition(password), Sourced(""), secrets={"MINE": "1"})
    bare = without_registry_password(asked)
    assert bare.secrets == {"MINE": "1", REGISTRY_PASSWORD: str(password)}
    run = as_run(bare, "docker")
    assert str(password) not in repr(bare.definition) + json.dumps(run.definition)
    configuration = run.definition["configuration"]
    assert configuration["secrets"] == sorted(["MINE", REGISTRY_PASSWORD])
    registry = configuration["environment"]["docker"]["baseImageRegistry"]
    assert registry == {"address": "host:5000", "username": "ann"}


def test_a_repetition_may_come_without_the_password():
    configuration = definition().configuration.model_copy(
        update={"secrets": ["MINE", REGISTRY_PASSWORD]}
    )
    stored = RunDefinition(configuration=configuration)
    check_secrets(stored, RerunRequest.model_validate({"secrets": {"MINE": "1"}}))
    with pytest.raises(InvalidRequest, match="MINE"):
        check_secrets(stored, RerunRequest())


def test_a_password_of_the_wrong_type_is_not_repeated():
    with pytest.raises(InvalidRequest) as raised:
        definition({"value": PASSWORD})
    assert PASSWORD not in str(raised.value)
    assert raised.value.faults[0].target.endswith("baseImageRegistry.password")


@pytest.mark.parametrize("password", [PASSWORD, "{{password}}"])
def test_a_template_holds_no_password_of_a_registry(password):
    docker = {"baseImageRegistry": {"password": password}}
    document = {"definition": {"configuration": {"environment": {"docker": docker}}}}
    (fault,) = stored_secrets(document, "run")
    assert REGISTRY_PASSWORD in fault.message
    assert PASSWORD not in fault.message


@pytest.mark.parametrize("name", ["A=B", "", "1A", "A B"])
def test_a_variable_that_is_none_is_refused(name):
    variables = {"environment": {"environmentVariables": {name: "x"}}}
    with pytest.raises(InvalidRequest, match="not a variable name"):
        parse(RunDefinition, {"configuration": variables})


def test_azures_second_place_for_docker_counts_where_it_is_used():
    beside = {"useDocker": True, "arguments": ["--init"], "shmSize": "2g", "sharedVolumes": True}
    inner = {"environment": {"docker": {"baseImage": "x", "arguments": []}}}
    sent = {"configuration": {"docker": beside, **inner}}
    docker = parse(RunDefinition, normalised(sent)).configuration.environment.docker
    assert (docker.enabled, docker.base_image, docker.arguments) == (True, "x", ["--init"])
    assert docker.shm_size == 2 * 2**30
    sent["configuration"]["docker"] = {**beside, "useDocker": False}
    docker = parse(RunDefinition, normalised(sent)).configuration.environment.docker
    assert (docker.enabled, docker.arguments) == (False, [])


@pytest.mark.parametrize(
    ("image", "address", "full"),
    [
        ("python:3.12", None, "python:3.12"),
        ("team/x", "host:5000", "host:5000/team/x"),
        ("host:5000/team/x:1", "https://host:5000/v2/", "host:5000/team/x:1"),
        ("team/x", "docker.io", "team/x"),
        ("sha256:" + "a" * 64, "host", "sha256:" + "a" * 64),
    ],
)
def test_an_image_gets_its_registry_in_front(image, address, full):
    assert full_reference(image, address) == full


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("pull access denied for x, repository does not exist", "ImagePullRefused"),
        ("Get ...: unauthorized: authentication required", "ImagePullRefused"),
        ("manifest for x:9 not found: manifest unknown", "ImageNotFound"),
        ("write /var/lib/docker/tmp/x: no space left on device", "DiskFull"),
        ("received unexpected HTTP status: 500", "ImagePullFailed"),
    ],
)
def test_what_a_pull_fails_of_is_told_apart(told, code):
    failed = failure("x", told)
    assert failed.code == code
    assert told in failed.message


def test_progress_is_told_in_few_lines():
    lines: list[str] = []
    progress = PullProgress(lines.append)
    progress.take({"status": "Pulling from team/x", "id": "1"})
    for current in range(0, 100_000_000, 1_000_000):
        detail = {"current": current, "total": 100_000_000}
        progress.take({"status": "Downloading", "id": "a", "progressDetail": detail})
    progress.take({"status": "Pull complete", "id": "a", "progressDetail": {}})
    progress.take({"status": "Digest: sha256:1"})
    progress.tell(final=True)
    assert lines == ["Digest: sha256:1", "1 of 1 layers, 100 of 100 MB"]
