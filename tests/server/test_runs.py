"""Our own REST routes against a real server: what a source becomes, and what a run leaves."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

if TYPE_CHECKING:
    import httpx
    from servers import RunningServer

API = "jupyter-exec/v1/"


def submit(server: RunningServer, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def finish(server: RunningServer, **body: Any) -> dict[str, Any]:
    return server.wait_for_end(submit(server, **body)["runId"])


def get(server: RunningServer, path: str, **more: Any) -> httpx.Response:
    return server.client.get(API + path, **more)


@pytest.fixture
def folder(server: RunningServer, request: pytest.FixtureRequest):
    made = server.root_dir / request.node.name.replace("[", "-").replace("]", "")
    made.mkdir()
    return made


def notebook(*cells: str, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(source) for source in cells]
    if tags:
        made.cells[0].metadata["tags"] = list(tags)
    return json.loads(nbformat.writes(made))


def test_a_script_with_its_folder(server, folder):
    (folder / "helper.py").write_text("answer = 42\n")
    (folder / "train.py").write_text(
        "import sys, helper\nprint(helper.answer, sys.argv[1:])\n"
        "open('outputs/model.bin', 'wb').write(bytes(range(256)))\n"
        "open('scratch.txt', 'w').write('not kept')\n"
    )
    definition = {"configuration": {"arguments": ["--epochs", 3, "a b"]}}
    made = submit(server, source={"path": f"{folder.name}/train.py"}, definition=definition)
    assert made["snapshot"]["files"] == 2
    run = server.wait_for_end(made["runId"])
    assert (run["status"], run["exitCode"], run["error"]) == ("Completed", 0, None)
    assert server.log(run["runId"]) == "42 ['--epochs', '3', 'a b']\n"
    outputs = get(server, f"runs/{run['runId']}/outputs").json()["outputs"]
    assert [(entry["path"], entry["sizeBytes"]) for entry in outputs] == [("model.bin", 256)]


def test_a_folder_with_a_command(server, folder):
    (folder / "data.txt").write_text("one\ntwo\n")
    definition = {"configuration": {"command": "wc -l < data.txt > outputs/lines.txt"}}
    run = finish(server, source={"path": folder.name}, definition=definition)
    assert run["status"] == "Completed"
    assert get(server, f"runs/{run['runId']}/outputs/lines.txt").text.strip() == "2"


def test_a_notebook_with_typed_parameters(server):
    content = notebook(
        "name = 'nobody'\nlr = 1.0", "print(repr(name), lr, flag)", tags=("parameters",)
    )
    parameters = {"name": "hello 'you'\n", "lr": 0.5, "flag": False}
    run = finish(
        server,
        source={"notebook": content, "name": "work/nb.ipynb"},
        definition={"configuration": {"parameters": parameters}},
    )
    assert run["status"] == "Completed", run
    assert run["progress"]["done"] == run["progress"]["total"]
    executed = get(server, f"runs/{run['runId']}/outputs/nb.ipynb").json()
    assert executed["cells"][-1]["outputs"][0]["text"] == ["\"hello 'you'\\n\" 0.5 False\n"] or (
        executed["cells"][-1]["outputs"][0]["text"] == "\"hello 'you'\\n\" 0.5 False\n"
    )


def test_a_whole_number_for_a_float_stays_a_float(server):
    content = notebook("lr = 1.0\nn = 1", "print(lr, n)", tags=("parameters",))
    run = finish(
        server,
        source={"notebook": content, "name": "nb.ipynb"},
        definition={"configuration": {"parameters": {"lr": 2, "n": 3}}},
    )
    assert run["status"] == "Completed", run
    executed = get(server, f"runs/{run['runId']}/outputs/nb.ipynb").json()
    assert "".join(executed["cells"][-1]["outputs"][0]["text"]) == "2.0 3\n"


def test_a_failing_cell_is_named(server):
    run = finish(server, source={"notebook": notebook("x = 1", "x / 0", "never = 1")})
    assert run["status"] == "Failed"
    assert "ZeroDivisionError: division by zero" in run["error"]["message"]
    assert "cell 2" in run["error"]["message"]
    assert run["endedAt"]


def test_an_overlay_lies_on_the_folder(server, folder):
    (folder / "a.txt").write_text("old")
    overlay = {
        "a.txt": {"text": "new"},
        "deep/b.bin": {"base64": base64.b64encode(b"\0\1").decode()},
        "cell.py": {"text": "print(open('a.txt').read(), open('deep/b.bin', 'rb').read())"},
    }
    definition = {"configuration": {"script": "cell.py"}}
    run = finish(server, source={"path": folder.name}, overlay=overlay, definition=definition)
    assert server.log(run["runId"]) == "new b'\\x00\\x01'\n"
    assert (folder / "a.txt").read_text() == "old"


def test_a_linked_folder_is_seen_and_not_copied(server, folder):
    (folder / "data").mkdir()
    (folder / "data" / "big.txt").write_text("big")
    (folder / "run.py").write_text("print(open('data/big.txt').read())")
    made = submit(server, source={"path": f"{folder.name}/run.py", "link": ["data"]})
    assert made["snapshot"]["files"] == 1
    server.wait_for_end(made["runId"])
    assert server.log(made["runId"]) == "big\n"
    assert (folder / "data" / "big.txt").exists()


def test_an_uploaded_zip_and_a_snapshot_run_again(server):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "print('from a zip')")
        archive.writestr("lib/", "")
    answer = server.client.post(
        API + "snapshots", content=packed.getvalue(), headers={"Content-Type": "application/zip"}
    )
    assert answer.status_code == 201
    snapshot = answer.json()["snapshotId"]
    files = get(server, f"snapshots/{snapshot}").json()["files"]
    assert [entry["path"] for entry in files] == ["main.py"]
    assert get(server, f"snapshots/{snapshot}/files/main.py").text == "print('from a zip')"
    definition = {"configuration": {"script": "main.py"}}
    run = finish(server, source={"snapshotId": snapshot}, definition=definition)
    assert server.log(run["runId"]) == "from a zip\n"


def test_rerun_is_exact_although_the_folder_has_changed(server, folder):
    script = folder / "x.py"
    script.write_text("import sys; print('first', sys.argv[1:])")
    definition = {"configuration": {"arguments": ["1"]}}
    run = finish(server, source={"path": f"{folder.name}/x.py"}, definition=definition)
    script.write_text("print('second')")
    again = server.client.post(f"{API}runs/{run['runId']}/rerun", json={})
    assert again.status_code == 201, again.text
    assert again.json()["snapshotId"] == run["snapshotId"]
    assert again.json()["definition"] == run["definition"]
    server.wait_for_end(again.json()["runId"])
    assert server.log(again.json()["runId"]) == "first ['1']\n"
    changed = server.client.post(
        f"{API}runs/{run['runId']}/rerun",
        json={"definition": {"configuration": {"arguments": ["2"]}}, "displayName": "other"},
    ).json()
    server.wait_for_end(changed["runId"])
    assert server.log(changed["runId"]) == "first ['2']\n"


def test_the_cause_of_a_failure_is_one_line(server, folder):
    causes = {
        "import not_there_at_all": "ModuleNotFoundError: No module named 'not_there_at_all'",
        "import sys; sys.exit(7)": "7",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)": "SIGSEGV",
    }
    for number, (code, cause) in enumerate(causes.items()):
        (folder / f"{number}.py").write_text(code)
        run = finish(server, source={"path": f"{folder.name}/{number}.py"})
        assert run["status"] == "Failed"
        assert cause in run["error"]["message"]
        assert "\n" not in run["error"]["message"]
        assert run["endedAt"]


def test_a_time_limit_ends_the_whole_tree(server, folder):
    (folder / "t.py").write_text(
        "import subprocess, time\nsubprocess.Popen(['sleep', '987654'], start_new_session=True)\n"
        "time.sleep(60)"
    )
    definition = {"configuration": {"maxRunDurationSeconds": 1}}
    run = finish(server, source={"path": f"{folder.name}/t.py"}, definition=definition)
    assert run["status"] == "Failed"
    assert run["error"]["code"] == "TimeLimit"
    assert "1 s" in run["error"]["message"]
    assert not processes_with("987654")


def processes_with(word: str) -> list[int]:
    import psutil

    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if word in (process.info["cmdline"] or [])
    ]


def test_over_its_memory_a_run_is_ended(server, folder):
    (folder / "m.py").write_text(
        "import time\nhold = [bytearray(20_000_000) for _ in range(20)]\ntime.sleep(60)"
    )
    definition = {"configuration": {"resources": {"memory": "128M"}}}
    run = finish(server, source={"path": f"{folder.name}/m.py"}, definition=definition)
    assert run["error"]["code"] == "MemoryLimit"
    assert "128 MiB" in run["error"]["message"]


def test_retries_keep_the_log_of_each_attempt(server, folder):
    (folder / "r.py").write_text(
        "import os\nfound = os.path.exists('outputs/seen')\nopen('outputs/seen', 'w').close()\n"
        "print('second' if found else 'first')\nraise SystemExit(0 if found else 3)"
    )
    definition = {"configuration": {"retries": 2}}
    run = finish(server, source={"path": f"{folder.name}/r.py"}, definition=definition)
    assert (run["status"], run["attempt"]) == ("Completed", 2)
    assert server.log(run["runId"], "main-0.txt") == "first\n"
    assert server.log(run["runId"], "main-0.retry-1.txt") == "second\n"
    logs = get(server, f"runs/{run['runId']}/logs").json()["logs"]
    replicas = [log for log in logs if log["attempt"]]
    assert [(log["role"], log["attempt"]) for log in replicas] == [("main", 2), ("main", 1)]


def test_the_environment_holds_no_credentials_of_the_server(make_server):
    secrets = {"JUPYTER_TOKEN": "tok-1", "JPY_API_TOKEN": "tok-2", "JUPYTERHUB_API_TOKEN": "tok-3"}
    server = make_server(env={**secrets, "KEPT": "yes"}, token="tok-0")
    code = "import os, json; json.dump(dict(os.environ), open('outputs/env.json', 'w'))"
    definition = {
        "configuration": {
            "script": "e.py",
            "environment": {"environmentVariables": {"MINE": "x=y z"}},
        }
    }
    run = finish(
        server, experiment="ex", source={}, overlay={"e.py": {"text": code}}, definition=definition
    )
    env = get(server, f"runs/{run['runId']}/outputs/env.json").json()
    assert env["KEPT"] == "yes"
    assert env["MINE"] == "x=y z"
    assert env["AZUREML_RUN_ID"] == run["runId"]
    assert env["AZUREML_ARM_PROJECT_NAME"] == "ex"
    assert env["AZUREML_OUTPUT_DIRECTORY"] == "./outputs"
    assert not [name for name, value in env.items() if value.startswith("tok-")]
    assert env["JUPYTER_EXEC_TOKEN"]
    stored = b"".join(path.read_bytes() for path in server.data_dir.rglob("*") if path.is_file())
    assert env["JUPYTER_EXEC_TOKEN"].encode() not in stored.replace(json.dumps(env).encode(), b"")


def test_a_fault_is_told_once(server):
    definition = {"configuration": {"script": "a.py", "framework": "Fortran"}}
    answer = submit(server, 400, definition=definition)
    (detail,) = answer["error"]["details"]
    assert detail["target"] == "definition.configuration.framework"


@pytest.mark.parametrize(
    ("framework", "communicator", "message"),
    [
        ("python", "Nope", "framework Python has no communicator 'Nope'; allowed: Mpi, None"),
        (
            "PyTorch",
            "horovod",
            "framework PyTorch has no communicator 'horovod'; allowed: Gloo, Mpi, Nccl, None",
        ),
        (
            "Fortran",
            "Nope",
            "'Nope' is not one of None, ParameterServer, Gloo, Mpi, Nccl",
        ),
    ],
)
def test_the_communicators_that_go_with_a_framework(server, framework, communicator, message):
    configuration = {"script": "a.py", "framework": framework, "communicator": communicator}
    answer = submit(server, 400, definition={"configuration": configuration})
    details = answer["error"].get("details") or [answer["error"]]
    assert {
        "definition.configuration.communicator": message,
    }.items() <= {detail["target"]: detail["message"] for detail in details}.items()


def test_ten_faults_at_once(server):
    definition = {
        "configuration": {
            "script": "a.py",
            "framework": "Fortran",
            "communicator": "Shouting",
            "nodeCount": 0,
            "maxRunDurationSeconds": -1,
            "arguments": "no list",
            "retries": -1,
            "resources": {"cpus": 0, "memory": "lots", "gpus": -1},
            "environment": {"environmentVariables": {"A=B": "x"}},
        }
    }
    definition["configuration"]["target"] = "moon"
    answer = submit(server, 400, definition=definition, experiment="a/b")
    details = {detail["target"]: detail["message"] for detail in answer["error"]["details"]}
    assert len(details) == 12
    assert "letters" in details.pop("experiment")
    assert "local" in details["definition.configuration.target"]
    assert "'Fortran' is not one of " in details["definition.configuration.framework"]
    assert all(target.startswith("definition.configuration.") for target in details)


@pytest.mark.parametrize(
    ("body", "target", "word"),
    [
        (
            {"definition": {"configuration": {"target": "moon"}}},
            "definition.configuration.target",
            "local",
        ),
        (
            {"definition": {"configuration": {"script": "x.py"}}},
            "definition.configuration.script",
            "snapshot",
        ),
        ({"definition": {"configuration": {}}}, "definition.configuration.script", "script"),
        (
            {"definition": {"configuration": {"script": "../x.py"}}},
            "definition.configuration.script",
            "",
        ),
        ({"experiment": "a/b"}, "experiment", "letters"),
        ({"runId": "x" * 257}, "runId", "256"),
        ({"runId": "-x"}, "runId", "beginning"),
        (
            {
                "source": {"snapshotId": "nope"},
                "definition": {"configuration": {"command": "true"}},
            },
            "source.snapshotId",
            "nope",
        ),
        ({"source": {"path": "../../etc/passwd"}}, "source.path", "root"),
        ({"source": {"path": "/etc/passwd"}}, "source.path", "root"),
        ({"source": {"path": "a", "snapshotId": "b"}}, "source", "only one"),
        ({"overlay": {"../x": {"text": ""}}}, "overlay.../x", "inside"),
        ({"overlay": {"x": {"base64": "!"}}}, "overlay.x", "base64"),
        ({"parentRunId": "nobody"}, "parentRunId", "nobody"),
        (
            {"definition": {"configuration": {"kernel": "cobol"}}},
            "definition.configuration.kernel",
            "cobol",
        ),
        (
            {"definition": {"configuration": {"resources": {"cpus": 1000}}}},
            "definition.configuration.resources",
            "1000",
        ),
        (
            {
                "definition": {
                    "configuration": {"environment": {"python": {"interpreterPath": "/no/python"}}}
                }
            },
            "definition.configuration.environment.python.interpreterPath",
            "/no/python",
        ),
    ],
)
def test_bad_requests_name_their_field(server, body, target, word):
    before = server.client.get(API + "runs").json()["total"]
    folders = sorted((server.data_dir / "runs").iterdir())
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code in {400, 404}, answer.text
    details = {d.get("target"): d["message"] for d in answer.json()["error"]["details"]}
    assert target in details, details
    assert word in details[target]
    assert server.client.get(API + "runs").json()["total"] == before
    assert sorted((server.data_dir / "runs").iterdir()) == folders


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b'"x"', b"[" * 100_000])
def test_a_body_that_is_not_a_json_object(server, content):
    answer = server.client.post(API + "runs", content=content)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["error"]["message"]


def test_the_same_id_twice(server):
    body = {
        "runId": "chosen-1",
        "source": {},
        "definition": {"configuration": {"command": "echo hi"}},
    }
    assert submit(server, **body)["runId"] == "chosen-1"
    assert submit(server, **body)["runId"] == "chosen-1"
    other = {**body, "definition": {"configuration": {"command": "echo other"}}}
    assert "chosen-1" in submit(server, 409, **other)["error"]["message"]
    server.wait_for_end("chosen-1")


def test_an_id_of_256_characters_runs(server):
    run_id = "r" * 256
    body = {"source": {}, "definition": {"configuration": {"command": "echo hi"}}}
    run = finish(server, runId=run_id, **body)
    assert run["status"] == "Completed"


def test_wild_output_is_kept_as_it_is(server, folder):
    (folder / "w.py").write_text(
        "import sys\nout = sys.stdout.buffer\n"
        "out.write(b'\\xff\\xfe\\0 nul and no utf-8\\n' + b'x' * 10_000_000 + b'\\nlast\\n')"
    )
    run = finish(server, source={"path": f"{folder.name}/w.py"})
    content = get(server, f"runs/{run['runId']}/logs/main-0.txt").content
    assert content == b"\xff\xfe\0 nul and no utf-8\n" + b"x" * 10_000_000 + b"\nlast\n"
    tail = get(server, f"runs/{run['runId']}/logs/main-0.txt", params={"offset": -5})
    assert tail.content == b"last\n"
    assert tail.headers["X-Log-Offset"] == str(len(content) - 5)


def test_a_log_is_followed_to_the_end(server, folder):
    (folder / "f.py").write_text(
        "import time\nfor i in range(10):\n    print(i)\n    time.sleep(0.05)"
    )
    made = submit(server, source={"path": f"{folder.name}/f.py"})
    address = f"{API}runs/{made['runId']}/logs/main-0.txt"
    with server.client.stream("GET", address, params={"follow": "1"}) as answer:
        pieces = list(answer.iter_text())
    assert "".join(pieces) == "".join(f"{i}\n" for i in range(10))
    assert len(pieces) > 2


def test_ranges_and_the_whole_as_a_zip(server):
    code = "import os; os.makedirs('outputs/a'); open('outputs/a/b.txt', 'w').write('0123456789')"
    definition = {"configuration": {"script": "o.py"}}
    run = finish(server, source={}, overlay={"o.py": {"text": code}}, definition=definition)
    address = f"runs/{run['runId']}/outputs"
    for header, expected, status in [
        ("bytes=2-4", b"234", 206),
        ("bytes=-3", b"789", 206),
        ("bytes=8-", b"89", 206),
        ("bytes=20-", None, 416),
        ("lines=1-2", b"0123456789", 200),
    ]:
        answer = get(server, address + "/a/b.txt", headers={"Range": header})
        assert answer.status_code == status
        if expected is not None:
            assert answer.content == expected
    packed = get(server, address, params={"format": "zip"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.read("a/b.txt") == b"0123456789"
    for bad in ("../../definition.json", "%2e%2e/%2e%2e/exec.db", "a", "nope"):
        assert get(server, f"{address}/{bad}").status_code == 404


def test_a_zip_begins_before_it_is_packed(server):
    code = (
        "import os\n"
        "for name in 'ab':\n"
        "    open(f'outputs/{name}', 'wb').write(os.urandom(30_000_000))\n"
    )
    definition = {"configuration": {"script": "o.py"}}
    run = finish(server, source={}, overlay={"o.py": {"text": code}}, definition=definition)
    address = f"{API}runs/{run['runId']}/outputs"
    with server.client.stream("GET", address, params={"format": "zip"}) as answer:
        assert "Content-Length" not in answer.headers
        first = next(answer.iter_raw())
    assert first.startswith(b"PK")
    assert len(first) < 30_000_000
    packed = get(server, f"runs/{run['runId']}/outputs", params={"format": "zip"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.testzip() is None
        assert [entry.file_size for entry in archive.infolist()] == [30_000_000] * 2


def test_outputs_are_never_shown_as_html(server):
    code = "open('outputs/x.html', 'w').write('<script>alert(1)</script>')"
    run = finish(
        server,
        source={},
        overlay={"o.py": {"text": code}},
        definition={"configuration": {"script": "o.py"}},
    )
    answer = get(server, f"runs/{run['runId']}/outputs/x.html")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_events_resume_without_loss(server):
    body = {"source": {}, "definition": {"configuration": {"command": "echo hi"}}}
    run = finish(server, **body)
    listed = get(server, f"runs/{run['runId']}/events").json()["events"]
    streamed = list(server.events(run["runId"], 10))
    assert streamed == listed
    states = [event["status"] for event in listed if "status" in event]
    assert states == ["Queued", "Preparing", "Starting", "Running", "Finalizing", "Completed"]
    rest = list(server.events(run["runId"], 10, since=listed[2]["id"]))
    assert rest == listed[3:]
    bad = get(server, "events", headers={"Last-Event-ID": "x"})
    assert bad.status_code == 400


def first_position(server, **headers):
    address = "jupyter-exec/v1/events"
    with server.client.stream("GET", address, headers=headers, timeout=20) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                return int(line[4:])
    raise AssertionError(address)


def test_the_stream_tells_where_it_is_before_anything_happens(server):
    body = {"source": {}, "definition": {"configuration": {"command": "echo hi"}}}
    run = finish(server, **body)
    newest = get(server, f"runs/{run['runId']}/events").json()["events"][-1]["id"]
    assert first_position(server) == newest
    assert first_position(server, **{"Last-Event-ID": str(newest - 1)}) == newest - 1


def test_a_client_of_another_database_is_told_the_position_of_this_one(server):
    body = {"source": {}, "definition": {"configuration": {"command": "echo hi"}}}
    run = finish(server, **body)
    newest = get(server, f"runs/{run['runId']}/events").json()["events"][-1]["id"]
    assert first_position(server, **{"Last-Event-ID": str(newest + 1000)}) == newest


def test_metrics_and_progress_reach_the_stream(server):
    code = (
        "from jupyter_exec import current_run\n"
        "for i in range(5):\n    current_run.log_metric('loss', 1 / (i + 1), step=i)\n"
        "current_run.progress(5, 5, 'done')\n"
    )
    run = finish(
        server,
        source={},
        overlay={"m.py": {"text": code}},
        definition={"configuration": {"script": "m.py"}},
    )
    assert run["progress"] == {"done": 5, "total": 5, "label": "done"}
    points = get(server, f"runs/{run['runId']}/metrics").json()["metrics"]["loss"]
    assert [point["step"] for point in points] == [0, 1, 2, 3, 4]
    events = get(server, f"runs/{run['runId']}/events").json()["events"]
    told = [point for event in events for point in event.get("metrics", [])]
    assert [point["value"] for point in told] == [point["value"] for point in points]


def test_an_output_whose_name_is_no_text(server):
    code = "open(b'outputs/\\xff', 'w').close(); open('outputs/good', 'w').close()"
    run = finish(
        server,
        source={},
        overlay={"o.py": {"text": code}},
        definition={"configuration": {"script": "o.py"}},
    )
    listed = get(server, f"runs/{run['runId']}/outputs").json()["outputs"]
    assert [entry["path"] for entry in listed] == ["good"]
    packed = get(server, f"runs/{run['runId']}/outputs", params={"format": "zip"})
    assert zipfile.ZipFile(io.BytesIO(packed.content)).namelist() == ["good"]


def test_the_named_script_comes_along_whatever_files_says(server, folder):
    (folder / "data").mkdir()
    (folder / "data" / "a").touch()
    (folder / "m.py").write_text("import os; print(sorted(os.listdir('.')))")
    made = submit(server, source={"path": f"{folder.name}/m.py", "files": ["data/*"]})
    assert made["snapshot"]["files"] == 2
    server.wait_for_end(made["runId"])


def test_parameters_are_for_notebooks(server):
    definition = {"configuration": {"command": "true", "parameters": {"a": 1}}}
    answer = submit(server, 400, source={}, definition=definition)
    assert answer["error"]["target"] == "definition.configuration.parameters"


def test_cancel_leaves_nothing_and_is_harmless_afterwards(server, folder):
    (folder / "c.py").write_text(
        "import subprocess, signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "subprocess.Popen(['setsid', 'sleep', '876543'])\nprint('up', flush=True)\ntime.sleep(600)"
    )
    made = submit(server, source={"path": f"{folder.name}/c.py"})
    address = f"{API}runs/{made['runId']}"
    with server.client.stream("GET", address + "/logs/main-0.txt", params={"follow": 1}) as log:
        assert "up" in next(log.iter_text())
        assert processes_with("876543")
        answer = server.client.post(address + "/cancel")
        assert answer.status_code == 200
    run = server.wait_for_end(made["runId"])
    assert run["status"] == "Canceled"
    assert not processes_with("876543")
    assert server.client.post(address + "/cancel").json()["status"] == "Canceled"


def test_delete(server):
    run = finish(server, source={}, definition={"configuration": {"command": "echo hi"}})
    address = f"{API}runs/{run['runId']}"
    folders = set((server.data_dir / "runs").iterdir())
    assert server.client.delete(address).status_code == 204
    assert len(folders - set((server.data_dir / "runs").iterdir())) == 1
    assert server.client.get(address).status_code == 404
    assert server.client.delete(address).status_code == 404


def test_a_queue_with_positions(make_server):
    server = make_server(
        config={"ExecApp": {"compute_targets": {"one": {"type": "local", "cpus": 1}}}}
    )
    body = {
        "source": {},
        "definition": {"configuration": {"command": "sleep 600", "target": "one"}},
    }
    ids = [submit(server, **body)["runId"] for _ in range(3)]
    server.wait_for_status(ids[0], "Running")
    assert [server.run(run_id).get("queuePosition") for run_id in ids] == [None, 1, 2]
    target = get(server, "targets").json()["targets"][0]
    assert target["used"]["cpus"] == 1
    assert [entry["runId"] for entry in target["queue"]] == ids[1:]
    server.client.post(f"{API}runs/{ids[1]}/cancel")
    canceled = server.wait_for_end(ids[1])
    assert (canceled["status"], canceled["startedAt"]) == ("Canceled", None)
    assert server.run(ids[2])["queuePosition"] == 1
    server.client.post(f"{API}runs/{ids[0]}/cancel")
    server.wait_for_status(ids[2], "Running")


def test_git_is_recorded(server, folder):
    import subprocess

    def git(*words: str) -> None:
        identity = ["-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    (folder / "g.py").write_text("print(1)\n")
    git("init", "-b", "trunk")
    git("add", "-A")
    git("commit", "-m", "x")
    source = {"path": f"{folder.name}/g.py"}
    clean = finish(server, source=source)
    assert clean["git"]["branch"] == "trunk"
    assert clean["git"]["dirty"] is False
    (folder / "g.py").write_text("print(2)\n")
    dirty = finish(server, source=source)
    assert dirty["git"]["dirty"] is True
    assert dirty["git"]["commit"] == clean["git"]["commit"]
    assert "+print(2)" in get(server, f"runs/{dirty['runId']}/diff").text
