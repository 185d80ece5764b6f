from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import pytest
from stand_in import Answer, StandIn, event, run_json

from jupyter_exec.cli import main

RUN = "default_1_abcd"


@pytest.fixture
def server(monkeypatch):
    made = StandIn()
    made.on(f"GET runs/{RUN}/outputs", Answer({"outputs": []}))
    made.on(f"GET runs/{RUN}/logs", Answer({"logs": []}))
    made.on(f"GET runs/{RUN}/metrics", Answer({"metrics": {}, "progress": None}))
    monkeypatch.setenv("JUPYTER_EXEC_URL", made.url)
    monkeypatch.setenv("JUPYTER_EXEC_TOKEN", "secret")
    monkeypatch.delenv("JUPYTER_EXEC_RUN_ID", raising=False)
    yield made
    made.close()


def ends(server, status, **more):
    """Let the run end so when it is looked at again, with a log of two lines."""
    entry = {"name": "main-0.txt", "role": "main", "index": 0, "attempt": 1}
    done = run_json(status=status, endedAt="2026-01-31T12:00:03.500Z", **more)
    server.on(f"GET runs/{RUN}", Answer(done))
    server.on(f"GET runs/{RUN}/logs", Answer({"logs": [entry]}))
    for name in ("main-0.txt", "merged"):
        server.on(f"GET runs/{RUN}/logs/{name}", Answer(b"one\ntwo\n"))
    states = [event(1, status="Running"), event(2, **{**done, "type": "state", "id": 2})]
    server.on(f"GET runs/{RUN}/events", lambda _: Answer(iter(states)))


def submits(server):
    taken = {"snapshotId": "s", "files": 2, "sizeBytes": 1500}
    server.on("POST snapshots", Answer({"snapshotId": "s"}, 201))
    server.on("POST runs", Answer(run_json(status="Queued", startedAt=None, snapshot=taken), 201))


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("print(1)\n")
    return str(path)


def test_submit_sends_what_was_typed(server, script, capsys):
    submits(server)
    words = (
        "--name N --experiment E --cpus 2 --memory 2G --time-limit 2h --retries 1 --tag k=v --tag w"
    )
    status = main(
        [
            "submit",
            script,
            *words.split(),
            "-p",
            "lr=0.1",
            "-p",
            "name=hello",
            "--",
            "--epochs",
            "3",
            "--x",
        ]
    )
    assert status == 0
    body = server.seen("POST runs")[0].json
    assert body["displayName"] == "N"
    assert body["experiment"] == "E"
    assert body["tags"] == {"k": "v", "w": ""}
    configuration = body["definition"]["configuration"]
    assert configuration["arguments"] == ["--epochs", "3", "--x"]
    assert configuration["parameters"] == {"lr": 0.1, "name": "hello"}
    assert configuration["resources"] == {"cpus": "2", "memory": "2G"}
    assert configuration["maxRunDurationSeconds"] == 7200
    assert configuration["retries"] == "1"
    assert capsys.readouterr().out == (
        f"Submitted {RUN} with 2 files, 1.5 kB. To watch it: jupyter exec logs -f {RUN}\n"
    )


def test_words_after_a_folder_are_its_command(server, tmp_path):
    submits(server)
    (tmp_path / "Makefile").write_text("all:\n")
    main(["submit", str(tmp_path), "--", "make", "-k"])
    assert server.seen("POST runs")[0].json["definition"]["configuration"]["command"] == [
        "make",
        "-k",
    ]


