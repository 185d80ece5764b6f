from __future__ import annotations

import cloudpickle
import pytest
from stand_in import Answer, StandIn, event, run_json

from jupyter_exec import ExecClient
from jupyter_exec.errors import ExecError, NotFound, RunFailed

RUN = "default_1_abcd"


@pytest.fixture
def server():
    made = StandIn()
    yield made
    made.close()


@pytest.fixture
def client(server):
    with ExecClient(server.url, "secret") as made:
        yield made


@pytest.fixture
def ended(client, server):
    done = run_json(status="Completed", endedAt="2026-01-31T12:00:03.500Z", exitCode=0)
    server.on(f"GET runs/{RUN}", Answer(done))
    return client.run(RUN)


def test_attributes_and_how_it_looks(client, server):
    error = {"code": "Exit", "message": "exited with code 3"}
    server.on(
        f"GET runs/{RUN}",
        Answer(run_json(status="Failed", error=error, exitCode=3, tags={"a": "b"})),
    )
    run = client.run(RUN)
    assert (run.run_id, run.name, run.status, run.exit_code) == (RUN, "train.py", "Failed", 3)
    assert run.error == ("Exit", "exited with code 3")
    assert run.tags == {"a": "b"}
    assert run.ended
    assert run.started_at.isoformat() == "2026-01-31T12:00:01+00:00"
    assert run.ended_at is None
    assert repr(run) == "<Run 'default_1_abcd' · 'train.py' · Failed · exited with code 3>"
    with pytest.raises(RunFailed, match="default_1_abcd: exited with code 3") as caught:
        run.raise_for_status()
    assert caught.value.code == "Exit"


def test_progress_shows_while_it_goes_on(client, server):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    events = [
        event(1, "progress", progress={"done": 3, "total": 7, "label": "cells"}),
        event(2, status="Canceled"),
    ]
    server.on(f"GET runs/{RUN}/events", Answer(iter(events)))
    run = client.run(RUN)
    looks = [repr(run) for _ in run.events()]
    assert looks[0].endswith("· Running · 3/7>")
    assert looks[1].endswith("· Canceled>")


def test_a_run_that_has_ended_is_not_waited_for(ended, server):
    assert ended.wait(timeout=0.001) is ended
    assert ended.raise_for_status() is ended
    assert len(server.seen(f"GET runs/{RUN}")) == 1


def test_waiting_learns_what_events_do_not_tell(client, server):
    environment = {"kind": "venv", "hash": "abc", "python": "3.11.7"}
    done = run_json(status="Completed", environment=environment)
    looks = iter([Answer(run_json()), Answer(done)])
    server.on(f"GET runs/{RUN}", lambda _: next(looks))
    server.on(f"GET runs/{RUN}/events", Answer(iter([event(1, status="Completed")])))
    run = client.run(RUN)
    for _ in run.events():  # as a widget follows it
        pass
    assert run.ended
    assert run.wait().json["environment"] == environment


def test_the_values_come_back(ended, server):
    content = cloudpickle.dumps({"a": 1, "f": lambda x: x + 1})
    server.on(f"GET runs/{RUN}/outputs/result.pkl", Answer(content))
    values = ended.result()
    assert values["a"] == 1
    assert values["f"](2) == 3


def test_values_that_are_missing_or_unreadable_are_told(ended, server):
    with pytest.raises(NotFound, match="left no values; name them with --out"):
        ended.result()
    server.on(f"GET runs/{RUN}/outputs/result.pkl", Answer(b"cno_such_module\nx\n."))
    with pytest.raises(ExecError, match="cannot be read here: ModuleNotFoundError"):
        ended.result()


def test_outputs_are_fetched_with_their_folders(ended, server, tmp_path):
    entries = [
        {"path": "a b.txt", "sizeBytes": 3, "modifiedAt": "2026-01-31T12:00:03.500Z"},
        {"path": "sub/ü.bin", "sizeBytes": 2, "modifiedAt": None},
    ]
    server.on(f"GET runs/{RUN}/outputs", Answer({"outputs": entries}))
    server.on(f"GET runs/{RUN}/outputs/a%20b.txt", Answer(b"abc"))
    server.on(f"GET runs/{RUN}/outputs/sub/%C3%BC.bin", Answer(b"\x00\xff"))
    assert [(one.path, one.size_bytes) for one in ended.outputs()] == [
        ("a b.txt", 3),
        ("sub/ü.bin", 2),
    ]
    files = ended.download(tmp_path / "new")
    assert files == [tmp_path / "new/a b.txt", tmp_path / "new/sub/ü.bin"]
    assert [file.read_bytes() for file in files] == [b"abc", b"\x00\xff"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a b.txt", "sub"]


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_an_output_that_would_lie_elsewhere_is_refused(ended, tmp_path, path):
    with pytest.raises(ExecError, match="would lie outside"):
        ended.download(tmp_path, path)


def test_cancel_rerun_and_delete(client, server):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    server.on(f"POST runs/{RUN}/cancel", Answer(run_json(status="CancelRequested")))
    server.on(f"POST runs/{RUN}/rerun", Answer(run_json("again", "Queued"), 201))
    server.on(f"DELETE runs/{RUN}", Answer(b"", 204))
    run = client.run(RUN)
    assert run.cancel().status == "CancelRequested"
    again = run.rerun(name="second", parameters={"lr": 1}, time_limit="1m")
    assert again.run_id == "again"
    assert server.seen(f"POST runs/{RUN}/rerun")[0].json == {
        "displayName": "second",
        "definition": {"configuration": {"parameters": {"lr": 1}, "maxRunDurationSeconds": 60}},
    }
    run.rerun()
    assert server.seen(f"POST runs/{RUN}/rerun")[1].json == {}
    run.delete()
    assert len(server.seen(f"DELETE runs/{RUN}")) == 1


@pytest.fixture
def many(server):
    """250 runs, in pages of at most 100."""

    def page(request):
        start = int(request.query.get("cursor", 0))
        count = min(int(request.query["limit"]), 100)
        runs = [run_json(f"run-{number}") for number in range(start, min(start + count, 250))]
        following = str(start + count) if start + count < 250 else None
        return Answer({"runs": runs, "next": following, "total": 250})

    server.on("GET runs", page)


@pytest.mark.usefixtures("many")
def test_pages_are_fetched_when_they_are_looked_at(client, server):
    runs = client.runs(experiment="e", tag="a=b")
    assert not server.requests
    assert runs[0].run_id == "run-0"
    assert len(server.requests) == 1
    assert server.requests[0].query == {"experiment": "e", "tag": "a=b", "limit": "100"}
    assert [run.run_id for run in runs] == [f"run-{number}" for number in range(250)]
    assert len(server.requests) == 3
    assert len(runs) == 250
    assert runs[-1].run_id == "run-249"
    with pytest.raises(IndexError):
        runs[250]


@pytest.mark.usefixtures("many")
def test_a_limit_holds_and_the_total_is_known(client, server):
    runs = client.runs(limit=120)
    assert len(list(runs)) == len(runs) == 120
    assert runs.total == 250
    assert [request.query["limit"] for request in server.requests] == ["100", "20"]
    assert repr(runs).endswith("... and 100 more")
