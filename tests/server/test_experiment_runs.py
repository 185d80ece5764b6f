"""Experiments as runs of a real server: their roles, and the code that they fetch."""

from __future__ import annotations

import base64
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from git_repositories import GitServer, commit, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import RunningServer

API = "jupyter-exec/v1/"
USER, PASSWORD = "JUPYTER_EXEC_GIT_USERNAME", "JUPYTER_EXEC_GIT_PASSWORD"
SECRETS = {USER: "ann", PASSWORD: "hush:%@hush"}


def submit(server: RunningServer, code: dict[str, Any], cmd: str, **more: Any) -> str:
    experiment = {
        "meta": {"framework": "TensorFlow", "cmd": cmd},
        "spec": {"Worker": {"replicas": 1}},
        "code": code,
    }
    body = {"definition": {"configuration": {"experiment": experiment}}, **more}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["runId"]


def post(server: RunningServer, spec: dict[str, Any], **more: Any) -> Any:
    experiment = {"meta": {"framework": "TensorFlow", "cmd": "true"}, "spec": spec, **more}
    body = {"definition": {"configuration": {"experiment": experiment}}}
    return server.client.post(API + "runs", json=body)


def test_roles(server: RunningServer) -> None:
    spec = {
        "Ps": {"replicas": 2, "resources": "cpu=100m", "cmd": "echo $TF_CONFIG; sleep infinity"},
        "Worker": {
            "resources": "cpu=100m",
            "cmd": "until [ -s ../logs/ps-1.txt -a -s ../logs/ps-0.txt ]; do sleep 0.01; done; "
            "python3 -c 'print(6*7)'; echo $TF_CONFIG",
        },
    }
    answer = post(server, spec)
    assert answer.status_code == 201, answer.text
    run = server.wait_for_end(answer.json()["runId"])
    assert (run["status"], run["exitCode"], run["error"]) == ("Completed", 0, None)
    first, config = server.log(run["runId"], "worker-0.txt").splitlines()
    assert first == "42"
    told = json.loads(server.log(run["runId"], "ps-1.txt"))
    assert told["cluster"] == json.loads(config)["cluster"]
    assert told["task"] == {"type": "ps", "index": 1}
    assert [len(told["cluster"][role]) for role in ("ps", "worker")] == [2, 1]


def test_a_failed_role(server: RunningServer) -> None:
    spec = {
        "Ps": {"resources": "cpu=100m", "cmd": "sleep infinity"},
        "Worker": {"resources": "cpu=100m", "replicas": 2, "cmd": "[ $RANK0 ] || exit 3"},
    }
    run = server.wait_for_end(post(server, spec).json()["runId"])
    assert (run["status"], run["exitCode"], run["error"]["code"]) == ("Failed", 3, "ExitCode")
    assert run["error"]["message"] in {f"worker-{index}: exit code 3" for index in (0, 1)}


def test_an_image_is_accepted_and_fails_without_an_engine(server: RunningServer) -> None:
    answer = post(server, {"Worker": {}}, environment={"image": "apache/submarine:x"})
    run = server.wait_for_end(answer.json()["runId"])
    assert (run["status"], run["error"]["code"]) == ("Failed", "NoContainerEngine")


def test_more_than_there_is(server: RunningServer) -> None:
    answer = post(server, {"Worker": {"replicas": 10**9}, "Ps": {"cmd": " "}})
    assert answer.status_code == 400
    assert {"definition.configuration.resources", "definition.configuration.experiment.spec"} <= {
        fault["target"] for fault in answer.json()["error"]["details"]
    }


def files_with(folder: Path, *words: bytes) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path for path in files if any(word in path.read_bytes() for word in words)]


def test_code_with_a_password(
    server: RunningServer, git_server: GitServer, repository: Path
) -> None:
    command = "cd $CODE_PATH/current && python train.py && env && cp -r . $OLDPWD/outputs"
    code = {"git": {"url": git_server.url(repository), "branch": "side/two"}}
    run_id = submit(server, code, command, secrets=SECRETS)
    run = server.wait_for_end(run_id)
    assert run["error"] is None
    log = server.log(run_id, "worker-0.txt")
    assert log.startswith("side\n")
    assert f"JOB_ID={run_id}\n" in log
    assert run["git"] == {
        "commit": git(repository, "rev-parse", "side/two"),
        "branch": "side/two",
        "dirty": False,
    }
    assert run["definition"]["configuration"]["secrets"] == [PASSWORD, USER]
    told = server.log(run_id, "environment.txt")
    assert f"fetching {git_server.url(repository)}, side/two\n" in told
    assert f"checked out {run['git']['commit']}\n" in told
    forms = (b"hush", base64.b64encode(b"ann:hush:%@hush"), USER.encode() + b"=")
    assert not files_with(server.data_dir, *forms)
    assert "hush" not in server.log_text()


def test_a_repetition_has_the_same_commit(
    server: RunningServer, git_server: GitServer, repository: Path
) -> None:
    code = {"url": git_server.url(repository)}
    run_id = submit(server, code, "python $CODE_PATH/current/train.py", secrets=SECRETS)
    old = server.wait_for_end(run_id)["git"]["commit"]
    new = commit(repository, "print('trunk 3')\n")
    address = f"{API}runs/{run_id}/rerun"
    assert server.client.post(address, json={}).status_code == 400  # the secrets are gone
    again = server.client.post(address, json={"secrets": SECRETS}).json()["runId"]
    assert server.wait_for_end(again)["git"]["commit"] == old
    assert server.log(again, "worker-0.txt") == "trunk 2\n"
    branch = {"code": {"git": {"url": code["url"], "branch": "trunk"}, "url": None}}
    patch = {"configuration": {"experiment": branch}}
    body = {"secrets": SECRETS, "definition": patch}
    other = server.client.post(address, json=body).json()["runId"]
    assert server.wait_for_end(other)["git"]["commit"] == new
    assert server.log(other, "worker-0.txt") == "trunk 3\n"