def test_json_is_json_alone(server, script, capsys):
    submits(server)
    ends(server, "Completed", exitCode=0)
    assert main(["submit", script, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runId"] == RUN
    assert main(["submit", script, "--json", "--wait"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["status"] == "Completed"
    assert "one\ntwo\n" in captured.err


@pytest.mark.parametrize(
    ("status", "exit_code", "expected"),
    [
        ("Completed", 0, 0),
        ("Failed", 3, 3),
        ("Failed", None, 1),
        ("Failed", 0, 1),
        ("Failed", -9, 137),
        ("Failed", 70_000, 1),
        ("Canceled", -15, 130),
    ],
)
def test_wait_exits_as_the_run_did(server, script, capsys, status, exit_code, expected):
    submits(server)
    error = {"code": "Exit", "message": "exited with 3"} if status == "Failed" else None
    ends(server, status, exitCode=exit_code, error=error)
    server.on(f"GET runs/{RUN}/outputs", Answer({"outputs": [{"path": "a.txt", "sizeBytes": 1}]}))
    assert main(["submit", script, "--wait"]) == expected
    captured = capsys.readouterr()
    assert captured.out == "one\ntwo\n"
    lines = captured.err.splitlines()
    assert lines[0].startswith(f"Submitted {RUN}")
    assert status not in lines[1:-1]
    cause = ": exited with 3" if error else ""
    word = "in" if status == "Completed" else "after"
    where = f"; left a.txt: jupyter exec outputs {RUN} --download ."
    assert lines[-1] == f"{status} {word} 2.5 s{cause}{where}"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["show", "none"], "there is no run none"),
        (["submit", "missing.py"], "missing.py does not exist"),
        (["submit", ".", "-p", "x"], "name=value"),
        (["submit", ".", "--time-limit", "soon"], "'soon' is not a duration"),
        (["submit", ".", "--env", "none.txt"], "none.txt cannot be read"),
        (["gc", "--older-than", "x"], "'x' is not a duration"),
        (["gc", "--keep", "-1"], "cannot be negative"),
    ],
)
def test_an_error_is_one_line(server, capsys, monkeypatch, tmp_path, argv, message):
    monkeypatch.chdir(tmp_path)
    refusal = {"error": {"code": "UserError", "message": "there is no run none"}}
    server.on("GET runs/none", Answer(refusal, 404))
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("jupyter exec: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "argv", [[], ["nonsense"], ["list", "--", "x"], ["cancel"], ["list", "-n", "many"]]
)
def test_what_cannot_be_read_exits_with_2(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "usage: jupyter exec" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "hints"), [("submit", True), ("cancel", False)])
def test_the_scripts_own_arguments_go_after_two_dashes(capsys, command, hints):
    with pytest.raises(SystemExit) as caught:
        main([command, "train.py", "--epoch", "3"])
    assert caught.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "unrecognized arguments: --epoch 3" in last
    assert last.endswith("(the script's own arguments go after --)") is hints


def test_no_server_is_one_line(server, capsys):
    server.close()
    assert main(["list"]) == 2
    assert "nothing listens there" in capsys.readouterr().err


def test_list_is_aligned(server, capsys):
    runs = [
        run_json("a", status="Queued", startedAt=None),
        run_json(
            "a-longer-id", status="Failed", error={"code": "Exit", "message": "exited with 3"}
        ),
    ]
    server.on("GET runs", Answer({"runs": runs, "next": None, "total": 7}))
    assert main(["list", "--status", "Failed", "-q", "tra", "-n", "2"]) == 0
    assert server.seen("GET runs")[0].query == {"status": "Failed", "q": "tra", "limit": "2"}
    header, first, second, more = capsys.readouterr().out.splitlines()
    assert header.split() == ["RUN", "NAME", "STATUS", "TARGET", "CREATED", "TOOK", "PROGRESS"]
    assert {
        line.index(word)
        for line, word in ((header, "STATUS"), (first, "Queued"), (second, "Failed"))
    } == {header.index("STATUS")}
    assert second.endswith("exited with 3")
    assert more == "2 of 7; --limit shows more"


@pytest.mark.parametrize(
    ("label", "shown"), [("cell 1/2", "  cell 1/2"), ("epochs", "  1/2 epochs")]
)
def test_list_shows_numbers_once(server, capsys, label, shown):
    run = run_json(progress={"done": 1, "total": 2, "label": label})
    server.on("GET runs", Answer({"runs": [run], "next": None, "total": 1}))
    main(["list"])
    assert capsys.readouterr().out.rstrip().endswith(shown)


