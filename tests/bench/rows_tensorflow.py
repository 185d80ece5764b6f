"""TensorFlow: what a cluster costs over its processes started by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from servers import TERMINAL, free_port

from bench.harness import Row, alternate
from bench.places import Ours

if TYPE_CHECKING:
    from bench.harness import Plan

# Time is the machine's, so it can be compared with that of another process.
_FIRST = """
import time
now = time.monotonic()
import json, os, signal, sys
if json.loads(os.environ["TF_CONFIG"])["task"]["type"] != "chief":
    signal.pause()
with open(sys.argv[1], "w") as file:
    print(now, file=file)
"""
_COUNTS = {"chief": 1, "worker": 2, "ps": 1}


class ChiefsFirstLine:
    """When the chief of 2 workers and a parameter server gets to its first line."""

    def __init__(self, ours: Ours) -> None:
        self._ours = ours
        self._told = ours.root / "told"
        self._script = ours.root / "first.py"
        self._script.write_text(_FIRST)
        configuration = {
            "script": "first.py",
            "arguments": [str(self._told)],
            "framework": "TensorFlow",
            "communicator": "ParameterServer",
            "tensorflow": {"workerCount": 2, "parameterServerCount": 1},
        }
        definition = {"configuration": configuration}
        self._body = {"definition": definition, "source": {"path": "first.py"}}

    def measure(self) -> float:
        """Return the seconds from the POST to the first line."""
        self._told.unlink(missing_ok=True)
        self._ours.marked.settle()
        connection, stream = self._ours.connect(), self._ours.events()
        begin = time.monotonic()
        run = connection.json("POST", self._ours.runs, self._body)
        for event in stream:
            if event["runId"] == run["runId"] and event.get("status") in TERMINAL:
                break
        connection.close()
        stream.close()
        return float(self._told.read_text()) - begin

    def by_hand(self) -> float:
        """Return the seconds from the start of the first process to the chief's first line."""
        self._ours.marked.settle()
        places = {
            role: [f"127.0.0.1:{free_port()}" for _ in range(count)]
            for role, count in _COUNTS.items()
        }
        self._told.unlink(missing_ok=True)
        begin = time.monotonic()
        processes = [self._start(places, role, n) for role in places for n in range(_COUNTS[role])]
        processes[0].wait()  # the chief
        for process in processes[1:]:
            process.terminate()
            process.wait()
        return float(self._told.read_text()) - begin

    def _start(
        self, places: dict[str, list[str]], role: str, index: int
    ) -> subprocess.Popen[bytes]:
        task = {"type": role, "index": index}
        config = json.dumps({"cluster": places, "task": task, "environment": "cloud"})
        command = [sys.executable, "-u", str(self._script), str(self._told)]
        return subprocess.Popen(command, env={**os.environ, "TF_CONFIG": config})


def tensorflow(plan: Plan) -> list[Row]:
    """Measure a cluster with parameter servers."""
    ours = Ours(plan.folder / "tensorflow")
    ours.start()
    try:
        first = ChiefsFirstLine(ours)
        first.measure()
        measured = alternate(plan.rounds, ours=first.measure, by_hand=first.by_hand)
    finally:
        ours.end()
    return [
        Row(
            "a chief, 2 workers, a parameter server: POST → first line of the chief",
            measured["ours"],
            peer="the same processes by hand",
            theirs=measured["by_hand"],
            by="difference",
            limit=0.15,
        )
    ]
