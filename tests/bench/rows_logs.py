"""Logs: how soon a line is in the client's hands, and what a run that prints a lot costs."""

from __future__ import annotations

import time

from servers import TERMINAL

from bench.harness import Plan, Row
from bench.places import Ours
from bench.processes import Peak, cpu_s, rss_bytes

_LINES = """
import time
for _ in range({count}):
    time.sleep(0.05)
    print(time.time(), flush=True)
"""
_FLOOD = """
import os
block = (b"x" * 99 + b"\\n") * 10_000
for _ in range({megabytes}):
    written = 0
    while written < len(block):
        written += os.write(1, block[written:])
"""


def lines(plan: Plan) -> list[Row]:
    """Measure how old a line is when a client that follows the log has it."""
    ours = Ours(plan.folder / "lines")
    count = plan.size(200, 40)
    ours.start()
    try:
        ages = _ages(ours, _LINES.format(count=count))
    finally:
        ours.end()
    what = f"log line printed → in the client's hands ({count} lines)"
    return [Row(what, ages, by="value", limit=0.1, quantile=0.95)]


def _ages(ours: Ours, text: str) -> list[float]:
    body = _body(text)
    warm_up, connection = ours.connect(), ours.connect()
    stream = ours.events()
    run = warm_up.json("POST", ours.runs, body)
    for event in stream:
        if event["runId"] == run["runId"] and event.get("status") == "Running":
            break
    stream.close()
    answer = connection.send("GET", f"{ours.runs}/{run['runId']}/logs/main-0.txt?follow=1")
    ages = []
    while line := answer.readline():
        ages.append(time.time() - float(line))
    # What was printed before the client came is older by no fault of the server.
    return ages[5:]


def flood(plan: Plan) -> list[Row]:
    """Measure the server while a run prints at full speed."""
    ours = Ours(plan.folder / "flood")
    megabytes = plan.size(1000, 100)
    ours.start()
    shares, growths = [], []
    try:
        ours.measure(_body("pass"))
        for _ in range(max(2, plan.heavy_rounds)):
            share, growth = _cost(ours, megabytes)
            shares.append(share)
            growths.append(growth)
    finally:
        ours.end()
    what = f"a run prints {megabytes} MB at full speed: the server's"
    return [
        Row(f"{what} share of a core", shares, "%", by="value", limit=5),
        Row(f"{what} memory, growth", growths, "MB", by="value", limit=5),
    ]


def _cost(ours: Ours, megabytes: int) -> tuple[float, float]:
    """Return the server's processor time in percent of the run's duration, and its growth in MB."""
    ours.marked.settle()
    connection, stream = ours.connect(), ours.events()
    run = connection.json("POST", ours.runs, _body(_FLOOD.format(megabytes=megabytes)))
    for event in stream:
        if event["runId"] == run["runId"] and event.get("status") == "Running":
            break
    memory, cpu, begin = rss_bytes(ours.pid), cpu_s(ours.pid), time.perf_counter()
    with Peak(lambda: rss_bytes(ours.pid)) as peak:
        for event in stream:
            if event["runId"] == run["runId"] and event.get("status") in TERMINAL:
                break
    duration = time.perf_counter() - begin
    share = 100 * (cpu_s(ours.pid) - cpu) / duration
    stream.close()
    log = connection.json("GET", f"{ours.runs}/{run['runId']}/logs")["logs"][0]
    if event["status"] != "Completed" or log["sizeBytes"] != megabytes * 1_000_000:
        message = f"{event}, {log}"
        raise RuntimeError(message)
    connection.json("DELETE", f"{ours.runs}/{run['runId']}")
    return share, (peak.highest - memory) / 1e6


def replicas(plan: Plan) -> list[Row]:
    """Measure looking at the logs of a run with many replicas while they print."""
    ours = Ours(plan.folder / "replicas")
    count, looks = 64, plan.size(100, 20)
    cmd = "for n in $(seq 100000); do echo step $n of the training; sleep 0.2; done"
    spec = {"Worker": {"replicas": count, "resources": "cpu=10m", "cmd": cmd}}
    experiment = {"meta": {"framework": "TensorFlow", "cmd": "true"}, "spec": spec}
    body = {"definition": {"configuration": {"experiment": experiment}}}
    ours.start()
    listed, tails, shares = [], [], []
    try:
        connection, stream = ours.connect(), ours.events()
        run = connection.json("POST", ours.runs, body)
        for event in stream:
            if event["runId"] == run["runId"] and event.get("status") == "Running":
                break
        stream.close()
        address = f"{ours.runs}/{run['runId']}/logs"
        cpu, begin = cpu_s(ours.pid), time.perf_counter()
        while time.perf_counter() < begin + plan.size(10, 3):
            time.sleep(0.5)
        shares.append(100 * (cpu_s(ours.pid) - cpu) / (time.perf_counter() - begin))
        for _ in range(looks):
            before = time.perf_counter()
            connection.json("GET", address)
            between = time.perf_counter()
            connection.send("GET", f"{address}/merged?offset=-65536").read()
            listed.append(between - before)
            tails.append(time.perf_counter() - between)
        connection.json("POST", f"{ours.runs}/{run['runId']}/cancel", {})
    finally:
        ours.end()
    what = f"{count} replicas print:"
    return [
        Row(f"{what} their logs are listed", listed, by="value", limit=0.05, quantile=0.95),
        Row(f"{what} the last 64 KiB of all by time", tails, by="value", limit=0.1, quantile=0.95),
        Row(f"{what} the server's share of a core", shares, "%", by="value", limit=5),
    ]


def _body(text: str) -> dict[str, object]:
    return {
        "definition": {"configuration": {"script": "print.py"}},
        "source": {},
        "overlay": {"print.py": {"text": text}},
    }
