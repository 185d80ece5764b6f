"""Our own routes about templates against a real server: what is kept, and what runs."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import nbformat
import pytest
from jsonschema import Draft202012Validator

from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from servers import RunningServer

API = "jupyter-exec/v1/templates"
YAML = {"Content-Type": "application/yaml"}
SECRET = "xyzzy-9f31-plugh"  # in no other file of this machine
SHOW = "import json, os, sys; print(json.dumps(sys.argv[1:]), os.environ.get('TOKEN'))"


def body(name: str, *parameters: dict[str, Any], **configuration: Any) -> dict[str, Any]:
    run = {"definition": {"configuration": configuration}}
    return {"name": name, "parameters": list(parameters), "run": run}


def create(server: RunningServer, spec: dict[str, Any], status: int = 201) -> Any:
    answer = server.client.post(API, json=spec)
    assert answer.status_code == status, answer.text
    return fits(answer, "Template" if status == 201 else "ErrorResponse")


def fits(answer: httpx.Response, name: str) -> Any:
    """Hold an answer against its model; nothing may be left over."""
    ANSWERS[name].model_validate_json(answer.content, extra="forbid")
    return answer.json()


def get(server: RunningServer, path: str, name: str, **params: Any) -> Any:
    answer = server.client.get(f"{API}/{path}".rstrip("/"), params=params)
    assert answer.status_code == 200, answer.text
    return fits(answer, name)


def start(server: RunningServer, name: str, status: int = 201, **request: Any) -> Any:
    answer = server.client.post(f"{API}/{quote(name, safe='')}/runs", json=request)
    assert answer.status_code == status, answer.text
    return fits(answer, "Run" if status == 201 else "ErrorResponse")


def finish(server: RunningServer, name: str, **params: Any) -> dict[str, Any]:
    run = server.wait_for_end(start(server, name, params=params)["runId"])
    assert run["status"] == "Completed", (run, server.log(run["runId"]))
    return run


def notebook(*cells: str) -> dict[str, Any]:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    made.cells[0].metadata["tags"] = ["parameters"]
    return dict(json.loads(nbformat.writes(made)))


def places_of(secret: str, *folders: Path) -> list[str]:
    """Return the files that hold a text, in whatever form that JSON or a shell gives it."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "exec.db" for path in files)
    return [str(path) for path in files if secret.encode() in path.read_bytes()]


def test_versions_diff_and_restore(server):
    lr = {"name": "lr", "type": "number", "value": 0.1}
    made = create(server, body("history", lr, command=["echo", "{{lr}}"]))
    assert (made["version"], made["action"]) == (1, "create")
    changed = body("history", {**lr, "value": 0.2}, command=["echo", "{{lr}}"])
    answer = server.client.put(f"{API}/history", json={**changed, "author": "me"})
    assert fits(answer, "Template")["version"] == 2
    assert get(server, "history", "Template")["spec"]["author"] == "me"
    assert "author" not in get(server, "history/versions/1", "Template")["spec"]
    diff = get(server, "history/diff", "TemplateDiff", **{"from": 1, "to": 2})["diff"]
    assert "--- history version 1\n+++ history version 2\n" in diff
    assert "+author: me\n" in diff
    assert "-  value: 0.1\n+  value: 0.2\n" in diff
    assert get(server, "history/diff", "TemplateDiff", **{"from": 2, "to": 2}) == {"diff": ""}
    assert get(server, "history/diff", "TemplateDiff") == {"diff": diff}
    assert get(server, "history/diff", "TemplateDiff", to=1) == {"diff": ""}
    for path in ("history/diff?to=9", "history/versions/9", "history/versions/-1"):
        assert server.client.get(f"{API}/{path}").status_code in {400, 404}
    answer = server.client.post(f"{API}/history/restore", json={"version": 1})
    restored = fits(answer, "Template")
    assert (restored["version"], restored["action"]) == (3, "restore")
    assert restored["spec"] == made["spec"]
    versions = get(server, "history/versions", "TemplateVersions")["versions"]
    assert [each["version"] for each in versions] == [3, 2, 1]


def test_deleting_leaves_versions_and_runs(server):
    create(server, body("gone", command=["true"]))
    run = finish(server, "gone")
    assert server.client.delete(f"{API}/gone").status_code == 204
    for path in ("gone", "gone/schema", "gone/yaml"):
        answer = server.client.get(f"{API}/{path}")
        assert answer.status_code == 404
        assert "no template 'gone'" in answer.json()["error"]["message"]
    assert server.client.delete(f"{API}/gone").status_code == 404
    start(server, "gone", 404)
    assert get(server, "gone/versions/1", "Template")["version"] == 1
    assert server.run(run["runId"])["template"]["name"] == "gone"
    assert create(server, body("gone", command=["true"]))["version"] == 2


