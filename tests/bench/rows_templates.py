"""Templates and experiments: how soon the server answers, beside an address that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.harness import Plan, Row, alternate, say, timed
from bench.places import Ours

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.http_client import Connection

TEMPLATES, EXPERIMENT = "/api/v1/template", "/api/v1/experiment"
OWN = "/jupyter-exec/v1/templates"
ANSWER_S = 0.01
BURST_S = 2.0
_COMMAND = "true --learning_rate={{learning_rate}} --batch_size={{batch_size}}"


def templates(plan: Plan) -> list[Row]:
    """Measure create, get and instantiate, and a page of many, against `GET api/status`."""
    count = plan.size(10_000, 500)
    ours = Ours(plan.folder / "templates")
    ours.start()
    try:
        connection = ours.connect()
        say(f"  making {count} templates")
        for number in range(count):
            connection.json("POST", TEMPLATES, template(f"filled-{number:05}"))
        ours.marked.settle()
        numbers = iter(range(10**6))
        page = f"{OWN}?limit=25&cursor=filled-{count // 2:05}"
        calls: dict[str, Callable[[], object]] = {
            "create": lambda: connection.json("POST", TEMPLATES, template(f"new-{next(numbers)}")),
            "get": lambda: connection.json("GET", f"{TEMPLATES}/filled-00007"),
            "page": lambda: connection.json("GET", page),
            "status": lambda: connection.json("GET", "/api/status"),
        }

        def instantiate() -> float:
            seconds = timed(lambda: _instantiate(connection))
            ours.marked.settle()  # so that the run does not disturb what is measured next
            return seconds

        for call in calls.values():
            call()
        instantiate()
        timings = {name: _timing(call) for name, call in calls.items()}
        measured = alternate(5 * plan.rounds, instantiate=instantiate, **timings)
    finally:
        ours.end()
    what = {
        "create": "POST of a template answers",
        "get": "GET of a template answers",
        "page": f"25 of {count:,} templates",
        "instantiate": "POST of an experiment from a template answers",
    }
    return [
        Row(
            text,
            measured[name],
            peer="`GET api/status`",
            theirs=measured["status"],
            by="value",
            limit=ANSWER_S,
        )
        for name, text in what.items()
    ]


def experiments(plan: Plan) -> list[Row]:
    """Measure a burst of experiments."""
    count = plan.size(200, 20)
    ours = Ours(plan.folder / "experiments")
    ours.start()
    body = {"meta": {"framework": "TensorFlow", "cmd": "true"}, "spec": {"Worker": {}}}
    try:
        ours.measure_many(2, body, EXPERIMENT)
        bursts = [
            ours.measure_many(count, body, EXPERIMENT) for _ in range(max(2, plan.heavy_rounds))
        ]
    finally:
        ours.end()
    what = f"{count} experiments posted at once"
    return [
        Row(
            f"{what}: until the last is answered",
            [max(answered) for answered, _ in bursts],
            by="value",
            limit=BURST_S,
        ),
        Row(f"{what}: until the last has ended", [ended for _, ended in bursts]),
    ]


def template(name: str) -> dict[str, Any]:
    """Return a template with two parameters of its own."""
    return {
        "name": name,
        "author": "author",
        "description": "Measures how soon the server answers",
        "parameters": [
            {"name": "learning_rate", "value": 0.1, "required": True, "description": ""},
            {"name": "batch_size", "value": 150, "required": True, "description": ""},
        ],
        "experimentSpec": {
            "meta": {"name": name, "framework": "TensorFlow", "cmd": _COMMAND},
            "spec": {"Worker": {"replicas": 1, "resources": "cpu=1,memory=1024M"}},
        },
    }


def _instantiate(connection: Connection) -> object:
    body = {"name": "x", "params": {"learning_rate": "0.01", "batch_size": "150"}}
    return connection.json("POST", f"{EXPERIMENT}/filled-00007", body)


def _timing(call: Callable[[], object]) -> Callable[[], float]:
    return lambda: timed(call)
