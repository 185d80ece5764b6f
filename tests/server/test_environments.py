"""Built environments, seen through REST: shown, used again, repeated by their lock, collected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from local_packages import SlowPackage, index_variables, make_wheel, python_offer
from servers import RunningServer

from jupyter_exec.model.answers.runs import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "jupyter-exec/v1/"
SAY = "import demo; print(demo.version)"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("server")
    running = RunningServer(folder, env=index_variables(folder / "packages"))
    make_wheel(folder / "packages" / "wheels", "demo", "1.0")
    yield running
    running.close()


def submit(server: RunningServer, section: dict[str, Any], code: str = SAY) -> dict[str, Any]:
    configuration = {"command": ["python", "-c", code], "environment": section}
    body = {"definition": {"configuration": configuration}}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    return server.wait_for_end(answer.json()["runId"])


def get(server: RunningServer, path: str, model: str) -> dict[str, Any]:
    answer = server.client.get(API + path)
    assert answer.status_code == 200, answer.text
    ANSWERS[model].model_validate(answer.json(), extra="forbid")
    return answer.json()


def collect(server: RunningServer, **body: Any) -> list[str]:
    answer = server.client.post(API + "environments/collect", json=body)
    assert answer.status_code == 200, answer.text
    return [one["hash"] for one in answer.json()["environments"]]


def packages(*requirements: str, **more: Any) -> dict[str, Any]:
    conda = {"dependencies": ["python", {"pip": list(requirements)}]}
    return {"python": {"userManagedDependencies": False, "condaDependencies": conda}, **more}


def test_a_repetition_uses_the_lock_and_a_new_run_after_gc_does_not(server):
    first = submit(server, packages("demo", name="mine", version="3", inferencingStackVersion="x1"))
    assert server.log(first["runId"]) == "1.0\n", first
    assert first["definition"]["configuration"]["environment"]["inferencingStackVersion"] == "x1"
    shown = get(server, f"runs/{first['runId']}/environment", "RunLock")
    assert {name: shown[name] for name in ("kind", "hash", "python")} == first["environment"]
    assert "demo==1.0" in shown["lock"]

    make_wheel(server.folder / "packages" / "wheels", "demo", "2.0")
    second = submit(server, packages("demo"))
    assert second["environment"] == first["environment"]
    listed = get(server, "environments", "EnvironmentList")
    (built,) = listed["built"]
    assert built["hash"] == first["environment"]["hash"]
    assert built["usedBy"] == [second["runId"], first["runId"]]
    (named,) = listed["named"]
    assert (named["name"], named["version"]) == ("mine", "3")
    assert named["definition"]["python"]["condaDependencies"] is not None
    known = server.client.get("api/v1/environment/mine").json()["result"]["environmentSpec"]
    assert known["kernelSpec"]["pipDependencies"] == ["demo"]

    by_name = submit(server, {"name": "mine", "version": "3", "environmentVariables": {"A": "1"}})
    assert by_name["environment"] == first["environment"]
    assert by_name["definition"]["configuration"]["environment"]["environmentVariables"]["A"] == "1"
    unknown = {
        "configuration": {"environment": {"name": "mine", "version": "4"}, "command": "true"}
    }
    refused = server.client.post(f"{API}runs", json={"definition": unknown})
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["target"] == "definition.configuration.environment.name"
    assert "no environment 'mine' version '4'; there are: mine." in error["message"]
    assert get(server, "environments", "EnvironmentList")["named"] == [named]
    other = packages("other", name="mine", version="3")
    changed = {"configuration": {"environment": other, "command": "true"}}
    refused = server.client.post(f"{API}runs", json={"definition": changed})
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["target"] == "definition.configuration.environment.version"
    assert "registered with other content; give this one another version" in error["message"]
    same = packages("demo", name="mine", version="3")
    assert submit(server, same)["environment"] == first["environment"]

    assert collect(server, maxAgeDays=0, dryRun=True) == [built["hash"]]
    assert collect(server, maxAgeDays=0) == [built["hash"]]
    fresh = submit(server, packages("demo"))
    assert server.log(fresh["runId"]) == "2.0\n"
    answer = server.client.post(f"{API}runs/{first['runId']}/rerun", json={})
    again = server.wait_for_end(answer.json()["runId"])
    assert server.log(again["runId"]) == "1.0\n"
    assert again["environment"] == first["environment"]


def test_what_a_going_run_needs_is_not_collected(server):
    run = submit(server, packages("demo"), "pass")
    configuration = {
        "command": ["python", "-c", "import time; time.sleep(60)"],
        "environment": packages("demo"),
    }
    body = {"definition": {"configuration": configuration}}
    going = server.client.post(API + "runs", json=body).json()["runId"]
    server.wait_for_status(going, "Running")
    assert run["environment"]["hash"] not in collect(server, maxAgeDays=0)
    server.client.post(f"{API}runs/{going}/cancel")
    server.wait_for_end(going)
    assert run["environment"]["hash"] in collect(server, maxAgeDays=0)


def test_a_dependency_that_does_not_exist_is_named(server):
    run = submit(server, packages("demo", "not-there==4"))
    assert run["status"] == "Failed"
    assert run["error"]["code"] == "EnvironmentFailed"
    assert "not-there==4: " in run["error"]["message"]
    assert "\n" not in run["error"]["message"]
    assert "not-there" in server.log(run["runId"], "environment.txt")


def test_the_interpreter_that_is_there_is_shown_with_its_version(server):
    run = submit(server, {}, "import platform; print(platform.python_version())")
    assert run["environment"] == {
        "kind": "system",
        "hash": None,
        "python": server.log(run["runId"]).strip(),
    }
    assert get(server, f"runs/{run['runId']}/environment", "RunLock")["lock"] is None


@pytest.mark.parametrize(
    ("section", "target", "words"),
    [
        ({"python": {"interpreterPath": "/usr"}}, "python.interpreterPath", "is a folder"),
        ({"python": {"interpreterPath": "/none/python"}}, "python.interpreterPath", "not exist"),
        ({"python": {"interpreterPath": "/etc/passwd"}}, "python.interpreterPath", "executable"),
        ({"environmentVariables": {"A=B": "1"}}, "environmentVariables", "variable name"),
        (
            {"python": {"condaDependenciesFile": "aml_config/conda.yml"}},
            "python.condaDependenciesFile",
            "send the file's content as condaDependencies (--env FILE does that)",
        ),
    ],
)
def test_bad_input(server, section, target, words):
    body = {"definition": {"configuration": {"command": "true", "environment": section}}}
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 400
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"].endswith(f"configuration.environment.{target}")
    assert words in fault["message"]


def test_an_operator_may_forbid_downloads_of_python(make_server, tmp_path):
    offer = python_offer(tmp_path, "3.98.7", "http://127.0.0.1:9/python.tar.gz")
    strict = make_server(config={"ExecApp": {"python_downloads": False}}, env=offer)
    conda = {"dependencies": ["python=3.98"]}
    environment = {"python": {"userManagedDependencies": False, "condaDependencies": conda}}
    body = {"definition": {"configuration": {"command": "true", "environment": environment}}}
    answer = strict.client.post(API + "runs", json=body)
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"].endswith("condaDependencies.dependencies[0]")
    assert "uv python install 3.98.7 on that machine" in fault["message"]


def test_a_program_that_is_no_python_fails_before_the_run_starts(server):
    run = submit(server, {"python": {"interpreterPath": "/bin/true"}})
    assert (run["status"], run["startedAt"]) == ("Failed", None)
    assert run["error"]["code"] == "InterpreterMissing"


def test_ld_preload_is_the_runs_own_business(server):
    section = {"environmentVariables": {"LD_PRELOAD": "/none/there.so", "PLAIN": "yes"}}
    code = (
        "import os; above = open(f'/proc/{os.getppid()}/environ').read()\n"
        "print('LD_PRELOAD' in above, len(above) > 0, os.environ['PLAIN'])"
    )
    run = submit(server, section, code)
    assert run["status"] == "Completed", run
    log = server.log(run["runId"])
    assert log.endswith("False True yes\n")
    assert "/none/there.so" in log
    usage = server.client.get(f"{API}runs/{run['runId']}/usage")
    assert "there.so" not in usage.text
    assert "there.so" not in server.log_text()


@pytest.mark.parametrize(
    "section",
    [
        {"userManagedDependencies": False, "condaDependenciesFile": None},
        {"userManagedDependencies": True, "condaDependenciesFile": "conda.yml"},
    ],
)
def test_without_dependencies_nothing_is_built(server, section):
    run = submit(server, {"python": section}, "print('here')")
    assert (run["status"], run["environment"]["kind"]) == ("Completed", "system")


def test_a_kernel_whose_interpreter_is_gone(server):
    folder = server.folder / "jupyter" / "kernels" / "gone"
    folder.mkdir(parents=True)
    spec = {"argv": ["/none/python", "-f", "{connection_file}"], "display_name": "gone"}
    (folder / "kernel.json").write_text(json.dumps({**spec, "language": "python"}))
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    body = {
        "definition": {"configuration": {"kernel": "gone"}},
        "source": {"notebook": notebook, "name": "n.ipynb"},
    }
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 400, answer.text
    (fault,) = answer.json()["error"]["details"]
    assert fault["target"].endswith("configuration.kernel")
    assert "'/none/python', which is no program" in fault["message"]


def test_a_server_that_is_killed_in_the_midst_of_a_build(make_server, tmp_path):
    server = make_server(env=index_variables(tmp_path / "packages"))
    package = SlowPackage(tmp_path / "slow")
    command = ["python", "-c", "import slow; print('here')"]
    configuration = {"command": command, "environment": packages(package.requirement)}
    body = {"definition": {"configuration": configuration}}
    run_id = server.client.post(API + "runs", json=body).json()["runId"]
    package.wait_until_started()
    server.restart(kill=True)
    package.be_quick()
    assert get(server, "environments", "EnvironmentList")["built"] == []
    package.let_go()
    run = server.wait_for_end(run_id)
    assert (run["status"], server.log(run_id)) == ("Completed", "here\n")
    (built,) = get(server, "environments", "EnvironmentList")["built"]
    assert built["hash"] == run["environment"]["hash"]


def test_what_a_project_needs_is_read_for_a_form(server):
    folder = server.root_dir / "project"
    folder.mkdir()
    project = "[project]\nname = 'x'\nversion = '1'\nrequires-python = '>=3.10'\n"
    (folder / "pyproject.toml").write_text(project + "dependencies = ['demo>=1']\n")
    body = {"path": "project/pyproject.toml"}
    answer = server.client.post(API + "environment-drafts", json=body)
    assert answer.status_code == 200, answer.text
    ANSWERS["EnvironmentDraft"].model_validate(answer.json(), extra="forbid")
    python = answer.json()["environment"]["python"]
    assert python["userManagedDependencies"] is False
    assert python["condaDependencies"] == {"dependencies": ["python>=3.10", {"pip": ["demo>=1"]}]}

    (folder / "pyproject.toml").write_text("[project")
    (folder / "train.py").touch()
    (server.folder / "pyproject.toml").write_text(project)
    (folder / "out").symlink_to(server.folder)
    for path, status, said in (
        ("project/pyproject.toml", 400, "project/pyproject.toml is not TOML"),
        ("project/uv.lock", 404, "does not exist below the server's root"),
        ("project/train.py", 400, "is neither a pyproject.toml"),
        ("../pyproject.toml", 400, "lies outside"),
        ("project/out/pyproject.toml", 400, "lies outside"),
    ):
        answer = server.client.post(API + "environment-drafts", json={"path": path})
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
        assert str(server.root_dir) not in answer.text
