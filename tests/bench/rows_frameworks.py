"""Frameworks: what a run costs over the framework's own launcher, started by hand."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from servers import TERMINAL

from bench.harness import Plan, Row, alternate, timed
from bench.places import Ours

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FIRST = """
import time
now = time.monotonic()  # the machine's, so it can be compared with that of another process
import sys
with open(sys.argv[1], "a") as file:
    print(now, file=file)
"""
_BY_HAND = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
}


class FirstLine:
    """When the first process of a job gets to its first line.

    Args:
        ours: a server that runs.
        arguments: of the run's definition, in camelCase, for a script `first.py FILE`.
    """

    def __init__(self, ours: Ours, **configuration: Any) -> None:
        self._ours = ours
        self._told = ours.root / "told"
        self._script = ours.root / "first.py"
        self._script.write_text(_FIRST)
        configuration = {"script": "first.py", "arguments": [str(self._told)], **configuration}
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
        return self._first() - begin  # there are no lines where it failed

    def by_hand(self, command: Sequence[str], env: Mapping[str, str]) -> float:
        """Return the seconds from the start of the framework's own launcher to the first line.

        Args:
            command: of the launcher; the script and its argument are added.
            env: further variables.
        """
        self._told.unlink(missing_ok=True)
        self._ours.marked.settle()
        begin = time.monotonic()
        words = [*command, str(self._script), str(self._told)]
        subprocess.run(words, check=True, env={**os.environ, **env}, capture_output=True)
        return self._first() - begin

    def _first(self) -> float:
        return min(float(line) for line in self._told.read_text().splitlines())


def mpi(plan: Plan) -> list[Row]:
    """Measure ranks of mpirun: the first line of 4, and 64 that do nothing."""
    ours = Ours(plan.folder / "mpi")
    (ours.root / "pass.py").write_text("pass\n")
    ours.start()
    count = plan.size(64, 8)
    try:
        first = FirstLine(ours, communicator="Mpi", mpi={"processCountPerNode": 4})
        hand = ["mpirun", "-np", "4", sys.executable, "-u"]
        first.measure()
        lines = alternate(
            plan.rounds, ours=first.measure, mpirun=lambda: first.by_hand(hand, _BY_HAND)
        )
        body = {
            "definition": {
                "configuration": {
                    "script": "pass.py",
                    "communicator": "Mpi",
                    "mpi": {"processCountPerNode": count},
                }
            },
            "source": {"path": "pass.py"},
        }
        many = alternate(
            plan.rounds,
            ours=lambda: ours.measure(body)[1],
            mpirun=lambda: _many(count, ours.root),
        )
    finally:
        ours.end()
    return [
        Row(
            "4 ranks of MPI, POST → first line of the script",
            lines["ours"],
            peer="mpirun by hand",
            theirs=lines["mpirun"],
            by="difference",
            limit=0.15,
        ),
        Row(
            f"{count} ranks of `pass`, POST → Completed on the event stream",
            many["ours"],
            peer=f"`mpirun -np {count} python -c pass`",
            theirs=many["mpirun"],
            limit=1.3,
        ),
    ]


def _many(count: int, folder: Path) -> float:
    command = ["mpirun", "-np", str(count), sys.executable, "-c", "pass"]
    env = {**os.environ, **_BY_HAND}
    return timed(lambda: subprocess.run(command, check=True, env=env, cwd=folder))