def test_a_retry_has_the_same_commit(server: RunningServer, repository: Path) -> None:
    command = (
        "cat $CODE_PATH/current/train.py; [ -e second ] && exit 0; touch second; "
        f"cd {repository} && git -c user.name=A -c user.email=a@b.c commit -q --allow-empty -m x; "
        "exit 1"
    )
    experiment = {
        "meta": {"framework": "TensorFlow", "cmd": command},
        "spec": {"Worker": {}},
        "code": {"url": f"file://{repository}"},
    }
    before = git(repository, "rev-parse", "HEAD")
    definition = {"configuration": {"experiment": experiment, "retries": 1}}
    run_id = server.client.post(API + "runs", json={"definition": definition}).json()["runId"]
    run = server.wait_for_end(run_id)
    assert (run["status"], run["attempt"]) == ("Completed", 2)
    assert git(repository, "rev-parse", "HEAD") != before
    assert run["git"]["commit"] == before


@pytest.mark.parametrize(
    ("code", "secrets", "cause"),
    [
        ({"git": {"branch": "nope"}}, SECRETS, "there is no branch or tag 'nope'"),
        ({}, {USER: "ann", PASSWORD: "wrong-hush"}, "took none it was given"),
        ({}, {}, "asks for a user name and a password"),
    ],
)
def test_code_that_cannot_be_fetched(
    server: RunningServer,
    git_server: GitServer,
    repository: Path,
    code: dict[str, Any],
    secrets: dict[str, str],
    cause: str,
) -> None:
    url = git_server.url(repository)
    run = server.wait_for_end(submit(server, {"url": url, **code}, "true", secrets=secrets))
    assert (run["status"], run["error"]["code"]) == ("Failed", "CodeFailed")
    assert run["error"]["message"].startswith(f"the code of {url} cannot be fetched: ")
    assert cause in run["error"]["message"]
    assert not files_with(server.data_dir, b"hush")


def test_a_password_in_the_definition_is_refused(server: RunningServer) -> None:
    experiment = {
        "meta": {"framework": "TensorFlow", "cmd": "true"},
        "spec": {"Worker": {}},
        "code": {"url": "https://ann:hush@host/x.git"},
    }
    body = {"definition": {"configuration": {"experiment": experiment}}}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 400
    assert "definition.configuration.experiment.code.url" in answer.text
    assert "hush" not in answer.text


def test_code_does_not_go_through_a_link(server: RunningServer, repository: Path) -> None:
    mine = server.root_dir / "linked"
    (mine / "code" / "current").mkdir(parents=True)
    (mine / "code" / "current" / "precious").touch()
    experiment = {
        "meta": {"framework": "TensorFlow", "cmd": "true"},
        "spec": {"Worker": {}},
        "code": {"url": f"file://{repository}"},
    }
    body = {
        "source": {"path": "linked", "link": ["code"]},
        "definition": {"configuration": {"experiment": experiment}},
    }
    run = server.wait_for_end(server.client.post(API + "runs", json=body).json()["runId"])
    assert run["error"]["code"] == "CodeFailed"
    assert "link" in run["error"]["message"]
    assert (mine / "code" / "current" / "precious").exists()


def test_cancel_while_the_other_side_is_silent(server: RunningServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        run_id = submit(server, {"url": url}, "true")
        line, _ = silent.accept()
        with line:
            begin = time.monotonic()
            server.client.post(f"{API}runs/{run_id}/cancel").raise_for_status()
            assert server.wait_for_end(run_id)["status"] == "Canceled"
            assert time.monotonic() - begin < 20  # whoever fetches would wait for a minute
            line.settimeout(20)
            while line.recv(65536):
                pass  # the other end has closed it


def test_a_restart_fetches_again(
    make_server: Callable[..., RunningServer], repository: Path
) -> None:
    """A server that is killed meanwhile takes whoever fetches along."""
    server = make_server()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        run_id = submit(server, {"url": url}, "true")
        line, _ = silent.accept()
        with line:
            server.kill9()
            line.settimeout(20)
            while line.recv(65536):
                pass
        server.start()
        again, _ = silent.accept()
        again.close()
        silent.close()
    assert server.wait_for_end(run_id)["error"]["code"] == "CodeFailed"


def test_a_cancel_while_many_replicas_start(server: RunningServer) -> None:
    """Whenever it comes, the run is cancelled, and the server answers meanwhile."""
    spec = {"Worker": {"replicas": 300, "resources": "cpu=0.0001", "cmd": "sleep 600"}}
    answer = post(server, spec)
    assert answer.status_code == 201, answer.text
    run_id = answer.json()["runId"]
    server.wait_for_status(run_id, "Starting")
    assert server.client.post(f"{API}runs/{run_id}/cancel").is_success
    run = server.wait_for_end(run_id)
    assert (run["status"], run["error"]) == ("Canceled", None)
