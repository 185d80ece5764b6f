"""The server itself: how it starts with and without the extension, and how late its loop is."""

from __future__ import annotations

import json
import time

from bench.harness import Plan, Row, alternate, say, timed
from bench.places import Ours, Place
from bench.processes import rss_bytes

_MEASURED_S = 15.0
_SLEEP = "import time\ntime.sleep(2)\n"


def start(plan: Plan) -> list[Row]:
    """Measure until the first answer, with and without the extension."""
    number = iter(range(10_000))

    def start_of(extension: str) -> tuple[float, float]:
        place = Place(plan.folder / f"start-{next(number)}", *([extension] if extension else []))
        try:
            seconds = timed(place.start)
            place.marked.settle()
            return seconds, rss_bytes(place.pid) / 1e6
        finally:
            place.end()

    start_of("jupyter_exec")
    measured = alternate(
        plan.rounds, ours=lambda: start_of("jupyter_exec"), without=lambda: start_of("")
    )
    columns = {name: list(zip(*pairs, strict=True)) for name, pairs in measured.items()}
    peer = "without the extension"
    ours, without = columns["ours"], columns["without"]
    return [
        Row(
            "server start until it answers",
            ours[0],
            peer=peer,
            theirs=without[0],
            by="difference",
            limit=0.15,
        ),
        Row(
            "server's memory after the start (RSS)",
            ours[1],
            unit="MB",
            peer=peer,
            theirs=without[1],
            by="difference",
            limit=15,
        ),
    ]


def lag(plan: Plan) -> list[Row]:
    """Measure the event loop with many runs queued and four running, against an idle server.

    The runs sleep for two seconds, so two of them end and two start each second.
    """
    count = plan.size(1000, 100)
    target = {"type": "local", "cpus": 4, "warm": 0}
    ours = Ours(plan.folder / "lag", "bench.lag_extension", compute_targets={"local": target})
    idle = Place(plan.folder / "lag-idle", "bench.lag_extension")
    ours.start()
    idle.start()
    try:
        say(f"  queueing {count} runs")
        connection = ours.connect()
        connection.send("GET", "/bench/lag").read()
        for _ in range(count + 4):
            connection.send("POST", ours.runs, _sleeper()).read()
        queueing = _lags(ours)
        # The start of the first runs is over by now.
        lags = alternate(
            max(2, plan.heavy_rounds), ours=lambda: _during(ours), idle=lambda: _during(idle)
        )
        queued = connection.json("GET", f"{ours.runs}?status=Queued&limit=1")["total"]
    finally:
        ours.end()
        idle.end()
    say(f"  {queued} were still queued at the end")
    percentile = {name: [each for part in parts for each in part] for name, parts in lags.items()}
    return [
        Row(
            f"event loop lag, {count:,} runs queued, 4 running (2 start each second)",
            percentile["ours"],
            peer="idle server",
            theirs=percentile["idle"],
            by="value",
            limit=0.01,
            quantile=0.99,
            remark=_remark(percentile["idle"], queueing, count),
        )
    ]


def _sleeper() -> bytes:
    return json.dumps(
        {
            "definition": {"configuration": {"script": "sleep.py"}},
            "source": {},
            "overlay": {"sleep.py": {"text": _SLEEP}},
        }
    ).encode()


class Lags(list[float]):
    """Lags of one period, shown short."""

    def __repr__(self) -> str:
        middle, high, highest = (percentile_ms(self, share) for share in (0.5, 0.99, 1.0))
        return f"p50 {middle}, p99 {high}, max {highest} of {len(self)}"


def percentile_ms(values: list[float], share: float) -> str:
    """Return a percentile as text."""
    ordered = sorted(values)
    return f"{ordered[round(share * (len(ordered) - 1))] * 1000:.1f} ms"


def _lags(place: Place) -> Lags:
    connection = place.connect()
    answer = json.loads(connection.send("GET", "/bench/lag").read())
    connection.close()
    return Lags(answer)


def _during(place: Place) -> Lags:
    _lags(place)
    time.sleep(_MEASURED_S)
    return _lags(place)


def _remark(idle: list[float], queueing: list[float], count: int) -> str:
    return (
        f"p99 of an idle server on this machine: {percentile_ms(idle, 0.99)}; "
        f"while the {count:,} runs were posted: {percentile_ms(queueing, 0.99)}"
    )
