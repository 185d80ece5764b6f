"""What becomes of experiments and environments: listed, changed, deleted; their ids."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from git_repositories import GitServer, make_repository
from servers import TERMINAL, RunningServer
from submarine_requests import (
    CONFIG,
    EMPTY_TIMES,
    EXPERIMENT_ID,
    create,
    experiment,
    pods,
    refused,
    result_of,
    spec,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLEEP = "echo here; sleep 600"


def test_an_environment_is_referred_to_by_name(submarine: RunningServer) -> None:
    client = submarine.client
    body = {
        "name": "my env",
        "dockerImage": "x:2",
        "kernelSpec": {
            "name": "team",
            "channels": ["defaults"],
            "condaDependencies": ["python=3.11", "numpy=1.26"],
            "pipDependencies": ["six"],
        },
    }
    made = result_of(client.post("api/v1/environment", json=body), "SubmarineEnvironment")
    assert EXPERIMENT_ID.fullmatch(made["environmentId"].replace("environment", "experiment"))
    assert made["environmentSpec"] == {**body, "description": None, "image": None}
    refused(client.post("api/v1/environment", json=body), 400, "my env", "exists already")
    path = "api/v1/environment/my%20env"
    assert result_of(client.get(path), "SubmarineEnvironment") == made
    assert made in result_of(client.get("api/v1/environment"), "SubmarineEnvironmentList")
    uses = spec("true") | {"environment": {"name": "my env"}}
    experiment_id = create(submarine, uses)
    assert submarine.wait_for_end(experiment_id)["status"] == "Failed"
    assert "image x:2: no container engine" in experiment(submarine, experiment_id)["statusReason"]
    assert result_of(client.patch(path, json=made), "SubmarineEnvironment") == made
    without = {"kernelSpec": body["kernelSpec"]}
    without["kernelSpec"]["condaDependencies"][1] = "numpy; id"
    made["environmentSpec"]["kernelSpec"]["condaDependencies"][1] = "numpy; id"
    changed = result_of(client.patch(path, json=without), "SubmarineEnvironment")
    assert changed["environmentSpec"] == made["environmentSpec"] | {"dockerImage": None}
    refused(client.patch(path, json={"name": "other"}), 400, "keeps its name")
    refused(
        client.post("api/v1/experiment", json=uses),
        400,
        "environment.kernelSpec.condaDependencies[1]: ",
        "numpy",
    )
    assert result_of(client.delete(path), "SubmarineEnvironment") == changed
    for gone in (client.get(path), client.delete(path), client.patch(path, json=body)):
        assert refused(gone, 404) == "Environment not found."
    refused(client.post("api/v1/experiment", json=uses), 400, "environment.name: ", "my env")


def test_packages_are_named_where_they_were_sent(submarine: RunningServer) -> None:
    kernel = {"condaDependencies": ["python=3.11"], "pipDependencies": ["six", "--index-url x"]}
    body = spec() | {"environment": {"kernelSpec": kernel}}
    answer = submarine.client.post("api/v1/experiment", json=body)
    refused(answer, 400, "environment.kernelSpec.pipDependencies[1]: ")


def test_list_and_logs_by_status(make_server: Callable[..., RunningServer]) -> None:
    server = make_server(config=CONFIG)
    good = create(server, spec("echo good"))
    bad = create(server, spec("echo bad; false"))
    server.wait_for_end(good)
    server.wait_for_end(bad)
    going = create(server, spec(SLEEP))
    server.wait_for_status(going, "Running")

    def listed(**query: str) -> list[str]:
        answer = server.client.get("api/v1/experiment", params=query)
        return [one["experimentId"] for one in result_of(answer, "SubmarineExperimentList")]

    assert listed() == listed(status="") == [good, bad, going]
    for status, ids in (("Succeeded", [good]), ("failed", [bad]), ("Running", [going])):
        assert listed(status=status) == ids
        answer = server.client.get("api/v1/experiment/logs", params={"status": status})
        logs = result_of(answer, "SubmarineLogList")
        assert [log["experimentId"] for log in logs] == ids
    refused(server.client.get("api/v1/experiment?status=odd"), 400, "status", "Succeeded")
    logs = result_of(server.client.get("api/v1/experiment/logs"), "SubmarineLogList")
    assert [log["logContent"][0]["podLog"] for log in logs][:2] == [["good"], ["bad"]]
    assert {run["runId"] for run in server.runs()} == {good, bad, going}


def test_delete_ends_it_and_its_run_stays(submarine: RunningServer) -> None:
    experiment_id = create(submarine, spec(SLEEP))
    submarine.wait_for_status(experiment_id, "Running")
    log_path = f"jupyter-exec/v1/runs/{experiment_id}/logs/worker-0.txt"
    with submarine.client.stream("GET", log_path, params={"follow": 1}) as log:
        next(log.iter_text())
    path = f"api/v1/experiment/{experiment_id}"
    before = experiment(submarine, experiment_id)
    deleted = result_of(submarine.client.delete(path), "SubmarineExperiment")
    assert deleted == before | {"status": "Deleted"} | EMPTY_TIMES
    for gone in (
        submarine.client.get(path),
        submarine.client.delete(path),
        submarine.client.patch(path, json=spec()),
        submarine.client.get(f"api/v1/experiment/logs/{experiment_id}"),
    ):
        assert refused(gone, 404) == "Not found experiment."
    listed = result_of(submarine.client.get("api/v1/experiment"), "SubmarineExperimentList")
    assert experiment_id not in [one["experimentId"] for one in listed]
    assert submarine.wait_for_end(experiment_id)["status"] == "Canceled"
    assert "here" in submarine.log(experiment_id, "worker-0.txt")


def test_a_deleted_run_is_no_experiment(submarine: RunningServer) -> None:
    experiment_id = create(submarine, spec())
    submarine.wait_for_end(experiment_id)
    assert submarine.client.delete(f"jupyter-exec/v1/runs/{experiment_id}").status_code == 204
    refused(submarine.client.get(f"api/v1/experiment/{experiment_id}"), 404)


def test_a_canceled_run_is_a_deleted_experiment(submarine: RunningServer) -> None:
    experiment_id = create(submarine, spec(SLEEP))
    submarine.wait_for_status(experiment_id, "Running")
    submarine.client.post(f"jupyter-exec/v1/runs/{experiment_id}/cancel")
    submarine.wait_for_end(experiment_id)
    assert experiment(submarine, experiment_id)["status"] == "Deleted"


def test_another_run_is_no_experiment(submarine: RunningServer) -> None:
    body = {"definition": {"configuration": {"command": ["true"]}}}
    run_id = submarine.client.post("jupyter-exec/v1/runs", json=body).json()["runId"]
    refused(submarine.client.get(f"api/v1/experiment/{run_id}"), 404)
    refused(submarine.client.delete(f"api/v1/experiment/{run_id}"), 404)
    assert submarine.wait_for_end(run_id)["status"] == "Completed"


def test_a_waiting_experiment_takes_a_whole_new_definition(submarine: RunningServer) -> None:
    big = {"Worker": {"resources": "cpu=8"}}
    blocker = create(submarine, spec(SLEEP, big))
    submarine.wait_for_status(blocker, "Running")
    waiting = create(submarine, spec("echo old", big, tags=["old"]))
    path = f"api/v1/experiment/{waiting}"
    shown = submarine.client.get(path).json()
    assert shown["result"]["status"] == "Accepted"
    for same in (shown, shown["result"], shown["result"]["spec"]):
        answer = submarine.client.patch(path, json=same)
        assert result_of(answer, "SubmarineExperiment") == shown["result"]
    new = spec("echo new $RANK", {"Master": {}}, "PyTorch", name="now torch", tags=["new"])
    patched = result_of(submarine.client.patch(path, json=new), "SubmarineExperiment")
    assert patched["spec"]["meta"]["framework"] == "PyTorch"
    assert (patched["name"], patched["experimentId"]) == ("now torch", waiting)
    refused(submarine.client.patch(path, json=spec(None)), 400, "cmd")
    submarine.client.delete(f"api/v1/experiment/{blocker}")
    run = submarine.wait_for_end(waiting)
    assert (run["status"], run["displayName"], run["tags"]) == (
        "Completed",
        "now torch",
        {"new": ""},
    )
    assert pods(submarine, waiting) == {"master-0": ["new 0"]}
    for query, count in (({"q": "now torch"}, 1), ({"tag": "new"}, 1), ({"tag": "old"}, 0)):
        found = submarine.client.get("jupyter-exec/v1/runs", params=query).json()
        assert found["total"] == count


def test_one_that_has_begun_keeps_its_definition(submarine: RunningServer) -> None:
    experiment_id = create(submarine, spec(SLEEP))
    submarine.wait_for_status(experiment_id, "Running")
    path = f"api/v1/experiment/{experiment_id}"
    shown = experiment(submarine, experiment_id)
    answer = submarine.client.patch(path, json=shown["spec"])
    assert result_of(answer, "SubmarineExperiment") == shown
    other = shown["spec"] | {"meta": shown["spec"]["meta"] | {"cmd": "true"}}
    refused(submarine.client.patch(path, json=other), 409, "meta.name and meta.tags", "Delete it")
    renamed = shown["spec"] | {"meta": shown["spec"]["meta"] | {"name": "new", "tags": ["t"]}}
    changed = result_of(submarine.client.patch(path, json=renamed), "SubmarineExperiment")
    assert (changed["name"], changed["spec"]["meta"]["tags"]) == ("new", ["t"])
    assert submarine.run(experiment_id)["displayName"] == "new"
    submarine.client.delete(path)
    assert submarine.wait_for_end(experiment_id)["status"] == "Canceled"


def test_ids_over_a_restart(make_server: Callable[..., RunningServer]) -> None:
    server = make_server(config=CONFIG)
    first = create(server, spec())
    second = create(server, spec(SLEEP))
    for experiment_id in (first, second):
        server.wait_for_status(experiment_id, (*TERMINAL, "Running"))
    server.wait_for_end(first)
    server.client.delete(f"jupyter-exec/v1/runs/{first}")
    server.client.delete(f"api/v1/experiment/{second}")
    server.wait_for_end(second)
    server.client.delete(f"jupyter-exec/v1/runs/{second}")
    server.restart(kill=True)
    third = EXPERIMENT_ID.fullmatch(create(server, spec()))
    before = EXPERIMENT_ID.fullmatch(second)
    assert third
    assert before
    assert third[2] == "0003"
    assert int(third[1]) > int(before[1])
    body = {
        "runId": f"experiment_{third[1]}_0004",
        "definition": {"configuration": {"command": ["true"]}},
    }
    assert server.client.post("jupyter-exec/v1/runs", json=body).status_code == 201
    fifth = EXPERIMENT_ID.fullmatch(create(server, spec()))
    assert fifth
    assert fifth[2] == "0005"


def test_one_that_waits_is_deleted(submarine: RunningServer) -> None:
    big = {"Worker": {"resources": "cpu=8"}}
    blocker = create(submarine, spec(SLEEP, big))
    submarine.wait_for_status(blocker, "Running")
    waiting = create(submarine, spec("true", big))
    for experiment_id in (waiting, blocker):
        answer = submarine.client.delete(f"api/v1/experiment/{experiment_id}")
        assert result_of(answer, "SubmarineExperiment")["status"] == "Deleted"
        assert submarine.wait_for_end(experiment_id)["status"] == "Canceled"
    assert submarine.run(waiting)["startedAt"] is None


def test_a_change_keeps_the_way_into_the_repository(
    submarine: RunningServer, tmp_path: Path
) -> None:
    """What GET answers has no password, so a body made of it has none; it is used all the same."""
    repository = make_repository(tmp_path / "repository")
    git = GitServer(tmp_path, "me:hidden")
    try:
        big = {"Worker": {"resources": "cpu=8"}}
        blocker = create(submarine, spec(SLEEP, big))
        submarine.wait_for_status(blocker, "Running")
        code = {"url": git.url(repository), "branch": "trunk"}
        access = {"username": "me", "password": "hidden"}
        body = spec("echo old", big) | {"code": {"syncMode": "git", "git": code | access}}
        ids = [create(submarine, body) for _ in range(2)]
        for experiment_id in ids:
            shown = experiment(submarine, experiment_id)["spec"]
            shown["meta"]["cmd"] = "cat $CODE_PATH/current/train.py"
            if experiment_id == ids[1]:  # another repository is not told the password of this one
                shown["code"]["git"]["url"] = git.url(repository) + "/"
            answer = submarine.client.patch(f"api/v1/experiment/{experiment_id}", json=shown)
            assert "hidden" not in answer.text
            result_of(answer, "SubmarineExperiment")
        submarine.client.delete(f"api/v1/experiment/{blocker}")
        ended = [submarine.wait_for_end(experiment_id) for experiment_id in ids]
    finally:
        git.close()
    assert [run["status"] for run in ended] == ["Completed", "Failed"]
    assert pods(submarine, ids[0]) == {"worker-0": ["print('trunk 2')"]}


def test_changes_at_once(submarine: RunningServer) -> None:
    """One after the other, each whole, and the run still runs once."""
    big = {"Worker": {"resources": "cpu=8"}}
    blocker = create(submarine, spec(SLEEP, big))
    submarine.wait_for_status(blocker, "Running")
    waiting = create(submarine, spec("true", big))

    def change(number: int) -> Any:
        body = spec(f"echo {number}", big, name=f"n{number}")
        answer = submarine.client.patch(f"api/v1/experiment/{waiting}", json=body)
        return result_of(answer, "SubmarineExperiment")["name"]

    with ThreadPoolExecutor(8) as threads:
        assert all(name.startswith("n") for name in threads.map(change, range(24)))
    last = experiment(submarine, waiting)["name"]
    submarine.client.delete(f"api/v1/experiment/{blocker}")
    run = submarine.wait_for_end(waiting)
    assert (run["status"], run["displayName"]) == ("Completed", last)
    assert pods(submarine, waiting) == {"worker-0": [last.removeprefix("n")]}
