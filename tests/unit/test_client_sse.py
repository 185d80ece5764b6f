from __future__ import annotations

import threading
import time

import pytest
from stand_in import Answer, StandIn, event, run_json

from jupyter_exec import ExecClient
from jupyter_exec.client.sse import parse_events
from jupyter_exec.errors import NotFound

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


def test_lines_become_events():
    lines = [
        ": hello",
        "",
        "id: 1",
        "event: state",
        'data: {"id": 1,',
        'data: "a": "b:c"}',
        "",
        "data: []",
        "",
    ]
    assert list(parse_events(lines)) == [None, {"id": 1, "a": "b:c"}]


def test_broken_connections_lose_and_repeat_nothing(server, client):
    def events(request):
        last = int(request.headers.get("last-event-id", 0))
        if last < 4:
            return Answer(iter([b": ping\n\n", event(last + 1), event(last + 2)]), breaks=True)
        return Answer(iter([event(5)]))

    server.on("GET events", events)
    stream = client.events()
    assert [next(stream)["id"] for _ in range(5)] == [1, 2, 3, 4, 5]
    stream.close()
    asked = [one.headers.get("last-event-id") for one in server.seen("GET events")]
    assert asked == [None, "2", "4"]


def test_an_event_that_breaks_off_in_the_middle_comes_again(server, client):
    def events(request):
        if "last-event-id" not in request.headers:
            return Answer(iter([event(1), event(2)[:20]]), breaks=True)
        return Answer(iter([event(2)]))

    server.on("GET events", events)
    stream = client.events()
    assert [next(stream)["id"] for _ in range(2)] == [1, 2]
    stream.close()


def test_following_survives_a_restart_of_the_server(client, server):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    server.on(f"GET runs/{RUN}/events", Answer(iter([event(1, status="Running")]), breaks=True))
    run = client.run(RUN)
    seen = []
    stream = run.events()
    seen.append(next(stream))
    server.close()
    again = []

    def restart():
        time.sleep(0.5)  # the time a restart takes
        second = StandIn(server.port)
        second.on(
            f"GET runs/{RUN}/events", Answer(iter([event(2, status="Completed", exitCode=0)]))
        )
        again.append(second)

    restarting = threading.Thread(target=restart)
    restarting.start()
    seen += list(stream)
    restarting.join()
    again[0].close()
    assert [one["id"] for one in seen] == [1, 2]
    assert again[0].seen(f"GET runs/{RUN}/events")[0].headers["last-event-id"] == "1"
    assert run.status == "Completed"
    assert run.exit_code == 0


def quiet(stop: threading.Event):
    yield event(1, status="Running")
    stop.wait(20)


def test_waiting_ends_at_its_timeout_though_nothing_comes(client, server):
    stop = threading.Event()
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    server.on(f"GET runs/{RUN}/events", Answer(quiet(stop)))
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"default_1_abcd is Running after 0\.3 s"):
        client.run(RUN).wait(timeout=0.3)
    stop.set()
    assert 0.3 <= time.monotonic() - began < 3


def test_a_run_that_is_deleted_ends_the_waiting(client, server):
    server.on(f"GET runs/{RUN}", Answer(run_json()))
    run = client.run(RUN)
    server.on(
        f"GET runs/{RUN}", Answer({"error": {"code": "UserError", "message": "no such run"}}, 404)
    )
    server.on(f"GET runs/{RUN}/events", Answer(iter([event(3, "deleted")])))
    with pytest.raises(NotFound, match="no such run"):
        run.wait()


def test_a_log_is_followed_across_broken_connections(client, server):
    content = "erste Zeile: ä\nzweite\n".encode()

    def log(request):
        offset = int(request.query["offset"])
        if offset + 14 < len(content):
            return Answer(iter([content[offset : offset + 14]]), breaks=True)  # in the middle of ä
        server.on(f"GET runs/{RUN}", Answer(run_json(status="Completed")))
        return Answer(iter([content[offset:]] if content[offset:] else []))

    server.on(f"GET runs/{RUN}", Answer(run_json()))
    entry = {"name": "main-0.txt", "role": "main", "index": 0, "attempt": 1}
    server.on(f"GET runs/{RUN}/logs", Answer({"logs": [entry]}))
    server.on(f"GET runs/{RUN}/logs/merged", log)
    assert "".join(client.run(RUN).logs(follow=True)) == content.decode()


def test_the_log_is_the_last_attempts_or_that_of_all_replicas(client, server):
    server.on(f"GET runs/{RUN}", Answer(run_json(status="Failed")))
    names = {"main-0.retry-1.txt": 2, "main-0.txt": 1}
    entries = [
        {"name": name, "role": "main", "index": 0, "attempt": attempt}
        for name, attempt in names.items()
    ]
    environment = {"name": "environment.txt", "role": None, "index": None, "attempt": None}
    answer = {"logs": [environment, *entries], "mergedBytes": None}
    server.on(f"GET runs/{RUN}/logs", Answer(answer))
    for name, attempt in names.items():
        server.on(f"GET runs/{RUN}/logs/{name}", Answer(f"attempt {attempt}\n".encode()))
    server.on(f"GET runs/{RUN}/logs/merged", Answer(b"all\n"))
    run = client.run(RUN)
    assert run.logs() == "attempt 2\n"
    assert "".join(run.logs(follow=True)) == "all\n"
    server.on(f"GET runs/{RUN}/logs", Answer({**answer, "mergedBytes": 4}))
    assert run.logs() == "all\n"


def test_a_run_that_ended_without_a_log_has_an_empty_one(client, server):
    server.on(f"GET runs/{RUN}", Answer(run_json(status="Canceled")))
    server.on(f"GET runs/{RUN}/logs", Answer({"logs": []}))
    server.on(f"GET runs/{RUN}/logs/merged", Answer(b""))
    assert "".join(client.run(RUN).logs(follow=True)) == ""
    assert client.run(RUN).logs() == ""