def test_a_name_is_taken_once_and_kept(server):
    create(server, body("taken", command=["true"]))
    told = create(server, body("taken", command=["true"]), 400)["error"]
    assert (told["target"], "already" in told["message"]) == ("name", True)
    answer = server.client.put(f"{API}/taken", json=body("other", command=["true"]))
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "name")
    assert (
        server.client.put(f"{API}/never", json=body("never", command=["true"])).status_code == 404
    )
    unnamed = {name: value for name, value in body("", command=["x"]).items() if name != "name"}
    assert server.client.put(f"{API}/taken", json=unnamed).json()["version"] == 2


@pytest.mark.parametrize(
    "name", ["a b", "🚀👩‍💻", "__proto__", "100%", "a?b#c", ".*", "ä+ö&", "%2F"]
)
def test_names_may_be_any_text(server, name):
    create(server, body(name, command=["true"]))
    path = quote(name, safe="")
    assert get(server, path, "Template")["name"] == name
    assert get(server, f"{path}/versions/1", "Template")["spec"]["name"] == name
    assert name in server.client.get(f"{API}/{path}/yaml").text
    assert start(server, name, runId=f"named-{abs(hash(name))}")["template"]["name"] == name


def test_pages(make_server):
    server = make_server()
    for number in range(5):
        spec = body(f"page {number}", command=["true"])
        create(server, {**spec, "description": "ODD" if number % 2 else None})
    first = get(server, "", "TemplateList", limit=2)
    assert [each["name"] for each in first["templates"]] == ["page 0", "page 1"]
    assert first["total"] == 5
    rest = get(server, "", "TemplateList", limit=3, cursor=first["next"])
    assert ([each["name"] for each in rest["templates"]], rest["next"]) == (
        ["page 2", "page 3", "page 4"], None
    )  # fmt: skip
    assert get(server, "", "TemplateList", q="odd")["total"] == 2
    server.restart(kill=True)
    assert get(server, "", "TemplateList")["total"] == 5
    assert create(server, body("page 5", command=["true"]))["version"] == 1


def test_yaml_goes_round(server):
    text = """\
name: yaml
description: |
  first line

  second line
parameters:
- name: rate
  type: number
  value: 0.10
- name: words
  type: array
  value: [a, b c]
run:
  definition:
    configuration:
      command: |
        echo {{rate}}
        printf '<%s>' {{words}}
"""
    answer = server.client.post(API, content=text, headers=YAML)
    assert answer.status_code == 201, answer.text
    spec = answer.json()["spec"]
    assert spec["parameters"][0]["value"] == "0.10"
    exported = server.client.get(f"{API}/yaml/yaml")
    assert exported.headers["Content-Type"].startswith("text/yaml")
    assert "  second line\n" in exported.text
    answer = server.client.put(f"{API}/yaml", content=exported.text, headers=YAML)
    assert answer.json()["spec"] == spec
    assert server.client.get(f"{API}/yaml/yaml").text == exported.text
    run = finish(server, "yaml")
    assert server.log(run["runId"]) == "0.10\n<a><b c>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [*a]", "refers to"),
        ("x: !!python/object/apply:os.system [ls]", "not YAML"),
        ("- a", "must be an object"),
        ("[" * 3000, "not YAML"),
        ("", "name: is required"),
    ],
)
def test_yaml_that_is_none(server, text, reason):
    answer = server.client.post(API, content=text, headers=YAML)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]["message"]


def test_bodies_that_are_too_large_or_no_json(server):
    answer = server.client.post(API, content="#" + "x" * 2**20, headers=YAML)
    assert answer.status_code == 413
    assert server.client.post(API, content=b" " * (17 * 2**20)).status_code == 413
    for text in ("{", "[1]", '"x"', "NaN", '{"name": "\\ud800"}', "[" * 10_000):
        assert server.client.post(API, content=text).status_code == 400, text
        assert server.client.put(f"{API}/x", content=text).status_code in {400, 404}, text


