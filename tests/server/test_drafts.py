"""`POST template-drafts` with a real server: drafts that are saved, and run."""

from __future__ import annotations

import nbformat
import pytest

DRAFTS = "jupyter-exec/v1/template-drafts"


@pytest.fixture
def draft(server):
    def post(status=200, **body):
        answer = server.client.post(DRAFTS, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return post


def save_and_run(server, draft, **params):
    answer = server.client.post("jupyter-exec/v1/templates", json=draft)
    assert answer.status_code == 201, answer.text
    path = f"jupyter-exec/v1/templates/{draft['name']}/runs"
    answer = server.client.post(path, json={"params": params})
    assert answer.status_code == 201, answer.text
    ended = server.wait_for_end(answer.json()["runId"])
    assert ended["status"] == "Completed", server.log(ended["runId"])
    return ended


def submit(server, **body):
    answer = server.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    return server.wait_for_end(answer.json()["runId"])


def faults(answer):
    return [(each.get("target"), each["message"]) for each in answer["error"]["details"]]


ECHO = {"echo.py": {"text": "import os, sys\nprint(*sys.argv[1:], os.environ.get('PLACE'))\n"}}


def test_of_a_run(server, draft):
    configuration = {
        "script": "echo.py",
        "arguments": ["--lr", "0.10", "go"],
        "environment": {"environmentVariables": {"PLACE": "here"}},
    }
    run = submit(server, definition={"configuration": configuration}, overlay=ECHO)
    made = draft(runId=run["runId"], name="of-a-run")
    assert made["parameters"] == [
        {"name": "lr", "value": "0.10", "type": "number"},
        {"name": "PLACE", "value": "here"},
    ]
    assert server.client.get("jupyter-exec/v1/templates/of-a-run").status_code == 404
    again = save_and_run(server, made)
    assert server.log(again["runId"]) == server.log(run["runId"]) == "--lr 0.10 go here\n"
    other = server.client.post(
        "jupyter-exec/v1/templates/of-a-run/runs", json={"params": {"lr": 2, "PLACE": "; ls"}}
    ).json()
    server.wait_for_end(other["runId"])
    assert server.log(other["runId"]) == "--lr 2 go ; ls\n"

    second = draft(runId=other["runId"], name="second")
    assert {each["name"]: each["value"] for each in second["parameters"]} == {
        "lr": "2",
        "PLACE": "; ls",
    }
    assert second["run"] == made["run"]


def test_the_name_of_a_run_is_what_its_template_calls_its_runs(server, draft):
    plain = {"definition": {"configuration": {"command": ["echo", "lr=1"]}}}
    run = submit(server, **plain, displayName="Tune, then {{test}}")
    made = draft(runId=run["runId"])
    assert made["name"] == "Tune- then -test"
    named = save_and_run(server, made)
    assert named["displayName"] == "Tune, then {{test}}"
    assert draft(runId=named["runId"], name="other")["run"] == made["run"]

    unnamed = draft(runId=submit(server, **plain)["runId"], name="after its template")
    assert "displayName" not in unnamed["run"]
    ended = save_and_run(server, unnamed)
    assert ended["displayName"] == "after its template"
    assert "displayName" not in draft(runId=ended["runId"], name="other")["run"]
    body = {"displayName": "best, so far"}
    server.client.patch(f"jupyter-exec/v1/runs/{ended['runId']}", json=body)
    assert draft(runId=ended["runId"])["run"] == {**unnamed["run"], **body}


def test_of_an_experiment(server, draft):
    spec = {
        "meta": {"name": "e", "framework": "TensorFlow", "cmd": "echo --lr=0.1"},
        "spec": {"Worker": {"replicas": 1, "resources": "cpu=1,memory=1024M"}},
        "environment": {"image": ""},
    }
    made = server.client.post("api/v1/experiment", json=spec)
    assert made.status_code == 200, made.text
    run_id = made.json()["result"]["experimentId"]
    server.wait_for_end(run_id)
    spec = draft(runId=run_id, name="of-an-experiment")
    assert spec["parameters"] == [{"name": "lr", "value": "0.1", "type": "number"}]
    ended = save_and_run(server, spec, lr="0.30")
    assert "--lr=0.30" in server.log(ended["runId"], "worker-0.txt")


@pytest.fixture(scope="module")
def notebook(server):
    cells = [
        nbformat.v4.new_code_cell("lr: float = 1  # rate\nnames = ['a']\nwhere = str('x')"),
        nbformat.v4.new_code_cell("print(lr, names, where, f'{{lr}}')"),
    ]
    cells[0].metadata["tags"] = ["parameters"]
    folder = server.root_dir / "project"
    folder.mkdir()
    content = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(content, folder / "train it.ipynb")
    return content


@pytest.mark.parametrize("way", ["path", "content"])
def test_of_a_notebook(server, draft, notebook, way):
    if way == "path":
        made = draft(path="project/train it.ipynb")
        assert made["name"] == "train it"
        assert made["run"]["source"] == {"path": "project/train it.ipynb", "limit": True}
    else:
        made = draft(notebook=notebook, fileName="t.ipynb", name="content")
    assert made["parameters"] == [
        {"name": "lr", "type": "number", "value": "1", "description": "rate"},
        {"name": "names", "type": "array", "value": '["a"]'},
        {"name": "where", "type": "string"},
    ]
    ended = save_and_run(server, made, lr=0.5, names=["b", "c"])
    name = "t.ipynb" if way == "content" else "train it.ipynb"
    path = f"jupyter-exec/v1/runs/{ended['runId']}/outputs/{name}"
    executed = nbformat.reads(server.client.get(path).text, as_version=4)
    assert executed.cells[-1].outputs[0].text == "0.5 ['b', 'c'] x {lr}\n"


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({}, {"lr": ("number", "1"), "names": ("array", '["a"]'), "where": ("string", None)}),
        (
            {"lr": 0.5, "names": ["b"], "where": 7, "seed": 3},
            {
                "lr": ("number", "0.5"),
                "names": ("array", '["b"]'),
                "where": ("integer", "7"),
                "seed": ("integer", "3"),
            },
        ),
        (
            {"lr": "fast", "where": None},
            {"lr": ("string", "fast"), "names": ("array", '["a"]')},
        ),
    ],
)
def test_of_a_run_of_a_notebook_has_all_parameters_of_its_cell(
    server, draft, notebook, given, values
):
    configuration = {"script": "n.ipynb", "parameters": given}
    source = {"notebook": notebook, "name": "n.ipynb"}
    run = submit(server, definition={"configuration": configuration}, source=source)
    made = draft(runId=run["runId"], name=f"notebook-run-{len(given)}")
    found = {each["name"]: (each["type"], each.get("value")) for each in made["parameters"]}
    assert found == values
    assert made["parameters"][0]["description"] == "rate"
    assert "hints" not in made
    if "where" in given and given["where"] is None:
        assert made["run"]["definition"]["configuration"]["parameters"]["where"] is None
    else:
        save_and_run(server, made, lr=2)


