"""Experiments in Submarine's dialect: what they answer, and that their roles run."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from submarine_requests import (
    CONFIG,
    EMPTY_TIMES,
    EXPERIMENT_ID,
    create,
    experiment,
    is_time,
    pods,
    python,
    refused,
    result_of,
    spec,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from servers import RunningServer

SLEEP = "echo here; sleep 600"


def test_what_a_new_experiment_answers(submarine: RunningServer) -> None:
    body = spec("echo 1", tags=["a", "b"]) | {"environment": {"description": "nothing"}}
    answer = submarine.client.post("api/v1/experiment", json=body)
    new = result_of(answer, "SubmarineExperiment")
    assert EXPERIMENT_ID.fullmatch(new["experimentId"])
    assert (new["name"], new["status"]) == ("tests", "Accepted")
    assert is_time(new["acceptedTime"])
    assert [new[name] for name in EMPTY_TIMES][1:] == [None, None, None]
    uuid.UUID(new["uid"])
    assert new["spec"]["meta"]["experimentId"] == new["experimentId"]
    assert new["spec"]["meta"]["tags"] == ["a", "b"]
    assert new["spec"]["experimentHandlerSpec"] is None
    run = submarine.wait_for_end(new["experimentId"])
    assert (run["experiment"], run["displayName"]) == ("tests", "tests")
    assert run["tags"] == {"a": "", "b": ""}
    ended = experiment(submarine, new["experimentId"])
    assert ended["status"] == "Succeeded"
    times = [ended[name] for name in EMPTY_TIMES]
    assert all(is_time(one) for one in times)
    assert times == sorted(times)
    assert pods(submarine, new["experimentId"]) == {"worker-0": ["1"]}


def test_a_command_line_is_a_shells(submarine: RunningServer) -> None:
    experiment_id = create(
        submarine, spec('python3 -c "print(6*7)" && echo "$GREETING you"') | {"environment": None}
    )
    submarine.wait_for_end(experiment_id)
    assert pods(submarine, experiment_id)["worker-0"] == ["42", " you"]


def test_a_role_has_its_own_words(submarine: RunningServer) -> None:
    roles = {
        "Worker": {"replicas": 2},
        "Chief": {"cmd": "echo chief $WHO", "envVars": {"WHO": "leads"}},
    }
    body = spec("echo worker $WHO", roles, envVars={"WHO": "works"})
    experiment_id = create(submarine, body)
    submarine.wait_for_end(experiment_id)
    said = pods(submarine, experiment_id)
    assert next(iter(said)) == "chief-0"
    assert said["chief-0"] == ["chief leads"]
    assert set(said) == {"chief-0", "worker-0", "worker-1"}


def test_tensorflow_roles_know_each_other(submarine: RunningServer) -> None:
    show = python('import os; print(os.environ["TF_CONFIG"], os.environ["JOB_ID"])')
    body = spec(show, {"ps": {"cmd": SLEEP}, "WORKER": {"replicas": 2}}, "tensorflow")
    experiment_id = create(submarine, body)
    assert submarine.wait_for_end(experiment_id)["status"] == "Completed"
    said = pods(submarine, experiment_id)
    config, job = said["worker-0"][0].rsplit(" ", 1)
    assert job == experiment_id
    known = json.loads(config)
    assert known["task"] == {"type": "worker", "index": 0}
    assert {role: len(places) for role, places in known["cluster"].items()} == {
        "ps": 1,
        "worker": 2,
    }
    assert set(experiment(submarine, experiment_id)["spec"]["spec"]) == {"Ps", "Worker"}


@pytest.mark.parametrize("framework", ["PyTorch", "XGBoost"])
def test_ranks(submarine: RunningServer, framework: str) -> None:
    body = spec("echo $RANK of $WORLD_SIZE", {"Master": {}, "Worker": {"replicas": 2}}, framework)
    experiment_id = create(submarine, body)
    assert submarine.wait_for_end(experiment_id)["status"] == "Completed"
    said = pods(submarine, experiment_id)
    assert said["master-0"] == ["0 of 3"]
    for rank, pod in ((1, "worker-0"), (2, "worker-1")):
        assert said.get(pod, []) in ([], [f"{rank} of 3"])  # the master's end may come first


def test_one_failed_replica_fails_the_experiment(submarine: RunningServer) -> None:
    roles = {"Master": {"cmd": SLEEP}, "Worker": {"cmd": "echo no data; exit 3"}}
    experiment_id = create(submarine, spec(None, roles, "PyTorch"))
    run = submarine.wait_for_end(experiment_id)
    assert (run["status"], run["exitCode"]) == ("Failed", 3)
    failed = experiment(submarine, experiment_id)
    assert failed["status"] == "Failed"
    assert run["error"]["message"] in failed["statusReason"]
    assert pods(submarine, experiment_id)["worker-0"] == ["no data"]


@pytest.mark.parametrize(
    "image", [{"environment": {"image": "x:1"}}, {"environment": {"dockerImage": "x:1"}}, {}]
)
def test_an_image_needs_an_engine(submarine: RunningServer, image: dict[str, Any]) -> None:
    body = spec("true", None if image else {"Worker": {"image": "x:1"}}) | image
    experiment_id = create(submarine, body)
    assert submarine.wait_for_end(experiment_id)["status"] == "Failed"
    failed = experiment(submarine, experiment_id)
    assert "image x:1: " in failed["statusReason"]
    assert "container engine" in failed["statusReason"]
    assert pods(submarine, experiment_id) == {}


def test_a_huge_log_is_answered_from_its_end(submarine: RunningServer) -> None:
    write = python('for n in range(1000000): print(n, "x" * 20)')
    experiment_id = create(submarine, spec(write))
    submarine.wait_for_end(experiment_id, 120)
    lines = pods(submarine, experiment_id)["worker-0"]
    assert len(lines) == 10_001
    assert "this is its end" in lines[0]
    assert lines[1].startswith("990000 ")
    assert lines[-1].startswith("999999 ")
    one = python('print("y" * 10000000)')
    experiment_id = create(submarine, spec(one))
    submarine.wait_for_end(experiment_id)
    lines = pods(submarine, experiment_id)["worker-0"]
    assert len(lines) == 2
    assert 1_000_000 < len(lines[1]) < 5_000_000


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "é / ..", "", "-", "n" * 5000])
def test_odd_names(submarine: RunningServer, name: str) -> None:
    experiment_id = create(submarine, spec(name=name, tags=["<b>", ""]))
    assert experiment(submarine, experiment_id)["name"] == name
    assert submarine.wait_for_end(experiment_id)["status"] == "Completed"


def test_yaml(submarine: RunningServer) -> None:
    text = """
    meta: {name: yaml, framework: TensorFlow, cmd: echo $FROM, envVars: {FROM: yaml}}
    spec:
      Worker: {replicas: 1, resources: "cpu=0.1"}
    """
    headers = {"Content-Type": "application/yaml"}
    answer = submarine.client.post("api/v1/experiment", content=text, headers=headers)
    experiment_id = result_of(answer, "SubmarineExperiment")["experimentId"]
    submarine.wait_for_end(experiment_id)
    assert pods(submarine, experiment_id) == {"worker-0": ["yaml"]}


def number(experiment_id: str) -> int:
    found = EXPERIMENT_ID.fullmatch(experiment_id)
    assert found, experiment_id
    return int(found[2])


async def post_at_once(server: RunningServer, body: Any, count: int) -> list[str]:
    """Each on its own connection, without a client that costs more than what is measured."""
    content = json.dumps(body)
    request = (
        f"POST /api/v1/experiment HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: token {server.token}\r\nContent-Length: {len(content)}\r\n"
        f"Content-Type: application/json\r\nConnection: close\r\n\r\n{content}"
    ).encode()

    async def post() -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        assert b" 200 " in head, head
        return str(json.loads(answer)["result"]["experimentId"])

    return list(await asyncio.gather(*(post() for _ in range(count))))


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_two_hundred_at_once(make_server: Callable[..., RunningServer]) -> None:
    config = {"ExecApp": {"compute_targets": {"local": {"type": "local", "warm": 0, "cpus": 4}}}}
    server = make_server(config=config)
    body = spec("true", {"Worker": {"resources": "cpu=1"}})
    assert [number(create(server, body)) for _ in range(20)] == list(range(1, 21))
    began = time.monotonic()
    ids = asyncio.run(post_at_once(server, body, 200))
    took = time.monotonic() - began
    assert sorted(number(one) for one in ids) == list(range(21, 221))
    assert took < 2, took
    for experiment_id in ids:
        assert server.wait_for_end(experiment_id, 240)["status"] == "Completed"


def test_below_a_base_url(make_server: Callable[..., RunningServer]) -> None:
    server = make_server(base_url="/user/somebody/", config=CONFIG)
    assert result_of(server.client.get("api/v1/experiment/ping"), "SubmarinePong") == "Pong"
    experiment_id = create(server, spec("echo below"))
    server.wait_for_end(experiment_id)
    assert pods(server, experiment_id) == {"worker-0": ["below"]}
    refused(server.client.get("api/v1/nothing"), 404)
    assert server.client.get("api/kernels").status_code == 200
    assert server.client.get("api/status").json()["kernels"] == 0