def test_the_schema_and_all_faults_at_once(server):
    create(
        server,
        body(
            "typed",
            {"name": "n", "type": "integer", "value": 1, "maximum": 5, "label": "Count"},
            {"name": "mode", "enum": ["fast", "slow"], "required": True, "group": "Speed"},
            command=["show", "{{n}}", "{{mode}}"],
        ),
    )
    schema = get(server, "typed/schema", "TemplateSchema")
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["mode"]
    assert schema["properties"]["mode"]["x-group"] == "Speed"
    told = start(server, "typed", 400, params={"n": 9, "mode": "medium", "x": 1})["error"]
    details = {each.get("target"): each["message"] for each in told["details"]}
    assert set(details) == {"params", "params.n", "params.mode"}
    assert '"fast", "slow"' in details["params.mode"]
    assert not server.runs() or all(
        (run["template"] or {}).get("name") != "typed" for run in server.runs()
    )


def test_what_a_template_makes_is_checked_before_it_is_stored(server):
    create(server, body("nowhere", {"name": "t", "value": "mars"}, command=["x"], target="{{t}}"))
    told = start(server, "nowhere", 400)["error"]
    assert told["target"] == "run.definition.configuration.target"
    assert "mars" in told["message"]
    told = start(server, "nowhere", 400, runId="a/b", params={"t": "local"})["error"]
    assert told["target"] == "runId"


def test_a_command_gets_its_values_as_they_are(server):
    value = "$1 \\ ' \" \n{{other}} ; touch pwned `touch pwned`"
    line = f"""python3 -c "{SHOW}" {{{{x}}}} --x={{{{x}}}}"""
    create(server, body("command", {"name": "x"}, command=line))
    run = finish(server, "command", x=value)
    assert server.log(run["runId"]) == json.dumps([value, f"--x={value}"]) + " None\n"
    assert run["template"] == {"name": "command", "version": 1, "parameters": {"x": value}}


def test_a_script_gets_arguments(server):
    folder = server.root_dir / "script-template"
    folder.mkdir()
    (folder / "train.py").write_text(SHOW)
    spec = body("script", {"name": "lr", "type": "number", "value": 0.1}, arguments=["{{lr}}"])
    spec["run"] |= {"source": {"path": "script-template/train.py"}, "tags": {"a": "b"}}
    create(server, spec)
    made = start(
        server, "script", params={"lr": 0.5}, displayName="mine", experiment="tuning",
        tags={"c": "d"}, runId="script-1",
    )  # fmt: skip
    assert (made["runId"], made["displayName"], made["experiment"]) == (
        "script-1",
        "mine",
        "tuning",
    )
    assert made["tags"] == {"a": "b", "c": "d"}
    run = server.wait_for_end("script-1")
    assert server.log(run["runId"]) == '["0.5"] None\n'
    again = server.client.post("jupyter-exec/v1/runs/script-1/rerun", json={}).json()
    assert again["template"] == run["template"]
    server.wait_for_end(again["runId"])


def test_a_notebook_gets_typed_parameters(server):
    content = notebook("n = 1\nflag = True\nxs = []", "print(repr((n, flag, xs, text)))")
    parameters = [
        {"name": "n", "type": "integer", "value": 2},
        {"name": "flag", "type": "boolean", "value": True},
        {"name": "xs", "type": "array", "value": [1]},
        {"name": "text", "value": ""},
    ]
    spec = body(
        "notebook", *parameters, parameters={p["name"]: f"{{{{{p['name']}}}}}" for p in parameters}
    )
    spec["run"]["source"] = {"notebook": content}
    create(server, spec)
    run = finish(server, "notebook", flag=False, xs=[1, 2.5, "a"], text="{{n}} 'x'")
    assert server.log(run["runId"]) == "(2, False, [1, 2.5, 'a'], \"{{n}} 'x'\")\n"


def test_an_experiment_runs(server):
    spec = {
        "name": "experiment",
        "parameters": [{"name": "word", "value": "six"}, {"name": "token", "secret": True}],
        "experimentSpec": {
            "meta": {
                "name": "{{word}}",
                "framework": "pytorch",
                "cmd": "echo $RANK {{word}} $TOKEN",
                "envVars": {"TOKEN": "{{token}}"},
            },
            "spec": {"Master": {"resources": "cpu=0.1"}},
        },
    }
    made = create(server, spec)
    assert [each["name"] for each in made["spec"]["parameters"]][2:] == [
        "spec.Master.replicas", "spec.Master.resourceMap.cpu"
    ]  # fmt: skip
    run = finish(server, "experiment", word="a b", token="t0ken")
    assert run["displayName"] == "a b"
    assert run["template"]["version"] == 1
    assert "token" not in run["template"]["parameters"]
    assert server.log(run["runId"], "master-0.txt") == "0 a b t0ken\n"
    told = start(server, "experiment", 400, runId="mine")["error"]
    assert told["target"] == "runId"


