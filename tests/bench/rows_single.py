"""One at a time: how soon a POST answers, how soon a script and a notebook have ended."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from bench.harness import Plan, Row, alternate, timed
from bench.places import Ours, Scheduler, write_notebook

if TYPE_CHECKING:
    from pathlib import Path

SUBMIT_NOTEBOOK = {
    "definition": {"configuration": {"script": "trivial.ipynb"}},
    "source": {"path": "trivial.ipynb"},
}
_STANDBY_S = 3.0


def script(plan: Plan) -> list[Row]:
    """Measure the script `pass` against the interpreter alone."""
    ours = Ours(plan.folder / "script")
    (ours.root / "pass.py").write_text("pass\n")
    body = {"definition": {"configuration": {"script": "pass.py"}}, "source": {"path": "pass.py"}}
    ours.start()
    try:
        ours.measure(body)
        measured = alternate(
            2 * plan.rounds,
            ours=lambda: ours.measure(body)[1],
            python=lambda: timed(
                lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)
            ),
        )
    finally:
        ours.end()
    what = "script `pass`: POST → Completed on the event stream"
    return [
        Row(what, measured["ours"], peer="`python -c pass`", theirs=measured["python"], limit=6)
    ]


def notebook(plan: Plan) -> list[Row]:
    """Measure the trivial notebook with a warm kernel against three peers."""
    ours, theirs = Ours(plan.folder / "warm"), Scheduler(plan.folder / "scheduler")
    paths = [write_notebook(place.root) for place in (ours, theirs)]
    ours.start()
    theirs.start()
    try:
        ours.measure(SUBMIT_NOTEBOOK)
        theirs.measure("trivial.ipynb")
        papermill = Papermill(ours, paths[0])
        papermill.measure()
        measured = alternate(
            plan.rounds,
            ours=lambda: ours.measure(SUBMIT_NOTEBOOK),
            scheduler=lambda: theirs.measure("trivial.ipynb"),
            papermill=lambda: (0.0, papermill.measure()),
            nbclient=lambda: (0.0, nbclient_s(paths[0])),
        )
    finally:
        ours.end()
        theirs.end()
    answered = {name: [answer for answer, _ in values] for name, values in measured.items()}
    ended = {name: [end for _, end in values] for name, values in measured.items()}
    what = "trivial notebook, POST → Completed, warm kernel"
    return [
        Row(
            "POST of a notebook run answers",
            answered["ours"],
            peer="jupyter-scheduler",
            theirs=answered["scheduler"],
            limit=0.35,
        ),
        Row(
            what,
            ended["ours"],
            peer="jupyter-scheduler",
            theirs=ended["scheduler"],
            limit=0.09,
        ),
        Row(what, ended["ours"], peer="papermill", theirs=ended["papermill"], limit=0.2),
        Row(what, ended["ours"], peer="nbclient, fresh kernel", theirs=ended["nbclient"]),
    ]


def cold(plan: Plan) -> list[Row]:
    """Measure the trivial notebook without a kernel kept ready."""
    ours = Ours(plan.folder / "cold", warm_kernels=0)
    path = write_notebook(ours.root)
    ours.start()
    try:
        papermill = Papermill(ours, path)
        ours.measure(SUBMIT_NOTEBOOK)
        papermill.measure()
        measured = alternate(
            plan.rounds,
            ours=lambda: ours.measure(SUBMIT_NOTEBOOK)[1],
            papermill=papermill.measure,
        )
    finally:
        ours.end()
    what = "trivial notebook, POST → Completed, cold"
    return [Row(what, measured["ours"], peer="papermill", theirs=measured["papermill"], limit=0.6)]


class Papermill:
    """papermill's command line, with the environment of a server."""

    def __init__(self, place: Ours, notebook: Path) -> None:
        self._place = place
        self._command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(notebook)]
        self._command.append(str(place.server.folder / "papermill.ipynb"))

    def measure(self) -> float:
        """Return how many seconds it takes."""
        self._place.marked.settle()
        return timed(
            lambda: subprocess.run(
                self._command, check=True, env=self._place.server.env, capture_output=True
            )
        )


def nbclient_s(path: Path) -> float:
    """Return how many seconds nbclient takes in this process, with a fresh kernel."""
    import nbformat
    from nbclient import NotebookClient

    loaded = nbformat.read(path, as_version=4)
    client = NotebookClient(loaded, kernel_name="python3")
    return timed(lambda: client.execute(stderr=subprocess.DEVNULL))
