from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest
from stand_in import Answer, StandIn, event, run_json

from jupyter_exec import ExecClient
from jupyter_exec.cli.live import Live
from jupyter_exec.cli.text import duration, size, table
from jupyter_exec.errors import ExecError

RUN = "default_1_abcd"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def server():
    made = StandIn()
    made.on(f"GET runs/{RUN}", Answer(run_json()))
    made.on(f"GET runs/{RUN}/outputs", Answer({"outputs": []}))
    yield made
    made.close()


def logs(server, *blocks):
    entry = {"name": "main-0.txt", "role": "main", "index": 0, "attempt": 1}
    server.on(f"GET runs/{RUN}/logs", Answer({"logs": [entry]}))
    server.on(f"GET runs/{RUN}/logs/merged", lambda _: Answer(iter(blocks)))


def test_a_terminal_shows_one_line_below_whole_lines_of_the_log(server):
    logged = threading.Event()

    def blocks():
        yield b"one\ntw"
        logged.wait(10)
        yield b"o\nlast"
        server.on(f"GET runs/{RUN}", Answer(run_json(status="Completed")))

    def events():
        yield event(1, status="Running")
        yield event(2, "progress", progress={"done": 3, "total": 6, "label": "cells"})
        logged.set()
        yield event(3, status="Completed")

    entry = {"name": "main-0.txt", "role": "main", "index": 0, "attempt": 1}
    server.on(f"GET runs/{RUN}/logs", Answer({"logs": [entry]}))
    sent = []

    def log(_):
        sent.append(None)
        return Answer(blocks() if len(sent) == 1 else iter([]))

    server.on(f"GET runs/{RUN}/logs/merged", log)
    server.on(f"GET runs/{RUN}/events", lambda _: Answer(events()))
    terminal = Terminal()
    with ExecClient(server.url, "secret") as client:
        Live(client.run(RUN), terminal, terminal).watch()
    shown = terminal.getvalue()
    assert "[############............]  3/6 cells" in shown
    plain = re.sub(r"\r\x1b\[K[^\n\r]*?(?=one|two|last|\r|$)", "", shown)
    assert plain == "one\ntwo\nlast\n"
    assert "tw\n" not in shown


def test_a_lost_run_is_told(server):
    refusal = Answer({"error": {"code": "UserError", "message": "there is no such run"}}, 404)
    server.on(f"GET runs/{RUN}/events", refusal)
    logs(server)
    with ExecClient(server.url, "secret") as client, pytest.raises(ExecError, match="no such run"):
        Live(client.run(RUN), None, io.StringIO()).watch()


def test_ctrl_c_leaves_the_run_and_a_second_one_ends_the_watching(server):
    stop = threading.Event()

    def events():
        yield event(1, status="Running")
        stop.wait(30)

    server.on(f"GET runs/{RUN}/events", lambda _: Answer(events()))
    logs(server, b"working\n")
    leader, follower = pty.openpty()
    environment = {**os.environ, "JUPYTER_EXEC_URL": server.url, "JUPYTER_EXEC_TOKEN": "secret"}
    environment.pop("JUPYTER_EXEC_RUN_ID", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_exec.cli", "logs", "-f", RUN],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        start_new_session=True,
    )
    os.close(follower)
    shown = read_until(leader, b"Running")
    process.send_signal(signal.SIGINT)
    shown += read_until(leader, b"ends this")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    stop.set()
    os.close(leader)
    assert f"{RUN} goes on. To end it: jupyter exec cancel {RUN}.".encode() in shown
    assert b"Traceback" not in shown
    assert not [one for one in server.requests if one.method == "POST"]


def read_until(descriptor: int, word: bytes) -> bytes:
    shown = b""
    while word not in shown:
        shown += os.read(descriptor, 4096)
    return shown


def test_numbers_as_people_read_them():
    spans = [0.04, 12.4, 200, 7500, 273_600]
    assert [duration(seconds) for seconds in spans] == [
        "0.0 s",
        "12 s",
        "3 min 20 s",
        "2 h 5 min",
        "3 d 4 h",
    ]
    assert [size(count) for count in (0, 999, 1500, 2e9, 5e12)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.0 GB",
        "5.0 TB",
    ]
    assert table(("A", "LAST"), [("xyz", "1"), ("", "22")]) == "A    LAST\nxyz  1\n     22"