def test_of_a_run_whose_notebook_has_no_parameters_cell(server, draft):
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a = 1")])
    source = {"notebook": content, "name": "n.ipynb"}
    run = submit(server, definition={"configuration": {"script": "n.ipynb"}}, source=source)
    made = draft(runId=run["runId"], name="none")
    assert "parameters" not in made
    assert "tagged 'parameters'" in made["hints"][0]


def test_of_a_notebook_without_parameters(server, draft):
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("a = 1")])
    made = draft(notebook=content, name="bare")
    assert "tagged 'parameters'" in made["hints"][0]
    assert "parameters" not in made
    named = draft(notebook=content, name="named", parameters=[{"name": "a", "value": 2}])
    assert named["parameters"] == [{"name": "a", "value": "2", "type": "integer"}]
    assert "hints" not in named


def test_of_a_script(server, draft):
    (server.root_dir / "args.py").write_text("import sys\nprint(sys.argv[1:])\n")
    parameters = ["data", {"name": "lr", "value": 0.1}, {"name": "fast", "value": False}]
    made = draft(script="args.py", name="of-a-script", parameters=parameters)
    assert made["parameters"] == [
        {"name": "data", "required": "true"},
        {"name": "lr", "value": "0.1", "type": "number"},
        {"name": "fast", "value": "false", "type": "boolean"},
    ]
    ended = save_and_run(server, made, data="$HOME `ls`")
    words = ["--data", "$HOME `ls`", "--lr", "0.1", "--fast=false"]
    assert server.log(ended["runId"]) == f"{words}\n"


def test_of_a_shell_script(server, draft):
    (server.root_dir / "say.sh").write_text('echo "$@"\n')
    made = draft(script="say.sh", parameters=[{"name": "word", "value": "hello"}])
    assert server.log(save_and_run(server, made)["runId"]) == "--word hello\n"


def test_nothing_outside_the_root_is_read(server, draft, tmp_path):
    outside = tmp_path / "secret.ipynb"
    outside.write_text('{"cells": [], "metadata": {"secret": 1}}')
    (server.root_dir / "link.ipynb").symlink_to(outside)
    for body in ({"path": str(outside)}, {"path": "link.ipynb"}, {"script": str(outside)}):
        answer = draft(400, **body)
        assert "lies outside the server's root folder" in faults(answer)[0][1]
        assert faults(answer)[0][0] == next(iter(body))
        assert "secret" not in answer["error"]["message"].replace("secret.ipynb", "")


@pytest.mark.parametrize(
    ("body", "status", "target", "words"),
    [
        ({}, 400, None, "exactly one of runId, path, notebook, script"),
        ({"path": "a.ipynb", "script": "a.py"}, 400, None, "exactly one of"),
        ({"runId": "nobody"}, 404, "runId", "nobody"),
        ({"path": "none.ipynb"}, 404, "path", "does not exist"),
        ({"path": "."}, 400, "path", "is not a file"),
        ({"notebook": {"worksheets": []}}, 400, "notebook", "not a notebook of nbformat 4"),
        ({"notebook": {"cells": []}, "name": "a/b"}, 400, "name", "no slash"),
        ({"script": "bad.ipynb"}, 400, "script", "send it as 'path'"),
        ({"path": "bad.ipynb"}, 400, "path", "is not a notebook"),
        ({"script": "bad.ipynb\0"}, 404, "script", "does not exist"),
        ({"notebook": {"cells": []}, "parameters": [{"value": 1}]}, 400, "parameters[0].name", ""),
        ({"notebook": {"cells": []}, "parameters": ["{{x}}"]}, 400, "parameters[0].name", "braces"),
        ({"notebook": {"cells": []}, "parameters": [3]}, 400, "parameters[0]", ""),
        ({"notebook": {"cells": []}, "fileName": "../x"}, 400, "fileName", "relative path"),
    ],
)
def test_what_no_template_can_be_made_of(server, draft, body, status, target, words):
    (server.root_dir / "bad.ipynb").write_text("no JSON")
    answer = draft(status, **body)
    found = faults(answer)
    assert target in [place for place, _ in found], found
    assert words in str(found)


def test_parameters_are_not_for_runs(server, draft):
    run = submit(server, definition={"configuration": {"command": "true"}})
    answer = draft(400, runId=run["runId"], parameters=["a"])
    assert faults(answer)[0][0] == "parameters"