def test_passwords_are_refused(server):
    code = {"syncMode": "git", "git": {"url": "https://host/x.git", "password": SECRET}}
    spec = {
        "name": "password",
        "experimentSpec": {
            "meta": {"framework": "pytorch", "cmd": "true"}, "spec": {"Master": {}}, "code": code,
        },
    }  # fmt: skip
    answer = server.client.post(API, json=spec)
    assert answer.status_code == 400
    assert answer.json()["error"]["target"] == "experimentSpec.code.git.password"
    assert SECRET not in answer.text


def test_two_changes_at_once_are_both_kept(server):
    create(server, body("busy", command=["true"]))
    barrier = threading.Barrier(8)

    def put(number: int) -> int:
        spec = {**body("busy", command=["true"]), "author": f"author {number}"}
        barrier.wait(30)
        answer = server.client.put(f"{API}/busy", json=spec)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["version"])

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(put, range(8))) == list(range(2, 10))
    versions = get(server, "busy/versions", "TemplateVersions")["versions"]
    assert {each["spec"].get("author") for each in versions} == {
        None, *(f"author {number}" for number in range(8))
    }  # fmt: skip


def secret_bodies() -> list[dict[str, Any]]:
    """Return templates that take a secret in every place where one may stand."""
    token = {"name": "token", "secret": True}
    line = 'test {{token}} = "$TOKEN" && test "<{{token}}>" = "<$TOKEN>" && echo equal'
    environment = {"environmentVariables": {"TOKEN": "{{token}}"}}
    by_cell = body("by-cell", token, parameters={"key": "{{token}}"}, environment=environment)
    by_cell["run"]["source"] = {
        "notebook": notebook("key = None", "import os\nprint(key == os.environ['TOKEN'], len(key))")
    }
    by_name = body("by-name", token, command="echo ${#TOKEN}")
    by_name["run"]["secrets"] = {"TOKEN": "{{token}}"}
    return [
        body("by-line", token, command=line, environment=environment),
        by_cell,
        by_name,
    ]


def run_in_a_warm_kernel(server: RunningServer) -> dict[str, Any]:
    """Run a notebook with a secret until one of its kernels was there before the run."""
    token = {"name": "token", "secret": True}
    spec = body("warm", token, parameters={"key": "{{token}}"})
    runner = "open(f'/proc/{os.getppid()}/cmdline').read()"
    cells = "key = None", f"import os\nprint(len(key), '--standby' in {runner})"
    spec["run"]["source"] = {"notebook": notebook(*cells)}
    create(server, spec)
    for _ in range(10):
        run = finish(server, "warm", token=SECRET)
        found, warm = server.log(run["runId"]).split()
        assert found == str(len(SECRET))
        if warm == "True":
            return run
    pytest.fail("no run met a kernel that was ready")


def test_a_secret_is_stored_nowhere(make_server):
    server = make_server(config={"ExecApp": {"warm_kernels": 1}})
    size = str(len(SECRET))
    expected = {"by-line": "equal\n", "by-cell": f"True {size}\n", "by-name": f"{size}\n"}
    for spec in secret_bodies():
        create(server, spec)
        made = start(server, spec["name"], params={"token": SECRET})
        assert SECRET not in json.dumps(made)
        run = server.wait_for_end(made["runId"])
        assert run["status"] == "Completed", (run, server.log(run["runId"]))
        assert server.log(run["runId"]) == expected.get(spec["name"], expected["by-cell"])
        assert run["template"]["parameters"] == {}
        answers = [run, list(server.events(run["runId"], 10))]
        assert SECRET not in json.dumps(answers)
        assert not places_of(SECRET, server.data_dir)
    run = run_in_a_warm_kernel(server)
    notebook_path = f"jupyter-exec/v1/runs/{run['runId']}/outputs/notebook.ipynb"
    executed = server.client.get(notebook_path).text
    assert "JUPYTER_EXEC_SECRET_0_TOKEN" in executed
    assert SECRET not in executed
    assert SECRET not in server.log_text()
    server.stop()
    assert not places_of(SECRET, server.data_dir, server.folder)