def test_list_of_nothing(server, capsys):
    server.on("GET runs", Answer({"runs": [], "next": None, "total": 0}))
    assert main(["list"]) == 0
    assert capsys.readouterr().out == "no runs\n"
    assert main(["list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_show_is_of_the_newest_by_default(server, capsys):
    error = {"code": "TimeLimit", "message": "longer than its 2 h"}
    run = run_json(
        status="Failed", error=error, definition={"configuration": {"script": "train.py"}}
    )
    server.on("GET runs", Answer({"runs": [run], "next": None, "total": 9}))
    server.on(
        f"GET runs/{RUN}/metrics", Answer({"metrics": {"loss": [{"value": 2}, {"value": 1}]}})
    )
    assert main(["show"]) == 0
    shown = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert shown["run"] == RUN
    assert shown["cause"] == "longer than its 2 h"
    assert shown["script"] == "train.py"
    assert shown["metric"].split(None, 1) == ["loss", "1 (2 points)"]


def test_logs_print_and_follow(server, capsys):
    ends(server, "Failed", exitCode=4, error={"code": "Exit", "message": "exited with 4"})
    assert main(["logs", RUN]) == 0
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("one\ntwo\n", "")
    assert main(["logs", "-f", RUN]) == 4
    captured = capsys.readouterr()
    assert captured.out == "one\ntwo\n"
    assert captured.err.splitlines()[-1] == "Failed after 2.5 s: exited with 4"


def test_logs_of_several_replicas(server, capsys):
    ends(server, "Completed")
    names = ("worker-0", "worker-1", "worker-1.retry-1", "rank-3")
    entries = [
        {"name": f"{name}.txt", "role": role, "index": int(rest[0]), "attempt": 1 + ("." in rest)}
        for name in names
        for role, _, rest in [name.partition("-")]
    ]
    listed = {"logs": sorted(entries, key=lambda entry: -entry["attempt"]), "mergedBytes": 9}
    server.on(f"GET runs/{RUN}/logs", Answer(listed))
    server.on(f"GET runs/{RUN}/logs/merged", Answer(b"worker-1 | all\n"))
    for name in names:
        server.on(f"GET runs/{RUN}/logs/{name}.txt", Answer(f"{name}\n".encode()))
    for words, said in (
        ([], "worker-1 | all\n"),
        (["--replica", "worker-1"], "worker-1.retry-1\n"),
        (["--replica", "rank-3"], "rank-3\n"),
        (["--replica", "worker-1", "-f"], "worker-1.retry-1\n"),
        (["--name", "worker-0.txt"], "worker-0\n"),
    ):
        assert main(["logs", RUN, *words]) == 0
        assert capsys.readouterr().out == said


def test_cancel_says_what_it_did(server, capsys):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    server.on(f"POST runs/{RUN}/cancel", Answer(run_json(status="CancelRequested")))
    assert main(["cancel", RUN]) == 0
    assert capsys.readouterr().out == f"{RUN}: CancelRequested\n"


def test_outputs_are_listed_and_fetched(server, capsys, tmp_path):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    entry = {"path": "a.txt", "sizeBytes": 1500, "modifiedAt": None}
    server.on(f"GET runs/{RUN}/outputs", Answer({"outputs": [entry]}))
    server.on(f"GET runs/{RUN}/outputs/a.txt", Answer(b"abc"))
    assert main(["outputs", RUN]) == 0
    assert capsys.readouterr().out == "SIZE    OUTPUT\n1.5 kB  a.txt\n"
    assert main(["outputs", RUN, "--download", str(tmp_path / "o")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/o/a.txt\n"
    assert (tmp_path / "o/a.txt").read_bytes() == b"abc"


def test_rerun_sends_only_what_changes(server, capsys):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    server.on(f"POST runs/{RUN}/rerun", Answer(run_json("again", "Queued"), 201))
    assert main(["rerun", RUN]) == 0
    assert main(["rerun", RUN, "-p", "lr=1", "--memory", "1G", "--", "-v"]) == 0
    exact, changed = (one.json for one in server.seen(f"POST runs/{RUN}/rerun"))
    assert exact == {}
    assert changed == {
        "definition": {
            "configuration": {
                "parameters": {"lr": 1},
                "resources": {"memory": "1G"},
                "arguments": ["-v"],
            }
        }
    }
    assert "Submitted again" in capsys.readouterr().out


@pytest.fixture
def old_runs(server):
    now = datetime.now(timezone.utc)
    ages_d = {"young": 1, "old": 31, "older": 40, "oldest": 50}
    runs = [run_json("going", status="Running")]
    runs += [
        run_json(name, status="Failed", endedAt=(now - timedelta(days=age)).isoformat())
        for name, age in ages_d.items()
    ]
    server.on("GET runs", Answer({"runs": runs, "next": None, "total": len(runs)}))
    for run in runs:
        server.on(f"DELETE runs/{run['runId']}", Answer(b"", 204))
    server.on("POST environments/collect", Answer({"environments": [{"sizeBytes": 1500}]}))
    return server


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ("", ["old", "older", "oldest"]),
        ("--older-than 45d", ["oldest"]),
        ("--keep 3", ["oldest"]),
        ("--keep 2 --older-than 45d", ["oldest"]),
        ("--keep 4 --older-than 1d", []),
        ("--older-than 0", ["young", "old", "older", "oldest"]),
    ],
)
def test_gc_deletes_old_runs_that_ended(old_runs, capsys, options, gone):
    assert main(["gc", *options.split(), "--dry-run"]) == 0
    assert not [one for one in old_runs.requests if one.method == "DELETE"]
    assert "would be deleted" in capsys.readouterr().out
    assert main(["gc", *options.split()]) == 0
    deleted = [
        one.path.removeprefix("runs/") for one in old_runs.requests if one.method == "DELETE"
    ]
    assert deleted == gone
    tried, collected = (one.json for one in old_runs.seen("POST environments/collect"))
    assert (tried["dryRun"], collected["dryRun"]) == (True, False)
    days = {"": None, "--keep 3": None, "--keep 4 --older-than 1d": 1, "--older-than 0": 0}
    assert collected["maxAgeDays"] == days.get(options, 45)
    assert "1 environment deleted, 1.5 kB\n" in capsys.readouterr().out


def test_help_is_quick_and_imports_little():
    code = (
        "import sys\nfrom jupyter_exec.cli import main\n"
        "try: main(['submit', '--help'])\nexcept SystemExit: pass\n"
        "print({'httpx', 'pydantic', 'psutil', 'yaml'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--time-limit" in done.stdout
    assert done.stderr == "set()\n"