def test_a_repetition_needs_the_secrets_again(server):
    for spec in secret_bodies():
        spec["name"] = f"again-{spec['name']}"
        create(server, spec)
        run = server.wait_for_end(start(server, spec["name"], params={"token": SECRET})["runId"])
        assert run["status"] == "Completed"
        address = f"jupyter-exec/v1/runs/{run['runId']}/rerun"
        told = server.client.post(address, json={}).json()["error"]
        assert told["target"] == "secrets"
        names = run["definition"]["configuration"]["secrets"]
        assert all(name in told["message"] for name in names)
        answer = server.client.post(address, json={"secrets": dict.fromkeys(names, SECRET)})
        assert answer.status_code == 201, answer.text
        again = server.wait_for_end(answer.json()["runId"])
        assert (again["status"], again["template"]) == ("Completed", run["template"])
        assert server.log(again["runId"]) == server.log(run["runId"])


def test_a_secret_for_another_language_is_refused_clearly(server):
    spec = secret_bodies()[1] | {"name": "bash"}
    kernel = server.folder / "jupyter" / "kernels" / "shell"
    kernel.mkdir(parents=True)
    argv = ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Shell", "language": "bash"}
    (kernel / "kernel.json").write_text(json.dumps(about))
    spec["run"]["definition"]["configuration"]["kernel"] = "shell"
    create(server, spec)
    run = server.wait_for_end(start(server, "bash", params={"token": SECRET})["runId"])
    assert run["status"] == "Failed"
    assert "(key) need a Python kernel, and this one is 'bash'" in server.log(run["runId"])


def test_secret_parameters_need_their_secrets(server):
    request = {
        "definition": {"configuration": {"secretParameters": {"key": "TOKEN"}}},
        "source": {"notebook": notebook("key = None", "print(len(key))")},
    }
    answer = server.client.post("jupyter-exec/v1/runs", json=request)
    assert answer.status_code == 400
    place = "definition.configuration.secretParameters.key"
    assert answer.json()["error"]["target"] == place
    answer = server.client.post(
        "jupyter-exec/v1/runs", json={**request, "secrets": {"TOKEN": "abc"}}
    )
    run = server.wait_for_end(answer.json()["runId"])
    assert server.log(run["runId"]) == "3\n"


def test_secrets_that_a_restart_has_lost(make_server):
    server = make_server()
    create(server, secret_bodies()[2])
    target = server.client.get("jupyter-exec/v1/targets").json()["targets"][0]
    configuration = {"command": "read line", "resources": {"cpus": target["capacity"]["cpus"]}}
    blocking = {"definition": {"configuration": {**configuration, "command": ["sleep", "600"]}}}
    first = server.client.post("jupyter-exec/v1/runs", json=blocking).json()["runId"]
    server.wait_for_status(first, "Running")
    waiting = start(server, "by-name", params={"token": SECRET})["runId"]
    server.restart(kill=True)
    server.client.post(f"jupyter-exec/v1/runs/{first}/cancel")
    run = server.wait_for_end(waiting)
    assert (run["status"], run["error"]["code"]) == ("Failed", "SecretsLost")
    assert "TOKEN" in run["error"]["message"]
    assert "submit it again" in run["error"]["message"]


def test_snapshots_of_templates_outlive_their_runs(make_server):
    server = make_server()
    request = {
        "definition": {"configuration": {"script": "a.py"}},
        "overlay": {"a.py": {"text": "print(1)"}},
    }
    made = server.client.post("jupyter-exec/v1/runs", json=request).json()
    server.wait_for_end(made["runId"])
    spec = body("kept", script="a.py")
    spec["run"]["source"] = {"snapshotId": made["snapshotId"]}
    create(server, spec)
    assert server.client.delete(f"jupyter-exec/v1/runs/{made['runId']}").status_code == 204
    server.stop()
    age_snapshots(server.data_dir)
    server.start()
    server.client.get(API)  # the first request opens the data directory, and tidies it
    run = finish(server, "kept")
    assert server.log(run["runId"]) == "1\n"


def age_snapshots(data_dir: Path) -> None:
    """Let everything in the snapshot store look a year old."""
    import os

    for path in (data_dir / "snapshots").rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 365 * 86_400))


def test_a_field_that_nobody_reads_is_a_fault(server):
    spec = {
        "name": "typing errors",
        "descripton": "oops",
        "parameters": [{"name": "lr", "typ": "number", "value": "1"}],
        "run": {"definitions": {}, "definition": {"configuration": {"argument": ["{{lr}}"]}}},
    }
    error = server.client.post("jupyter-exec/v1/templates", json=spec).json()["error"]
    told = {detail["target"]: detail["message"] for detail in error["details"]}
    assert told["descripton"].endswith("did you mean description?")
    assert told["parameters[0].typ"].endswith("did you mean type?")
    assert told["run.definitions"].endswith("did you mean definition?")
    assert told["run.definition.configuration.argument"].endswith("did you mean arguments?")
